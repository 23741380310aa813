import type { Result, StepResult } from "./contract.ts";
import type { Step } from "./document.ts";
import { prepare, scopeOf, type Ended, type Prepared } from "./execution.ts";
import { asText, fill, holds, resolve } from "./expression.ts";
import { asksToContinue, conditionOf, perform } from "./invocation.ts";
import { annotate, newRecord, say, type Frame, type Session, type Stage } from "./session.ts";

/** Runs one stage of a step of the job and records what came of it. Never throws. */
export async function runTopStep(
  session: Session,
  step: Step,
  stage: Stage,
  name: string,
): Promise<void> {
  const controller = new AbortController();
  const record = newRecord(name);
  const frame: Frame = {
    ...topFrame(session),
    record,
    signal: controller.signal,
    github: { action: session.names.get(step) ?? "" },
  };
  session.request.observe?.({
    kind: "step-started",
    at: session.request.now(),
    job: session.id,
    step: name,
  });
  const ran = await attempt(session, step, stage, frame, controller);
  const outcome = ran.result;
  const conclusion = ran.forgiven ? "success" : outcome;
  if (conclusion === "failure" && session.status === "success") session.status = "failure";
  if (stage === "main") {
    if (step.id !== undefined)
      session.steps[step.id] = { outputs: ran.outputs, outcome, conclusion };
    if (session.invocations.get(step)?.postDue === true) keepPost(session, step, name);
  } else if (stage === "pre" && session.invocations.get(step)?.postDue === true) {
    keepPost(session, step, name.replace(/^Pre /, ""));
  }
  session.results.push(resultOf(step, ran, frame, outcome, conclusion));
  session.request.observe?.({
    kind: "step-ended",
    at: session.request.now(),
    job: session.id,
    step: name,
    outcome,
    conclusion,
  });
}

/** The frame of the job's own steps. */
export function topFrame(session: Session): Frame {
  return {
    session,
    record: session.own,
    signal: session.signal,
    steps: session.steps,
    inputs: session.inputs,
    overrides: {},
    github: {},
    secrets: true,
    depth: 0,
    status: () => session.status,
  };
}

/** `name:` with what is known of it, or what the step runs. */
export function stepName(session: Session, step: Step): string {
  const scope = scopeOf(topFrame(session), session.env);
  try {
    if (step.name !== undefined) return session.masks.mask(fill(step.name, scope));
    if (step.uses !== undefined) return `Run ${step.uses}`;
    return `Run ${session.masks.mask(fill(step.run, scope)).trimStart().split("\n", 1)[0] ?? ""}`;
  } catch {
    return String(step.name ?? step.uses ?? "Run");
  }
}

type Ran = Omit<Ended, "result"> & { result: Result; forgiven: boolean };

async function attempt(
  session: Session,
  step: Step,
  stage: Stage,
  frame: Frame,
  controller: AbortController,
): Promise<Ran> {
  const fail = (error: unknown): Ran => {
    annotate(frame, {
      level: "error",
      message: error instanceof Error ? error.message : String(error),
    });
    return { result: "failure", outputs: {}, forgiven: false };
  };
  let prepared: Prepared;
  const condition = conditionOf(step, stage, session.invocations.get(step));
  try {
    prepared = prepare(step, frame);
    if (!holds(condition, prepared.scope))
      return { result: "skipped", outputs: {}, forgiven: false };
  } catch (error) {
    return fail(error);
  }
  // When the job is cancelled, a running step goes on only if its condition holds for a cancelled job too.
  const onCancel = (): void => {
    if (!stillHolds(condition, step, frame)) controller.abort();
  };
  session.signal.addEventListener("abort", onCancel, { once: true });
  const limit = minutesOf(step, prepared, frame);
  const timer =
    limit > 0 ? setTimeout(() => controller.abort("timeout"), limit * session.minute) : undefined;
  try {
    const ended = await perform(step, stage, frame, prepared).catch((error: unknown): Ended => {
      const { result, outputs } = fail(error);
      return { result: result === "failure" ? "failure" : "cancelled", outputs };
    });
    return concluded(step, ended, frame, prepared, limit);
  } finally {
    clearTimeout(timer);
    session.signal.removeEventListener("abort", onCancel);
  }
}

function concluded(step: Step, ended: Ended, frame: Frame, prepared: Prepared, limit: number): Ran {
  let result = ended.result;
  if (frame.signal.aborted && frame.signal.reason === "timeout") {
    annotate(frame, {
      level: "error",
      message: `The action '${frame.record.name}' has timed out after ${limit} minutes.`,
    });
    result = "failure";
  } else if (frame.signal.aborted) {
    annotate(frame, { level: "error", message: "The operation was canceled." });
    result = "cancelled";
  }
  try {
    return {
      ...ended,
      result,
      forgiven: result === "failure" && asksToContinue(step, prepared.scope),
    };
  } catch (error) {
    annotate(frame, {
      level: "error",
      message: error instanceof Error ? error.message : String(error),
    });
    return { ...ended, result, forgiven: false };
  }
}

function stillHolds(condition: unknown, step: Step, frame: Frame): boolean {
  try {
    return holds(condition, prepare(step, frame).scope);
  } catch {
    return false;
  }
}

/** The runner cuts fractions off, so half a minute is no limit at all; that is said, since nobody expects it. */
function minutesOf(step: Step, prepared: Prepared, frame: Frame): number {
  const written = step["timeout-minutes"];
  if (written === undefined || written === null) return 0;
  try {
    const minutes = Number(asText(resolve(written, prepared.scope)));
    if (Number.isNaN(minutes))
      throw new Error(`timeout-minutes: ${String(written)} is not a number`);
    const whole = Math.trunc(minutes);
    if (whole !== minutes) {
      annotate(frame, {
        level: "warning",
        title: "Rehearsal",
        message: `timeout-minutes: ${minutes} of a step is cut to ${whole} by GitHub's runner${whole === 0 ? ", which is no limit" : ""}.`,
      });
    }
    return whole;
  } catch (error) {
    annotate(frame, {
      level: "error",
      message: "An error occurred when attempting to determine the step timeout.",
    });
    annotate(frame, {
      level: "error",
      message: error instanceof Error ? error.message : String(error),
    });
    return 0;
  }
}

function keepPost(session: Session, step: Step, name: string): void {
  if (session.posts.some((post) => post.step === step)) return;
  session.posts.push({ step, name: `Post ${name}` });
}

function resultOf(
  step: Step,
  ran: Ran,
  frame: Frame,
  outcome: Result,
  conclusion: Result,
): StepResult {
  if (outcome === "skipped") say(frame, "Skipped: its condition does not hold.");
  return {
    ...(step.id === undefined ? {} : { id: step.id }),
    name: frame.record.name,
    ...(step.uses === undefined ? {} : { uses: step.uses }),
    outcome,
    conclusion,
    outputs: ran.outputs,
    log: frame.record.log.join("\n"),
    summary: frame.record.summary.join("\n"),
    ...(ran.exitCode === undefined ? {} : { exitCode: ran.exitCode }),
  };
}

/** `github.action` of each step, the same in all its stages: the id, or a name made of whose action it uses. */
export function actionNames(steps: Step[]): Map<Step, string> {
  const counts = new Map<string, number>();
  const named = steps.map((step): [Step, string] => {
    if (step.id !== undefined) return [step, step.id];
    const base = baseName(step.uses);
    const count = (counts.get(base) ?? 0) + 1;
    counts.set(base, count);
    return [step, count === 1 ? `__${base}` : `__${base}_${count}`];
  });
  return new Map(named);
}

function baseName(uses: string | undefined): string {
  if (uses === undefined) return "run";
  if (uses.startsWith("./")) return "self";
  if (uses.startsWith("$/")) return "selfRepository";
  const source = uses.startsWith("docker://")
    ? uses.slice("docker://".length)
    : uses.replace(/@.*$/, "").split("/").slice(0, 2).join("/");
  return source.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}
