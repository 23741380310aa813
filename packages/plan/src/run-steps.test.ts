import { Fault, refuse } from "@release-actions/codes";
import { describe, expect, test } from "vitest";
import { runStep, type RunnerOfSteps } from "./run-steps.ts";
import type { Look, Step } from "./step.ts";

const by = (resuming = false): RunnerOfSteps & { slept: number[] } => {
  const slept: number[] = [];
  return { now: () => 0, sleep: async (pause) => void slept.push(pause), resuming, slept };
};
const unknown = () => new Fault("RA8002", { saw: "lost", outcome: "unknown" });

/** A foreign system with one effect; `visibleAfter` looks pass before a write is seen. */
function system(
  options: {
    done?: boolean;
    visibleAfter?: number;
    act?: (() => void)[];
    settledAfter?: number;
  } = {},
) {
  let unsettled = options.settledAfter ?? 0;
  const log: string[] = [];
  let effects = options.done ? 1 : 0;
  let hidden = 0;
  const step: Step<string> = {
    key: "k",
    title: "make it",
    look: async (): Promise<Look<string>> => {
      log.push("look");
      if (effects > 0 && hidden > 0) hidden -= 1;
      else if (effects > 0) return { state: "done", value: "it" };
      return { state: "todo" };
    },
    act: async () => {
      log.push("act");
      const does = options.act?.shift();
      if (does === undefined) effects += 1;
      else {
        try {
          does();
        } catch (error) {
          if (error instanceof Fault && error.saw === "applied") {
            effects += 1;
            hidden = options.visibleAfter ?? 0;
          }
          throw error;
        }
      }
      return "it";
    },
    settle: async () => {
      log.push("settle");
      if (unsettled > 0) {
        unsettled -= 1;
        return { state: "unknown", saw: "the list does not show it" };
      }
      return { state: "done", value: "it" };
    },
  };
  return { step, log, effects: () => effects };
}
const applied = () => {
  throw new Fault("RA8002", { saw: "applied", outcome: "unknown" });
};
const lost = () => {
  throw unknown();
};

describe("a step", () => {
  test("that is done is not done again", async () => {
    const { step, log } = system({ done: true });
    expect(await runStep(step, by())).toMatchObject({
      value: "it",
      record: { result: "already-done" },
    });
    expect(log).toEqual(["look"]);
  });

  test("costs one look and one act in a clean run, and no settling", async () => {
    const { step, log } = system();
    expect(await runStep(step, by())).toMatchObject({ record: { result: "done" } });
    expect(log).toEqual(["look", "act"]);
  });

  test("with an unknown outcome is looked for, and found", async () => {
    const { step, log, effects } = system({ act: [applied], visibleAfter: 3 });
    expect(await runStep(step, by())).toMatchObject({ value: "it" });
    expect(effects()).toBe(1);
    expect(log.filter((entry) => entry === "act")).toHaveLength(1);
    expect(log.at(-1)).toBe("settle");
  });

  test("that surely had no effect is sent again", async () => {
    const { step, effects } = system({ act: [lost] });
    expect(await runStep(step, by())).toMatchObject({ value: "it" });
    expect(effects()).toBe(1);
  });

  test("that cannot be taken back is sent once only", async () => {
    const { step, log } = system({ act: [lost] });
    await expect(runStep({ ...step, oneWay: true }, by())).rejects.toMatchObject({
      code: "RA8002",
    });
    expect(log.filter((entry) => entry === "act")).toHaveLength(1);
  });

  test("is settled when a run resumes", async () => {
    const { step, log } = system({ done: true });
    await runStep(step, by(true));
    expect(log).toEqual(["look", "settle"]);
  });

  test("is listed until the list shows it, and not for ever", async () => {
    const late = system({ settledAfter: 3 });
    const patient = by(true);
    expect(await runStep(late.step, patient)).toMatchObject({ record: { result: "done" } });
    expect(late.log).toEqual(["look", "act", "settle", "settle", "settle", "settle"]);
    expect(patient.slept).toEqual([250, 500, 1000]);
    const never = system({ settledAfter: 99 });
    await expect(runStep(never.step, by(true))).rejects.toMatchObject({
      code: "RA8002",
      saw: "make it: the list does not show it",
      outcome: "unknown",
    });
    expect(never.log).toEqual(["look", "act", ...Array<string>(5).fill("settle")]);
  });

  test("that fails for sure is not repeated", async () => {
    const { step, log } = system({
      act: [
        () => {
          throw new Fault("RA8001", { saw: "refused" });
        },
      ],
    });
    await expect(runStep(step, by())).rejects.toMatchObject({ code: "RA8001" });
    expect(log).toEqual(["look", "act"]);
  });

  test("that is refused says why and does not act", async () => {
    const { step, log } = system();
    const refused: Step<string> = {
      ...step,
      look: async () => ({ state: "refused", refusal: refuse("RA1002", "no", "mend it") }),
    };
    expect(await runStep(refused, by())).toMatchObject({
      refusal: { code: "RA1002", next: "mend it" },
    });
    expect(log).toEqual([]);
  });
});
