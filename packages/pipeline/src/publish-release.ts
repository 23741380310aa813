import { Fault } from "@release-actions/codes";
import {
  closeIssueStep,
  issueBodyStep,
  publicationSteps,
  readLedger,
  readReleaseFacts,
  readTagFacts,
  renderNotes,
  type ReleaseAsset,
} from "@release-actions/github";
import {
  ledgerPaths,
  readVersionRecord,
  type Approval,
  type Component,
} from "@release-actions/ledger";
import { markdownLink, markdownText } from "@release-actions/markdown";
import { schemeOf } from "@release-actions/versions";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptedRelease } from "./accepted.ts";
import { readVersion } from "./candidate.ts";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import { connect, findPipeline, type Connection, type Logins } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { prepareRelease } from "./prepare-release.ts";
import { reasonsOf } from "./report/sentences.ts";
import { lines } from "./report/summaries.ts";
import { givenVersion } from "./request.ts";
import { runToEnd } from "./run-to-end.ts";
import { orderOf } from "./release-order.ts";
import { workspaceFiles } from "./workspace-files.ts";
import { recordedDoi } from "./deposit.ts";

export type PublishReleaseInputs = Logins & {
  /** `prepare`: the pull request before the tag. Default: publish. */
  step?: "prepare" | "publish";
  appToken?: string;
  assets?: string[];
  latest: "auto" | "true" | "false";
  environment?: string;
  version?: string;
  config?: string;
};

export type PublishReleaseOutputs = {
  id: string;
  url: string;
  notes: string;
  previousTag: string;
  pullRequest: string;
  reasons: string;
};

/** The pull request before the tag, or the GitHub release after acceptance. @throws Fault */
export async function publishRelease(
  inputs: PublishReleaseInputs,
  job: Job,
): Promise<ActionResult<PublishReleaseOutputs>> {
  return inputs.step === "prepare" ? prepareRelease(inputs, job) : publish(inputs, job);
}

/** Publishes the GitHub release of an accepted version; a published one is never touched again. @throws Fault RA1203, RA1303, RA60xx */
async function publish(
  inputs: PublishReleaseInputs,
  job: Job,
): Promise<ActionResult<PublishReleaseOutputs>> {
  const connection = connect(inputs, job);
  const pipeline = inputs.config ? await findPipeline(connection, inputs.config) : undefined;
  const subject = await subjectOf(connection, pipeline, inputs, job);
  const scheme = schemeOf(pipeline?.tag?.scheme ?? "semver", pipeline?.tag?.prefix ?? "");
  const version = scheme.parse(subject.tag);
  const { tags, commit } = await readTagFacts(connection.github, {
    tag: subject.tag,
    branches: [],
    checks: false,
    files: [],
  });
  if (commit === undefined) throw new Fault("RA1303", { saw: `there is no tag ${subject.tag}` });
  const order =
    "wrong" in version ? { previous: undefined, isNewest: false } : orderOf(scheme, version, tags);
  const facts = await readReleaseFacts(connection.github, {
    tag: subject.tag,
    previousTag: order.previous?.tag,
  });
  if (subject.commit !== undefined && subject.commit !== commit) {
    throw new Fault("RA1307", {
      saw: `the tag ${subject.tag} is at ${commit.slice(0, 7)}, and the ledger has it at ${subject.commit.slice(0, 7)}`,
    });
  }
  const about = {
    images: subject.components.map(({ name, image, digest }) => ({
      name,
      reference: image,
      digest,
    })),
    ...(subject.doi ? { doi: subject.doi } : {}),
    approvals: subject.approvals,
  };
  const notes = renderNotes(facts, about);
  const notesPath = join(job.env.temp, "release-notes.md");
  writeFileSync(notesPath, notes.full ?? notes.body);

  const prerelease = !("wrong" in version) && version.prerelease;
  const wanted = inputs.latest === "auto" ? (pipeline?.release.latest ?? "auto") : inputs.latest;
  const { owner, name } = connection.github.repository;
  const publication = publicationSteps(connection.github, {
    tag: subject.tag,
    commit,
    name: subject.title,
    body: notes.body,
    assets: [
      ...assetsOf(job, inputs.assets?.length ? inputs.assets : (pipeline?.release.assets ?? [])),
      ...(notes.full
        ? [{ name: "RELEASE-NOTES.md", mediaType: "text/markdown", bytes: Buffer.from(notes.full) }]
        : []),
    ],
    latest: !prerelease && (wanted === "auto" ? order.isNewest : wanted === "true"),
    prerelease,
    key: `${connection.github.serverUrl}/${owner}/${name}/releases/tag/${subject.tag}`,
    seen: { release: facts.release, commit: facts.commit },
  });
  for (const step of publication.steps) await runToEnd(step, connection.steps);
  const result = publication.result();
  for (const finding of result.findings) job.warn("The published release", finding.saw);
  if (subject.notesIssue !== undefined) {
    const list = renderNotes(facts, { ...about, limit: longestIssueNotes });
    await closeNotes(connection, subject.notesIssue, list.body, result.url);
  }
  return {
    ok: true,
    outputs: {
      id: String(result.id),
      url: result.url,
      notes: notesPath,
      previousTag: order.previous?.tag ?? "",
      reasons: reasonsOf(result.findings),
    },
    summary: lines(
      `### ${markdownText(subject.title)} is published`,
      "",
      markdownLink("Open the release", result.url),
      "",
      `${facts.pullRequests.length} pull requests and ${facts.directCommits.length} direct commits since ${markdownText(order.previous?.tag ?? "the beginning")}.`,
      ...(subject.doi ? ["", `DOI ${markdownText(subject.doi)}`] : []),
    ),
  };
}

/** GitHub takes 65 536 characters in an issue's body; what a person wrote there stays. */
const longestIssueNotes = 50_000;
/** The block that release-issue keeps up to date until then. */
const [notesBegin, notesEnd] = ["<!-- ra:notes -->", "<!-- /ra:notes -->"];

/** The release's notes sub-issue gets the final list and is closed; a token that may not do that is a warning, since the release is out. */
async function closeNotes(
  connection: Connection,
  issue: number,
  list: string,
  url: string,
): Promise<void> {
  const text = `${notesBegin}\n${list.trim()}\n\nPublished: ${markdownLink("the GitHub release", url)}\n${notesEnd}`;
  const write = (before: string): string => {
    const [from, to] = [before.indexOf(notesBegin), before.indexOf(notesEnd)];
    if (from >= 0 && to > from)
      return before.slice(0, from) + text + before.slice(to + notesEnd.length);
    return before.trim() === "" ? text : `${before.trimEnd()}\n\n${text}`;
  };
  try {
    await runToEnd(issueBodyStep(connection.github, { issue, write }), connection.steps);
    await runToEnd(closeIssueStep(connection.github, issue), connection.steps);
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== "RA5003" && error.code !== "RA5503"))
      throw error;
    connection.job.warn(
      `The sub-issue of the notes, #${issue}, was not closed`,
      `${error.saw}. ${error.next}`,
    );
  }
}

type Subject = {
  tag: string;
  title: string;
  commit: string | undefined;
  components: Component[];
  doi: string | undefined;
  approvals: Approval[];
  /** Number of the release issue's sub-issue for the notes. */
  notesIssue: number | undefined;
};

async function subjectOf(
  connection: Connection,
  pipeline: (Pipeline & { defaultBranch: string }) | undefined,
  inputs: PublishReleaseInputs,
  job: Job,
): Promise<Subject> {
  const given = inputs.version ?? givenVersion(job);
  if (pipeline !== undefined) {
    const { release, approvals } = await acceptedRelease(
      connection,
      pipeline,
      inputs.environment,
      given,
    );
    const path = ledgerPaths(pipeline.product, "").version(release.version);
    const [deposit, { files }] = await Promise.all([
      recordedDoi(connection, pipeline, release.version),
      readLedger(connection.github, pipeline.ledger.branch, [path]),
    ]);
    return {
      tag: release.tag,
      title: `${pipeline.product} ${release.version}`,
      commit: release.commit,
      components: release.components,
      doi: deposit?.doi,
      approvals,
      notesIssue: readVersionRecord(path, files[path])?.issue?.notes,
    };
  }
  if (given === undefined)
    throw new Fault("RA1205", { saw: "`version` is not given, and the event has none" });
  const version = readVersion(schemeOf("semver"), given);
  const tag = "wrong" in version ? given : version.tag;
  return {
    tag,
    title: tag,
    commit: undefined,
    components: [],
    doi: undefined,
    approvals: [],
    notesIssue: undefined,
  };
}

const mediaTypes: Record<string, string> = {
  ".gz": "application/gzip",
  ".tgz": "application/gzip",
  ".zip": "application/zip",
  ".jar": "application/java-archive",
  ".json": "application/json",
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".yml": "application/yaml",
  ".yaml": "application/yaml",
  ".whl": "application/zip",
  ".pdf": "application/pdf",
};

function assetsOf(job: Job, globs: string[]): ReleaseAsset[] {
  return workspaceFiles(job, globs).map(({ name, bytes }) => ({
    name,
    bytes,
    mediaType:
      mediaTypes[/\.[A-Za-z0-9]+$/.exec(name)?.[0].toLowerCase() ?? ""] ??
      "application/octet-stream",
  }));
}
