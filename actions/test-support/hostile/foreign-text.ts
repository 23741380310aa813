import { describe, expect, test } from "vitest";
import type { Ended } from "../bundled-action.ts";
import { openStage, type JobWish, type Stage } from "../stage.ts";
import { wrongsOf, wrongsOfTexts } from "./oracle.ts";
import { anySentence, hostileTexts } from "./texts.ts";
import { runInTime } from "./worlds.ts";
import { writtenTexts } from "./written.ts";

/** A place where others write, filled with a text; the job that reads it. */
type Place = {
  /** What can stand there at all; default: every text. */
  takes?(text: string): boolean;
  prepare(stage: Stage, text: string): Promise<(stage: Stage) => JobWish>;
  /** More that holds of the end, beside that nothing of the text gets out of its place. */
  holds?(end: Ended, stage: Stage): void;
};

/** Lets others write every hostile text at each place that an action reads. */
export function triesForeignTexts(action: string, places: Record<string, Place>): void {
  describe.concurrent("foreign texts", { timeout: 120_000 }, () => {
    for (const [name, place] of Object.entries(places)) {
      for (const kind of anySentence) {
        if (place.takes?.(hostileTexts[kind]) === false) continue;
        test(`${name}: ${kind}`, async () => {
          await using stage = await openStage();
          const job = await place.prepare(stage, hostileTexts[kind]);
          const from = stage.github.requests.length;
          const end = await runInTime(stage, action, job(stage));
          expect(wrongsOf(end), end.printed).toEqual([]);
          expect(wrongsOfTexts(writtenTexts(stage.github.requests.slice(from)))).toEqual([]);
          place.holds?.(end, stage);
        });
      }
    }
  });
}
