import { Fault } from "@release-actions/codes";
import {
  publicationSteps,
  readReleaseFacts,
  readTagFacts,
  renderNotes,
  type ReleaseAsset,
} from "@release-actions/github";
import type { Approval, Component } from "@release-actions/ledger";
import { markdownLink, markdownText } from "@release-actions/markdown";
import { schemeOf } from "@release-actions/versions";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptedRelease } from "./accepted.ts";
import { readVersion } from "./candidate.ts";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import { connect, findPipeline, type Connection, type Logins } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { lines } from "./report/summaries.ts";
import { givenVersion } from "./request.ts";
import { runToEnd } from "./run-to-end.ts";
import { orderOf } from "./validate-tag.ts";
import { workspaceFiles } from "./workspace-files.ts";
import { recordedDoi } from "./zenodo-doi.ts";

export type PublishReleaseInputs = Logins & {
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
  reasons: string;
};

/** Publishes the GitHub release of an accepted version; a published one is never touched again. @throws Fault RA1203, RA1303, RA60xx */
export async function publishRelease(
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
  const notes = renderNotes(facts, {
    images: subject.components.map(({ name, image, digest }) => ({
      name,
      reference: `${image}:${subject.tag}`,
      digest,
    })),
    ...(subject.doi ? { doi: subject.doi } : {}),
    approvals: subject.approvals,
  });
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
  return {
    ok: true,
    outputs: {
      id: String(result.id),
      url: result.url,
      notes: notesPath,
      previousTag: order.previous?.tag ?? "",
      reasons: JSON.stringify(result.findings),
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

type Subject = {
  tag: string;
  title: string;
  commit: string | undefined;
  components: Component[];
  doi: string | undefined;
  approvals: Approval[];
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
    const deposit = await recordedDoi(connection, pipeline, release.version);
    return {
      tag: release.tag,
      title: `${pipeline.product} ${release.version}`,
      commit: release.commit,
      components: release.components,
      doi: deposit?.doi,
      approvals,
    };
  }
  if (given === undefined)
    throw new Fault("RA1205", { saw: "`version` is not given, and the event has none" });
  const version = readVersion(schemeOf("semver"), given);
  const tag = "wrong" in version ? given : version.tag;
  return { tag, title: tag, commit: undefined, components: [], doi: undefined, approvals: [] };
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
