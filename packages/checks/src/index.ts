export type { Check, CheckResult, ChecksReport, ExpectedValue, Json } from "./check.ts";
export { junit } from "./junit.ts";
export type { ChecksOptions } from "./run-checks.ts";

/** As in run-checks.ts; JSONPath and RE2 are loaded by those alone who have a check to ask. */
export const runChecks: typeof import("./run-checks.ts").runChecks = async (...given) =>
  (await import("./run-checks.ts")).runChecks(...given);

/** What tells a wrong JSONPath or regular expression, loaded by those alone who have one to look at. */
export const loadLanguages = (): Promise<
  Pick<typeof import("./expectation.ts"), "checkJsonPath" | "checkPattern">
> => import("./expectation.ts");
