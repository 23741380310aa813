import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { runnerContext } from "./context.ts";
import type { EnvironmentGrant, JobResult, Permissions, WorkflowRequest } from "./contract.ts";
import type { Job, RunDefaults, Workflow } from "./document.ts";
import { scopeOf } from "./execution.ts";
import { asText, fill, fillMapping, resolve, type Scope } from "./expression.ts";
import { hasPre } from "./invocation.ts";
import { createMasks } from "./mask.ts";
import type { Leg } from "./matrix.ts";
import { killGroup, runnerGrace } from "./process.ts";
import { annotate, newRecord, type Session } from "./session.ts";
import { actionNames, runTopStep, stepName, topFrame } from "./top-step.ts";

/** One job, or one leg of its matrix, ready to run. */
export type JobPlan = {
  /** Key in the run's result. */
  id: string;
  jobId: string;
  name: string;
  job: Job;
  workflow: Workflow;
  permissions: Permissions;
  github: Record<string, unknown>;
  inputs: Record<string, unknown>;
  needs: Record<string, unknown>;
  strategy: Record<string, unknown>;
  matrix: Record<string, unknown> | null;
  /** The leg of the matrix that this job is. */
  leg: Leg | null;
  vars: Record<string, string>;
  secrets: Record<string, string>;
  signal: AbortSignal;
};

/** Runs a job from its set-up to its last post step. Never throws for what the workflow does wrong. */
export async function runJob(request: WorkflowRequest, plan: JobPlan): Promise<JobResult> {
  const cancel = new AbortController();
  const signal = AbortSignal.any([plan.signal, cancel.signal]);
  const { session, environment, problem } = await openSession(request, plan, signal);
  const frame = topFrame(session);
  const fail = (message: string): void => {
    annotate(frame, { level: "error", message });
    session.status = "failure";
  };
  const onCancel = (): void => void (session.status = "cancelled");
  signal.addEventListener("abort", onCancel, { once: true });
  if (signal.aborted) onCancel();
  const limit = limitOf(session, fail);
  const timer = setTimeout(() => {
    annotate(frame, {
      level: "error",
      message: `The job has exceeded the maximum execution time of ${limit}m0s`,
    });
    cancel.abort();
  }, limit * session.minute);
  const outputs: Record<string, string> = {};
  try {
    if (problem === undefined) {
      await runSteps(session, fail);
      Object.assign(outputs, jobOutputs(session, fail));
    } else fail(problem);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onCancel);
    for (const group of session.groups) killGroup(group);
  }
  const url = environment === undefined ? undefined : urlOf(session, environment.url);
  return {
    name: plan.name,
    result: session.status,
    outputs,
    steps: session.results,
    annotations: session.annotations,
    summary: session.results
      .map((step) => step.summary)
      .filter((text) => text !== "")
      .join("\n"),
    log: logOf(session),
    permissions: plan.permissions,
    ...(environment === undefined
      ? {}
      : {
          environment: {
            name: environment.name,
            deployment: environment.deployment,
            ...(url === undefined ? {} : { url }),
          },
        }),
  };
}

type Environment = { name: string; url?: unknown; deployment: boolean; grant: EnvironmentGrant };

/** Everything a job has before its first step. `problem` is the sentence with which it fails at once. */
async function openSession(
  request: WorkflowRequest,
  plan: JobPlan,
  signal: AbortSignal,
): Promise<{ session: Session; environment?: Environment; problem?: string }> {
  const folder = join(request.directory, plan.id.replaceAll(/[^A-Za-z0-9._-]+/g, "_"));
  const repository = request.repository.name;
  const workspace = join(folder, "work", repository, repository);
  const temp = join(folder, "work", "_temp");
  const tools = join(folder, "tools");
  const home = join(folder, "home");
  for (const directory of [workspace, join(temp, "_github_workflow"), tools, home]) {
    await mkdir(directory, { recursive: true });
  }
  const eventPath = join(temp, "_github_workflow", "event.json");
  await writeFile(eventPath, JSON.stringify(request.event.payload ?? {}, null, 2));

  const masks = createMasks();
  const contexts: Record<string, unknown> = {
    needs: plan.needs,
    strategy: plan.strategy,
    matrix: plan.matrix,
    vars: plan.vars,
    secrets: plan.secrets,
  };
  const github: Record<string, unknown> = {
    ...plan.github,
    job: plan.jobId,
    workspace,
    event_path: eventPath,
    action_repository: "",
    action_ref: "",
  };
  const session: Session = {
    request,
    id: plan.id,
    job: plan.job,
    defaults: {},
    permissions: plan.permissions,
    masks,
    workspace,
    temp,
    grace: request.grace ?? runnerGrace,
    minute: request.minute ?? 60_000,
    machine: { PATH: machinePath(request), HOME: home, ...request.env },
    github,
    runner: runnerContext(temp, tools),
    contexts,
    inputs: plan.inputs,
    signal,
    env: {},
    path: [],
    steps: {},
    posts: [],
    results: [],
    annotations: [],
    invocations: new Map(),
    groups: new Set(),
    names: actionNames(plan.job.steps ?? []),
    own: newRecord(""),
    status: "success",
  };
  try {
    const scope = jobScope(plan);
    refuseOtherRunners(resolve(plan.job["runs-on"], scope));
    const environment = await environmentOf(request, plan.job.environment, scope);
    if (environment?.grant.refuses !== undefined) {
      return { session, environment, problem: environment.grant.refuses };
    }
    const token = await request.issueToken({ id: plan.id, permissions: plan.permissions });
    const secrets: Record<string, string> = {
      ...plan.secrets,
      ...environment?.grant.secrets,
      GITHUB_TOKEN: token,
    };
    for (const secret of Object.values(secrets)) masks.add(secret);
    contexts["secrets"] = secrets;
    contexts["vars"] = { ...plan.vars, ...environment?.grant.vars };
    github["token"] = token;
    const own = scopeOf(topFrame(session), {});
    Object.assign(session.env, fillMapping(plan.workflow.env, own));
    Object.assign(session.env, fillMapping(plan.job.env, own));
    const defaults = { ...plan.workflow.defaults?.run, ...plan.job.defaults?.run } as NonNullable<
      RunDefaults["run"]
    >;
    Object.assign(session.defaults, resolve(defaults, scopeOf(topFrame(session), session.env)));
    return { session, ...(environment === undefined ? {} : { environment }) };
  } catch (error) {
    return { session, problem: error instanceof Error ? error.message : String(error) };
  }
}

function logOf(session: Session): string {
  const parts = session.results.map((step) => `--- ${step.name}\n${step.log}`);
  return [...session.own.log, ...parts].join("\n");
}

async function runSteps(session: Session, fail: (message: string) => void): Promise<void> {
  const steps = session.job.steps ?? [];
  const pres = [];
  try {
    for (const step of steps) if (await hasPre(step, topFrame(session))) pres.push(step);
  } catch (error) {
    // As on GitHub, an action that cannot be had fails the job before its first step.
    return fail(error instanceof Error ? error.message : String(error));
  }
  for (const step of pres) await runTopStep(session, step, "pre", `Pre ${stepName(session, step)}`);
  for (const step of steps) await runTopStep(session, step, "main", stepName(session, step));
  for (const post of session.posts.toReversed())
    await runTopStep(session, post.step, "post", post.name);
}

/** Outputs for other jobs. Empty ones are left out, and so is what contains a secret. */
function jobOutputs(session: Session, fail: (message: string) => void): Record<string, string> {
  const frame = topFrame(session);
  try {
    const all = fillMapping(session.job.outputs, scopeOf(frame, session.env));
    const outputs: Record<string, string> = {};
    for (const [name, value] of Object.entries(all)) {
      if (value === "") continue;
      if (session.masks.finds(value)) {
        annotate(frame, {
          level: "warning",
          message: `Skip output '${name}' since it may contain secret.`,
        });
      } else outputs[name] = value;
    }
    return outputs;
  } catch (error) {
    fail(`Fail to evaluate job outputs: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

function urlOf(session: Session, url: unknown): string | undefined {
  if (url === undefined || url === null) return undefined;
  const frame = topFrame(session);
  try {
    const value = fill(url, scopeOf(frame, session.env));
    if (!session.masks.finds(value)) return value === "" ? undefined : value;
    annotate(frame, {
      level: "warning",
      message: "Skip setting environment url as it may contain secret.",
    });
  } catch (error) {
    annotate(frame, {
      level: "error",
      message: `Failed to evaluate environment url: ${String(error)}`,
    });
  }
  return undefined;
}

/** What the keys of a job itself can see. */
export function jobScope(
  plan: Pick<JobPlan, "github" | "inputs" | "needs" | "strategy" | "matrix" | "vars" | "secrets">,
): Scope {
  const { github, inputs, needs, strategy, matrix, vars, secrets } = plan;
  return { contexts: { github, inputs, needs, strategy, matrix, vars, secrets } };
}

async function environmentOf(
  request: WorkflowRequest,
  written: unknown,
  scope: Scope,
): Promise<Environment | undefined> {
  if (written === undefined || written === null) return undefined;
  const mapping =
    typeof written === "object" ? (written as Record<string, unknown>) : { name: written };
  const name = fill(mapping["name"] ?? "", scope);
  if (name === "") return undefined;
  const deployment = asText(resolve(mapping["deployment"] ?? true, scope)) !== "false";
  return { name, url: mapping["url"], deployment, grant: await request.environment(name) };
}

function refuseOtherRunners(runsOn: unknown): void {
  const labels = [runsOn].flat().map((label) => (typeof label === "string" ? label : ""));
  const other = labels.find((label) => /^(windows|macos)\b/i.test(label));
  if (other !== undefined)
    throw new Error(
      `RA9002 runs-on: ${other} cannot be rehearsed: jobs run on the machine of the rehearsal, as on Linux.`,
    );
}

function limitOf(session: Session, fail: (message: string) => void): number {
  const written = session.job["timeout-minutes"] ?? 360;
  try {
    const minutes = Math.trunc(
      Number(asText(resolve(written, scopeOf(topFrame(session), session.env)))),
    );
    if (minutes >= 1) return minutes;
    fail(`timeout-minutes: ${String(written)} of the job is not a whole number of minutes.`);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  return 360;
}

/** Programs of the machine, and Node; not the tools that npm puts before them. */
export function machinePath(request: WorkflowRequest): string {
  const own = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  const outside = own.filter((directory) => !/node_modules|node-gyp-bin/.test(directory));
  const first = request.programs === undefined ? [] : [request.programs];
  return [...first, dirname(request.nodeBinary), ...outside].join(delimiter);
}
