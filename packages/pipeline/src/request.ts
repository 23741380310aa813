import { Fault } from "@release-actions/codes";
import { eventText, runUrl, type Job } from "./job.ts";

/** Who wants what, where and why: the inputs, else the event. */
export type Request = {
  environment: string;
  action: "release" | "rollback";
  /** Version or tag as it was given; undefined: what the ledger says. */
  version?: string;
  reason?: string;
  dryRun: boolean;
  /** Who started this attempt; roles are judged by it. */
  actor: string;
  run: { id: number; url: string };
  resumed: boolean;
};

export type RequestInputs = {
  environment?: string;
  action?: string;
  version?: string;
  reason?: string;
  dryRun?: boolean;
};

const longestReason = 1000;

/** Reads the request. @throws Fault RA1001 (environment, reason), RA1002 (action) */
export function readRequest(inputs: RequestInputs, job: Job): Request {
  if (!inputs.environment) {
    throw new Fault("RA1001", {
      saw: "`environment` is not given",
      next: "Add `environment: staging` (GitHub's name of the environment) under `with:`.",
    });
  }
  const action = inputs.action ?? eventText(job, "inputs", "action") ?? "release";
  if (action !== "release" && action !== "rollback") {
    throw new Fault("RA1002", {
      saw: `\`action\` is ${JSON.stringify(action.slice(0, 60))}; it takes release or rollback`,
    });
  }
  const reason = (inputs.reason ?? eventText(job, "inputs", "reason"))?.slice(0, longestReason);
  if (action === "rollback" && reason === undefined) {
    throw new Fault("RA1001", {
      saw: "a rollback needs a `reason`, and none is given",
      next: "Start the workflow again and say in `reason` what is wrong.",
    });
  }
  const version = inputs.version ?? givenVersion(job);
  return {
    environment: inputs.environment,
    action,
    ...(version ? { version } : {}),
    ...(reason ? { reason } : {}),
    dryRun: inputs.dryRun ?? eventText(job, "inputs", "dry-run") === "true",
    actor: job.env.triggeringActor,
    run: { id: job.env.runId, url: runUrl(job) },
    resumed: job.env.runAttempt > 1,
  };
}

/** The version that the event names: a dispatch input, a published release, a pushed tag. */
export function givenVersion(job: Job): string | undefined {
  const { eventName } = job.env;
  if (eventName === "workflow_dispatch") return eventText(job, "inputs", "version");
  if (eventName === "release") return eventText(job, "release", "tag_name");
  return eventName === "push" && job.env.refType === "tag" ? job.env.refName : undefined;
}
