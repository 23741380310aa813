import type { Finding } from "@release-actions/codes";
import { readComment, readLedger } from "@release-actions/github";
import { lastBrought, ledgerPaths, readVersionRecord } from "@release-actions/ledger";
import type { Decision } from "../decision.ts";
import { rulesOf } from "../candidate.ts";
import { holdsRole, withPeople } from "./approvals.ts";
import { readCommand } from "./command.ts";

const rule = "comment";

/**
 * Judges the comment that asks for a rollback, as it is now: a person's, not edited, by somebody with the role, and in the release
 * issue of what runs: a second comment never takes back what the first one brought back. Undefined where no comment asks.
 * @throws Fault RA50xx
 */
export async function judgeCommentRequest(decision: Decision): Promise<Finding | undefined> {
  const { world, pipeline, environment, request, history } = decision;
  if (request.comment === undefined) return undefined;
  const comment = await readComment(world.github, request.comment.id);
  const command = comment === undefined ? undefined : readCommand(comment.body);
  if (comment === undefined || comment.issue !== request.comment.issue)
    return refused("RA5507", "the comment is gone");
  // GitHub's times are of whole seconds: what was edited at once is seen by its text alone.
  const isEdited = comment.edited || comment.body.trim() !== request.comment.body;
  if (isEdited || comment.authorType !== "User" || command?.kind !== "rollback")
    return refused("RA5507", "the comment was edited, or was not written by a person");
  const roles = rulesOf(environment, request).runBy;
  const role = roles.find((name) => holdsRole(pipeline.roles, name, comment.login));
  if (role === undefined)
    return refused(
      "RA5505",
      roles.length === 0
        ? "the file names no role that takes a release back by a comment"
        : `@${comment.login} has not the role ${roles.join(" or ")}`,
      roles.length === 0
        ? `Add \`exceptions.rollback.run-by\` to ${environment.name}, or start the workflow with the action \`rollback\`.`
        : `${roles.map((name) => withPeople(pipeline.roles, name)).join(" or ")} writes the comment.`,
    );
  const running = lastBrought(history.current);
  const issue = running === undefined ? undefined : await issueOf(decision, running.version);
  if (issue !== comment.issue)
    return refused(
      "RA5509",
      `the comment is in #${comment.issue}, and ${environment.name} runs ${running?.version ?? "nothing"}${issue === undefined ? "" : ` (#${issue})`}`,
    );
  return { rule, holds: true, saw: `@${comment.login} is ${role} and asks for it in #${issue}` };
}

async function issueOf(
  { world, pipeline }: Decision,
  version: string,
): Promise<number | undefined> {
  const path = ledgerPaths(pipeline.product, "").version(version);
  const { files } = await readLedger(world.github, pipeline.ledger.branch, [path]);
  return readVersionRecord(path, files[path])?.issue?.number;
}

function refused(code: "RA5505" | "RA5507" | "RA5509", saw: string, next?: string): Finding {
  return { rule, holds: false, code, saw, ...(next === undefined ? {} : { next }) };
}
