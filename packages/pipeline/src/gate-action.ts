import { Fault } from "@release-actions/codes";
import { runningRelease } from "@release-actions/ledger";
import { markdownText } from "@release-actions/markdown";
import { readImages } from "./candidate.ts";
import { environmentOf } from "./configuration/pipeline-file.ts";
import { connect, loadPipeline, openWorld, withTeams, type Logins } from "./connect.ts";
import { currentIn, readHistory } from "./history.ts";
import type { ActionResult, Job } from "./job.ts";
import type { Decision } from "./decision.ts";
import { judgePreflight } from "./preflight.ts";
import { decide, rolesAsked } from "./promote.ts";
import { findingTable, lines, refusedSummary } from "./report/summaries.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { readRequest, type RequestInputs } from "./request.ts";
import { releasePlaceholders } from "./prepared.ts";

export type GateInputs = RequestInputs & Logins & { config?: string; images?: string[] };
export type GateOutputs = { decision: "go" | "refused" | "skipped"; reasons: string };

/** One decision with all its reasons; nothing is written. @throws Fault RA1105 without a file */
export async function gate(inputs: GateInputs, job: Job): Promise<ActionResult<GateOutputs>> {
  if (!inputs.config)
    throw new Fault("RA1105", {
      saw: "`config` is empty, and the gate's rules are in the pipeline's file",
    });
  const connection = connect(inputs, job);
  const loaded = await loadPipeline(connection, inputs.config);
  const request = readRequest(inputs, job);
  const pipeline = await withTeams(connection, loaded, inputs, rolesAsked(loaded, request));
  const world = openWorld(connection, inputs, pipeline, "plan");
  const environment = environmentOf(pipeline, request.environment);
  const history = await readHistory(world, pipeline, environment, request.run.id);
  const decision: Decision = { world, pipeline, environment, request, history };
  const { candidate, verdict } = await decide(
    decision,
    undefined,
    inputs.images?.length ? readImages(inputs.images) : undefined,
  );
  const preflight =
    verdict.holds && candidate.release !== undefined
      ? await judgePreflight(world, {
          environment,
          action: request.action,
          placeholders: releasePlaceholders(pipeline.product, environment, candidate.release),
          cluster: undefined,
          currentOf: currentIn(world, pipeline, environment, history),
          now: world.github.now(),
          clusterLater: true,
        })
      : undefined;
  if (preflight !== undefined) {
    verdict.findings.push(preflight);
    verdict.holds &&= preflight.holds || preflight.warning === true;
  }
  for (const finding of verdict.findings)
    job.say(`${finding.holds ? "✓" : "✗"} ${finding.rule}: ${finding.saw}`);
  const reasons = reasonsOf(verdict.findings);
  const version = candidate.release?.version ?? request.version ?? "";
  if (verdict.holds) {
    return {
      ok: true,
      outputs: { decision: "go", reasons },
      summary: lines(
        `### ${markdownText(`${pipeline.product} ${version}`)} may go to ${markdownText(environment.name)}`,
        "",
        "Nothing was written.",
        "",
        ...findingTable(verdict.findings),
      ),
    };
  }
  const skipped =
    pipeline.tag?.["on-invalid"] === "skip" &&
    verdict.findings.some((finding) => finding.code === "RA1302");
  return {
    ok: skipped,
    outputs: { decision: skipped ? "skipped" : "refused", reasons },
    summary: refusedSummary({
      decision,
      version,
      findings: verdict.findings,
      runs: runningRelease(history.current),
      skipped,
    }),
    ...(skipped
      ? {}
      : {
          failure: {
            title: `${environment.name} refused${version ? ` ${version}` : ""}`,
            message: oneLine(
              verdict.findings.filter((finding) => !finding.holds && !finding.warning),
            ),
          },
        }),
  };
}
