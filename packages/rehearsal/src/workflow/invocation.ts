import { getCompileCacheDir } from "node:module";
import { dirname, join } from "node:path";
import { loadAction, type Action } from "./action.ts";
import { createAppToken, revokeAppToken } from "./app-token.ts";
import { checkOut, forgetCredentials } from "./checkout.ts";
import type { Step } from "./document.ts";
import { environmentOf, execute, prepare, type Ended, type Prepared } from "./execution.ts";
import { asText, fill, fillMapping, holds, resolve, type Scope } from "./expression.ts";
import { runScript, sayMapping } from "./script.ts";
import { annotate, say, type Frame, type Invocation, type Stage } from "./session.ts";

/** Composite actions may be nested this deep below the step itself. */
const deepest = 9;

/** The action of a step, read once for all its stages. */
export async function invocationOf(step: Step, frame: Frame): Promise<Invocation> {
  const { session } = frame;
  const known = session.invocations.get(step);
  if (known !== undefined) return known;
  const action = await loadAction(String(step.uses), {
    actions: session.request.actions,
    workspace: session.workspace,
    ...(frame.self?.origin === undefined ? {} : { self: frame.self.origin }),
  });
  const invocation: Invocation = {
    action,
    runs: action.runs,
    state: {},
    steps: {},
    inputs: {},
    postDue: false,
  };
  session.invocations.set(step, invocation);
  return invocation;
}

/** True when the action, or one inside it, has something to run before the job's first step. Local actions have no pre stage. */
export async function hasPre(step: Step, frame: Frame): Promise<boolean> {
  if (step.uses === undefined || step.uses.startsWith("./")) return false;
  const { action, runs } = await invocationOf(step, frame);
  if (runs.kind === "node") return runs.pre !== undefined;
  if (runs.kind === "app-token") return false;
  if (runs.kind === "checkout" || frame.depth >= deepest) return false;
  const inner = { ...frame, depth: frame.depth + 1, self: action };
  for (const child of runs.steps) if (await hasPre(child, inner)) return true;
  return false;
}

/** The condition of a stage of an action; the main stage has the step's own `if:`. */
export function conditionOf(step: Step, stage: Stage, invocation: Invocation | undefined): unknown {
  if (stage === "main") return step.if;
  if (invocation?.runs.kind !== "node") return "always()";
  return stage === "pre" ? invocation.runs.preIf : invocation.runs.postIf;
}

/** Runs one stage of one step: a script, or an action with everything inside it. */
export async function perform(
  step: Step,
  stage: Stage,
  frame: Frame,
  prepared: Prepared,
): Promise<Ended> {
  if (step.uses === undefined) return runScript(step, frame, prepared);
  const invocation = await invocationOf(step, frame);
  const { action, runs } = invocation;
  const github = {
    ...frame.github,
    action_repository: action.origin?.repository ?? "",
    action_ref: action.origin?.ref ?? "",
  };
  const own: Frame = { ...frame, github };
  const inputs = inputsOf(step, action, own, prepared);
  if (stage === "main") {
    say(frame, `##[group]Run ${step.uses}`);
    sayMapping(
      frame,
      "with",
      Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== "")),
    );
    sayMapping(frame, "env", prepared.env);
    say(frame, "##[endgroup]");
  }
  switch (runs.kind) {
    case "composite":
      return runComposite(invocation, stage, own, prepared, inputs);
    case "checkout":
      invocation.postDue ||= stage === "main";
      if (stage === "post") return forgetCredentials(own, invocation, prepared);
      return checkOut(own, invocation, inputs, prepared);
    case "app-token":
      invocation.postDue ||= stage === "main";
      if (stage === "post") return revokeAppToken(own, invocation, inputs, prepared);
      return createAppToken(own, invocation, inputs, prepared);
    case "node": {
      if (stage !== "post") invocation.postDue ||= runs.post !== undefined;
      if (runs.pre !== undefined && action.origin === undefined) {
        annotate(frame, {
          level: "warning",
          message: `\`pre\` execution is not supported for local action from '${step.uses}'`,
        });
      }
      const file = { pre: runs.pre, main: runs.main, post: runs.post }[stage];
      if (file === undefined) return { result: "success", outputs: {} };
      return execute(own, {
        file: frame.session.request.nodeBinary,
        args: [join(action.directory, file)],
        cwd: frame.session.workspace,
        env: {
          ...compileCache(),
          ...environmentOf(own, prepared.env),
          ...inputVariables(inputs),
          ...stateVariables(invocation.state),
        },
        state: invocation.state,
      });
    }
  }
}

/** A scenario starts the same actions a dozen times: they keep what Node compiled where the rehearsal itself keeps it. */
function compileCache(): Record<string, string> {
  const own = getCompileCacheDir();
  return own === undefined ? {} : { NODE_COMPILE_CACHE: dirname(own) };
}

function inputVariables(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      value,
    ]),
  );
}

function stateVariables(state: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
}

/** `with:` and the defaults of what it leaves out. Names are compared without case; a missing required input is the action's matter. */
function inputsOf(
  step: Step,
  action: Action,
  frame: Frame,
  prepared: Prepared,
): Record<string, string> {
  const given = fillMapping(step.with, prepared.scope);
  const declared = Object.keys(action.inputs);
  const lower = new Map(declared.map((name) => [name.toLowerCase(), name]));
  const unexpected = Object.keys(given).filter((name) => !lower.has(name.toLowerCase()));
  if (unexpected.length > 0) {
    annotate(frame, {
      level: "warning",
      message: `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${declared.join("', '")}']`,
    });
  }
  const inputs: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const declaredName = lower.get(name.toLowerCase()) ?? name;
    inputs[declaredName] = value;
    const message = action.inputs[declaredName]?.deprecationMessage;
    if (message !== undefined) {
      annotate(frame, {
        level: "warning",
        message: `Input '${name}' has been deprecated with message: ${message}`,
      });
    }
  }
  // A default sees neither secrets nor inputs.
  const { secrets: _secrets, inputs: _inputs, ...contexts } = prepared.scope.contexts;
  const scope: Scope = {
    ...prepared.scope,
    contexts: { ...contexts, github: { ...frame.session.github, ...frame.github } },
  };
  for (const name of declared) inputs[name] ??= fill(action.inputs[name]?.default ?? "", scope);
  return inputs;
}

/** The steps of a composite action, in their own scope of steps, inputs and status. */
async function runComposite(
  invocation: Invocation,
  stage: Stage,
  frame: Frame,
  prepared: Prepared,
  inputs: Record<string, string>,
): Promise<Ended> {
  const { session } = frame;
  const { action, runs } = invocation;
  if (runs.kind !== "composite") throw new Error(`${action.uses} is not composite`);
  if (frame.depth >= deepest)
    throw new Error(`Composite actions are nested more than ${deepest + 1} deep at ${action.uses}`);
  const own: { status: Ended["result"] } = { status: "success" };
  const inner: Frame = {
    ...frame,
    steps: invocation.steps,
    inputs,
    overrides: prepared.overrides,
    github: { ...frame.github, action_path: action.directory },
    secrets: false,
    depth: frame.depth + 1,
    self: action,
    // Only main steps have the action's own status; pre and post look at the job.
    status: () =>
      session.status === "cancelled" || stage !== "main" ? session.status : own.status,
  };
  const children = stage === "post" ? runs.steps.toReversed() : runs.steps;
  for (const child of children) {
    if (stage !== "main" && !(await due(child, stage, inner))) continue;
    const result = await runChild(child, stage, inner);
    if (result === "failure" || result === "cancelled") own.status = result;
    invocation.postDue ||= session.invocations.get(child)?.postDue === true;
  }
  const scope = prepare({}, inner).scope;
  const outputs: Record<string, string> = {};
  if (stage === "main") {
    for (const [name, output] of Object.entries(action.outputs))
      outputs[name] = fill(output.value ?? "", scope);
  }
  return { result: own.status, outputs };
}

async function due(child: Step, stage: Stage, frame: Frame): Promise<boolean> {
  if (stage === "pre") return hasPre(child, frame);
  return frame.session.invocations.get(child)?.postDue === true;
}

/** One step of a composite action. Its result counts for the action, its log goes to the step that uses the action. */
async function runChild(
  child: Step,
  stage: Stage,
  frame: Frame,
): Promise<Ended["result"] | "skipped"> {
  const id = stage === "main" ? child.id : undefined;
  const named: Frame = {
    ...frame,
    github: {
      ...frame.github,
      action_repository: "",
      action_ref: "",
      action_status: frame.status(),
    },
  };
  const keep = (
    outcome: Ended["result"] | "skipped",
    conclusion = outcome,
    outputs: Record<string, string> = {},
  ): typeof conclusion => {
    if (id !== undefined) frame.steps[id] = { outputs, outcome, conclusion };
    return conclusion;
  };
  try {
    const prepared = prepare(child, named);
    const condition = conditionOf(child, stage, frame.session.invocations.get(child));
    if (!holds(condition, prepared.scope)) return keep("skipped");
    const ended = await perform(child, stage, named, prepared);
    const forgiven = ended.result === "failure" && asksToContinue(child, prepared.scope);
    return keep(ended.result, forgiven ? "success" : ended.result, ended.outputs);
  } catch (error) {
    annotate(named, {
      level: "error",
      message: error instanceof Error ? error.message : String(error),
    });
    return keep("failure");
  }
}

/** `continue-on-error:`, evaluated after the step has failed. */
export function asksToContinue(step: Step, scope: Scope): boolean {
  return asText(resolve(step["continue-on-error"] ?? false, scope)) === "true";
}
