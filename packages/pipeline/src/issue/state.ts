import {
  isLater,
  lastPass,
  runningRelease,
  type Acceptance,
  type Decision,
  type Pass,
  type VersionRecord,
} from "@release-actions/ledger";
import { isLast, type EnvironmentSettings, type Pipeline } from "../configuration/pipeline-file.ts";
import type { Book } from "./book.ts";

export type IssueState = "open" | "approved" | "refused" | "passed" | "accepted" | "closed";

/** The pass of a version in an environment, if it was not taken back there since. */
export function standingPass(
  record: VersionRecord | undefined,
  environment: string,
): Pass | undefined {
  const pass = lastPass(record, environment);
  const withdrawn = record?.withdrawn.findLast((line) => line.environment === environment);
  return pass !== undefined && (withdrawn === undefined || isLater(pass.entry, withdrawn.entry))
    ? pass
    : undefined;
}

/** The acceptance of the very entry that passed: a later pass is accepted anew. */
export function acceptanceOf(
  record: VersionRecord | undefined,
  environment: string,
): Acceptance | undefined {
  const pass = standingPass(record, environment);
  return record?.accepted?.findLast(
    (line) => line.environment === environment && line.entry === pass?.entry,
  );
}

/** Refusals that no later approval overrides by `despite`. */
export function standingRefusals(record: VersionRecord | undefined): Decision[] {
  const decisions = record?.decisions ?? [];
  return decisions.filter(
    (refusal) =>
      refusal.kind === "refuse" &&
      !decisions.some((later) => later.kind === "approve" && later.despite === refusal.comment),
  );
}

/** The environment at the end of the chain: where a release is in use. */
export function lastEnvironment(pipeline: Pipeline): EnvironmentSettings | undefined {
  return pipeline.environments.findLast((one) => isLast(pipeline, one.name));
}

/** The newest build of the version that passed anywhere: what approvals are about. */
export function candidateOf(
  pipeline: Pipeline,
  record: VersionRecord | undefined,
): Pass | undefined {
  const tested = lastEnvironment(pipeline)?.from;
  return (
    (tested === undefined ? undefined : standingPass(record, tested)) ??
    pipeline.environments
      .map(({ name }) => standingPass(record, name))
      .findLast((pass) => pass !== undefined)
  );
}

/** The environment whose running release somebody must accept, the last of the chain first. */
export function acceptedWhere(
  pipeline: Pipeline,
  book: Pick<Book, "current" | "version">,
): EnvironmentSettings | undefined {
  return pipeline.environments.findLast(
    (one) =>
      one["accept-by"] !== undefined &&
      runningRelease(book.current[one.name])?.version === book.version.text,
  );
}

/** How the release stands, in one word. The gate judges approvals; this only says what was decided. */
export function stateOf(pipeline: Pipeline, record: VersionRecord | undefined): IssueState {
  if (record?.issue?.state === "closed") return "closed";
  const last = lastEnvironment(pipeline);
  if (last !== undefined && standingPass(record, last.name) !== undefined) {
    if (last["accept-by"] === undefined) return "passed";
    return acceptanceOf(record, last.name) === undefined ? "passed" : "accepted";
  }
  if (standingRefusals(record).length > 0) return "refused";
  const required = last?.gate?.approvals ?? [];
  const approved = required.every(({ role, count }) => {
    const people = (record?.decisions ?? [])
      .filter((one) => one.kind === "approve" && one.role === role)
      .filter((one) => one.environment === undefined || one.environment === last?.name);
    return new Set(people.map(({ login }) => login.toLowerCase())).size >= count;
  });
  return required.length > 0 && approved ? "approved" : "open";
}
