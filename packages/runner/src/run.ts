import { accessSync, appendFileSync, constants } from "node:fs";
import * as core from "@actions/core";
import { Fault } from "@release-actions/codes";
import { inputText, readInputs } from "./inputs.ts";
import type { ActionIo, InputSpec, Result } from "./io.ts";
import { annotation, annotationTitle, createJob, type Job } from "./job.ts";
import { causeChain, reportError } from "./report.ts";
import { createSecrets, type Secrets } from "./secrets.ts";
import { cutSummary, faultSummary } from "./summary.ts";

type Variables = Readonly<Record<string, string | undefined>>;
type Ending = { ok: boolean; summary?: string; failure?: { title: string; message: string } };

const outputName = /^[A-Za-z_][\w-]*$/;

/**
 * Runs an action in this process, from its inputs to its exit code, and never returns an error: whatever happens becomes
 * one annotation, one summary and exit code 1. Ends the process, because open connections would hold it.
 */
export async function run<Inputs, Outputs>(
  io: ActionIo<Inputs, Outputs>,
  act: (inputs: Inputs, job: Job) => Promise<Result<Outputs>>,
): Promise<void> {
  // As the runner gave them: libraries are free to change the process's own.
  const variables = { ...process.env };
  const secrets = createSecrets((form) => core.setSecret(form));
  for (const secret of secretTexts(io.inputs, variables)) secrets.add(secret);
  const job = createJob(variables, secrets);
  stopOnSignals();

  let ending: Ending;
  try {
    requireRunner(variables);
    const result = await act(readInputs(io, variables), job);
    writeOutputs(io, result.outputs, secrets);
    ending =
      result.ok || result.failure
        ? result
        : {
            ...result,
            failure: { title: io.name, message: "The action refused; its summary says why." },
          };
  } catch (error) {
    job.debug(causeChain(error));
    ending = endingOf(error, variables);
  }
  finish(ending, secrets, job);
  await leave(ending.ok ? 0 : 1);
}

function secretTexts(inputs: Record<string, InputSpec>, variables: Variables): string[] {
  return Object.values(inputs).flatMap((spec) =>
    spec.secret ? [inputText(spec, variables) ?? ""] : [],
  );
}

/** Outside GitHub Actions outputs would be lost without a word. */
function requireRunner(variables: Variables): void {
  const path = variables["GITHUB_OUTPUT"];
  if (!path) throw new Fault("RA1003", { saw: "The variable GITHUB_OUTPUT is not set." });
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new Fault("RA1003", {
      saw: "The file of GITHUB_OUTPUT is missing or cannot be written.",
      cause,
    });
  }
}

function writeOutputs<Outputs>(
  io: ActionIo<unknown, Outputs>,
  outputs: Partial<Outputs>,
  secrets: Secrets,
): void {
  const names: Record<string, string> = io.outputs;
  for (const [key, value] of Object.entries(outputs)) {
    const name = names[key];
    if (name === undefined || !outputName.test(name))
      throw new TypeError(`the action has no output ${JSON.stringify(key)}`);
    if (value !== undefined)
      core.setOutput(name, secrets.redact(Array.isArray(value) ? value.join("\n") : String(value)));
  }
}

function endingOf(error: unknown, variables: Variables): Ending {
  const { code, ...told } = reportError(error);
  const { title, saw, next, headline } = told;
  const link = referencePage(code, variables);
  return {
    ok: false,
    summary: faultSummary({ ...told, ...(link ? { link } : {}) }),
    failure: {
      title,
      message: `${headline ? `${headline} ` : ""}${saw.replace(/\.$/, "")}. Next: ${next}`,
    },
  };
}

/** The page of a code in the repository that the action came from. */
function referencePage(code: string, variables: Variables): string | undefined {
  const repository = variables["GITHUB_ACTION_REPOSITORY"];
  if (!repository || !/^[\w.-]+\/[\w.-]+$/.test(repository)) return undefined;
  const server = variables["GITHUB_SERVER_URL"] || "https://github.com";
  return `${server}/${repository}/blob/main/docs/reference/errors.md#${code.toLowerCase()}`;
}

function finish(ending: Ending, secrets: Secrets, job: Job): void {
  const wanted = job.variables["INPUT_SUMMARY"]?.trim() || "always";
  if (ending.summary && wanted !== "never" && (wanted !== "on-failure" || !ending.ok)) {
    writeSummary(secrets.redact(ending.summary), job);
  }
  if (!ending.ok && ending.failure) {
    core.error(annotation(secrets.redact(ending.failure.message)), {
      title: annotationTitle(secrets.redact(ending.failure.title)),
    });
  }
}

/** A summary that cannot be written is no reason to fail what was done. */
function writeSummary(markdown: string, job: Job): void {
  const path = job.variables["GITHUB_STEP_SUMMARY"];
  if (!path) return;
  try {
    appendFileSync(path, cutSummary(markdown));
  } catch (error) {
    job.warn("No summary", "The job summary could not be written.");
    job.debug(causeChain(error));
  }
}

/** A cancelled job stops where it is and repairs nothing; the next run looks and continues. */
function stopOnSignals(): void {
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      const { title, saw, next } = reportError(
        new Fault("RA1005", { saw: `The runner sent ${signal}.` }),
      );
      core.error(annotation(`${saw} Next: ${next}`), { title });
      void leave(status);
    });
  }
}

/** Ends the process once everything written has left it. */
async function leave(status: number): Promise<void> {
  process.exitCode = status;
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))),
  );
  process.exit(status);
}
