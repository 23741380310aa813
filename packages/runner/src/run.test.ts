import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-"));
  writeFileSync(join(folder, "output"), "");
  writeFileSync(join(folder, "summary"), "");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { status: number | null; log: string; output: string; summary: string };

const prelude = `
  import { Fault } from "@release-actions/codes";
  import { run } from "@release-actions/runner";
  const io = {
    name: "sample",
    inputs: {
      tag: { name: "tag", type: "string", required: true },
      token: { name: "token", type: "string", secret: true },
      summary: { name: "summary", type: "enum", values: ["always", "on-failure", "never"], default: "always" },
    },
    outputs: { version: "version", isNewest: "is-newest", reasons: "reasons" },
  };
`;

/** Runs an action's body in a process of its own, as the runner does. */
function runAction(
  body: string,
  variables: Record<string, string> = {},
  onLog?: (log: string) => NodeJS.Signals | undefined,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--input-type=module", "-e", `${prelude}\nawait run(io, ${body});`],
    {
      cwd: import.meta.dirname,
      env: {
        GITHUB_OUTPUT: join(folder, "output"),
        GITHUB_STEP_SUMMARY: join(folder, "summary"),
        INPUT_TAG: "1.2.3",
        ...variables,
      },
    },
  );
  let log = "";
  let killed = false;
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    log += chunk.toString();
    if (killed || !onLog?.(log)) return;
    killed = child.kill(onLog(log));
  });
  return new Promise((resolve) =>
    child.on("close", (status) =>
      resolve({
        status,
        log,
        output: readFileSync(join(folder, "output"), "utf8"),
        summary: readFileSync(join(folder, "summary"), "utf8"),
      }),
    ),
  );
}

/** Outputs as the runner reads them from the file. */
function outputsIn(file: string): Record<string, string> {
  return Object.fromEntries(
    [...file.matchAll(/^(.+?)<<(ghadelimiter_\S+)\n([^]*?)\n\2$/gm)].map((match) => [
      match[1] ?? "",
      match[3] ?? "",
    ]),
  );
}

describe("a good end", () => {
  test("writes outputs and one summary, exits 0, says what it was told to say", async () => {
    const ended = await runAction(`async (inputs, job) => {
      job.say("tag " + inputs.tag + "\\n::error::not a command");
      return { ok: true, outputs: { version: inputs.tag, isNewest: true, reasons: undefined }, summary: "# Good\\n" };
    }`);
    expect(ended.status).toBe(0);
    expect(outputsIn(ended.output)).toEqual({ version: "1.2.3", "is-newest": "true" });
    expect(ended.summary).toBe("# Good\n");
    expect(ended.log).toBe("tag 1.2.3\n: :error::not a command\n");
  });

  test("an output's text cannot make another output", async () => {
    const ended = await runAction(
      `async () => ({ ok: true, outputs: { version: "a\\nis-newest=true\\nEOF" } })`,
    );
    expect(outputsIn(ended.output)).toEqual({ version: "a\nis-newest=true\nEOF" });
  });

  test("an output holds no secret, whoever repeated it", async () => {
    const ended = await runAction(
      `async () => ({ ok: true, outputs: { reasons: "the server said: Bearer s3cret-token" } })`,
      { INPUT_TOKEN: "s3cret-token" },
    );
    expect(outputsIn(ended.output)).toEqual({ reasons: "the server said: Bearer ***" });
  });

  test("works without a summary file and ends although a timer is open", async () => {
    const ended = await runAction(
      `async () => { setInterval(() => {}, 1000); return { ok: true, outputs: {}, summary: "x" }; }`,
      { GITHUB_STEP_SUMMARY: "" },
    );
    expect(ended).toMatchObject({ status: 0, summary: "" });
  });

  test.each([
    ["never", true, ""],
    ["never", false, ""],
    ["on-failure", true, ""],
    ["on-failure", false, "text"],
    ["always", true, "text"],
  ])("summary: %s, ok: %s", async (wanted, ok, text) => {
    const ended = await runAction(`async () => ({ ok: ${ok}, outputs: {}, summary: "text" })`, {
      INPUT_SUMMARY: wanted,
    });
    expect(ended.summary).toBe(text);
  });

  test("a summary of more than a mebibyte is cut, not lost", async () => {
    const ended = await runAction(
      `async () => ({ ok: true, outputs: {}, summary: "line with ü\\n".repeat(120_000) })`,
    );
    expect(Buffer.byteLength(ended.summary)).toBeLessThan(1024 * 1024);
    expect(ended.summary).toContain("GitHub shows 1 MiB");
    expect(ended.summary).not.toContain("\ufffd");
  });
});

describe("a bad end", () => {
  test("a refusal is one annotation on one line and exit code 1; its outputs are kept", async () => {
    const ended = await runAction(`async () => ({
      ok: false, outputs: { reasons: "[]" }, summary: "# No", failure: { title: "RA1204, frozen: yes", message: "It is\\nfrozen. Next: wait." },
    })`);
    expect(ended.status).toBe(1);
    expect(ended.log).toBe("::error title=RA1204%2C frozen%3A yes::It is frozen. Next: wait.\n");
    expect(outputsIn(ended.output)).toEqual({ reasons: "[]" });
  });

  test("a fault has code, what was seen and the next step, in the log and in the summary", async () => {
    const ended = await runAction(
      `async () => { throw new Fault("RA8001", { saw: "No answer from <b>host</b>.\\n::error::x", next: "Look." }); }`,
      { GITHUB_ACTION_REPOSITORY: "org/release-actions" },
    );
    expect(ended.status).toBe(1);
    expect(ended.log).toBe(
      "::error title=RA8001 A server could not be reached::No answer from <b>host</b>. : :error::x. Next: Look.\n",
    );
    expect(ended.summary).toContain(
      "https://github.com/org/release-actions/blob/main/docs/reference/errors.md#ra8001",
    );
    expect(ended.summary).not.toContain("<b>");
  });

  test("an unexpected error is RA1004; its chain is in the log only with debug logging, without secrets", async () => {
    const body = `async () => { throw new class Leaky extends Error { name = "Leaky" }("body: top-secret", { cause: new Error("deep top-secret") }); }`;
    const quiet = await runAction(body, { INPUT_TOKEN: "top-secret" });
    expect(quiet.status).toBe(1);
    expect(quiet.log).toContain(
      "::error title=RA1004 Something unexpected happened::An error of the kind Leaky.",
    );
    expect(quiet.log.replaceAll(/^::add-mask::.*$/gm, "")).not.toContain("top-secret");
    expect(quiet.log).not.toContain("caused by");

    const loud = await runAction(body, { INPUT_TOKEN: "top-secret", RUNNER_DEBUG: "1" });
    expect(loud.log).toContain("caused by: Error: deep ***");
    expect(loud.log.replaceAll(/^::add-mask::.*$/gm, "")).not.toContain("top-secret");
  });

  test("secrets are masked before anything else is written", async () => {
    const ended = await runAction(
      `async (inputs, job) => { job.say(inputs.token); return { ok: true, outputs: {}, summary: inputs.token }; }`,
      {
        INPUT_TOKEN: "line-one\nline-two",
      },
    );
    const lines = ended.log.trimEnd().split("\n");
    expect(lines.at(-1)).toBe("***");
    expect(lines.slice(0, -1).every((line) => line.startsWith("::add-mask::"))).toBe(true);
    expect(lines).toContain("::add-mask::line-one");
    expect(ended.summary).toBe("***");
  });

  test("bad inputs are told together and the body is not run", async () => {
    const ended = await runAction(
      `async () => { console.log("ran"); return { ok: true, outputs: {} }; }`,
      { INPUT_TAG: "", INPUT_SUMMARY: "loud" },
    );
    expect(ended.log).toContain("::error title=RA1002 ");
    expect(ended.log).toContain(
      '`tag` is not given; `summary` is "loud"; it takes always, on-failure, never.',
    );
    expect(ended.log).not.toContain("ran");
  });

  test("outside GitHub Actions it says what is missing and runs nothing", async () => {
    const ended = await runAction(
      `async () => { console.log("ran"); return { ok: true, outputs: {} }; }`,
      { GITHUB_OUTPUT: "" },
    );
    expect(ended.status).toBe(1);
    expect(ended.log).toContain("RA1003");
    expect(ended.log).toContain("GITHUB_OUTPUT is not set");
    expect(ended.log).not.toContain("ran");
  });

  test("a variable of the runner is missed by its name, and only by who needs it", async () => {
    const ended = await runAction(
      `async (_, job) => ({ ok: true, outputs: { version: job.env.repository.name } })`,
    );
    expect(ended.log).toContain("The variable GITHUB_REPOSITORY is not set.");
  });

  test("an output that action.yml does not declare is a defect, not a silence", async () => {
    const ended = await runAction(`async () => ({ ok: true, outputs: { other: "x" } })`);
    expect(ended.status).toBe(1);
    expect(ended.log).toContain("RA1004");
    expect(ended.output).toBe("");
  });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s: one annotation, no further word, exit %i", async (signal, status) => {
  const ended = await runAction(
    `async (_, job) => { job.say("working"); await new Promise((r) => setTimeout(r, 20_000)); return { ok: true, outputs: {}, summary: "x" }; }`,
    {},
    (log) => (log.includes("working") ? signal : undefined),
  );
  expect(ended).toMatchObject({ status, output: "", summary: "" });
  expect(ended.log).toMatch(/^working\n::error title=RA1005 The job was cancelled::.*\n$/);
});
