import type { Result } from "./contract.ts";
import { fill, type Scope } from "./expression.ts";
import type { Call } from "./graph.ts";
import { jobScope, type JobPlan } from "./job.ts";
import { legName, type Leg } from "./matrix.ts";

/** What of this job GitHub does in another way. */
export function differences(plan: JobPlan, legs: (Leg | null)[]): string[] {
  const said: string[] = [];
  if (legs.length > 1 && plan.job.strategy?.["max-parallel"] !== undefined) {
    said.push(
      `RA9003 jobs.${plan.jobId}.strategy.max-parallel: the legs of a matrix run one after the other.`,
    );
  }
  if (plan.permissions["id-token"] === "write") {
    said.push(
      `RA9003 jobs.${plan.jobId}.permissions.id-token: there is no service for identity tokens in a rehearsal.`,
    );
  }
  return said;
}

/** Keeps the result of a job that ran no step. */
export function record(call: Call, plan: JobPlan, result: Result, message?: string): void {
  const { request } = call;
  const annotation = { level: "error" as const, message: message ?? "" };
  call.jobs[plan.id] = {
    name: plan.name,
    result,
    outputs: {},
    steps: [],
    annotations: message === undefined ? [] : [annotation],
    summary: "",
    log: message ?? "",
    permissions: plan.permissions,
  };
  if (message !== undefined)
    request.observe?.({ kind: "annotation", at: request.now(), job: plan.id, annotation });
  request.observe?.({
    kind: "job-ended",
    at: request.now(),
    job: plan.id,
    name: plan.name,
    result,
  });
}

/** A job's name as GitHub shows it. */
export function nameOf(call: Call, id: string, plan: JobPlan): string {
  const written = plan.job.name;
  const own =
    written === undefined || written === null ? id : fillOr(String(written), jobScope(plan));
  const leg =
    plan.leg === null || (typeof written === "string" && written.includes("matrix."))
      ? own
      : legName(own, plan.leg);
  return `${call.namePrefix}${leg}`;
}

function fillOr(text: string, scope: Scope): string {
  try {
    return fill(text, scope);
  } catch {
    return text;
  }
}
