import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { archiveOf, file } from "../test/archive.ts";
import { runScript, type ScriptRun } from "./run-script.ts";
import { imageVariable, scriptVariables } from "./variables.ts";

const digest = `sha256:${"a".repeat(64)}`;
const facts = {
  version: "2.4.1",
  environment: "production",
  namespace: "cdc",
  commit: "0".repeat(40),
  images: [
    { name: "searcher", image: "registry.example.org/cdc/searcher", digest },
    { name: "osmh-indexer.v2", image: "registry.example.org/cdc/indexer", digest },
  ],
  vars: { REPLICAS: "3" },
};
const token = "canary-of-the-cluster";
const kubeconfig = `users: [{name: ci, user: {token: ${token}}}]\n`;

let temp = "";
let said: string[] = [];
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), "script-"));
  said = [];
});
afterEach(() => rm(temp, { recursive: true }));

async function run(text: string, more: Partial<ScriptRun> = {}) {
  const archive = await archiveOf([file("top/deploy/run.sh", `#!/bin/sh\n${text}\n`, 0o755)]);
  return runScript({
    script: "deploy/run.sh",
    archive,
    facts,
    variables: {
      PATH: process.env["PATH"],
      HOME: temp,
      https_proxy: "http://proxy.example.org:3128",
      INPUT_KUBECONFIG: kubeconfig,
      GITHUB_TOKEN: "canary-of-github",
      GITHUB_ENV: join(temp, "env"),
      SMTP_PASSWORD: "canary-of-the-mail",
      ACTIONS_RUNTIME_TOKEN: "canary-of-the-runtime",
    },
    temp,
    timeout: 20_000,
    say: (line) => said.push(line),
    secrets: [token],
    ...more,
  });
}

describe("what the script sees", () => {
  it("digests, the release and vars; no input, no token, no other secret", async () => {
    expect(await run("env | sort; pwd; echo args: $#", { kubeconfig })).toBeUndefined();
    expect(said).toContain(`IMAGE_SEARCHER=registry.example.org/cdc/searcher@${digest}`);
    expect(said).toContain(`IMAGE_OSMH_INDEXER_V2=registry.example.org/cdc/indexer@${digest}`);
    expect(said).toEqual(
      expect.arrayContaining([
        "VERSION=2.4.1",
        "ENVIRONMENT=production",
        "NAMESPACE=cdc",
        `COMMIT=${"0".repeat(40)}`,
        "REPLICAS=3",
        "https_proxy=http://proxy.example.org:3128",
        "args: 0",
      ]),
    );
    const names = said.flatMap((line) => /^([A-Za-z_]+)=/.exec(line)?.[1] ?? []);
    expect(names.filter((name) => /^(INPUT|GITHUB|ACTIONS|SMTP)_/.test(name))).toEqual([]);
    expect(said.join("\n")).not.toContain("canary");
    expect(said.find((line) => line.endsWith("/tree"))).toContain("release-script-");
  });

  it("the kubeconfig as a file of its own user only, which is gone afterwards; its token never in the log", async () => {
    await run('stat -c "%a %n" "$KUBECONFIG"; cat "$KUBECONFIG"; base64 -w0 "$KUBECONFIG"', {
      kubeconfig,
    });
    expect(said[0]).toMatch(/^600 .*release-script-[^/]+\/kubeconfig$/);
    expect(said[1]).toBe("users: [{name: ci, user: {token: ***}}]");
    expect(await readdir(temp)).toEqual([]);
  });

  it("no kubeconfig where none is given", async () => {
    await run('echo "[$KUBECONFIG]"');
    expect(said).toEqual(["[]"]);
  });
});

test("names that would meet in one variable are an error", () => {
  expect(imageVariable("cdc.user-guide")).toBe("IMAGE_CDC_USER_GUIDE");
  const two = ["a-b", "a.b"].map((name) => ({ name, image: "x", digest }));
  expect(() => scriptVariables({ ...facts, images: two }, {})).toThrow(
    /a-b and a\.b would both be IMAGE_A_B/,
  );
  for (const name of ["VERSION", "KUBECONFIG", "IMAGE_SEARCHER"])
    expect(() => scriptVariables({ ...facts, vars: { [name]: "x" } }, {})).toThrow(
      /which the script already gets/,
    );
});

describe("what the script says", () => {
  it("comes line by line, as it is: the runner's door makes it harmless", async () => {
    await run(
      [
        `printf '::set-env name=PATH::/evil\\n##[add-mask]x\\n'`,
        `printf 'progress 1\\rprogress 2\\r\\nno end'`,
        `printf '\\303' >&2; sleep 0.1; printf '\\251\\n' >&2`,
        "head -c 20000 /dev/zero | tr '\\0' x",
      ].join("\n"),
    );
    expect(said.slice(0, 4)).toEqual([
      "::set-env name=PATH::/evil",
      "##[add-mask]x",
      "progress 1",
      "progress 2",
    ]);
    expect(said).toContain("é");
    expect(Math.max(...said.map((line) => line.length))).toBeLessThanOrEqual(8192);
    expect(said.filter((line) => !line.includes("é")).join("")).toContain("x".repeat(16_000));
  });

  it("another exit code: the code and the last 20 lines, secrets hidden", async () => {
    const failure = await run(`seq 1 30; echo "token ${token}"; exit 3`);
    expect(failure).toMatchObject({
      code: "RA3201",
      plain: "deploy/run.sh ended with exit code 3.",
      ran: true,
    });
    expect(failure?.last).toHaveLength(20);
    expect(failure?.last.at(0)).toBe("12");
    expect(failure?.last.at(-1)).toBe("token ***");
    expect(await readdir(temp)).toEqual([]);
  });

  it("a script without an interpreter never ran", async () => {
    const archive = await archiveOf([file("top/deploy/run.sh", "#!/no/such/shell\n", 0o755)]);
    const failure = await run("", { archive });
    expect(failure).toMatchObject({ code: "RA3201", ran: false });
    expect(failure?.plain).not.toContain(temp);
  });

  it("a script that kills itself is told by the signal", async () => {
    expect(await run("kill -9 $$")).toMatchObject({
      plain: "deploy/run.sh was ended by SIGKILL.",
    });
  });
});

describe("nothing of the script outlives it", () => {
  const alive = (pid: string | undefined): boolean => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  };
  const gone = async (pid: string | undefined): Promise<void> => {
    expect(Number(pid)).toBeGreaterThan(1);
    for (let tries = 0; tries < 40 && alive(pid); tries += 1) await wait(50);
    expect(alive(pid)).toBe(false);
  };

  it("the deadline ends it and its grandchildren, deaf ones too", async () => {
    const failure = await run(
      `sh -c 'trap "" TERM; sh -c "sleep 60" & echo $!; echo $$; sleep 60' & wait`,
      { timeout: 500, grace: 500 },
    );
    expect(failure).toMatchObject({ code: "RA3202", ran: true });
    expect(failure?.plain).toContain("was not done after");
    await gone(said[0]);
    await gone(said[1]);
  });

  it("what it leaves in the background goes with it, and does not hold the run", async () => {
    const started = Date.now();
    expect(await run("sleep 60 & echo $!; exit 0")).toBeUndefined();
    expect(Date.now() - started).toBeLessThan(10_000);
    await gone(said[0]);
  });
});
