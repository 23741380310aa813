export type { Check, CheckResult, ChecksReport, ExpectedValue, Json } from "./check.ts";
export { checkJsonPath, checkPattern } from "./expectation.ts";
export { junit } from "./junit.ts";
export type { ChecksOptions } from "./run-checks.ts";

/** As in run-checks.ts; JSONPath and RE2 are loaded by those alone who have a check to ask. */
export const runChecks: typeof import("./run-checks.ts").runChecks = async (...given) =>
  (await import("./run-checks.ts")).runChecks(...given);
