import { describe, expect, test } from "vitest";
import { release, type Build } from "./shop.ts";
import { openStage, type JobWish, type Stage } from "./stage.ts";

/** What is wrong, the job, the code of the refusal, and words that its message must have. */
export type BadInput = [
  what: string,
  wish: JobWish | ((stage: Stage, build: Build) => JobWish),
  code: string,
  words: string | RegExp,
];

/** Every bad input ends with exit 1, one annotation and its code, before anything is written anywhere. */
export function refusesInputs(action: string, rows: readonly BadInput[]): void {
  describe.concurrent("inputs that cannot be used", { timeout: 60_000 }, () => {
    test.each(rows)("%s", async (_, wish, code, words) => {
      await using stage = await openStage();
      const build = await release(stage, "1.0.0");
      const end = await stage.run(action, typeof wish === "function" ? wish(stage, build) : wish);
      expect(end.status).toBe(1);
      const [error] = end.annotations;
      expect(`${error?.title} ${error?.message}`).toContain(code);
      expect(error?.message).toMatch(words);
      expect(error?.message).toContain("Next: ");
      expect(stage.writes()).toEqual([]);
    });
  });
}
