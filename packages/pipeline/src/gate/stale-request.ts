import { Fault, type Finding } from "@release-actions/codes";
import { readRunStart } from "@release-actions/github";
import type { Decision } from "../decision.ts";

const rule = "request";

/**
 * Judges a rollback that names no version: it means what ran when it was asked for. Two people who ask at once take one release
 * back, not two. Undefined for every other request. @throws Fault RA50xx
 */
export async function judgeStaleRequest(
  decision: Pick<Decision, "world" | "environment" | "request" | "history">,
): Promise<Finding | undefined> {
  const { world, environment, request, history } = decision;
  const latest = history.current?.latest;
  if (request.action !== "rollback" || request.version !== undefined || latest === undefined)
    return undefined;
  try {
    const asked = await readRunStart(world.github, request.run.id);
    // GitHub tells the second in which the run was started, no more: within that second it is taken to be later.
    const began = Math.floor(Date.parse(latest.openedAt) / 1000) * 1000;
    if (asked === undefined || began <= Date.parse(asked))
      return { rule, holds: true, saw: `${latest.id} is what ran when it was asked for` };
    return {
      rule,
      holds: false,
      code: "RA1220",
      saw: `${latest.id} (${latest.action} ${latest.release.version} by @${latest.actor}) began after this run was started`,
      next: `Look at what ${environment.name} runs now. If it is still to be rolled back, start a new run.`,
    };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "RA5003") throw error;
    // A rollback is not held up because nobody may ask for the run's time.
    return { rule, holds: false, warning: true, saw: error.saw, next: error.next };
  }
}
