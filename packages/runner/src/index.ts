export { readEnvironment, type RunnerEnvironment } from "./environment.ts";
export { readInputs } from "./inputs.ts";
export type { ActionIo, InputSpec, Result } from "./io.ts";
export type { Job } from "./job.ts";
export { logText, logTitle } from "./log-text.ts";
export { run } from "./run.ts";
