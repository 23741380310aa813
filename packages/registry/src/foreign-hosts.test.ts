import { frame, listen, type Incoming, type Reply } from "@release-actions/stand-ins";
import { describe, expect, onTestFinished, test } from "vitest";
import { first, large, layerOf, small, start, type World } from "./test-faults.ts";

/** A second server to which the registry sends its callers, and what they gave it. */
async function thief(
  answer: (request: Incoming) => Reply,
): Promise<{ url: string; seen: Incoming[] }> {
  const seen: Incoming[] = [];
  const server = await listen(
    frame({
      name: "thief",
      clock: { now: () => new Date() },
      route: async (request) => {
        seen.push(request);
        return answer(request);
      },
    }),
  );
  onTestFinished(() => server.close());
  return { url: server.url, seen };
}

/** Headers that may go to anybody. */
const harmless = [
  "accept",
  "connection",
  "content-length",
  "content-type",
  "host",
  "range",
  "user-agent",
];

function expectNothingGiven(seen: Incoming[]): void {
  expect(seen.length).toBeGreaterThan(0);
  for (const { headers, url, body } of seen) {
    expect(Object.keys(headers).filter((name) => !harmless.includes(name))).toEqual([]);
    expect(`${url.href} ${body.toString("latin1")}`).not.toMatch(/s3cret|stand-in-token/);
  }
}

const storing = (world: World, moved: { url: string }, path: RegExp, times = Infinity): void => {
  world.source.intercepts.push(
    first(times, path, (request, response) => {
      response.writeHead(307, { location: `${moved.url}${request.url}?signature=a%2Fb` }).end();
    }),
  );
};

/** What the source keeps, served by another host, with ranges. */
const storage =
  (world: World) =>
  ({ url, headers }: Incoming): Reply => {
    const bytes = world.source.standIn.blob(url.pathname.replace(/^.*\//, ""));
    const from = /^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1];
    if (!bytes || url.searchParams.get("signature") !== "a/b") return { status: 403 };
    return { status: from ? 206 : 200, body: bytes.subarray(Number(from ?? 0)) };
  };

const tokenOf = (url: string): string => `Bearer realm="${url}/token",service="s"`;

describe("a blob that is kept on another host", () => {
  test("is read there without a login", async () => {
    const world = await start(small);
    const other = await thief(storage(world));
    storing(world, other, /^GET .*\/blobs\//);
    await world.promote();
    expect(world.target.standIn.tags("prod/app")["production"]).toBe(world.image.index.digest);
    expect(other.seen.length).toBe(world.image.blobs.length);
    expectNothingGiven(other.seen);
  });

  test("is asked for again at the registry when it breaks off", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    const other = await thief((request) =>
      request.headers["range"]
        ? storage(world)(request)
        : { status: 200, body: bytes.subarray(0, 500_000) },
    );
    storing(world, other, path);
    await world.promote();
    expect(other.seen.map(({ headers }) => headers["range"])).toEqual([undefined, "bytes=500000-"]);
    expectNothingGiven(other.seen);
  });

  test.each([
    ["Basic", () => 'Basic realm="storage"'],
    ["a token of its own", tokenOf],
    ["a token of the registry", (_url: string, host: string) => tokenOf(`http://${host}`)],
  ])("that asks for %s gets nothing", async (_name, challenge) => {
    const world = await start(small);
    const other: Awaited<ReturnType<typeof thief>> = await thief(() => ({
      status: 401,
      headers: { "www-authenticate": challenge(other.url, world.source.host) },
    }));
    storing(world, other, /^GET .*\/blobs\//);
    await expect(world.promote()).rejects.toMatchObject({ code: "RA2007" });
    expectNothingGiven(other.seen);
    expect(other.seen.map(({ url }) => url.pathname)).not.toContain("/token");
  });

  test("that sends wrong bytes is found out", async () => {
    const world = await start(small);
    const other = await thief(() => ({ status: 200, body: "x" }));
    storing(world, other, layerOf(world.image).path);
    await expect(world.promote()).rejects.toMatchObject({
      code: expect.stringMatching(/RA2006|RA8001/) as string,
    });
    expectNothingGiven(other.seen);
  });
});

describe("a manifest that is kept on another host", () => {
  test("is read there without a login", async () => {
    const world = await start(small);
    const manifests = [world.image.index, ...world.image.manifests];
    const other = await thief(({ url }) => {
      const found = manifests.find(({ digest }) => url.pathname.endsWith(digest));
      return found
        ? { status: 200, body: found.bytes, headers: { "content-type": found.mediaType } }
        : { status: 404 };
    });
    storing(world, other, /^GET .*\/build\/app\/manifests\/sha256:/);
    await world.promote();
    expect(world.target.standIn.tags("prod/app")["production"]).toBe(world.image.index.digest);
    expectNothingGiven(other.seen);
  });
});

describe("an upload on another host", () => {
  const sending = (world: World, url: string, query = ""): void => {
    world.target.intercepts.push(
      first(Infinity, /^POST .*\/blobs\/uploads\//, (request, response) => {
        request.resume();
        response.writeHead(202, { location: `${url}/upload${query}` }).end();
      }),
    );
  };

  test("is sent there without a login, with the query of its address", async () => {
    const world = await start(small);
    const other = await thief(() => ({ status: 201 }));
    sending(world, other.url, "?state=a%2Fb");
    // The registry itself has not got the blobs, and so refuses the manifest.
    await expect(world.promote()).rejects.toMatchObject({ code: "RA2007" });
    expect(new Set(other.seen.map(({ url }) => url.searchParams.get("digest")))).toEqual(
      new Set(world.image.blobs.map(({ digest }) => digest)),
    );
    expect(other.seen.every(({ url }) => url.searchParams.get("state") === "a/b")).toBe(true);
    expectNothingGiven(other.seen);
  });

  test.each([
    ["asks for Basic", 401, () => ({ "www-authenticate": 'Basic realm="x"' })],
    ["asks for a token of its own", 401, (url: string) => ({ "www-authenticate": tokenOf(url) })],
    ["sends on", 307, (url: string) => ({ location: `${url}/further` })],
  ])("that %s gets nothing more", async (_name, status, headers) => {
    const world = await start(small);
    const other: Awaited<ReturnType<typeof thief>> = await thief(() => ({
      status,
      headers: headers(other.url),
    }));
    sending(world, other.url);
    await expect(world.promote()).rejects.toMatchObject({ code: "RA2007" });
    expectNothingGiven(other.seen);
    expect(new Set(other.seen.map(({ url }) => url.pathname))).toEqual(new Set(["/upload"]));
  });

  test.each(["ftp://127.0.0.1/upload", "http://", "file:///etc/passwd"])(
    "at %s is not begun",
    async (location) => {
      const world = await start(small);
      world.target.intercepts.push(
        first(Infinity, /^POST .*\/blobs\/uploads\//, (request, response) => {
          request.resume();
          response.writeHead(202, { location }).end();
        }),
      );
      await expect(world.promote()).rejects.toMatchObject({
        code: expect.stringMatching(/RA8005|RA8006/) as string,
      });
    },
  );
});

test.each([301, 302, 307, 308])("a manifest's PUT is not led elsewhere by %i", async (status) => {
  const world = await start(small);
  const other = await thief(() => ({ status: 201 }));
  world.target.intercepts.push(
    first(Infinity, /^PUT .*\/manifests\/production$/, (request, response) => {
      request.resume();
      response
        .writeHead(status, { location: `${other.url}/v2/prod/app/manifests/production` })
        .end();
    }),
  );
  await expect(world.promote()).rejects.toMatchObject({ code: "RA2007" });
  expect(other.seen).toEqual([]);
});
