export { runStep, type RunnerOfSteps, type StepOutcome } from "./run-steps.ts";
export type { Look, Step, StepRecord } from "./step.ts";
