export type { Check, CheckResult, ChecksReport, ExpectedValue, Json } from "./check.ts";
export { junit } from "./junit.ts";
export { parseLatency } from "./question.ts";
export { runChecks, type ChecksOptions } from "./run-checks.ts";
