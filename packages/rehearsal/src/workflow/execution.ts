import { randomUUID } from "node:crypto";
import { delimiter, join } from "node:path";
import { runnerVariables } from "./context.ts";
import type { Step } from "./document.ts";
import { fillMapping, type Scope } from "./expression.ts";
import { createCommandFiles, readCommandFiles } from "./file-commands.ts";
import { hashFiles } from "./hash-files.ts";
import { createCommandReader } from "./log-commands.ts";
import { runProgram } from "./process.ts";
import { annotate, say, type Frame } from "./session.ts";

/** How one program of a step ended. */
export type Ended = {
  result: "success" | "failure" | "cancelled";
  outputs: Record<string, string>;
  exitCode?: number;
};

/** A step's variables, evaluated before its condition, as the runner does. */
export type Prepared = {
  env: Record<string, string>;
  overrides: Record<string, string>;
  scope: Scope;
};

export function prepare(step: Pick<Step, "env">, frame: Frame): Prepared {
  const before = { ...frame.session.env, ...frame.overrides };
  const own = fillMapping(step.env, scopeOf(frame, before));
  const env = { ...before, ...own };
  return { env, overrides: { ...frame.overrides, ...own }, scope: scopeOf(frame, env) };
}

/** What an expression in this frame can see. */
export function scopeOf(frame: Frame, env: Record<string, string>): Scope {
  const { session } = frame;
  const { secrets, ...contexts } = session.contexts;
  return {
    contexts: {
      ...contexts,
      github: { ...session.github, ...frame.github },
      env,
      inputs: frame.inputs,
      job: { status: session.status },
      runner: session.runner,
      steps: frame.steps,
      ...(frame.secrets ? { secrets } : {}),
    },
    functions: {
      success: () => frame.status() === "success",
      failure: () => frame.status() === "failure",
      cancelled: () => session.status === "cancelled",
      always: () => true,
      hashfiles: (...patterns) => hashFiles(session.workspace, patterns),
    },
  };
}

/** The whole environment of a step's program: the machine's, the workflow's, and over both the runner's own. */
export function environmentOf(frame: Frame, env: Record<string, string>): Record<string, string> {
  const { session } = frame;
  const path = [...session.path.toReversed(), env["PATH"] ?? session.machine["PATH"] ?? ""];
  return {
    ...session.machine,
    CI: "true",
    ...env,
    PATH: path.join(delimiter),
    ...runnerVariables({ ...session.github, ...frame.github }, session.runner),
  };
}

/** Runs one program with a new set of command files, and takes over what it asked for, however it ends. */
export async function execute(
  frame: Frame,
  program: {
    file: string;
    args: string[];
    cwd: string;
    env: Record<string, string>;
    state?: Record<string, string>;
  },
): Promise<Ended> {
  const { session, record } = frame;
  const outputs: Record<string, string> = {};
  const state = program.state ?? {};
  const files = await createCommandFiles(join(session.temp, "_runner_file_commands"), randomUUID());
  const commands = { failed: false };
  const read = createCommandReader({
    say: (line) => say(frame, line),
    annotate: (annotation) => annotate(frame, annotation),
    mask: session.masks.add,
    output: (name, value) => void (outputs[name] = value),
    state: (name, value) => void (state[name] = value),
    fail: () => void (commands.failed = true),
  });
  const variables = Object.entries(files).map(([name, path]) => [`GITHUB_${name}`, path] as const);
  let exitCode: number;
  try {
    exitCode = await runProgram({
      file: program.file,
      args: program.args,
      cwd: program.cwd,
      env: { ...program.env, ...Object.fromEntries(variables) },
      onLine: read,
      signal: frame.signal,
      grace: session.grace,
      leftBehind: (group) => void session.groups.add(group),
    });
  } finally {
    const written = await readCommandFiles(files);
    for (const [name, value] of written.env) session.env[name] = value;
    for (const directory of written.path) {
      const at = session.path.indexOf(directory);
      if (at >= 0) session.path.splice(at, 1);
      session.path.push(directory);
    }
    Object.assign(outputs, Object.fromEntries(written.outputs));
    Object.assign(state, Object.fromEntries(written.state));
    if (written.summary !== "") {
      record.summary.push(written.summary.split("\n").map(session.masks.mask).join("\n"));
    }
    for (const message of written.problems) annotate(frame, { level: "error", message });
    if (written.broken) commands.failed = true;
  }
  if (frame.signal.aborted) return { result: "cancelled", outputs, exitCode };
  const failed = exitCode !== 0 || commands.failed;
  return { result: failed ? "failure" : "success", outputs, exitCode };
}
