import { Fault } from "@release-actions/codes";
import { runStep, type RunnerOfSteps, type Step, type StepRecord } from "@release-actions/plan";

/** Runs a step; a refusal in the middle of the way is a fault, since what can be judged was judged before. @throws Fault */
export async function runToEnd<T>(
  step: Step<T>,
  by: RunnerOfSteps,
): Promise<{ value: T; record: StepRecord }> {
  const outcome = await runStep(step, by);
  if ("refusal" in outcome)
    throw new Fault(outcome.refusal.code, { saw: outcome.refusal.saw, next: outcome.refusal.next });
  return outcome;
}
