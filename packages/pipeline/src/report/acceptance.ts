import type { Finding } from "@release-actions/codes";
import type { Acceptance } from "@release-actions/ledger";
import { markdownCode, markdownText } from "@release-actions/markdown";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";
import { lines, noticeLines, reasonLines } from "./summaries.ts";

/** Who accepted what runs, or in a dry run may do so. */
export function acceptedSummary(
  pipeline: Pipeline,
  environment: Pick<EnvironmentSettings, "name">,
  about: { acceptance: Acceptance; version: string; notices: Finding[]; dryRun: boolean },
): string {
  const { acceptance, version, notices, dryRun } = about;
  return lines(
    `### ${dryRun ? "Dry run: " : ""}${markdownText(`${pipeline.product} ${version}`)} ${dryRun ? "may be" : "is"} accepted in ${markdownText(environment.name)}`,
    "",
    `By ${markdownText(`${acceptance.login} (${acceptance.role})`)}, for the entry ${markdownCode(acceptance.entry)}. ${dryRun ? "Nothing was written." : "It can be published now."}`,
    "",
    ...noticeLines(notices),
  );
}

/** Why it was not. */
export function notAcceptedSummary(
  pipeline: Pipeline,
  environment: Pick<EnvironmentSettings, "name">,
  finding: Finding,
): string {
  return lines(
    `### ${markdownText(pipeline.product)} was not accepted in ${markdownText(environment.name)}`,
    "",
    "Nothing was written.",
    "",
    ...reasonLines([finding]),
  );
}
