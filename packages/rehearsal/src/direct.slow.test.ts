import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { loadPipeline } from "./world/pipeline.ts";
import { play, type ScenarioResult } from "./world/scenario.ts";

/*
 * Counts the connections of every program of every step by the system calls themselves. strace sees each `connect` and
 * each datagram with an address - names that are looked up too - of the program and of all that it starts, whatever they
 * are written in and whatever client they use. It does not see a socket that was connected elsewhere and handed over, nor
 * io_uring. It does not see the rehearsal itself, which is the other side of the wire.
 */
const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "direct-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filter = ["-f", "--seccomp-bpf", "-qq", "-e", "signal=none"];
const calls = ["-e", "trace=connect,sendto,sendmsg,sendmmsg"];
const absent = await run("strace", [...filter, ...calls, "-o", "/dev/null", "true"]).then(
  () => undefined,
  (error: Error) => error.message.split("\n")[1] ?? error.message,
);
if (absent !== undefined) {
  const why = `no connection is counted, since strace does not run here: ${absent}`;
  if (process.env["CI"] === "true") throw new Error(why);
  console.warn(`SKIPPED: ${why}`);
}

type Watched = {
  nodeBinary: string;
  /** How many programs of steps were watched, without those that they started. */
  programs(): number;
  /** `address:port` of every connection, by whether it led to the proxy. */
  connections(): { proxied: string[]; direct: string[] };
};

/** A folder of programs that are the machine's own under strace; the rehearsal finds them before all others. */
function watched(name: string): Watched {
  const bin = join(folder, name, "bin");
  const logs = join(folder, name, "logs");
  mkdirSync(bin, { recursive: true });
  mkdirSync(logs);
  const shell = (program: string): string =>
    execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
  const programs = { node: process.execPath, bash: shell("bash"), sh: shell("sh") };
  for (const [program, real] of Object.entries(programs))
    writeFileSync(
      join(bin, program),
      // Bash hands on INPUT_REGISTRY-USERNAME, which other shells drop for its name.
      `#!${programs.bash}
# What a container runs is no step, and what a watched program starts is watched with it.
if [ -z "$GITHUB_ACTIONS" ] || ! grep -q '^TracerPid:.0$' /proc/self/status; then exec '${real}' "$@"; fi
echo "$https_proxy" > '${logs}'/$$.proxy
exec '${shell("strace")}' ${[...filter, ...calls].join(" ")} -o '${logs}'/$$.calls '${real}' "$@"
`,
      { mode: 0o755 },
    );
  const logged = (ending: string): string[] =>
    readdirSync(logs)
      .filter((file) => file.endsWith(ending))
      .map((file) => readFileSync(join(logs, file), "utf8"));
  return {
    nodeBinary: join(bin, "node"),
    programs: () => logged(".proxy").length,
    connections: () => {
      const proxies = new Set(logged(".proxy").map((url) => new URL(url.trim()).host));
      const all = logged(".calls").flatMap((text) => text.split("\n").flatMap(destinationsOf));
      return {
        proxied: all.filter((one) => proxies.has(one)),
        direct: all.filter((one) => !proxies.has(one)),
      };
    },
  };
}

/** Every address in a line of strace: `sin_port=htons(53), sin_addr=inet_addr("10.0.0.1")`, and the same of IPv6. */
function destinationsOf(line: string): string[] {
  const addresses = line.matchAll(
    /sin6?_port=htons\((\d+)\)(?:, sin6_flowinfo=[^,]+)?, (?:sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")/g,
  );
  return [...addresses].map(([, port, four, six]) => `${four ?? six}:${port}`);
}

async function played(
  place: string,
  scenario: string | undefined,
  machine: { actions: Record<string, string>; nodeBinary: string },
): Promise<ScenarioResult> {
  const pipeline = loadPipeline(place);
  const chosen = pipeline.file.scenarios.find(({ name }) => name === (scenario ?? name));
  if (!chosen) throw new Error(`no scenario ${scenario}`);
  return play(pipeline, chosen, { machine, tell: () => undefined });
}

describe.skipIf(absent !== undefined)("connections of steps", () => {
  test("a whole release opens none past the proxy", async () => {
    // What is built meanwhile changes nothing here.
    const actions = join(folder, "release");
    cpSync(join(root, "out/release"), actions, { recursive: true });
    const { nodeBinary, programs, connections } = watched("whole");
    const place = join(root, "docs/pipelines/cessda");
    const result = await played(place, "The owner opened the issue by hand", {
      actions: { "org/release-actions": actions },
      nodeBinary,
    });
    expect(result.fault).toBeUndefined();
    expect(result).toMatchObject({ gaps: [], violations: [], passed: true });
    const steps = result.runs.flatMap((one) =>
      Object.values(one.result?.jobs ?? {}).flatMap((job) => job.steps),
    );
    const own = steps.filter(
      ({ name, outcome }) => name.includes("org/release-actions") && outcome !== "skipped",
    );
    expect(own.length).toBeGreaterThan(8);
    expect(programs()).toBeGreaterThanOrEqual(own.length);
    const { proxied, direct } = connections();
    expect(direct).toEqual([]);
    expect(proxied.length).toBeGreaterThan(programs());
  });

  test("and those that others open are counted", async () => {
    const asked: string[] = [];
    const server = createServer((socket) => void socket.on("error", () => 0).destroy());
    server.on("connection", () => asked.push("asked"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const there = `127.0.0.1:${port}`;
    const place = join(folder, "others");
    mkdirSync(join(place, ".github/workflows"), { recursive: true });
    const scripts = {
      curl: `curl --noproxy '*' http://${there}/ || true`,
      bash: `(echo > /dev/tcp/127.0.0.1/${port}) 2>/dev/null || true`,
      datagram: `echo > /dev/udp/127.0.0.1/${port}`,
      git: `git ls-remote git://${there}/x.git || true`,
      node: `node -e 'require("net").connect(${port}, "127.0.0.1").on("error", () => 0)'`,
      below: `sh -c "node -e 'require(\\"net\\").connect(${port}, \\"127.0.0.1\\").on(\\"error\\", () => 0)'"`,
    };
    writeFileSync(
      join(place, ".github/workflows/run.yml"),
      JSON.stringify({
        name: "Run",
        on: "workflow_dispatch",
        permissions: {},
        jobs: {
          call: {
            "runs-on": "ubuntu-latest",
            steps: Object.values(scripts).map((script) => ({ run: script })),
          },
        },
      }),
    );
    writeFileSync(
      join(place, "rehearsal.yml"),
      `title: Programs that know no proxy
repository: {name: team/product}
start: 2026-03-02T08:00:00Z
people: {ann: {access: admin}}
hosts: {}
history: [{commit: {message: First, from: [.github]}, by: ann}]
scenarios: [{name: it runs, acts: [{dispatch: {workflow: run.yml}, by: ann}], expect: []}]
`,
    );
    const { nodeBinary, connections } = watched("others-watched");
    const result = await played(place, undefined, { actions: {}, nodeBinary });
    await new Promise((done) => server.close(done));
    expect(result.runs[0]?.result?.conclusion).toBe("success");
    const { proxied, direct } = connections();
    expect(proxied).toEqual([]);
    expect(new Set(direct)).toEqual(new Set([there]));
    expect(direct).toHaveLength(Object.keys(scripts).length);
    expect(asked).toHaveLength(Object.keys(scripts).length - 1);
  });
});
