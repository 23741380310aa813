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
} from "./workflow/contract.ts";
export {
  dispatchInputs,
  problemsOf,
  reasonNotToStart,
  runWorkflow,
  startsOn,
  type TriggerEvent,
} from "./workflow/index.ts";
export { rehearse, type Place } from "./command.ts";
