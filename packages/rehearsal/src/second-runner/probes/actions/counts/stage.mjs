import { appendFileSync } from "node:fs";

/** Notes the stage and what it is told of the stages before it. */
export function note(stage) {
  const { GITHUB_STATE, INPUT_GIVEN, STAGES, STATE_before = "" } = process.env;
  appendFileSync(GITHUB_STATE, `before=${STATE_before}${stage},\n`);
  if (STAGES) appendFileSync(STAGES, `${stage} of ${INPUT_GIVEN}\n`);
}
