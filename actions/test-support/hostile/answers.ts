import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { openStage, type JobWish, type Stage, type Tap } from "../stage.ts";
import { createCanaries } from "./canaries.ts";
import {
  brokenAnswers,
  endless,
  hostileHeaders,
  hostileWords,
  refusals,
  type Answer,
  type Lie,
} from "./lies.ts";
import { wrongsOf, wrongsOfTexts } from "./oracle.ts";
import { runInTime, type World } from "./worlds.ts";
import { writtenTexts } from "./written.ts";

/** A request as it is told from others: what changes from run to run is taken out. */
type Shape = string;

/** What a job asked when nobody lied: its requests in order, what it left behind, and whose credentials went where. */
type Clean = { shapes: Shape[]; left: unknown; leaks: string[]; shown: string[] };

type AnswerWorld<Facts> = World<Facts> & {
  /** Of so many lies one is told about a request, the next about the next; default: all about each. */
  share?: number;
  /** What the action may do instead when it is refused something. */
  otherWay?: RegExp;
  /** Where people's own text is kept as it is, whatever they wrote. */
  keeps?: RegExp;
};

const lies: [about: string, lie: Lie][] = [
  brokenAnswers,
  refusals,
  hostileHeaders,
  hostileWords,
].flatMap((kind) => Object.entries(kind));

/**
 * Runs a job once for each request that it makes and each lie that can be told about it: the job ends with a code, or as if
 * nobody had lied; it writes nothing that it would not write otherwise, and no credential goes where it does not belong.
 */
export async function triesAnswers<Facts>(
  action: string,
  world: AnswerWorld<Facts>,
): Promise<void> {
  const clean = await runClean(action, world);
  const shapes = [...new Set(clean.shapes)];
  const share = world.share ?? 1;

  describe("credentials", () => {
    const asked = [...new Set(shapes.map((shape) => shape.split(" ")[0] ?? ""))].toSorted();
    test(`go to ${asked.join(", ")} in their own headers, each its own, and nowhere else`, () => {
      expect(clean.shown).toEqual(asked);
      expect(clean.leaks).toEqual([]);
    });
  });
  describe.concurrent("answers", { timeout: 180_000 }, () => {
    for (const server of new Set(shapes.map((one) => one.split(" ")[0] ?? ""))) {
      const shape = shapes.find(
        (one) => one.startsWith(`${server} `) && !/ HEAD |watch=/.test(one),
      );
      if (shape === undefined) continue;
      const about = "more than anybody keeps";
      test(`${shape}: ${about}`, () => tell(action, world, clean, { shape, about, lie: endless }));
    }
    for (const [at, shape] of shapes.entries()) {
      for (const [number, [about, lie]] of lies.entries()) {
        if ((at + number) % share !== 0) continue;
        test(`${shape}: ${about}`, () => tell(action, world, clean, { shape, about, lie }));
      }
    }
  });
}

async function tell<Facts>(
  action: string,
  world: AnswerWorld<Facts>,
  clean: Clean,
  { shape, about, lie }: { shape: Shape; about: string; lie: Lie },
): Promise<void> {
  await using thief = await openThief();
  const nameOf = createNames();
  let state: "before" | "armed" | "told" = "before";
  const canaries = createCanaries();
  const tap: Tap = (to, request, response) => {
    canaries.hear(to, request);
    // The cluster's own pulls ask the registry too, and do as containerd does.
    if (isPull(request)) return false;
    if (state !== "armed" || nameOf(to, request) !== shape) return false;
    state = "told";
    return lieTo(request, response, { lie, instead: about in refusals }, thief.url);
  };
  await using stage = await openStage({ tap });
  const facts = await world.prepare(stage);
  const wish = world.job(stage, facts);
  const before = stage.writes().length;
  const from = stage.github.requests.length;
  state = "armed";
  const end = await runInTime(stage, action, wish);

  expect(state).toBe("told");
  expect(wrongsOf(end), end.printed).toEqual([]);
  const texts = writtenTexts(stage.github.requests.slice(from));
  expect(wrongsOfTexts(texts.filter(({ place }) => !world.keeps?.test(place)))).toEqual([]);
  expect(canaries.leaks(stage, ownTokens(wish))).toEqual([]);
  expect(thief.heard.join("\n")).not.toMatch(/canary|authorization|cookie|ghs_/i);
  // Whoever writes other words gets other results.
  if (end.status === 0 && !(about in hostileWords)) expect(leftIn(stage)).toEqual(clean.left);
  const written = stage.writes().slice(before).map(shapeOf);
  const asked = clean.shapes.map((one) => one.replace(/ #\d+$/, ""));
  expect(written.filter((write) => !asked.includes(write) && !world.otherWay?.test(write))).toEqual(
    [],
  );
}

async function runClean<Facts>(action: string, world: World<Facts>): Promise<Clean> {
  const shapes: Shape[] = [];
  const nameOf = createNames();
  let armed = false;
  const canaries = createCanaries();
  const tap: Tap = (to, request) => {
    if (!armed) return false;
    canaries.hear(to, request);
    if (isPull(request)) return false;
    shapes.push(nameOf(to, request));
    return false;
  };
  await using stage = await openStage({ tap });
  const facts = await world.prepare(stage);
  const wish: JobWish = world.job(stage, facts);
  armed = true;
  const end = await runInTime(stage, action, wish);
  if (end.status !== 0) throw new Error(`${action} fails without a lie: ${end.printed}`);
  return {
    shapes,
    left: leftIn(stage),
    leaks: canaries.leaks(stage, ownTokens(wish)),
    shown: canaries.shown(stage),
  };
}

/** Tokens of Apps, which a job gets beside its own. */
function ownTokens(wish: JobWish): [string, string][] {
  return (wish.secrets ?? []).map((secret) => ["github", secret]);
}

/** Names each request by its shape; queries, which all look alike, by their number too. */
function createNames(): (to: string, request: IncomingMessage) => Shape {
  let queries = 0;
  return (to, { method, url }) => {
    const shape = shapeOf(`${to} ${method} ${url}`);
    return url?.endsWith("/graphql") ? `${shape} #${(queries += 1)}` : shape;
  };
}

/** Digests, commits, numbers and ports differ from run to run. */
function shapeOf(text: string): Shape {
  return text
    .replaceAll(/sha256(?::|%3A)[0-9a-f]{64}/gi, "<digest>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "<commit>")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, "<uuid>")
    .replaceAll(/(resourceVersion|timeoutSeconds)=\d+/g, "$1=<n>")
    .replaceAll(/(?<=[/=])\d{2,}(?=[/?&]|$)/g, "<n>")
    .replaceAll(/-[0-9a-f]{8,10}-[a-z0-9]{5}\b/g, "-<pod>");
}

/** What people would see of a run afterwards, without what differs from run to run. */
function leftIn(stage: Stage): unknown {
  const { repository, registry, zenodo, cluster } = stage;
  return {
    tags: repository.refs("refs/tags").length,
    images: Object.keys(registry.tags("shop/web")).filter((tag) => !/^[0-9a-f]{40}$/.test(tag)),
    releases: repository.releases.map(({ tag, draft, assets }) => [
      tag,
      draft,
      assets.map(({ name }) => name).toSorted(),
    ]),
    issues: repository.issues.map(({ title, state }) => [title, state]),
    deployments: repository.deployments.map(({ environment, statuses }) => [
      environment,
      statuses.at(-1)?.state,
    ]),
    records: zenodo.records().map(({ metadata }) => metadata["version"]),
    drafts: zenodo.drafts().length,
    pods: cluster.pods("shop").filter(({ ready, deleting }) => ready && !deleting).length,
  };
}

/** True: the stand-in is not asked at all: it is to do nothing, or it would go on answering. */
function isPull(request: IncomingMessage): boolean {
  return String(request.headers["user-agent"]).startsWith("containerd/");
}

function lieTo(
  request: IncomingMessage,
  response: ServerResponse,
  { lie, instead }: { lie: Lie; instead: boolean },
  thief: string,
): boolean {
  const asked = {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
  };
  const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)];
  const send = (truth: Answer): void => {
    const told = lie(truth, asked, thief) ?? truth;
    if (told.raw !== undefined) {
      response.socket?.end(told.raw);
      return;
    }
    writeHead(told.status, told.headers);
    if (asked.method === "HEAD") end();
    else if (told.endless) Readable.from(blanks()).pipe(response);
    else if (told.cut) response.write(told.body, () => response.socket?.destroy());
    else end(told.body);
  };
  if (instead || /[?&]watch=(true|1)/.test(asked.url)) {
    send({ status: 200, headers: { "content-type": "application/json" }, body: Buffer.from("") });
    return true;
  }
  let head = { status: 200, headers: {} as Record<string, string> };
  const capture = {
    writeHead: (status: number, headers: Record<string, string> = {}) => {
      head = { status, headers };
      return response;
    },
    end: (payload?: string | Buffer) => {
      send({ ...head, body: Buffer.from(payload ?? "") });
      return response;
    },
  };
  Object.assign(response, capture);
  return false;
}

function* blanks(): Generator<Buffer> {
  const much = Buffer.alloc(1024 * 1024, " ");
  for (;;) yield much;
}

/** A server of somebody else: what it hears is what leaked. */
async function openThief(): Promise<AsyncDisposable & { url: string; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      heard.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    response.end('{"token": "stolen", "access_token": "stolen"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
