import type {
  JobResult,
  Permissions,
  Result,
  WorkflowProblem,
  WorkflowRequest,
} from "./contract.ts";
import { readCalled } from "./called.ts";
import { inGroup } from "./concurrency.ts";
import { needsOf, type Job, type Workflow } from "./document.ts";
import { asText, fill, fillMapping, holds, resolve, type Scope } from "./expression.ts";
import { differences, nameOf, record } from "./job-record.ts";
import { jobScope, runJob, type JobPlan } from "./job.ts";
import { legKeys, legsOf, type Leg } from "./matrix.ts";
import { excess, permissionsOf } from "./permissions.ts";

/** One workflow of a run: the run's own, or one that a job calls. */
export type Call = {
  request: WorkflowRequest;
  workflow: Workflow;
  /** Before the ids and the names of its jobs. */
  prefix: string;
  namePrefix: string;
  depth: number;
  github: Record<string, unknown>;
  inputs: Record<string, unknown>;
  vars: Record<string, string>;
  secrets: Record<string, string>;
  /** What the calling job's token may do at most. */
  limit?: Permissions;
  signal: AbortSignal;
  /** Results of all jobs of the run, filled as they end. */
  jobs: Record<string, JobResult>;
  remark(text: string): void;
};

/** What a job is for those that need it. */
export type Outcome = { result: Result; outputs: Record<string, string> };

/** Workflows may call each other this deep on GitHub.com. */
const deepestCall = 10;

/** Runs every job as soon as those it needs have ended. */
export async function runGraph(
  call: Call,
): Promise<
  { results: Result[]; outcomes: Record<string, Outcome> } | { problems: WorkflowProblem[] }
> {
  const { workflow } = call;
  const ids = wanted(call);
  const tooMuch = ids.map((id) => overLimit(call, id)).find((problem) => problem !== undefined);
  if (tooMuch !== undefined) return { problems: [tooMuch] };
  const running = new Map<string, Promise<Outcome>>();
  const outcomes: Record<string, Outcome> = {};
  const problems: WorkflowProblem[] = [];
  const start = (id: string): Promise<Outcome> => {
    const known = running.get(id);
    if (known !== undefined) return known;
    const job = workflow.jobs[id] ?? {};
    const promise = Promise.all(needsOf(job).map(start)).then(async () => {
      const ended = await runNode(call, id, job, outcomes);
      if ("problems" in ended) problems.push(...ended.problems);
      const outcome = "problems" in ended ? { result: "failure" as const, outputs: {} } : ended;
      outcomes[id] = outcome;
      return outcome;
    });
    running.set(id, promise);
    return promise;
  };
  await Promise.all(ids.map(start));
  if (problems.length > 0) return { problems };
  return { results: ids.map((id) => outcomes[id]?.result ?? "skipped"), outcomes };
}

/** All jobs, or the one asked for with what it needs, in the order of the file. */
function wanted(call: Call): string[] {
  const all = Object.keys(call.workflow.jobs);
  const only = call.depth === 0 ? call.request.only?.job : undefined;
  if (only === undefined) return all;
  if (!all.includes(only))
    throw new Error(`${call.workflow.path} has no job ${only}; it has ${all.join(", ")}`);
  const kept = new Set([only, ...ancestors(call.workflow, only)]);
  return all.filter((id) => kept.has(id));
}

function ancestors(workflow: Workflow, id: string): string[] {
  const found = new Set<string>();
  const visit = (at: string): void => {
    for (const need of needsOf(workflow.jobs[at] ?? {})) {
      if (found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(id);
  return [...found];
}

function overLimit(call: Call, id: string): WorkflowProblem | undefined {
  const job = call.workflow.jobs[id];
  if (call.limit === undefined || job === undefined) return undefined;
  if (call.workflow.permissions === undefined && job.permissions === undefined) return undefined;
  const message = excess(permissionsOf(call.workflow.permissions, job.permissions), call.limit);
  if (message === undefined) return undefined;
  return {
    code: "RA9001",
    path: call.workflow.path,
    line: 1,
    column: 1,
    message: `The job '${id}': ${message}`,
  };
}

/** One job of the graph: its condition, then every leg of its matrix. */
async function runNode(
  call: Call,
  id: string,
  job: Job,
  outcomes: Record<string, Outcome>,
): Promise<Outcome | { problems: WorkflowProblem[] }> {
  const { github, inputs, vars, secrets, workflow } = call;
  const before = ancestors(workflow, id).map((need) => outcomes[need]?.result);
  const needs = Object.fromEntries(needsOf(job).map((need) => [need, outcomes[need]]));
  const permissions =
    call.limit !== undefined && workflow.permissions === undefined && job.permissions === undefined
      ? call.limit
      : permissionsOf(workflow.permissions, job.permissions);
  const plan: JobPlan = {
    id: `${call.prefix}${id}`,
    jobId: id,
    name: `${call.namePrefix}${id}`,
    job,
    workflow,
    permissions,
    github,
    inputs,
    needs,
    strategy: {},
    matrix: null,
    leg: null,
    vars,
    secrets,
    signal: call.signal,
  };
  const cancelled = call.signal.aborted;
  const functions: NonNullable<Scope["functions"]> = {
    success: () => !cancelled && before.every((result) => result === "success"),
    failure: () => !cancelled && before.includes("failure"),
    cancelled: () => cancelled,
    always: () => true,
  };
  try {
    const {
      secrets: _secrets,
      strategy: _strategy,
      matrix: _matrix,
      ...contexts
    } = jobScope(plan).contexts;
    if (!holds(job.if, { contexts, functions })) {
      record(call, { ...plan, name: nameOf(call, id, plan) }, "skipped");
      return { result: "skipped", outputs: {} };
    }
    const legs =
      job.strategy?.matrix === undefined
        ? [null]
        : legsOf(resolve(job.strategy.matrix, { contexts }));
    return await runLegs(call, id, plan, legs);
  } catch (error) {
    record(call, plan, "failure", error instanceof Error ? error.message : String(error));
    return { result: "failure", outputs: {} };
  }
}

/** The legs of a matrix, one after the other; with `fail-fast` the first failure cancels the rest. */
async function runLegs(
  call: Call,
  id: string,
  plan: JobPlan,
  legs: (Leg | null)[],
): Promise<Outcome | { problems: WorkflowProblem[] }> {
  const scope = jobScope(plan);
  const failFast = asText(resolve(plan.job.strategy?.["fail-fast"] ?? true, scope)) !== "false";
  const maxParallel = Number(
    asText(resolve(plan.job.strategy?.["max-parallel"] ?? legs.length, scope)),
  );
  for (const text of differences(plan, legs)) call.remark(text);
  const results: Result[] = [];
  const outputs: Record<string, string> = {};
  const keys = legKeys(plan.id, legs);
  for (const [index, leg] of legs.entries()) {
    const strategy = {
      "fail-fast": failFast,
      "job-index": index,
      "job-total": legs.length,
      "max-parallel": maxParallel,
    };
    const own: JobPlan = {
      ...plan,
      strategy,
      matrix: leg?.matrix ?? null,
      leg,
      id: keys[index] ?? plan.id,
    };
    own.name = nameOf(call, id, own);
    if (failFast && results.includes("failure")) {
      record(
        call,
        own,
        "cancelled",
        "The strategy configuration was canceled because a job of the matrix failed",
      );
      results.push("cancelled");
      continue;
    }
    const { secrets: _secrets, ...contexts } = jobScope(own).contexts;
    const ended = await inGroup(call.request, plan.job.concurrency, { contexts }, call.remark, () =>
      runLeg(call, own),
    );
    if ("problems" in ended) return ended;
    results.push(ended.result);
    Object.assign(outputs, ended.outputs);
  }
  const worst = (["failure", "cancelled"] as const).find((result) => results.includes(result));
  if (worst !== undefined) return { result: worst, outputs };
  return {
    result: results.every((result) => result === "skipped") ? "skipped" : "success",
    outputs,
  };
}

/** One job, or the workflow that it calls. A failure that `continue-on-error` forgives is success to everybody else. */
async function runLeg(
  call: Call,
  plan: JobPlan,
): Promise<Outcome | { problems: WorkflowProblem[] }> {
  if (plan.job.uses !== undefined) return runCalled(call, plan);
  const { request } = call;
  request.observe?.({ kind: "job-started", at: request.now(), job: plan.id, name: plan.name });
  const job = await runJob(request, plan);
  call.jobs[plan.id] = job;
  request.observe?.({
    kind: "job-ended",
    at: request.now(),
    job: plan.id,
    name: plan.name,
    result: job.result,
  });
  const forgiven =
    asText(resolve(plan.job["continue-on-error"] ?? false, jobScope(plan))) === "true";
  return {
    result: forgiven && job.result === "failure" ? "success" : job.result,
    outputs: job.outputs,
  };
}

async function runCalled(
  call: Call,
  plan: JobPlan,
): Promise<Outcome | { problems: WorkflowProblem[] }> {
  if (call.depth + 1 >= deepestCall)
    throw new Error(`Workflows call each other more than ${deepestCall} deep`);
  const scope = jobScope(plan);
  const given = resolve(plan.job.with ?? {}, scope) as Record<string, unknown>;
  const inherits = plan.job.secrets === "inherit";
  const secrets = inherits ? call.secrets : fillMapping(plan.job.secrets, scope);
  const { github, vars } = call;
  const read = await readCalled(
    call.request,
    plan.job.uses ?? "",
    given,
    inherits ? "inherit" : secrets,
    { contexts: { github, vars, inputs: {} } },
  );
  if ("problems" in read) return read;
  const { workflow, inputs } = read;
  const inner: Call = {
    ...call,
    workflow,
    inputs,
    secrets,
    prefix: `${plan.id} / `,
    namePrefix: `${plan.name} / `,
    depth: call.depth + 1,
    limit: plan.permissions,
  };
  const ended = await runGraph(inner);
  if ("problems" in ended) return ended;
  const declared = (
    workflow.on["workflow_call"] as { outputs?: Record<string, { value?: unknown }> } | null
  )?.outputs;
  const outputs = Object.fromEntries(
    Object.entries(declared ?? {}).map(([name, output]) => [
      name,
      fill(output.value ?? "", { contexts: { github, inputs, vars, jobs: ended.outcomes } }),
    ]),
  );
  const worst = (["failure", "cancelled"] as const).find((result) =>
    ended.results.includes(result),
  );
  if (worst !== undefined) return { result: worst, outputs };
  return {
    result: ended.results.every((result) => result === "skipped") ? "skipped" : "success",
    outputs,
  };
}
