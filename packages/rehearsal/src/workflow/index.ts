export type {
  Annotation,
  EnvironmentGrant,
  JobResult,
  Permissions,
  Result,
  RunEvent,
  RunResult,
  RunWorkflow,
  StepResult,
  WorkflowProblem,
  WorkflowRequest,
} from "./contract.ts";
export { dispatchInputs } from "./inputs.ts";
export { startsOn, type TriggerEvent } from "./trigger.ts";
export { runWorkflow } from "./run.ts";
