import type { RunRecord } from "./runs.ts";

/** What a rehearsal tells while it goes on, in order. `at` is the time of the rehearsed world. */
export type Happening = { at: Date } & (
  | { kind: "act"; who: string; what: string }
  | { kind: "run-started"; run: RunRecord; why: string }
  | { kind: "run-ended"; run: RunRecord; milliseconds: number }
  | {
      kind: "step-ended";
      run: RunRecord;
      job: string;
      step: string;
      outcome: string;
      milliseconds: number;
    }
  | { kind: "job-ended"; run: RunRecord; job: string; result: string; milliseconds: number }
  | { kind: "annotation"; run: RunRecord; level: string; says: string }
);
