export type {
  Annotation,
  EnvironmentGrant,
  JobResult,
  Permissions,
  Result,
  RunEvent,
  RunResult,
  StepResult,
  WorkflowProblem,
  WorkflowRequest,
} from "./contract.ts";
export { dispatchInputs } from "./inputs.ts";
export { reasonNotToStart, startsOn, type TriggerEvent } from "./trigger.ts";
export { runWorkflow } from "./run.ts";
export { problemsOf } from "./validation.ts";
