import type { RunRecord } from "./runs.ts";

/** The code of an error that nobody foresaw. */
const unforeseen = "RA1004";

/** What an action said that crashed in one of these runs; undefined when none did. */
export function crashIn(runs: readonly RunRecord[]): string | undefined {
  return runs
    .flatMap(({ result }) => Object.values(result?.jobs ?? {}))
    .flatMap(({ annotations }) => annotations)
    .find(({ title }) => title?.startsWith(unforeseen))?.message;
}
