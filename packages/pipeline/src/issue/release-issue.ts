import { Fault, type Finding } from "@release-actions/codes";
import type { IssueRecord, VersionRecord } from "@release-actions/ledger";
import { markdownLink, markdownText } from "@release-actions/markdown";
import { connect, loadPipeline, withTeams, type Connection, type Logins } from "../connect.ts";
import { eventText, type ActionResult, type Job } from "../job.ts";
import { sayNotices, sendDue } from "../notices.ts";
import { oneLine, reasonsOf } from "../report/sentences.ts";
import { findingTable, lines } from "../report/summaries.ts";
import { givenVersion } from "../request.ts";
import { readRunningVersion, versionOf, type LoadedPipeline } from "./book.ts";
import { closeReleaseIssue } from "./close.ts";
import { obeyComment } from "./command.ts";
import { openReleaseIssue } from "./open.ts";
import { lastEnvironment, stateOf, type IssueState } from "./state.ts";

export type ReleaseIssueInputs = Logins & {
  step: "open" | "command" | "close";
  purpose?: string;
  version?: string;
  config?: string;
};

export type ReleaseIssueOutputs = {
  number: string;
  url: string;
  state: IssueState;
  command: string;
  reasons: string;
};

/** The release issue, from opening to closing. @throws Fault RA1105, RA55xx, RA50xx */
export async function releaseIssue(
  inputs: ReleaseIssueInputs,
  job: Job,
): Promise<ActionResult<ReleaseIssueOutputs>> {
  if (!inputs.config)
    throw new Fault("RA1105", {
      saw: "`config` is empty, and the release issue is described in the pipeline's file",
    });
  const connection = connect(inputs, job);
  const loaded = await loadPipeline(connection, inputs.config);
  // Without a token a team has no members here; the answer to a comment says so.
  const pipeline = await withTeams(connection, loaded, inputs, []);
  if (inputs.step === "command") return command(connection, pipeline, job);
  return inputs.step === "open"
    ? open(connection, pipeline, inputs, job)
    : close(connection, pipeline, inputs, job);
}

async function open(
  connection: Connection,
  pipeline: LoadedPipeline,
  inputs: ReleaseIssueInputs,
  job: Job,
): Promise<ActionResult<ReleaseIssueOutputs>> {
  const version = versionOf(pipeline, inputs.version ?? givenVersion(job));
  const { issue, record } = await openReleaseIssue(connection, pipeline, {
    version,
    purpose: inputs.purpose ?? eventText(job, "inputs", "purpose"),
  });
  await tell(connection, pipeline, version.text, record);
  return {
    ok: true,
    outputs: outputsOf(pipeline, record, issue),
    summary: lines(
      `### The release issue of ${markdownText(`${pipeline.product} ${version.text}`)} is ${issue.state === "open" ? "ready" : "closed"}`,
      "",
      markdownLink(`Open #${issue.number}`, issue.url),
      "",
      `**Purpose:** ${markdownText(issue.purpose)}`,
    ),
  };
}

async function command(
  connection: Connection,
  pipeline: LoadedPipeline,
  job: Job,
): Promise<ActionResult<ReleaseIssueOutputs>> {
  const comment = Number(eventText(job, "comment", "id"));
  if (job.env.eventName !== "issue_comment" || !Number.isSafeInteger(comment))
    throw new Fault("RA5504", {
      saw: `the event is ${job.env.eventName || "unknown"}, and \`step: command\` reads the comment of \`issue_comment\``,
    });
  const { kind, findings, record } = await obeyComment(connection, pipeline, {
    comment,
    body: eventText(job, "comment", "body"),
  });
  const [first, ...notices] = findings;
  // The job that reads comments holds no secrets: what waits for one is sent by a later job.
  sayNotices(
    job,
    notices.filter(({ code }) => code !== "RA8203"),
  );
  return {
    ok: true,
    outputs: {
      ...(record?.issue === undefined ? {} : outputsOf(pipeline, record, record.issue)),
      command: kind ?? "",
      reasons: reasonsOf(findings),
    },
    summary: lines(
      `### ${kind === undefined ? "Nothing was decided" : `Recorded: ${kind}`}`,
      "",
      markdownText(first?.saw ?? ""),
      "",
      ...(first?.next === undefined ? [] : [`**Next:** ${markdownText(first.next)}`]),
    ),
  };
}

async function close(
  connection: Connection,
  pipeline: LoadedPipeline,
  inputs: ReleaseIssueInputs,
  job: Job,
): Promise<ActionResult<ReleaseIssueOutputs>> {
  // The comment `/accept` starts the publication: what runs in the last environment is what it accepted.
  const given =
    inputs.version ??
    givenVersion(job) ??
    (await readRunningVersion(connection, pipeline, lastEnvironment(pipeline)?.name ?? ""));
  const version = versionOf(pipeline, given);
  const closed = await closeReleaseIssue(connection, pipeline, version);
  // Whoever is to know of the acceptance is told although the issue may have to stay open.
  await tell(connection, pipeline, version.text, closed.record);
  const title = `${pipeline.product} ${version.text}`;
  if (closed.open.length > 0) {
    return {
      ok: false,
      outputs: outputsOf(pipeline, closed.record, closed.issue, closed.open),
      summary: lines(
        `### The release issue of ${markdownText(title)} stays open`,
        "",
        "Nothing was written.",
        "",
        ...findingTable(closed.open),
      ),
      failure: { title: `#${closed.issue.number} stays open`, message: oneLine(closed.open) },
    };
  }
  return {
    ok: true,
    outputs: outputsOf(pipeline, closed.record, closed.issue),
    summary: lines(
      `### The release issue of ${markdownText(title)} is closed`,
      "",
      `${markdownLink(`#${closed.issue.number}`, closed.issue.url)}${closed.already ? " was closed before. Nothing was written." : ""}`,
    ),
  };
}

/** Sends what is due of the version and this job can send; what does not arrive is a warning. */
async function tell(
  connection: Connection,
  pipeline: LoadedPipeline,
  version: string,
  record: VersionRecord,
): Promise<void> {
  const { job } = connection;
  if (!record.notices?.some(({ state }) => state === "due" || state === "sending")) return;
  const { findings } = await sendDue(connection, pipeline, version, { id: job.env.runId });
  sayNotices(job, findings);
}

function outputsOf(
  pipeline: LoadedPipeline,
  record: VersionRecord,
  issue: IssueRecord,
  findings: Finding[] = [],
): Partial<ReleaseIssueOutputs> {
  return {
    number: String(issue.number),
    url: issue.url,
    state: stateOf(pipeline, record),
    command: "",
    reasons: reasonsOf(findings),
  };
}
