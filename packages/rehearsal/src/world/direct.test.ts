import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadPipeline } from "./pipeline.ts";
import { play } from "./scenario.ts";

const folder = mkdtempSync(join(tmpdir(), "direct-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plays one job that runs a program of Node, and says what the rehearsal found missing. */
async function gapsOf(program: string): Promise<{ gaps: string[]; log: string }> {
  const place = mkdtempSync(join(folder, "pipeline-"));
  mkdirSync(join(place, ".github/workflows"), { recursive: true });
  writeFileSync(join(place, "program.mjs"), program);
  writeFileSync(
    join(place, ".github/workflows/run.yml"),
    `name: Run
on: workflow_dispatch
permissions: {contents: read}
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: node program.mjs
`,
  );
  writeFileSync(
    join(place, "rehearsal.yml"),
    `title: One program
repository: {name: team/product}
start: 2026-03-02T08:00:00Z
people: {ann: {access: admin}}
hosts: {}
history:
  - {commit: {message: First, from: [.github, program.mjs]}, by: ann}
scenarios:
  - name: it runs
    acts: [{dispatch: {workflow: run.yml}, by: ann, as: run}]
    expect: []
`,
  );
  const pipeline = loadPipeline(place);
  const [scenario] = pipeline.file.scenarios;
  if (!scenario) throw new Error("no scenario");
  const result = await play(pipeline, scenario, {
    machine: { actions: {}, nodeBinary: process.execPath },
    tell: () => undefined,
  });
  return {
    gaps: result.gaps.map(({ code, saw }) => `${code} ${saw}`),
    log: result.runs[0]?.result?.log ?? "",
  };
}

const past = (to: string): string =>
  `RA9030 program.mjs in job call connected to ${to} itself, not through the proxy.`;

test.each([
  [
    "fetch",
    `await fetch("https://there.example.org/x").catch(console.log)`,
    "there.example.org:443",
  ],
  [
    "https without a proxy",
    `import { get } from "node:https"; get("https://there.example.org/").on("error", console.log)`,
    "there.example.org:443",
  ],
  [
    "a socket",
    `import { connect } from "node:net"; connect(25, "192.0.2.1").on("error", console.log)`,
    "192.0.2.1:25",
  ],
  [
    "TLS",
    `import { connect } from "node:tls"; connect({ host: "192.0.2.1", port: 465 }).on("error", console.log)`,
    "192.0.2.1:465",
  ],
])("%s past the proxy is refused and named", async (_, program, to) => {
  const { gaps, log } = await gapsOf(program);
  expect(gaps).toEqual([past(to)]);
  if (log.includes("Error")) expect(log).toContain("a rehearsal lets nobody past its proxy");
});

test("a program that the step's program starts is seen too", async () => {
  const { gaps } = await gapsOf(`
    import { execFileSync } from "node:child_process";
    execFileSync("node", ["-e", "fetch('http://there.example.org:8080').catch(() => 0)"]);
  `);
  expect(gaps).toEqual([past("there.example.org:8080").replace("program.mjs", "node")]);
});

test("what goes through the proxy, and what stays on the machine, is let alone", async () => {
  const { gaps, log } = await gapsOf(`
    import { createServer, connect } from "node:net";
    import { Agent, get } from "node:https";
    import { once } from "node:events";
    const answered = get("https://api.github.com/rate_limit", { agent: new Agent({ proxyEnv: process.env }), headers: { "user-agent": "x" } });
    const [answer] = await once(answered, "response");
    answer.resume();
    for (const place of [[0, "127.0.0.1"], ["there.sock"]]) {
      const server = createServer((socket) => socket.end("hello"));
      server.listen(...place);
      await once(server, "listening");
      const own = server.address();
      const [said] = await once(connect(own.port ?? own), "data");
      console.log("heard", String(said));
      server.close();
    }
    console.log("status", answer.statusCode);
  `);
  expect(gaps).toEqual([]);
  expect(log).toMatch(/heard hello[^]*heard hello[^]*status 200/);
});
