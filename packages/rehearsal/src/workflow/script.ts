import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Step } from "./document.ts";
import { environmentOf, execute, type Ended, type Prepared } from "./execution.ts";
import { fill } from "./expression.ts";
import { annotate, say, type Frame } from "./session.ts";

const shells: Record<string, string> = {
  bash: "bash --noprofile --norc -e -o pipefail {0}",
  sh: "sh -e {0}",
  python: "python {0}",
};

/** Without `shell:` the runner leaves pipefail out. */
const unnamed = "bash -e {0}";

/** Runs a `run:` step: the script lies in a file, so that its text is in no command line. */
export async function runScript(step: Step, frame: Frame, prepared: Prepared): Promise<Ended> {
  const { session } = frame;
  const top = frame.depth === 0;
  const chosen = step.shell ?? (top ? session.defaults.shell : undefined);
  const shell = chosen === undefined ? "" : fill(chosen, prepared.scope);
  if (shell === "" && !top) throw new Error("Required property is missing: shell");
  const format = shell === "" ? unnamed : (shells[shell] ?? shell);
  if (!format.includes("{0}")) {
    throw new Error(
      `RA9002 Shell '${shell}' is not in the rehearsal: it runs bash, sh, python or a format string containing '{0}'.`,
    );
  }
  const script = fill(step.run, prepared.scope);
  const given =
    step["working-directory"] ?? (top ? session.defaults["working-directory"] : undefined);
  const folder = given === undefined ? "" : fill(given, prepared.scope);
  const file = join(session.temp, `${randomUUID()}.sh`);
  await writeFile(file, script);
  say(frame, `##[group]Run ${script.trimStart().split("\n", 1)[0] ?? ""}`);
  for (const line of script.trimEnd().split("\n")) say(frame, line);
  say(frame, `shell: ${format}`);
  sayMapping(frame, "env", prepared.env);
  say(frame, "##[endgroup]");
  const [program = "", ...args] = format.split(/\s+/).filter((word) => word !== "");
  const ended = await execute(frame, {
    file: program,
    args: args.map((word) => word.replace("{0}", file)),
    cwd: isAbsolute(folder) ? folder : join(session.workspace, folder),
    env: environmentOf(frame, prepared.env),
  });
  if (ended.result !== "cancelled" && ended.exitCode !== 0) {
    annotate(frame, {
      level: "error",
      message: `Process completed with exit code ${ended.exitCode}.`,
    });
  }
  return ended;
}

/** `env:` or `with:` as the runner shows them at the head of a step. */
export function sayMapping(frame: Frame, title: string, values: Record<string, string>): void {
  const entries = Object.entries(values);
  if (entries.length === 0) return;
  say(frame, `${title}:`);
  for (const [name, value] of entries)
    for (const line of `  ${name}: ${value}`.split("\n")) say(frame, line);
}
