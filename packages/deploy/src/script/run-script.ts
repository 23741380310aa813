import type { Code } from "@release-actions/codes";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { unpackArchive } from "./archive.ts";
import { hider } from "./hider.ts";
import { runProgram, type ProgramEnd } from "./program.ts";
import { scriptVariables, type ScriptFacts } from "./variables.ts";

export type ScriptRun = {
  /** Path of the script in the repository. */
  script: string;
  /** The released commit as a gzipped tar, looked through with `checkArchive`. */
  archive: Buffer;
  facts: ScriptFacts;
  /** The job's variables; only a few of them reach the script. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Content of a kubeconfig; the script gets it as a file. */
  kubeconfig?: string;
  /** Folder of the job for files that go when it ends. */
  temp: string;
  /** Milliseconds. */
  timeout: number;
  grace?: number;
  /** Told of each line of the script. Foreign text, for the log's one door. */
  say: (line: string) => void;
  /** Values that are hidden in every line before it goes anywhere. */
  secrets?: readonly string[];
};

/** Why a script did not do its work. `last` is foreign text, secrets hidden. */
export type ScriptFailure = {
  code: Code;
  plain: string;
  next: string;
  last: string[];
  /** False: it never ran, so nothing was changed. */
  ran: boolean;
};

const lastLines = 20;
const longestLast = 500;

/**
 * Runs the product's own script in the tree of the released commit. undefined: it ended with 0. Scripts have no key that tells
 * an earlier run, so they are run again after a run that was cut off and must lead to the same end each time.
 * @throws Fault RA3205, RA3206
 */
export async function runScript(run: ScriptRun): Promise<ScriptFailure | undefined> {
  const variables = scriptVariables(run.facts, run.variables);
  await mkdir(run.temp, { recursive: true });
  // Made by mkdtemp: nobody but the job's user may look into it.
  const folder = await mkdtemp(join(run.temp, "release-script-"));
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", atExit);
  try {
    const [tree, temporary] = [join(folder, "tree"), join(folder, "tmp")];
    await mkdir(tree);
    await mkdir(temporary);
    await unpackArchive(run.archive, tree);
    if (run.kubeconfig !== undefined) {
      variables["KUBECONFIG"] = join(folder, "kubeconfig");
      await writeFile(variables["KUBECONFIG"], run.kubeconfig, { mode: 0o600, flag: "wx" });
    }
    variables["TMPDIR"] = temporary;
    const last: string[] = [];
    const hide = hider(run.secrets ?? []);
    const end = await runProgram(join(tree, run.script), {
      cwd: tree,
      env: variables,
      timeout: run.timeout,
      ...(run.grace === undefined ? {} : { grace: run.grace }),
      line: (text) => {
        const line = hide(text);
        last.push(line.slice(0, longestLast));
        if (last.length > lastLines) last.shift();
        run.say(line);
      },
    });
    return failureOf(run, end, last);
  } finally {
    await rm(folder, { recursive: true, force: true });
    process.removeListener("exit", atExit);
  }
}

function failureOf(run: ScriptRun, end: ProgramEnd, last: string[]): ScriptFailure | undefined {
  const { script } = run;
  const next = "Read the script's last lines, correct what they name, then run the job again.";
  if (end.how === "timed-out")
    return {
      code: "RA3202",
      plain: `${script} was not done after ${Math.round(run.timeout / 1000)} seconds and was ended, with everything it had started.`,
      next: "Read the script's last lines, or give a longer `timeout`.",
      last,
      ran: true,
    };
  if (end.how === "not-started") {
    const format = end.why.includes("ENOEXEC") || end.why.includes("ENOENT");
    return {
      code: "RA3201",
      plain: `${script} could not be started: ${end.why.replaceAll(/(?:\/[^\s/]+)+\/tree\//g, "")}.`,
      next: format
        ? "Give the script a first line that names a program of the runner, such as #!/bin/bash."
        : next,
      last,
      ran: false,
    };
  }
  if (end.how === "signalled")
    return {
      code: "RA3201",
      plain: `${script} was ended by ${end.signal}.`,
      next,
      last,
      ran: true,
    };
  return end.code === 0
    ? undefined
    : {
        code: "RA3201",
        plain: `${script} ended with exit code ${end.code}.`,
        next,
        last,
        ran: true,
      };
}
