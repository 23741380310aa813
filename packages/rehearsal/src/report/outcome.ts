import type { ScenarioResult } from "../world/scenario.ts";
import { mark, painter, plain, seconds, type Screen } from "./timeline.ts";
import { failuresOf, type PipelineResult } from "./verdict.ts";

/** What is printed when a scenario has ended: what runs where, and every expectation. */
export function printScenario(screen: Screen, scenario: ScenarioResult): void {
  const paint = painter(screen.colour);
  screen.line("");
  for (const { where, what } of scenario.standing)
    screen.line(`  ${where.padEnd(24)} ${plain(what)}`);
  for (const { name, holds, saw } of scenario.checks) {
    screen.line(
      `  ${mark(paint, holds ? "success" : "failure")} ${name}${holds ? "" : `: ${plain(saw)}`}`,
    );
  }
  for (const failure of failuresOf(scenario)) {
    if (failure.code === "RA9023" && failure.next === undefined) continue;
    screen.line(`  ${paint.red(failure.code)} ${plain(failure.says)}`);
    if (failure.next) screen.line(`         ${plain(failure.next)}`);
  }
  if (!scenario.passed) printLogs(screen, scenario);
  const verdict = scenario.passed ? paint.green("passed") : paint.red("failed");
  screen.line(`  ${paint.bold(scenario.name)}: ${verdict} in ${seconds(scenario.milliseconds)}`);
}

const tail = 15;

/** The end of the log of every step that failed in the last run that failed. */
function printLogs(screen: Screen, scenario: ScenarioResult): void {
  const run =
    scenario.runs.findLast((one) => one.result?.conclusion !== "success") ?? scenario.runs.at(-1);
  if (!run?.result) return;
  screen.line(`  The end of the log of ${run.name} #${run.number}:`);
  for (const problem of run.result.refused ?? []) {
    screen.line(`    ${problem.path}:${problem.line}:${problem.column}: ${plain(problem.message)}`);
  }
  const failed = Object.entries(run.result.jobs).flatMap(([job, { steps }]) =>
    steps
      .filter(({ outcome }) => outcome !== "success" && outcome !== "skipped")
      .map((step) => ({ job, step })),
  );
  for (const { job, step } of failed) {
    screen.line(`    ${job} / ${step.name}`);
    for (const line of step.log.trimEnd().split("\n").slice(-tail))
      screen.line(`      ${plain(line)}`);
  }
  if (failed.length === 0) {
    for (const line of run.result.log.trimEnd().split("\n").slice(-tail))
      screen.line(`      ${plain(line)}`);
  }
}

/** The requirement lines with their evidence, and the last word. */
export function printPipeline(screen: Screen, pipeline: PipelineResult): void {
  const paint = painter(screen.colour);
  if (pipeline.requirements.length > 0) screen.line(`\n${paint.bold("Requirements")}`);
  for (const { id, text, holds, evidence } of pipeline.requirements) {
    screen.line(`  ${mark(paint, holds ? "success" : "failure")} ${id} ${text}`);
    for (const sentence of evidence) screen.line(`      ${paint.dim(plain(sentence))}`);
  }
  const passed = pipeline.scenarios.filter((scenario) => scenario.passed).length;
  const held = pipeline.requirements.filter(({ holds }) => holds).length;
  const words = `${passed} of ${pipeline.scenarios.length} scenarios passed, ${held} of ${pipeline.requirements.length} requirements hold`;
  screen.line(
    `\n${paint.bold(pipeline.name)}: ${pipeline.passed ? paint.green(words) : paint.red(words)}`,
  );
}
