import type { Finding } from "@release-actions/codes";
import { environmentOf } from "./configuration/pipeline-file.ts";
import { withTeams, type Connection, type Logins } from "./connect.ts";
import type { PromoteOutputs } from "./decision.ts";
import { accept } from "./issue/accept.ts";
import type { LoadedPipeline } from "./issue/book.ts";
import { refreshIssue } from "./issue/refresh.ts";
import { lastEnvironment } from "./issue/state.ts";
import type { ActionResult } from "./job.ts";
import { sayNotices, sendDue } from "./notices.ts";
import { acceptedSummary, notAcceptedSummary } from "./report/acceptance.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { givenVersion, isDryRun, type RequestInputs } from "./request.ts";

export type AcceptInputs = RequestInputs & Logins;

/** Records that somebody with the role accepts what runs, for teams that do it without a comment. @throws Fault */
export async function acceptRelease(
  connection: Connection,
  loaded: LoadedPipeline,
  inputs: AcceptInputs,
): Promise<ActionResult<PromoteOutputs>> {
  const { job } = connection;
  const environment = environmentOf(
    loaded,
    inputs.environment ?? lastEnvironment(loaded)?.name ?? "",
  );
  const role = environment["accept-by"];
  const pipeline = await withTeams(connection, loaded, inputs, role === undefined ? [] : [role]);
  const dryRun = isDryRun(inputs, job);
  const accepted = await accept(connection, pipeline, {
    version: inputs.version ?? givenVersion(job),
    environment: environment.name,
    login: job.env.triggeringActor,
    dryRun,
  });
  if ("refusal" in accepted) {
    const finding: Finding = { rule: "accept", holds: false, ...accepted.refusal };
    return {
      ok: false,
      outputs: {
        reasons: reasonsOf([finding]),
        decision: "refused",
        result: "none",
        accepted: "false",
        url: environment.url ?? "",
      },
      summary: notAcceptedSummary(pipeline, environment, finding),
      failure: { title: `${environment.name}: not accepted`, message: oneLine([finding]) },
    };
  }
  const { acceptance, release } = accepted;
  let notices: Finding[] = [];
  if (!dryRun) {
    notices = (await sendDue(connection, pipeline, release.version, { id: job.env.runId }))
      .findings;
    sayNotices(job, notices);
    await refreshIssue(connection, pipeline, release.version);
  }
  const saw = `${acceptance.login} (${acceptance.role}) ${dryRun ? "may accept" : "accepted"} ${release.version} in ${environment.name}`;
  return {
    ok: true,
    outputs: {
      version: release.version,
      digest: release.components[0]?.digest ?? "",
      reasons: reasonsOf([{ rule: "accept", holds: true, saw }]),
      decision: "go",
      result: "none",
      accepted: String(!dryRun),
      entry: acceptance.entry,
      url: environment.url ?? "",
    },
    summary: acceptedSummary(pipeline, environment, {
      acceptance,
      version: release.version,
      notices,
      dryRun,
    }),
  };
}
