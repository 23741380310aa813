import type { Finding } from "@release-actions/codes";
import type { IssueComment, ReleaseIssue } from "@release-actions/github";
import type { Approval } from "@release-actions/ledger";

/** `/approve <version> [<digest>] [for <environment>]`, the first line of a comment and nothing else on it. */
const command = /^\/approve\s+(\S+)(?:\s+(sha256:[0-9a-f]{7,64}))?(?:\s+for\s+(\S+))?\s*$/;

export type ApprovalFacts = {
  required: { role: string; count: number }[];
  roles: Record<string, string[]>;
  issues: ReleaseIssue[];
  title: string;
  version: string;
  digests: string[];
  environment: string;
  /** An approval counts only after the digests passed, and after they were last taken back. */
  notBefore: string | undefined;
};

/** Judges the rule `approvals`: one person each, all different, bound to version and digests, unedited. */
export function judgeApprovals(facts: ApprovalFacts): { finding: Finding; approvals: Approval[] } {
  const rule = "approvals";
  const issue = facts.issues.find((candidate) => candidate.title === facts.title);
  const asked = facts.required
    .map(({ role, count }) => `${role}${count > 1 ? ` (${count})` : ""}`)
    .join(", ");
  const how = `Somebody with the role ${asked} comments \`/approve ${facts.version}\` in the release issue.`;
  if (issue === undefined) {
    return {
      approvals: [],
      finding: {
        rule,
        holds: false,
        code: "RA1211",
        saw: `there is no open issue with the title "${facts.title}"`,
        next: `Open it with the label that \`issue.labels\` says. ${how}`,
      },
    };
  }
  const read = issue.comments
    .map((comment) => readApproval(comment, facts))
    .filter((reading) => reading !== undefined);
  const valid = read.filter((reading) => "approval" in reading).map((reading) => reading.approval);
  const chosen = assign(facts, valid);
  const lacking = facts.required.filter(
    ({ role, count }) => chosen.filter((approval) => approval.role === role).length < count,
  );
  if (lacking.length === 0) {
    const who = chosen.map((approval) => `@${approval.login} as ${approval.role}`).join(", ");
    return {
      approvals: chosen,
      finding: { rule, holds: true, saw: `approved by ${who} in #${issue.number}` },
    };
  }
  const voided = read.flatMap((reading) => ("void" in reading ? [reading.void] : []));
  const missing = lacking
    .map(
      ({ role }) => `${role} (${(facts.roles[role] ?? []).map((login) => `@${login}`).join(", ")})`,
    )
    .join(" and ");
  return {
    approvals: chosen,
    finding: {
      rule,
      holds: false,
      code: "RA1212",
      saw: `version ${facts.version} is not approved by ${missing} in #${issue.number}${voided.length > 0 ? `; ${voided.join("; ")}` : ""}`,
      next: how,
    },
  };
}

type Reading = { approval: Approval } | { void: string } | undefined;

function readApproval(comment: IssueComment, facts: ApprovalFacts): Reading {
  const parts = command.exec(comment.body.split(/\r?\n/)[0] ?? "");
  if (!parts) return undefined;
  const [, version, digest, environment] = parts;
  if (environment !== undefined && environment !== facts.environment) return undefined;
  if (version !== facts.version) return undefined;
  const who = `the approval by @${comment.login}`;
  if (comment.authorType !== "User") return { void: `${who} does not count: it is not a person` };
  if (comment.edited) return { void: `${who} does not count: it was edited afterwards` };
  if (digest !== undefined && !facts.digests.some((known) => known.startsWith(digest))) {
    return { void: `${who} is for another digest` };
  }
  if (
    facts.notBefore !== undefined &&
    Date.parse(comment.createdAt) < Math.floor(Date.parse(facts.notBefore) / 1000) * 1000
  ) {
    return { void: `${who} is older than the test of these digests` };
  }
  const roles = facts.required
    .filter(({ role }) => holdsRole(facts.roles, role, comment.login))
    .map(({ role }) => role);
  const [role] = roles;
  if (role === undefined) {
    return {
      void: `@${comment.login} has not the role ${facts.required.map((required) => required.role).join(" or ")}`,
    };
  }
  return {
    approval: {
      role,
      login: comment.login,
      at: comment.createdAt,
      url: comment.url,
      comment: comment.id,
    },
  };
}

/** Gives each person one role so that as many roles as possible are filled; the first approval of a person counts. */
function assign(facts: ApprovalFacts, approvals: Approval[]): Approval[] {
  const people = [
    ...new Map(approvals.map((approval) => [approval.login.toLowerCase(), approval])).values(),
  ];
  const places = facts.required.flatMap(({ role, count }) =>
    Array.from({ length: count }, () => role),
  );
  const taken = new Map<number, Approval>();
  // Augmenting paths: somebody with two roles moves to the other one when that frees a place.
  const place = (approval: Approval, tried: Set<number>): boolean => {
    for (const [index, role] of places.entries()) {
      if (tried.has(index) || !holdsRole(facts.roles, role, approval.login)) continue;
      tried.add(index);
      const holder = taken.get(index);
      if (holder === undefined || place(holder, tried)) {
        taken.set(index, { ...approval, role });
        return true;
      }
    }
    return false;
  };
  for (const approval of people) place(approval, new Set());
  return [...taken.entries()].toSorted(([a], [b]) => a - b).map(([, approval]) => approval);
}

/** GitHub's logins are equal whatever their case. */
export function holdsRole(roles: Record<string, string[]>, role: string, login: string): boolean {
  return (roles[role] ?? []).some(
    (member) => member.replace(/^@/, "").toLowerCase() === login.toLowerCase(),
  );
}
