import { Fault, type Refusal } from "@release-actions/codes";
import type { Look, Step, StepRecord } from "./step.ts";

/** How often an effect that must be visible after its write is looked for before the run gives up. */
const looksAfterWrite = 5;
/** How often one write is sent in a run; each time only after a look said that it is not there. */
const writes = 3;

export type RunnerOfSteps = {
  /** Milliseconds, monotonic. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** True when an earlier attempt of this run may have written: what has no key is settled. */
  resuming: boolean;
  progress?: (record: StepRecord) => void;
};

export type StepOutcome<T> =
  | { value: T; record: StepRecord }
  | { refusal: Refusal; record: StepRecord };

/**
 * Runs one step: looks, acts once, and after an unknown outcome looks again before it acts again.
 * @throws Fault what the step threw, when its effect is surely not there, and RA8002 when that stays unknown.
 */
export async function runStep<T>(step: Step<T>, by: RunnerOfSteps): Promise<StepOutcome<T>> {
  const started = by.now();
  const end = (result: StepRecord["result"]): StepRecord => {
    const record = {
      key: step.key,
      title: step.title,
      result,
      milliseconds: Math.round(by.now() - started),
    };
    by.progress?.(record);
    return record;
  };

  try {
    const before = await firstLook(step, by);
    if (before.state === "refused") return { refusal: before.refusal, record: end("refused") };
    if (before.state === "done") {
      const value = by.resuming ? await settle(step, before.value, by) : before.value;
      return { value, record: end("already-done") };
    }
    const written = await write(step, by);
    if ("refusal" in written) return { refusal: written.refusal, record: end("refused") };
    const unsure = by.resuming || written.unsure;
    const value = unsure ? await settle(step, written.value, by) : written.value;
    return { value, record: end("done") };
  } catch (error) {
    end("failed");
    throw error;
  }
}

async function firstLook<T>(
  step: Step<T>,
  by: RunnerOfSteps,
): Promise<Exclude<Look<T>, { state: "unknown" }>> {
  let look = await step.look();
  for (let tries = 1; look.state === "unknown"; tries += 1) {
    if (tries >= looksAfterWrite)
      throw new Fault("RA8002", { saw: `${step.title}: ${look.saw}`, outcome: "unknown" });
    await by.sleep(pause(tries));
    look = await step.look();
  }
  return look;
}

async function write<T>(
  step: Step<T>,
  by: RunnerOfSteps,
): Promise<{ value: T; unsure: boolean } | { refusal: Refusal }> {
  for (let sent = 1; ; sent += 1) {
    try {
      return { value: await step.act(), unsure: sent > 1 };
    } catch (error) {
      if (!(error instanceof Fault) || error.outcome !== "unknown") throw error;
      // The write may be seen only after a while: a single look that shows nothing proves nothing.
      let look = await step.look();
      for (
        let looks = 1;
        look.state !== "done" && look.state !== "refused" && looks < looksAfterWrite;
        looks += 1
      ) {
        await by.sleep(pause(looks));
        look = await step.look();
      }
      if (look.state === "done") return { value: look.value, unsure: true };
      if (look.state === "refused") return { refusal: look.refusal };
      // What cannot be taken back is not sent a second time in the same run.
      if (look.state === "unknown" || step.oneWay || sent >= writes) throw error;
    }
  }
}

/** Lists until what was made is shown: a list that lags hides what a run made that died before. */
async function settle<T>(step: Step<T>, value: T, by: RunnerOfSteps): Promise<T> {
  if (!step.settle) return value;
  for (let tries = 1; ; tries += 1) {
    const settled = await step.settle(value);
    if (settled.state === "done") return settled.value;
    if (tries >= looksAfterWrite)
      throw new Fault("RA8002", { saw: `${step.title}: ${settled.saw}`, outcome: "unknown" });
    await by.sleep(pause(tries));
  }
}

/** 0.25 s, 0.5 s, 1 s, 2 s. */
function pause(tries: number): number {
  return 125 * 2 ** tries;
}
