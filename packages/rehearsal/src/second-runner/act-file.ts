import { parseDocument } from "yaml";
import type { Result } from "../workflow/index.ts";

/** The job that is added: it needs all others, and writes down what a job that needs them is told of them. */
export const observer = "second-runner-observer";

/** What a job that needs another is told of it. */
export type Needed = { result: Result; outputs: Record<string, string> };

/** What the added job wrote down, by job. */
export function neededIn(text: string): Record<string, Needed> {
  const needs = JSON.parse(text) as Record<string, { result: Result; outputs?: Needed["outputs"] }>;
  return Object.fromEntries(
    Object.entries(needs).map(([id, { result, outputs }]) => [
      id,
      { result, outputs: outputs ?? {} },
    ]),
  );
}

/** Keys of jobs that are newer than act's schema, which refuses files that have them. */
export const newerThanAct = [
  ["concurrency", "queue"],
  ["environment", "deployment"],
];

/** The workflow with a last job that writes `needs` to a file, and without some keys of its jobs. Nothing else is changed. */
export function fileWithObserver(
  text: string,
  resultsAt: string,
  without: readonly string[][],
): string {
  const document = parseDocument(text);
  const ids = Object.keys((document.toJS() as { jobs: Record<string, unknown> }).jobs);
  for (const path of ids.flatMap((id) => without.map((keys) => ["jobs", id, ...keys])))
    if (document.hasIn(path)) document.deleteIn(path);
  const free = [observer, `${observer}-2`].find((id) => !ids.includes(id)) ?? observer;
  document.setIn(["jobs", free], document.createNode(observerOf(ids, resultsAt)));
  return document.toString();
}

function observerOf(needs: string[], resultsAt: string): unknown {
  return {
    needs,
    if: "always()",
    permissions: {},
    "runs-on": "ubuntu-latest",
    steps: [
      {
        run: 'printf %s "$NEEDS" >"$RESULTS_AT"',
        env: { NEEDS: "${{ toJSON(needs) }}", RESULTS_AT: resultsAt },
      },
    ],
  };
}
