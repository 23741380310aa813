import type { Finding } from "@release-actions/codes";
import type { IssueComment, ReleaseIssue } from "@release-actions/github";
import type { Approval } from "@release-actions/ledger";
import { readCommand } from "./command.ts";

export type ApprovalFacts = {
  required: { role: string; count: number }[];
  roles: Record<string, string[]>;
  /** The release issue; decisions in a closed one do not count. */
  issue: Pick<ReleaseIssue, "number" | "state" | "comments"> | undefined;
  title: string;
  version: string;
  digests: string[];
  environment: string;
  /** An approval counts only after the digests passed, and after they were last taken back. */
  notBefore: string | undefined;
  /** With `four-eyes`: who had the release issue opened; this person's approval does not count. */
  requester?: string;
  /** Comments that the ledger has as approvals of this version; an edited one is named even if it says something else now. */
  recorded?: number[];
  /** Comments that have already let something happen which is approved each time anew. */
  spent?: number[];
  /** Reviews of the GitHub environment that let this run go on; only where the run was given a version. */
  reviews?: Reviews;
};

/** `lacks`: what to add so that they can be read. */
export type Reviews =
  | { reviews: { login: string; authorType: string }[]; at: string; url: string }
  | { lacks: string };

/** Judges the rule `approvals`: one person each, all different, bound to version and digests, unedited. */
export function judgeApprovals(facts: ApprovalFacts): { finding: Finding; approvals: Approval[] } {
  const rule = "approvals";
  const { issue } = facts;
  const asked = facts.required
    .map(({ role, count }) => `${role}${count > 1 ? ` (${count})` : ""}`)
    .join(", ");
  const how = `Somebody with the role ${asked} comments \`/approve ${facts.version}\` in the release issue.`;
  const read = readApprovals(facts);
  const chosen = assign(
    facts,
    read.flatMap((reading) => ("approval" in reading ? [reading.approval] : [])),
  );
  const lacking = facts.required.filter(
    ({ role, count }) => chosen.filter((approval) => approval.role === role).length < count,
  );
  const where = issue === undefined ? "" : ` in #${issue.number}`;
  if (lacking.length === 0) {
    const who = chosen
      .map(
        ({ login, role, comment }) =>
          `@${login} as ${role}${comment === 0 ? " by a review of the environment" : ""}`,
      )
      .join(", ");
    const inIssue = chosen.some(({ comment }) => comment !== 0) ? where : "";
    return {
      approvals: chosen,
      finding: { rule, holds: true, saw: `approved by ${who}${inIssue}` },
    };
  }
  if (issue === undefined || issue.state === "closed")
    return { approvals: chosen, finding: { rule, ...noIssue(facts, how) } };
  const voided = read.flatMap((reading) => ("void" in reading ? [reading.void] : []));
  const missing = lacking.map(({ role }) => withPeople(facts.roles, role)).join(" and ");
  return {
    approvals: chosen,
    finding: {
      rule,
      holds: false,
      code: "RA1212",
      saw: [
        `version ${facts.version} is not approved by ${missing}${where}`,
        ...firstFew(voided),
      ].join("; "),
      next: withReviews(how, facts.reviews),
    },
  };
}

/** What a rule says that needs the release issue, and there is none, or a closed one. */
export function noIssue(
  facts: { issue: { number: number } | undefined; title: string; version: string },
  how: string,
): Pick<Finding, "holds" | "code" | "saw" | "next"> {
  return facts.issue === undefined
    ? {
        holds: false,
        code: "RA1211",
        saw: `there is no open issue with the title "${facts.title}"`,
        next: `Open it with the label that \`issue.labels\` says. ${how}`,
      }
    : {
        holds: false,
        code: "RA1214",
        saw: `the release issue #${facts.issue.number} of ${facts.version} is closed`,
        next: `Open #${facts.issue.number} again. ${how}`,
      };
}

function withReviews(how: string, reviews: Reviews | undefined): string {
  return reviews !== undefined && "lacks" in reviews
    ? `${how} If reviews of the GitHub environment are to count, this job must be able to read them: ${reviews.lacks}`
    : how;
}

/** A decision that counts, with the refusal that it names; or why it does not. */
export type ApprovalReading =
  | { approval: Approval; despite?: number }
  | { void: string; comment: number };

/** Every approval of this version, valid or void: the environment's reviews, then the comments, oldest first. */
export function readApprovals(facts: ApprovalFacts): ApprovalReading[] {
  const comments = facts.issue?.state === "open" ? facts.issue.comments : [];
  const { reviews } = facts;
  return [
    ...(reviews !== undefined && "reviews" in reviews
      ? reviews.reviews.map(({ login }) =>
          byRole(facts, { login, at: reviews.at, url: reviews.url, comment: 0 }),
        )
      : []),
    ...comments.flatMap((comment) => readApproval(comment, facts) ?? []),
  ];
}

function readApproval(comment: IssueComment, facts: ApprovalFacts): ApprovalReading | undefined {
  const command = readCommand(comment.body);
  const who = `the approval by @${comment.login}`;
  const isVoid = (why: string): ApprovalReading => ({ void: why, comment: comment.id });
  if (comment.edited && facts.recorded?.includes(comment.id))
    return isVoid(`${who} does not count: it was edited afterwards`);
  if (command?.kind !== "approve" || command.version !== facts.version) return undefined;
  const { digest, environment, despite } = command;
  if (environment !== undefined && environment !== facts.environment) return undefined;
  if (comment.authorType !== "User") return isVoid(`${who} does not count: it is not a person`);
  if (comment.edited) return isVoid(`${who} does not count: it was edited afterwards`);
  if (facts.spent?.includes(comment.id)) return isVoid(`${who} was for an earlier entry`);
  if (digest !== undefined && !facts.digests.some((known) => known.startsWith(digest)))
    return isVoid(`${who} is for another digest`);
  if (
    facts.notBefore !== undefined &&
    Date.parse(comment.createdAt) < Math.floor(Date.parse(facts.notBefore) / 1000) * 1000
  )
    return isVoid(
      `${who} is older than the test of these digests, or than the last change of ${facts.environment}`,
    );
  const reading = byRole(facts, {
    login: comment.login,
    at: comment.createdAt,
    url: comment.url,
    comment: comment.id,
  });
  return "void" in reading || despite === undefined ? reading : { ...reading, despite };
}

/** Gives an approval the first required role that its author has. */
function byRole(facts: ApprovalFacts, given: Omit<Approval, "role">): ApprovalReading {
  const { login, comment } = given;
  const held = facts.required.find(({ role }) => holdsRole(facts.roles, role, login));
  if (held === undefined) {
    const roles = facts.required.map(({ role }) => role).join(" or ");
    return { void: `@${login} has not the role ${roles}`, comment };
  }
  return facts.requester !== undefined && sameLogin(facts.requester, login)
    ? {
        void: `the approval by @${login} does not count: this person had the release issue opened, and \`four-eyes\` is set`,
        comment,
      }
    : { approval: { ...given, role: held.role } };
}

/** Gives each person one role so that as many roles as possible are filled; a person's last approval is the one that is kept. */
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
  return (roles[role] ?? []).some((member) => sameLogin(member, login));
}

export function sameLogin(a: string, b: string): boolean {
  return a.replace(/^@/, "").toLowerCase() === b.replace(/^@/, "").toLowerCase();
}

/** `service-owner (@olga, @otto)`: the role, and who can be asked. */
export function withPeople(roles: Record<string, string[]>, role: string): string {
  return `${role} (${(roles[role] ?? []).map((member) => `@${member.replace(/^@/, "")}`).join(", ")})`;
}

/** Anybody may write comments: five reasons are told, the others are counted. */
export function firstFew(reasons: string[]): string[] {
  const shown = 5;
  const more = reasons.length - shown;
  return more <= 0 ? reasons : [...reasons.slice(0, shown), `${more} more do not count either`];
}
