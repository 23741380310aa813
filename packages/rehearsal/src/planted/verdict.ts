import { crashIn } from "../world/crash.ts";
import type { Pipeline } from "../world/pipeline.ts";
import type { ScenarioResult } from "../world/scenario.ts";
import type { LineBug } from "./bugs.ts";

/** An expectation that does not hold, and what was seen in its place. */
export type Red = { scenario: string; expectation: string; saw: string };

export type Verdict = {
  bug: LineBug;
  caught: boolean;
  /** Why it does not count as caught. */
  why?: string;
  /** Expectations of its own line that went red. */
  red: Red[];
  /** Other lines that went red. */
  others: string[];
};

/** Expectations of a line that do not hold in the scenarios that were played. */
export function redOf(id: string, pipeline: Pipeline, results: readonly ScenarioResult[]): Red[] {
  const proof = pipeline.file.requirements.find((one) => one.id === id)?.proof ?? [];
  return proof.flatMap(({ scenario, holds }) => {
    const played = results.find(({ name }) => name === scenario);
    if (!played) return [];
    return holds.flatMap((expectation): Red[] => {
      const check = played.checks.find(({ name }) => name === expectation);
      return check?.holds
        ? []
        : [{ scenario, expectation, saw: check?.saw ?? "it was not reached" }];
    });
  });
}

/**
 * Did the rehearsal find the bug, and by its own line? A scenario that broke off says nothing about the line, nor does an
 * action that crashed: both would turn any line red.
 */
export function judgeBug(
  bug: LineBug,
  pipeline: Pipeline,
  results: readonly ScenarioResult[],
): Verdict {
  const red = redOf(bug.line, pipeline, results);
  const others = pipeline.file.requirements
    .map(({ id }) => id)
    .filter((id) => id !== bug.line && redOf(id, pipeline, results).length > 0);
  const why =
    results.map(brokenOff).find((reason) => reason !== undefined) ??
    (red.length === 0 ? `${bug.line} stays green` : undefined) ??
    listed(
      "these lines went red too and `also` does not name them",
      others.filter((id) => !(id in bug.also)),
    ) ??
    listed(
      "`also` names lines that stay green",
      Object.keys(bug.also).filter((id) => !others.includes(id)),
    );
  return { bug, caught: why === undefined, ...(why === undefined ? {} : { why }), red, others };
}

function listed(says: string, ids: string[]): string | undefined {
  return ids.length === 0 ? undefined : `${says}: ${ids.join(", ")}`;
}

function brokenOff({ name, fault, gaps, violations, runs }: ScenarioResult): string | undefined {
  const crashed = crashIn(runs);
  const broken = [
    ...(fault ? [`${fault.code} ${fault.saw}`] : []),
    ...gaps.map(({ code, saw }) => `${code} ${saw}`),
    ...violations.map((says) => `GitHub would have answered otherwise: ${says}`),
    ...(crashed === undefined ? [] : [`an action crashed: ${crashed}`]),
  ];
  return broken[0] === undefined ? undefined : `"${name}" was not played to its end: ${broken[0]}`;
}
