import type { Finding } from "@release-actions/codes";
import type { IssueComment } from "@release-actions/github";
import type { Decision } from "@release-actions/ledger";
import type { Pipeline } from "../configuration/pipeline-file.ts";
import {
  firstFew,
  holdsRole,
  readApprovals,
  withPeople,
  type ApprovalFacts,
  type ApprovalReading,
} from "./approvals.ts";
import { readCommand } from "./command.ts";

/** As for approvals; `required`: the roles whose approval overrides a refusal. */
export type RefusalFacts = ApprovalFacts & {
  /** What the ledger has recorded of this version. */
  decisions: Decision[];
};

/** A refusal in writing, by somebody with a role. */
type Refusal = {
  login: string;
  role: string;
  at: string;
  comment: number;
  reason: string;
  /** The ledger has it, and its comment is no longer there as it was given. */
  onlyRecorded: boolean;
};

const longestQuote = 300;

/**
 * Judges the rule `refused`: each refusal with a reason blocks until a later, valid approval names it. Undefined where there
 * is neither an issue nor a record to look at.
 */
export function judgeRefused(facts: RefusalFacts): Finding | undefined {
  const { issue, decisions, version } = facts;
  if (issue === undefined && decisions.length === 0) return undefined;
  const rule = "refused";
  const read = issue?.comments.flatMap((comment) => readRefusal(comment, facts) ?? []) ?? [];
  const refusals = [
    ...read.flatMap((reading) => ("refusal" in reading ? [reading.refusal] : [])),
    ...recordedOnly(facts, read),
  ];
  const overriding = overridesOf(facts);
  const standing = refusals.filter((refusal) => !isOverridden(refusal, overriding));
  const where = issue === undefined ? "" : ` in #${issue.number}`;
  const voided = firstFew(read.flatMap((reading) => ("void" in reading ? [reading.void] : [])));
  if (standing.length === 0) {
    const saw =
      refusals.length === 0
        ? `nobody refuses ${version}${where}`
        : `${refusals.map((refusal) => `the refusal by @${refusal.login}`).join(" and ")} is overridden by a later approval`;
    return { rule, holds: true, saw: [saw, ...voided].join("; ") };
  }
  const said = firstFew(
    standing.map(
      (refusal) =>
        `@${refusal.login} (${refusal.role}) refused ${version}${where}: ${JSON.stringify(shorten(refusal.reason))}${refusal.onlyRecorded ? " (so the ledger has it; the comment was changed or removed since)" : ""}`,
    ),
  );
  const type = standing
    .slice(0, 5)
    .map((refusal) => `\`/approve ${version} despite #${refusal.comment}\``)
    .join(" and ");
  const who = facts.required.map(({ role }) => withPeople(facts.roles, role)).join(" or ");
  return {
    rule,
    holds: false,
    code: "RA1213",
    saw: [...said, ...voided].join("; "),
    next: `Mend it and release a new version. If ${version} is to be released all the same, ${who} comments ${type} in the release issue.`,
  };
}

/** Whose approval overrides a refusal: who approves here; where nobody does, who approves anywhere; else anybody with a role. */
export function overridingRoles(
  pipeline: Pick<Pipeline, "environments" | "roles">,
  required: readonly { role: string }[],
): string[] {
  const elsewhere = pipeline.environments.flatMap(({ gate }) => gate?.approvals ?? []);
  const [approving] = [required, elsewhere].filter((some) => some.length > 0);
  return [...new Set(approving?.map(({ role }) => role) ?? Object.keys(pipeline.roles))];
}

type RefusalReading = { refusal: Refusal } | { void: string; comment: number };

function readRefusal(comment: IssueComment, facts: RefusalFacts): RefusalReading | undefined {
  const command = readCommand(comment.body);
  if (command?.kind !== "refuse") return undefined;
  const who = `the refusal by @${comment.login}`;
  const isVoid = (why: string): RefusalReading => ({ void: why, comment: comment.id });
  if (command.version !== facts.version)
    return isVoid(`${who} does not count: it is for ${JSON.stringify(shorten(command.version))}`);
  if (comment.authorType !== "User") return isVoid(`${who} does not count: it is not a person`);
  if (comment.edited) return isVoid(`${who} does not count: it was edited afterwards`);
  const role = Object.keys(facts.roles).find((name) => holdsRole(facts.roles, name, comment.login));
  if (role === undefined) return isVoid(`${who} does not count: this person has no role`);
  if (command.reason === undefined)
    return isVoid(
      `${who} does not count: reason needed (\`/refuse ${facts.version} <what is wrong>\`)`,
    );
  return {
    refusal: {
      login: comment.login,
      role,
      at: comment.createdAt,
      comment: comment.id,
      reason: command.reason,
      onlyRecorded: false,
    },
  };
}

/** Refusals that the ledger took down when they were given: whoever can edit or delete comments cannot take them away. */
function recordedOnly({ decisions }: RefusalFacts, read: RefusalReading[]): Refusal[] {
  const stillThere = read.flatMap((reading) =>
    "refusal" in reading ? [reading.refusal.comment] : [],
  );
  return decisions.flatMap(({ kind, reason, login, role, at, comment }) =>
    kind === "refuse" && reason !== undefined && !stillThere.includes(comment)
      ? [{ login, role, at, comment, reason, onlyRecorded: true }]
      : [],
  );
}

type Override = { despite: number; at: string; comment: number };

/** Valid approvals that name a refusal. The ledger's are asked only where the issue was not read: there an edit makes them void. */
function overridesOf(facts: RefusalFacts): Override[] {
  if (facts.issue !== undefined) return readApprovals(facts).flatMap(overrideIn);
  return facts.decisions.flatMap(({ kind, despite, role, environment, digest, at, comment }) =>
    kind === "approve" &&
    despite !== undefined &&
    facts.required.some((required) => required.role === role) &&
    (environment === undefined || environment === facts.environment) &&
    (digest === undefined || facts.digests.some((known) => known.startsWith(digest)))
      ? [{ despite, at, comment }]
      : [],
  );
}

function overrideIn(reading: ApprovalReading): Override[] {
  if ("void" in reading || reading.despite === undefined) return [];
  const { at, comment } = reading.approval;
  return [{ despite: reading.despite, at, comment }];
}

function isOverridden(refusal: Refusal, overrides: Override[]): boolean {
  return overrides.some(
    ({ despite, at, comment }) =>
      despite === refusal.comment &&
      Date.parse(at) >= Date.parse(refusal.at) &&
      comment > refusal.comment,
  );
}

function shorten(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}…`.toWellFormed();
}
