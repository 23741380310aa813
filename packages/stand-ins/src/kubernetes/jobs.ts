import type { Clock } from "../stand-in.ts";
import { isOwnedBy, timestamp } from "./object.ts";
import { createOwnedPod } from "./owned-pods.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import { isActive, isReady, type Condition, type Job, type Pod } from "./workloads.ts";
import type { Writing } from "./writing.ts";

const jobs = resourceOfKind("Job");
const podResource = resourceOfKind("Pod");
const from = "job-controller";

/** Returns the function that runs one Job's pods until enough succeeded or too many failed. */
export function createJobController(
  store: Store,
  clock: Clock,
  record: Recorder,
  addresses: Writing["addresses"],
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const job = store.get<Job>(jobs, namespace, name);
    if (!job || job.metadata.deletionTimestamp !== undefined || job.spec.suspend || isFinished(job))
      return;
    const pods = store.list<Pod>(podResource, namespace).filter((pod) => isOwnedBy(pod, job));
    const active = pods.filter(isActive);
    const succeeded = pods.filter(({ status }) => status.phase === "Succeeded").length;
    const failed = pods.filter(({ status }) => status.phase === "Failed").length;
    const verdict =
      succeeded >= job.spec.completions
        ? "Complete"
        : failed > job.spec.backoffLimit
          ? "Failed"
          : undefined;
    const wanted = verdict ? 0 : Math.min(job.spec.parallelism, job.spec.completions - succeeded);
    for (let made = active.length; made < wanted; made++)
      createOwnedPod({ store, record, addresses, owner: job, template: job.spec.template, from });
    write(job, active, { succeeded, failed }, verdict);
  };

  function write(
    job: Job,
    active: Pod[],
    counts: { succeeded: number; failed: number },
    verdict: "Complete" | "Failed" | undefined,
  ): void {
    const now = timestamp(clock.now());
    const numbers = { active: active.length, ready: active.filter(isReady).length, ...counts };
    const conditions = verdict
      ? [...(job.status.conditions ?? []), conditionOf(verdict, now)]
      : job.status.conditions;
    store.change(jobs, job, (draft) => {
      draft.status = {
        ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
        startTime: job.status.startTime ?? now,
        ...(verdict === "Complete" ? { completionTime: now } : {}),
        ...(conditions ? { conditions } : {}),
      };
    });
    if (verdict === "Complete")
      record(job, { type: "Normal", reason: "Completed", message: "Job completed", from });
    if (verdict === "Failed")
      record(job, {
        type: "Warning",
        reason: "BackoffLimitExceeded",
        message: "Job has reached the specified backoff limit",
        from,
      });
  }
}

const isFinished = (job: Job): boolean =>
  job.status.conditions?.some(
    ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
  ) ?? false;

function conditionOf(verdict: "Complete" | "Failed", now: string): Condition {
  const why =
    verdict === "Complete"
      ? { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" }
      : { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  return { type: verdict, status: "True", lastProbeTime: now, lastTransitionTime: now, ...why };
}
