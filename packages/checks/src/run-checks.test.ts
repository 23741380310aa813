import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Fault } from "@release-actions/codes";
import { createTransport, type Transport } from "@release-actions/net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Check, ChecksReport } from "./check.ts";
import { runChecks, type ChecksOptions } from "./run-checks.ts";

type Seen = { method: string; url: string; body: string; headers: IncomingMessage["headers"] };

let server: Server;
let base: string;
let transport: Transport;
let seen: Seen[];
let answer: (request: Seen, response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (_, response) => response.end("ok");
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        url: request.url ?? "",
        body,
        headers: request.headers,
      };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  transport = createTransport({ env: {}, userAgent: "test" });
});
afterEach(async () => {
  transport.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Runs checks on the test's server with a clock that only sleeping moves. */
async function check(
  checks: Check[],
  { tries, ...options }: Partial<ChecksOptions> & { tries?: 1 } = {},
): Promise<ChecksReport & { slept: number }> {
  let time = 0;
  const report = await runChecks(checks, {
    transport,
    base,
    variables: { version: "2.4.1", url: base },
    deadline: 10_000,
    settle: 1,
    now: () => time,
    sleep: async (milliseconds) => {
      // Even a test's clock lets the others run.
      await new Promise((done) => setImmediate(done));
      time += tries === 1 ? 10_000 : Math.max(1, milliseconds);
    },
    ...options,
  });
  return { ...report, slept: time };
}

const answerJson = (value: unknown) => (_: Seen, response: ServerResponse) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify(value));
/** One attempt only: the first pause is past the deadline. */
const once = { tries: 1 } as const;

describe("what an answer must be", () => {
  test.each<[string, Check, boolean]>([
    ["status 200 by itself", { get: "/" }, true],
    ["another status", { get: "/", status: 204 }, false],
    ["a header", { get: "/", headers: { "X-Version": "2.4.1" } }, true],
    ["another header", { get: "/", headers: { "X-Version": "2.4" } }, false],
    ["a header that matches", { get: "/", headers: { "x-version": { matches: "^2\\." } } }, true],
    ["an absent header", { get: "/", headers: { "x-other": { matches: "" } } }, false],
    ["a body with a text", { get: "/", body: { contains: "ready" } }, true],
    ["a body without it", { get: "/", body: { contains: "broken" } }, false],
    ["a body that matches", { get: "/", body: { matches: '"ready":\\s*true' } }, true],
    ["a value", { get: "/", json: { "$.version": "2.4.1" } }, true],
    ["another value", { get: "/", json: { "$.version": "2.4.0" } }, false],
    ["a number is no text", { get: "/", json: { "$.count": "7" } }, false],
    ["a path to nothing", { get: "/", json: { "$.absent": null } }, false],
    ["null", { get: "/", json: { "$.nothing": null } }, true],
    ["all selected values", { get: "/", json: { "$.parts[*].up": true } }, false],
    ["each of them", { get: "/", json: { "$.parts[*].name": { matches: "^[ab]$" } } }, true],
    ["below", { get: "/", json: { "$.count": { below: 8 } } }, true],
    ["not below", { get: "/", json: { "$.count": { below: 7 } } }, false],
    ["at least and below", { get: "/", json: { "$.count": { "at-least": 7, below: 8 } } }, true],
    [
      "a whole object",
      { get: "/", json: { "$.parts[0]": { equals: { name: "a", up: true } } } },
      true,
    ],
    ["a list", { get: "/", json: { "$.list": [1, 2] } }, true],
    ["a filter", { get: "/", json: { '$.parts[?@.name=="b"].up': false } }, true],
  ])("%s", async (_, one, holds) => {
    answer = (request, response) => {
      response.setHeader("x-version", "2.4.1");
      answerJson({
        version: "2.4.1",
        ready: true,
        count: 7,
        nothing: null,
        list: [1, 2],
        parts: [
          { name: "a", up: true },
          { name: "b", up: false },
        ],
      })(request, response);
    };
    const report = await check([one], once);
    expect(report.passed).toBe(holds);
    expect(report.results[0]?.attempts).toBe(1);
  });

  test("a body that is not JSON does not hold", async () => {
    const report = await check([{ get: "/", json: { "$.version": "2.4.1" } }], once);
    expect(report.results[0]).toMatchObject({
      passed: false,
      saw: "a body that is not JSON: ok",
      expected: '$.version is "2.4.1"',
    });
  });

  test("what was seen and what was expected are told", async () => {
    answer = (_, response) => void response.writeHead(500).end("stack trace");
    const report = await check([{ name: "front page", get: "/" }], once);
    expect(report.results[0]).toMatchObject({
      name: "front page",
      saw: "status 500, body stack trace",
      expected: "status 200",
    });
    expect(report.findings).toEqual([
      {
        rule: "smoke",
        holds: false,
        code: "RA4001",
        saw: "front page: saw status 500, body stack trace; expected status 200.",
        next: expect.stringContaining("address"),
      },
    ]);
  });

  test("an evil pattern takes no time", async () => {
    answer = (_, response) => response.end(`${"a".repeat(5_000)}!`);
    // Without a guard this one takes longer than the universe has been there; the runner ends the test.
    expect((await check([{ get: "/", body: { matches: "^(a+)+$" } }], once)).passed).toBe(false);
  });
});

describe("what is sent", () => {
  test("paths stand on the base with its own path; a URL stands alone", async () => {
    await check(
      [
        { get: "/health" },
        { get: "health/b" },
        { get: `${base}/else?x=1` },
        { get: "${url}/v/${version}" },
      ],
      { base: `${base}/app/` },
    );
    expect(seen.map((request) => request.url).toSorted()).toEqual([
      "/app/health",
      "/app/health/b",
      "/else?x=1",
      "/v/2.4.1",
    ]);
  });

  test("a value cannot leave its place in a URL", async () => {
    await check([{ get: "/a/${tag}/b?q=${tag}" }], { variables: { tag: "../x?y=1&z=#/%" } });
    expect(seen[0]?.url).toBe(
      "/a/..%2Fx%3Fy%3D1%26z%3D%23%2F%25/b?q=..%2Fx%3Fy%3D1%26z%3D%23%2F%25",
    );
  });

  test("post sends JSON or text, with placeholders filled inside the values", async () => {
    await check(
      [
        { post: "/json", send: { q: "${title}", n: [1, "${title}"] } },
        { post: "/text", send: "v=${title}" },
        { post: "/empty" },
      ],
      { variables: { title: 'a"b' } },
    );
    const sent = Object.fromEntries(seen.map((request) => [request.url, request]));
    expect(JSON.parse(sent["/json"]?.body ?? "")).toEqual({ q: 'a"b', n: [1, 'a"b'] });
    expect(sent["/json"]?.headers["content-type"]).toBe("application/json");
    expect(sent["/text"]?.body).toBe('v=a"b');
    expect(sent["/empty"]?.method).toBe("POST");
  });

  test("a value in a pattern stands for itself", async () => {
    answer = answerJson({ version: "2x4x1" });
    expect(
      (await check([{ get: "/", json: { "$.version": { matches: "^${version}$" } } }], once))
        .passed,
    ).toBe(false);
    answer = answerJson({ version: "2.4.1" });
    expect(
      (await check([{ get: "/", json: { "$.version": { matches: "^${version}$" } } }], once))
        .passed,
    ).toBe(true);
  });

  test("redirects are followed unless one is expected", async () => {
    answer = (request, response) =>
      request.url === "/old"
        ? response.writeHead(302, { location: "/new" }).end()
        : response.end("ok");
    const report = await check([
      { get: "/old" },
      { name: "stays", get: "/old", status: 302, headers: { location: "/new" } },
    ]);
    expect(report.passed).toBe(true);
  });
});

describe("checks that cannot be used are told before anything is sent", () => {
  test.each<[string, Check, RegExp]>([
    ["neither get nor post", { name: "x" }, /needs exactly one/],
    ["both", { get: "/", post: "/" }, /needs exactly one/],
    ["send with get", { get: "/", send: "x" }, /needs `post`/],
    [
      "an unknown placeholder",
      { get: "/${verison}" },
      /\$\{verison\} has no value here; there are url, version/,
    ],
    ["a placeholder named like a method", { get: "/${constructor}" }, /has no value/],
    ["a broken pattern", { get: "/", body: { matches: "(" } }, /not a regular expression/],
    ["a back reference", { get: "/", body: { matches: "(a)\\1" } }, /not a regular expression/],
    ["a broken JSONPath", { get: "/", json: { version: "x" } }, /not a JSONPath/],
    [
      "a JSONPath with the host's patterns",
      { get: "/", json: { '$[?match(@.a, "(a+)+")]': "x" } },
      /`matches` does that/,
    ],
    [
      "an unknown comparison",
      { get: "/", json: { $: { above: 1 } as never } },
      /above at \$ cannot be used/,
    ],
    ["an empty comparison", { get: "/", json: { $: {} } }, /Nothing is expected/],
    ["another scheme", { get: "file:///etc/passwd" }, /does not make an http/],
    ["credentials", { get: "http://a:b@localhost/" }, /credentials/],
    ["a p95 of another form", { get: "/", p95: "200 of 20ms" }, /200ms of 20/],
  ])("%s", async (_, one, says) => {
    const attempt = check([{ get: "/" }, one]);
    await expect(attempt).rejects.toThrow(Fault);
    await expect(attempt).rejects.toThrow(says);
    await expect(attempt).rejects.toThrow(/^RA4002/);
    expect(seen).toEqual([]);
  });

  test("a path without the environment's address", async () => {
    await expect(
      runChecks([{ get: "/" }], {
        transport,
        variables: {},
        deadline: 1,
        settle: 1,
        now: () => 0,
        sleep: async () => undefined,
      }),
    ).rejects.toThrow(/no address/);
  });
});

describe("time", () => {
  test("a build that starts late is waited for", async () => {
    let left = 3;
    answer = (_, response) => (left-- > 0 ? response.writeHead(503).end() : response.end("ok"));
    const report = await check([{ get: "/" }]);
    expect(report).toMatchObject({ passed: true, results: [{ passed: true, attempts: 4 }] });
    expect(report.results[0]).not.toHaveProperty("saw");
  });

  test("a connection that is refused is asked again until the deadline", async () => {
    const report = await check([{ get: "http://127.0.0.1:1/" }]);
    expect(report.results[0]?.attempts).toBeGreaterThan(3);
    expect(report.slept).toBe(10_000);
    expect(report.findings[0]).toMatchObject({ holds: false, code: "RA4003" });
  });

  test("all checks share one deadline", async () => {
    answer = (_, response) => void response.writeHead(503).end();
    const report = await check([{ get: "/a" }, { get: "/b" }, { get: "/c" }]);
    expect(report.passed).toBe(false);
    expect(report.results.map((result) => result.passed)).toEqual([false, false, false]);
    // Three sleep on the same clock: it passes the deadline by less than their pauses.
    expect(report.slept).toBeLessThan(30_000);
  });

  test("an answer that never comes is given up after the check's own time", async () => {
    answer = () => undefined;
    const report = await check([{ get: "/", timeout: 50 }], { deadline: 60 });
    expect(report.results[0]).toMatchObject({
      passed: false,
      saw: `GET ${base}/ had no answer after 50 ms`,
    });
  });

  test("settle counts passes in a row", async () => {
    const script = [200, 200, 500, 200, 200, 200];
    answer = (_, response) => void response.writeHead(script.shift() ?? 500).end();
    const report = await check([{ get: "/" }], { settle: 3, deadline: 60_000 });
    expect(report.results[0]).toMatchObject({ passed: true, attempts: 6 });
  });

  test("passes that do not settle before the deadline do not hold", async () => {
    let count = 0;
    answer = (_, response) => void response.writeHead(count++ % 2 === 0 ? 200 : 500).end();
    const report = await check([{ get: "/" }], { settle: 2 });
    expect(report.passed).toBe(false);
  });

  test("a certificate that is not trusted is a verdict at once", async () => {
    let sent = 0;
    const refusing: Transport = {
      sent: [],
      close: () => undefined,
      send: async () => {
        sent += 1;
        throw new Fault("RA8003", {
          saw: "the certificate of localhost was refused (CERT_HAS_EXPIRED)",
        });
      },
    };
    const report = await check([{ get: "/" }], { transport: refusing });
    expect(sent).toBe(1);
    expect(report.findings[0]).toMatchObject({
      holds: false,
      code: "RA4004",
      saw: expect.stringContaining("CERT_HAS_EXPIRED"),
    });
  });

  test("a defect is not taken for an answer", async () => {
    const broken: Transport = {
      sent: [],
      close: () => undefined,
      send: () => Promise.reject(new TypeError("defect")),
    };
    await expect(check([{ get: "/" }], { transport: broken })).rejects.toThrow(TypeError);
  });

  test("at most ten requests are under way", async () => {
    let [most, asked] = [0, 0];
    const held: ServerResponse[] = [];
    answer = (_, response) => {
      held.push(response);
      asked += 1;
      most = Math.max(most, held.length);
      // Nobody is answered before ten wait, or all have asked; the pause would let an eleventh in.
      if (held.length === 10 || asked === 25)
        setTimeout(() => held.splice(0).forEach((waiting) => waiting.end("ok")), 50);
    };
    const report = await check(Array.from({ length: 25 }, (_, index) => ({ get: `/${index}` })));
    expect(report.passed).toBe(true);
    expect(report.results.map((result) => result.name)).toEqual(
      Array.from({ length: 25 }, (_, index) => `GET /${index}`),
    );
    expect(most).toBe(10);
  });
});

describe("identity", () => {
  const identity: Check = { get: "/version", json: { "$.version": "${version}" } };

  test("is asked first, and nothing else before it holds", async () => {
    let left = 2;
    answer = (request, response) =>
      request.url === "/version"
        ? answerJson({ version: left-- > 0 ? "2.4.0" : "2.4.1" })(request, response)
        : response.end("ok");
    const report = await check([{ get: "/" }], { identity });
    expect(report.passed).toBe(true);
    expect(seen.map((request) => request.url)).toEqual(["/version", "/version", "/version", "/"]);
    expect(report.findings.map((finding) => finding.rule)).toEqual(["identity", "smoke"]);
  });

  test("the old build that answers well is no pass", async () => {
    answer = answerJson({ version: "2.4.0" });
    const report = await check([{ get: "/" }, { get: "/b" }], { identity });
    expect(report.passed).toBe(false);
    expect(report.findings.map((finding) => [finding.rule, finding.holds, finding.code])).toEqual([
      ["identity", false, "RA4005"],
      ["smoke", false, "RA4006"],
      ["smoke", false, "RA4006"],
    ]);
    expect(new Set(seen.map((request) => request.url))).toEqual(new Set(["/version"]));
  });
});

describe("p95", () => {
  test("is measured after the others, one check at a time", async () => {
    const report = await check([
      { name: "fast", get: "/fast", p95: "2000ms of 20" },
      { get: "/other" },
    ]);
    expect(report.passed).toBe(true);
    expect(seen.map((request) => request.url)).toEqual([
      "/other",
      ...Array.from({ length: 20 }, () => "/fast"),
    ]);
    expect(report.p95).toBeGreaterThanOrEqual(0);
    expect(report.results.map((result) => result.name)).toEqual(["fast", "GET /other"]);
  });

  test("one slow request of twenty is within it, two are not", async () => {
    let count = 0;
    let slow = 1;
    answer = (_, response) =>
      void setTimeout(() => response.end("ok"), count++ % 20 < slow ? 1_000 : 0);
    expect((await check([{ get: "/", p95: "900ms of 20" }], once)).passed).toBe(true);
    slow = 2;
    const report = await check([{ get: "/", p95: "900ms of 20" }], once);
    expect(report.passed).toBe(false);
    expect(report.p95).toBeGreaterThanOrEqual(990);
    expect(report.results[0]).toMatchObject({
      saw: expect.stringMatching(/^a 95th percentile of \d+ ms$/),
      expected: "at most 900 ms of 20 requests",
    });
  });

  test("a wrong answer is not measured away", async () => {
    let count = 0;
    answer = (_, response) => void response.writeHead(count++ === 7 ? 500 : 200).end();
    expect((await check([{ get: "/", p95: "2000ms of 20" }], once)).passed).toBe(false);
  });
});

test("no check at all proves nothing", async () => {
  const report = await check([]);
  expect(report.passed).toBe(false);
  expect(report.findings).toMatchObject([{ holds: false, code: "RA4002" }]);
});

test("progress tells each verdict", async () => {
  const lines: string[] = [];
  await check([{ get: "/" }, { get: "/", status: 404, name: "gone" }], {
    ...once,
    progress: (line) => lines.push(line),
  });
  expect(lines.toSorted()).toEqual([
    "FAILED gone: status 200, body ok; expected status 404 (1 tries)",
    "passed GET / (1 tries)",
  ]);
});

test("a proxy that lets nobody through is not asked again", async () => {
  server.on("connect", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  const proxied = createTransport({ env: { https_proxy: base }, userAgent: "test" });
  const report = await check([{ name: "home", get: "https://catalogue.example.org/" }], {
    transport: proxied,
  });
  proxied.close();
  expect(report).toMatchObject({ passed: false, slept: 0 });
  expect(JSON.stringify(report)).toContain("answered 403 to GET https://catalogue");
});
