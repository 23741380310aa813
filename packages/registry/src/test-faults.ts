import { createTransport } from "@release-actions/net";
import {
  buildImage,
  createRegistryStandIn,
  listen,
  movableClock,
  pushImage,
  type Image,
  type RegistryStandIn,
} from "@release-actions/stand-ins";
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { promotionSteps } from "./promotion.ts";
import { createRegistry } from "./registry.ts";
import { runAll } from "./test-world.ts";

/** Answers a request in the registry's place, or lets it pass by returning false. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

type Server = {
  standIn: RegistryStandIn;
  host: string;
  clock: ReturnType<typeof movableClock>;
  /** Looked at from the first to the last, for every request. */
  intercepts: Intercept[];
};

const accounts = { robot: "s3cret" };
const login = { username: "robot", password: "s3cret" };

async function serve(): Promise<Server> {
  const clock = movableClock(new Date("2026-01-06T09:00:00Z"));
  const standIn = createRegistryStandIn({ clock, accounts, realm: "bearer" });
  const intercepts: Intercept[] = [];
  const server = await listen({
    close: standIn.close,
    handle: async (request, response) => {
      if (!intercepts.some((answers) => answers(request, response)))
        await standIn.handle(request, response);
    },
  });
  onTestFinished(() => server.close());
  return { standIn, host: new URL(server.url).host, clock, intercepts };
}

/** Two megabytes that gzip cannot shrink, the same each time. */
const noise = Buffer.concat(
  Array.from({ length: 32_768 }, (_, at) => createHash("sha512").update(String(at)).digest()),
);

function imageOf(version: string, platforms: string[], content: string | Buffer): Promise<Image> {
  return buildImage({
    files: [{ path: "app", content }],
    entrypoint: ["/app"],
    labels: { "org.opencontainers.image.version": version },
    platforms,
    attestations: true,
    created: new Date("2026-01-05T12:00:00Z"),
  });
}

export const large = imageOf("2.4.0", ["linux/amd64"], noise);
export const small = imageOf("2.4.0", ["linux/amd64"], "2.4.0");
export const wide = imageOf(
  "2.4.0",
  ["386", "amd64", "arm", "arm64", "ppc64le", "riscv64", "s390x", "mips64le"].map(
    (architecture) => `linux/${architecture}`,
  ),
  "2.4.0",
);
const old = imageOf("2.3.0", ["linux/amd64"], "2.3.0");

export type World = {
  source: Server;
  target: Server;
  image: Image;
  /** Everything that the promotion is to bring, and no more. */
  state(): unknown;
  promote(): Promise<string[]>;
};

/** An image in one registry, on its way into another, or with `inside` into another repository of the same. */
export async function start(given: Promise<Image>, inside = false): Promise<World> {
  const image = await given;
  const source = await serve();
  const target = inside ? source : await serve();
  const digest = pushImage(source.standIn, "build/app", "main", image);
  pushImage(target.standIn, "prod/app", "production", await old);
  return {
    source,
    target,
    image,
    state: () => ({
      tags: target.standIn.tags("prod/app"),
      manifests: target.standIn.manifests("prod/app").toSorted(),
      blobs: target.standIn.blobs("prod/app").toSorted(),
    }),
    promote: async () => {
      const transport = createTransport({ env: {}, userAgent: "test", sleep: async () => {} });
      try {
        const registry = createRegistry({
          transport,
          credentials: (host) => ([source.host, target.host].includes(host) ? login : undefined),
          patience: 150,
        });
        const steps = promotionSteps(registry, {
          images: [
            {
              name: "app",
              source: { host: source.host, repository: "build/app", digest },
              target: { host: target.host, repository: "prod/app" },
              tags: ["production"],
            },
          ],
          existing: "move",
          referrers: true,
          previous: true,
          entry: "e",
          resuming: false,
          now: () => performance.now(),
          sleep: async () => {},
        });
        return (await runAll(steps)).results;
      } finally {
        transport.close();
      }
    },
  };
}

/** Lets an intercept answer the first requests that it wants, `times` of them. */
export function first(
  times: number,
  wants: RegExp,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Intercept {
  let left = times;
  return (request, response) => {
    if (left === 0 || !wants.test(`${request.method} ${request.url}`)) return false;
    left -= 1;
    answer(request, response);
    return true;
  };
}

export function layerOf(image: Image): { digest: string; bytes: Buffer; path: RegExp } {
  const layer = image.blobs.toSorted((a, b) => b.bytes.length - a.bytes.length)[0];
  if (!layer) throw new Error("the image has no layer");
  return { ...layer, path: new RegExp(`^GET /v2/build/app/blobs/${layer.digest}`) };
}

/** The part of a blob that a request asks for. */
export function wanted(request: IncomingMessage, bytes: Buffer): Buffer {
  return bytes.subarray(Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0));
}

/** Sends what is asked for at ten bytes a moment, without an end. */
export function dripping(
  bytes: Buffer,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    let rest = wanted(request, bytes);
    response.writeHead(request.headers.range ? 206 : 200, { "content-length": rest.length });
    const timer = setInterval(() => {
      response.write(rest.subarray(0, 10));
      rest = rest.subarray(10);
    }, 10);
    response.once("close", () => clearInterval(timer));
  };
}
