import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import {
  dripping,
  first,
  large,
  layerOf,
  small,
  start,
  wanted,
  wide,
  type World,
} from "./test-faults.ts";

/** The target after a run that nothing disturbed. */
async function cleanState(given: typeof small, inside = false): Promise<unknown> {
  const world = await start(given, inside);
  await world.promote();
  return world.state();
}

/** The run goes through by itself, with the clean run's result, and a run again has nothing to do. */
async function goesThrough(world: World, given: typeof small, inside = false): Promise<void> {
  await world.promote();
  expect(world.state()).toEqual(await cleanState(given, inside));
  expect(new Set(await world.promote())).toEqual(new Set(["already-done"]));
}

/** The run stops with the code and the tag as it was; the next one completes it. */
async function completesLater(world: World, given: typeof small, code: string): Promise<void> {
  const production = (): string | undefined => world.target.standIn.tags("prod/app")["production"];
  const before = production();
  await expect(world.promote()).rejects.toMatchObject({ code });
  expect(production()).toBe(before);
  world.source.intercepts.length = 0;
  world.target.intercepts.length = 0;
  await goesThrough(world, given);
}

const finalPut = /^PUT \/v2\/prod\/app\/manifests\/production$/;
const upload = /^PUT \/v2\/prod\/app\/blobs\/uploads\//;

describe("once, and the run goes through", () => {
  const sayIt = (status: number, headers: Record<string, string> = {}) => ({ status, headers });
  test.each([
    [
      "429 with Retry-After on the final PUT",
      finalPut,
      "before",
      sayIt(429, { "retry-after": "1" }),
    ],
    ["503 on the final PUT", finalPut, "before", sayIt(503)],
    ["503 on the final PUT, which was done", finalPut, "after", sayIt(503)],
    ["a reset before the final PUT", finalPut, "before", "reset"],
    ["a reset after the final PUT", finalPut, "after", "reset"],
    ["500 on a blob's upload", upload, "before", sayIt(500)],
    ["500 on a blob's upload, which was done", upload, "after", sayIt(500)],
    ["a reset of a blob's upload", upload, "before", "reset"],
    ["500 on the start of an upload", /^POST /, "before", sayIt(500)],
    ["a reset of the start of an upload", /^POST /, "after", "reset"],
    ["503 on a child manifest", /^PUT .*manifests\/sha256/, "after", sayIt(503)],
    ["429 on a token", /^GET \/token/, "before", sayIt(429, { "retry-after": "1" })],
    ["a reset of a token", /^GET \/token/, "before", "reset"],
  ] as const)("%s", async (_name, wants, when, does) => {
    const world = await start(small);
    const { faults } = world.target.standIn;
    faults.push({
      matches: ({ method, path }) => wants.test(`${method} ${path}`),
      when,
      does: typeof does === "string" ? does : { ...does },
    });
    await goesThrough(world, small);
    expect(faults).toEqual([]);
  });

  test("a reset of a blob's GET, before its first byte", async () => {
    const world = await start(large);
    const { path } = layerOf(world.image);
    world.source.intercepts.push(first(1, path, (request) => request.socket.destroy()));
    await goesThrough(world, large);
  });

  test("a reset in the middle of a blob costs its rest, not the upload", async () => {
    const world = await start(large);
    const { bytes, digest, path } = layerOf(world.image);
    const half = bytes.length / 2;
    const ranges: (string | undefined)[] = [];
    world.source.intercepts.push(
      (request) => {
        if (path.test(`${request.method} ${request.url}`)) ranges.push(request.headers.range);
        return false;
      },
      first(1, path, (request, response) => {
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, half), () => request.socket.destroy());
      }),
    );
    await goesThrough(world, large);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
    expect(
      world.target.standIn.requests.filter(
        ({ method, path }) => method === "PUT" && path.includes(encodeURIComponent(digest)),
      ),
    ).toHaveLength(1);
  });

  test("a reset in the middle of a blob, by a registry without ranges", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(
      first(1, path, (request, response) => {
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 70_000), () => request.socket.destroy());
      }),
      first(1, path, (_request, response) => {
        response.writeHead(200, { "content-length": bytes.length }).end(bytes);
      }),
    );
    await goesThrough(world, large);
  });

  test("a blob that ends early", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(
      first(1, path, (_request, response) => {
        response.writeHead(200, { "content-length": 100_000 }).end(bytes.subarray(0, 100_000));
      }),
    );
    await goesThrough(world, large);
  });

  test("a token that runs out in the middle of a blob", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(
      first(1, path, (request, response) => {
        world.source.clock.advance(600_000);
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 100_000), () => request.socket.destroy());
      }),
    );
    await goesThrough(world, large);
  });

  test.each([
    ["and the rest is read", (request: IncomingMessage) => request.resume()],
    ["and the connection is cut", (request: IncomingMessage) => request.socket.end()],
    ["and the rest is left", () => undefined],
  ])("401 in the middle of an upload, %s", async (_name, then) => {
    const world = await start(large);
    world.target.intercepts.push((request, response) => {
      const isLarge = Number(request.headers["content-length"] ?? 0) > 1_000_000;
      if (!isLarge || world.target.clock.now() > new Date("2026-01-06T09:05:00Z")) return false;
      world.target.clock.advance(600_000);
      request.once("data", () => {
        response.writeHead(401, {
          "www-authenticate": `Bearer realm="http://${world.target.host}/token",error="invalid_token"`,
        });
        response.end();
        then(request);
      });
      return true;
    });
    await goesThrough(world, large);
  });

  test("a reset in the middle of an upload", async () => {
    const world = await start(large);
    let left = 1;
    world.target.intercepts.push((request) => {
      if (left === 0 || Number(request.headers["content-length"] ?? 0) < 1_000_000) return false;
      left -= 1;
      request.once("data", () => request.socket.destroy());
      return true;
    });
    await goesThrough(world, large);
  });

  test("a blob that comes byte by byte is asked for again, from where it is", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(first(1, path, dripping(bytes)));
    await goesThrough(world, large);
  });
});

describe("all the time", () => {
  test("mounts answered with 401 are uploads", async () => {
    const world = await start(small, true);
    world.target.intercepts.push((request, response) => {
      if (!/^POST .*mount=/.test(`${request.method} ${request.url}`)) return false;
      response.writeHead(401, {
        "www-authenticate": `Bearer realm="http://${world.target.host}/token",service="127.0.0.1"`,
      });
      response.end();
      return true;
    });
    await goesThrough(world, small, true);
  });

  // Eight platforms at 60 ms a request, and a token that is taken back after 1.5 s.
  test.each([false, true])("tokens revoked early, within one registry: %s", async (inside) => {
    const world = await start(wide, inside);
    for (const { clock, intercepts } of new Set([world.source, world.target]))
      intercepts.push(() => {
        clock.advance((300_000 * 60) / 1500);
        return false;
      });
    await goesThrough(world, wide, inside);
    const tokens = world.target.standIn.requests.filter(({ path }) => path.startsWith("/token"));
    expect(tokens.length).toBeGreaterThan(2);
    expect(tokens.length).toBeLessThan(12);
  });
});

describe("for a whole run, and the next one completes it", () => {
  const forever = Number.MAX_SAFE_INTEGER;

  test("other bytes than those of the digest never arrive", async () => {
    const world = await start(large);
    const { bytes, path, digest } = layerOf(world.image);
    const other = Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) === 0 ? 1 : 0])]);
    world.source.intercepts.push(
      first(forever, path, (_request, response) => {
        response.writeHead(200, { "content-length": other.length }).end(other);
      }),
    );
    await completesLater(world, large, "RA2006");
    expect(
      world.target.standIn.requests.filter(
        ({ path, status }) => path.includes(encodeURIComponent(digest)) && status === 400,
      ),
    ).toEqual([]);
  });

  test("more bytes than the manifest says", async () => {
    const world = await start(small);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(
      first(forever, path, (_request, response) => {
        response.writeHead(200).end(Buffer.concat([bytes, bytes]));
      }),
    );
    await completesLater(world, small, "RA2006");
  });

  test("a blob that always breaks off at the same byte", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(
      first(forever, path, (request, response) => {
        const part = wanted(request, bytes.subarray(0, 100_000));
        response.writeHead(request.headers.range ? 206 : 200, { "content-length": part.length });
        response.end(part);
      }),
    );
    await completesLater(world, large, "RA8001");
  });

  test("a blob that always comes byte by byte", async () => {
    const world = await start(large);
    const { bytes, path } = layerOf(world.image);
    world.source.intercepts.push(first(forever, path, dripping(bytes)));
    await completesLater(world, large, "RA8001");
  });

  test.each([
    ["no upload is taken", upload, 503, "RA8002"],
    ["no upload is allowed", upload, 403, "RA2004"],
    ["the tag is immutable", finalPut, 400, "RA2007"],
    ["no tag is taken", finalPut, 500, "RA8002"],
    ["no token is given", /^GET \/token/, 403, "RA2004"],
    ["the realm is down", /^GET \/token/, 502, "RA8005"],
  ])("%s", async (_name, wants, status, code) => {
    const world = await start(small);
    world.target.intercepts.push(
      first(forever, wants, (request, response) => {
        request.resume();
        response.writeHead(status).end();
      }),
    );
    await completesLater(world, small, code);
  });
});

describe("at any request", () => {
  const say = (status: number, headers: Record<string, string> = {}) => ({ status, headers });
  const challenge = { "www-authenticate": 'Basic realm="x"' };
  test.each([
    ["a reset before it", "before", "reset"],
    ["a reset after it", "after", "reset"],
    ["503 before it", "before", say(503)],
    ["503 after it", "after", say(503)],
    ["429", "before", say(429, { "retry-after": "1" })],
    ["401 with another challenge", "before", say(401, challenge)],
  ] as const)("%s: the end is the clean one", async (name, when, does) => {
    const clean = await cleanState(small);
    let through = 0;
    for (let at = 0; ; at += 1) {
      const world = await start(small);
      let passed = 0;
      let struck = false;
      for (const { standIn } of [world.source, world.target])
        standIn.faults.push({
          matches: () => {
            passed += 1;
            struck ||= passed > at;
            return passed === at + 1;
          },
          when,
          does: typeof does === "string" ? does : { ...does },
        });
      const ended = await world.promote().catch((error: unknown) => error);
      if (!struck) {
        expect(at).toBeGreaterThan(20);
        break;
      }
      if (Array.isArray(ended)) through += 1;
      // A registry that takes its scheme back is believed; the next run starts from its first word again.
      else expect([name, ended]).toMatchObject([expect.stringMatching(/^401/), { code: "RA2004" }]);
      for (const { standIn } of [world.source, world.target]) standIn.faults.length = 0;
      await world.promote();
      expect(world.state(), `request ${at + 1}`).toEqual(clean);
    }
    expect(through).toBeGreaterThan(0);
  });
});
