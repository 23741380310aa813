import { Fault } from "@release-actions/codes";
import type { Action } from "@release-actions/ledger";
import { readCommand, type Command } from "./gate/command.ts";
import { eventText, runUrl, type Job } from "./job.ts";
import { sentenceIn } from "./legible.ts";

/** Who wants what, where and why: the inputs, else the event. */
export type Request = {
  environment: string;
  action: Action;
  /** Version or tag as it was given; undefined: what the ledger says. */
  version?: string;
  reason?: string;
  dryRun: boolean;
  /** Who started this attempt; roles are judged by it. */
  actor: string;
  run: { id: number; url: string };
  resumed: boolean;
  /** The comment that asks for it, as the event told it. Its author is not the actor of a later attempt, so both are judged. */
  comment?: { id: number; issue: number; body: string };
};

export type RequestInputs = {
  environment?: string;
  action?: string;
  version?: string;
  reason?: string;
  dryRun?: boolean;
};

/** Reads the request. @throws Fault RA1001 (environment, reason), RA1002 (action), RA5504 (comment) */
export function readRequest(inputs: RequestInputs, job: Job): Request {
  if (!inputs.environment) {
    throw new Fault("RA1001", {
      saw: "`environment` is not given",
      next: "Add `environment: staging` (GitHub's name of the environment) under `with:`.",
    });
  }
  // A comment is judged as one also where the workflow names the action: everybody can write comments.
  const asked = [undefined, "rollback"].includes(inputs.action) ? readComment(job) : undefined;
  const action = inputs.action ?? eventText(job, "inputs", "action") ?? asked?.kind ?? "release";
  if (action !== "release" && action !== "rollback" && action !== "restore") {
    throw new Fault("RA1002", {
      saw: `\`action\` is ${JSON.stringify(action.slice(0, 60))}; it takes release, rollback, restore or accept`,
    });
  }
  const reason = sentenceIn(
    inputs.reason ?? eventText(job, "inputs", "reason") ?? asked?.reason ?? "",
  );
  if (action !== "release" && reason === undefined) {
    throw new Fault("RA1001", {
      saw: `a ${action} needs a \`reason\`, and none is given`,
      next: "Start the workflow again and say in `reason` what is wrong.",
    });
  }
  const version = inputs.version ?? givenVersion(job);
  return {
    environment: inputs.environment,
    action,
    ...(version ? { version } : {}),
    ...(reason ? { reason } : {}),
    dryRun: isDryRun(inputs, job),
    actor: job.env.triggeringActor,
    run: { id: job.env.runId, url: runUrl(job) },
    resumed: job.env.runAttempt > 1,
    ...(asked ? { comment: asked.comment } : {}),
  };
}

/** Is nothing to be written? @throws Fault RA1002 where the event neither says yes nor no */
export function isDryRun(inputs: Pick<RequestInputs, "dryRun">, job: Job): boolean {
  if (inputs.dryRun !== undefined) return inputs.dryRun;
  const asked = eventText(job, "inputs", "dry-run")?.toLowerCase() ?? "false";
  if (asked === "true" || asked === "false") return asked === "true";
  throw new Fault("RA1002", {
    saw: `\`dry-run\` of the event is ${JSON.stringify(asked.slice(0, 60))}; it takes true or false`,
  });
}

type Rollback = Extract<Command, { kind: "rollback" }>;

/** The rollback that the event's comment asks for; undefined where the event is another. @throws Fault RA5504 for any other comment */
function readComment(
  job: Job,
): (Rollback & { comment: NonNullable<Request["comment"]> }) | undefined {
  if (job.env.eventName !== "issue_comment") return undefined;
  const body = eventText(job, "comment", "body") ?? "";
  const command = readCommand(body);
  const comment = {
    id: Number(eventText(job, "comment", "id")),
    issue: Number(eventText(job, "issue", "number")),
    body,
  };
  if (command?.kind !== "rollback")
    throw new Fault("RA5504", {
      saw: "the comment does not ask for a rollback",
      next: "Start this job only where `release-issue` with `step: command` has the output `command: rollback`, as the example workflows do.",
    });
  return { ...command, comment };
}

/** The version that the event names: a dispatch input, a published release, a pushed tag. */
export function givenVersion(job: Job): string | undefined {
  const { eventName } = job.env;
  if (eventName === "workflow_dispatch") return eventText(job, "inputs", "version");
  if (eventName === "release") return eventText(job, "release", "tag_name");
  return eventName === "push" && job.env.refType === "tag" ? job.env.refName : undefined;
}
