import type { Pipeline } from "../world/pipeline.ts";
import type { ScenarioResult } from "../world/scenario.ts";

/** A requirement of the procedure, and what its proofs saw. */
export type RequirementResult = { id: string; text: string; holds: boolean; evidence: string[] };

export type PipelineResult = {
  name: string;
  title: string;
  passed: boolean;
  scenarios: ScenarioResult[];
  requirements: RequirementResult[];
};

/** Judges the requirements whose scenarios were played. */
export function judge(pipeline: Pipeline, scenarios: ScenarioResult[]): PipelineResult {
  const requirements = pipeline.file.requirements
    .filter(({ proof }) =>
      proof.every((one) => scenarios.some(({ name }) => name === one.scenario)),
    )
    .map(({ id, text, proof }): RequirementResult => {
      const seen = proof.flatMap((one) => {
        const scenario = scenarios.find(({ name }) => name === one.scenario);
        return one.holds.map((name) => {
          const check = scenario?.checks.find((found) => found.name === name);
          return {
            holds: check?.holds ?? false,
            says: `${one.scenario}: ${check?.saw ?? `${name} was not reached`}`,
          };
        });
      });
      return {
        id,
        text,
        holds: seen.every(({ holds }) => holds),
        evidence: seen.map(({ says }) => says),
      };
    });
  return {
    name: pipeline.name,
    title: pipeline.file.title,
    passed: scenarios.every(({ passed }) => passed) && requirements.every(({ holds }) => holds),
    scenarios,
    requirements,
  };
}

/** The report for programs: results and evidence, nothing of the logs. */
export function toJson(pipelines: readonly PipelineResult[]): string {
  const report = {
    pipelines: pipelines.map(({ name, passed, scenarios, requirements }) => ({
      name,
      passed,
      scenarios: scenarios.map((scenario) => ({
        name: scenario.name,
        passed: scenario.passed,
        failures: failuresOf(scenario).map(({ says, next }) => (next ? `${says} ${next}` : says)),
      })),
      requirements: requirements.map(({ id, holds, evidence }) => ({ id, holds, evidence })),
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Everything that went wrong in a scenario: what was seen, and what to do about it. */
export function failuresOf(
  scenario: ScenarioResult,
): { code: string; says: string; next?: string }[] {
  return [
    ...(scenario.fault
      ? [{ code: scenario.fault.code, says: scenario.fault.saw, next: scenario.fault.next }]
      : []),
    ...scenario.gaps.map(({ code, saw, next }) => ({ code, says: saw, next })),
    ...scenario.checks
      .filter(({ holds }) => !holds)
      .map(({ name, saw }) => ({ code: "RA9023", says: `Expected: ${name}. Seen: ${saw}.` })),
    ...scenario.violations.map((says) => ({
      code: "RA9023",
      says: `GitHub would have answered otherwise: ${says}`,
    })),
  ];
}
