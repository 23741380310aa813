import type { Finding } from "@release-actions/codes";
import type { Approval } from "@release-actions/ledger";
import { sameLogin } from "./approvals.ts";

/** Judges the rule `four-eyes`: who runs it has neither had the release issue opened nor approved the release. */
export function judgeFourEyes(facts: {
  actor: string;
  /** The release issue and who had it opened; a person, never the bot that did it. */
  issue: { number: number; requester: string | undefined } | undefined;
  approvals: Approval[];
}): Finding {
  const { actor, issue, approvals } = facts;
  const rule = "four-eyes";
  const refused = (saw: string, next?: string): Finding => ({
    rule,
    holds: false,
    code: "RA1216",
    saw,
    ...(next === undefined ? {} : { next }),
  });
  if (approvals.some(({ login }) => sameLogin(login, actor)))
    return refused(
      `@${actor} has approved the release, and who approves it does not run it`,
      `Somebody else than @${actor} starts the workflow.`,
    );
  if (issue === undefined) return { rule, holds: true, saw: `@${actor} has not approved it` };
  if (issue.requester === undefined)
    return refused(
      `a bot opened the release issue #${issue.number}, and the ledger does not say for whom`,
      "Open the release issue by the release-issue action, which records who asked for it, or by hand.",
    );
  return sameLogin(issue.requester, actor)
    ? refused(
        `@${actor} had the release issue #${issue.number} opened, and who asks for a release does not run it`,
        `Somebody else than @${actor} starts the workflow.`,
      )
    : {
        rule,
        holds: true,
        saw: `@${actor} has neither opened the release issue #${issue.number} nor approved it`,
      };
}
