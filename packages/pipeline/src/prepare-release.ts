import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import {
  appendStep,
  branchStep,
  openGitHub,
  pullRequestStep,
  readLedger,
  readPullRequests,
  readReleaseFacts,
  readTagFacts,
  renderNotes,
  type GitHub,
  type PullRequest,
} from "@release-actions/github";
import { markdownCode, markdownLink, markdownText } from "@release-actions/markdown";
import { manifestVersion, schemeOf, type Version } from "@release-actions/versions";
import { readVersion } from "./candidate.ts";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import { connect, findPipeline, type Connection } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import type { PublishReleaseInputs, PublishReleaseOutputs } from "./publish-release.ts";
import {
  citationDate,
  sectionDate,
  writeCitation,
  writeDoi,
  writeSection,
} from "./release-texts.ts";
import { lines } from "./report/summaries.ts";
import { givenVersion } from "./request.ts";
import { runToEnd } from "./run-to-end.ts";
import { orderOf } from "./release-order.ts";
import { recordedDoi } from "./deposit.ts";

/** Path to text; a file that does not exist is absent. */
type Files = Record<string, string>;

/** What the files are made from. */
type Plan = {
  version: Version;
  doi: string | undefined;
  notes: string;
  changelog: string | undefined;
  writeTo: string[];
  paths: string[];
};

/**
 * Brings the changelog and the DOI into the repository before the tag: one branch, one commit, one pull request. Run again, it
 * brings the same ones up to date, and writes nothing where nothing changed.
 * @throws Fault RA1105, RA1205, RA1302, RA6010 to RA6013, RA50xx
 */
export async function prepareRelease(
  inputs: PublishReleaseInputs,
  job: Job,
): Promise<ActionResult<PublishReleaseOutputs>> {
  const connection = connect(inputs, job);
  const pipeline = inputs.config ? await findPipeline(connection, inputs.config) : undefined;
  if (pipeline === undefined)
    throw new Fault("RA1105", { saw: "`step: prepare` works from the pipeline's file" });
  const version = versionOf(pipeline, inputs.version ?? givenVersion(job));
  const asked = filesAsked(pipeline);
  const base = pipeline.defaultBranch;
  const branch = `release/${version.text}`;
  const writer = openWriter(connection, inputs.appToken, job);

  const [doi, tag, atBase, atBranch, pulls] = await Promise.all([
    reservedDoi(connection, pipeline, version),
    readTagFacts(connection.github, { tag: version.tag, branches: [], checks: false, files: [] }),
    readLedger(writer, base, asked.paths),
    readLedger(writer, branch, asked.paths),
    readPullRequests(writer, { head: branch, base }),
  ]);
  if (tag.commit !== undefined)
    throw new Fault("RA6010", {
      saw: `${version.tag} is tagged already, at ${tag.commit.slice(0, 7)}: its files cannot change any more`,
      next: "Prepare the next version.",
    });
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const previous = orderOf(scheme, version, tag.tags).previous?.tag;
  const facts = await readReleaseFacts(connection.github, {
    tag: version.tag,
    previousTag: previous,
    branch: base,
  });
  // The pull request of the release itself is no change of the product.
  const own = new Set(pulls.map(({ number }) => number));
  const changes = facts.pullRequests.filter(({ number }) => !own.has(number));
  const { body: notes } = renderNotes(
    { ...facts, pullRequests: changes },
    { ...(doi ? { doi } : {}), limit: Number.MAX_SAFE_INTEGER },
  );
  const plan: Plan = { version, doi, notes, ...asked };
  const date =
    preparedDate(plan, atBranch.files) ??
    preparedDate(plan, atBase.files) ??
    dayIn(pipeline.timezone, connection.github.now());
  const changed = (files: Files): Files => changedFiles(plan, date, files);

  const notesPath = join(job.env.temp, "release-notes.md");
  writeFileSync(notesPath, notes);
  warnOfManifests(
    job,
    pipeline,
    version,
    atBranch.commit === undefined ? atBase.files : atBranch.files,
  );
  const end = (pull: PullRequest | undefined) =>
    ended({ pull, plan, notesPath, previous: previous ?? "", count: changes.length });

  const open = pulls.find(({ state }) => state === "open");
  if (open === undefined && Object.keys(changed(atBase.files)).length === 0)
    return end(pulls.findLast(({ state }) => state === "merged"));
  const past = pulls.at(-1);
  if (open === undefined && past !== undefined && atBranch.commit !== undefined)
    throw new Fault("RA6013", {
      saw: `the pull request #${past.number} of ${branch} is ${past.state}, and the branch is still there`,
    });
  if (!inputs.appToken)
    job.warn(
      "The pull request's checks will not start",
      "GitHub starts no workflow for what a job's own token does. Give `app-token` the token of a GitHub App with `contents: write` and `pull-requests: write`.",
    );

  const run = <T>(step: Parameters<typeof runToEnd<T>>[0]) => runToEnd(step, connection.steps);
  let head = atBranch;
  if (head.commit === undefined) {
    if (atBase.commit === undefined)
      throw new Fault("RA5004", { saw: `the branch ${base} does not exist` });
    const made = await run(branchStep(writer, { branch, commit: atBase.commit }));
    // Another run may have made it, and written to it.
    head =
      made.value.commit === atBase.commit ? atBase : await readLedger(writer, branch, asked.paths);
  }
  await run(
    appendStep(writer, {
      branch,
      title: `Write ${asked.paths.filter((path) => !isManifestOnly(plan, path)).join(", ")} on ${branch}`,
      key: `files of ${branch}`,
      paths: asked.paths,
      head,
      isThere: ({ files }) => Object.keys(changed(files)).length === 0,
      next: ({ commit, files }) => {
        // A ledger begins with its first entry; this branch is never made of nothing but these files.
        if (commit === undefined)
          throw new Fault("RA5004", { saw: `the branch ${branch} is not there any more` });
        return { message: `Release ${version.text}`, files: changed(files) };
      },
    }),
  );
  const { value: pull } = await run(
    pullRequestStep(writer, { head: branch, base, ...pullText(connection, plan) }),
  );
  return end(pull);
}

function versionOf(pipeline: Pipeline, given: string | undefined): Version {
  if (given === undefined)
    throw new Fault("RA1205", { saw: "`version` is not given, and the event has none" });
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const version = readVersion(scheme, given);
  if ("wrong" in version)
    throw new Fault("RA1302", {
      saw: `${JSON.stringify(given)} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
      next: `Name a version such as ${scheme.example}.`,
    });
  return version;
}

function filesAsked(pipeline: Pipeline): Pick<Plan, "changelog" | "writeTo" | "paths"> {
  const { changelog, "pull-request": wanted } = pipeline.release;
  const writeTo = pipeline.zenodo?.["write-to"] ?? [];
  if (wanted === false)
    throw new Fault("RA6010", { saw: "`release.pull-request` is false in the pipeline's file" });
  if (changelog === undefined && writeTo.length === 0)
    throw new Fault("RA6010", {
      saw: "the pipeline's file has neither `release.changelog` nor `zenodo.write-to`",
    });
  const paths = [...(changelog ? [changelog] : []), ...writeTo, ...(pipeline.tag?.manifests ?? [])];
  return { changelog, writeTo, paths: [...new Set(paths)] };
}

async function reservedDoi(
  connection: Connection,
  pipeline: Pipeline,
  version: Version,
): Promise<string | undefined> {
  if (pipeline.zenodo === undefined) return undefined;
  const deposit = await recordedDoi(connection, pipeline, version.text);
  if (deposit === undefined)
    throw new Fault("RA6011", { saw: `the ledger has no DOI for ${version.text}` });
  return deposit.doi;
}

/** All writes go through one token, so that GitHub sees one author, and starts the checks of later commits too. */
function openWriter(connection: Connection, appToken: string | undefined, job: Job): GitHub {
  if (!appToken) return connection.github;
  return openGitHub({
    transport: connection.transport,
    token: appToken,
    repository: job.env.repository,
    apiUrl: job.env.apiUrl,
    serverUrl: job.env.serverUrl,
  });
}

/** The day of an earlier run: a later one of the same files writes nothing. */
function preparedDate(plan: Plan, files: Files): string | undefined {
  const { text } = plan.version;
  const days = plan.paths.map((path) =>
    isCitation(path)
      ? citationDate(files[path], text)
      : isChangelog(plan, path)
        ? sectionDate(files[path], text)
        : undefined,
  );
  return days.find((day) => day !== undefined);
}

/** The files that differ from what the release wants. @throws Fault RA5004, RA6012 */
function changedFiles(plan: Plan, date: string, files: Files): Files {
  const entries = plan.paths.flatMap((path) => {
    if (isManifestOnly(plan, path)) return [];
    const written = writeFile(plan, date, path, files[path]);
    return written === files[path] ? [] : [[path, written] as const];
  });
  return Object.fromEntries(entries);
}

function writeFile(plan: Plan, date: string, path: string, before: string | undefined): string {
  const { doi, notes } = plan;
  const version = plan.version.text;
  if (isChangelog(plan, path)) return writeSection(before, { version, date, notes });
  if (before === undefined) throw new Fault("RA5004", { saw: `${path} does not exist` });
  if (isCitation(path)) return writeCitation(before, { version, date, doi });
  if (doi === undefined) return before;
  const written = writeDoi(before, doi);
  if (written === undefined) throw new Fault("RA6012", { saw: `${path} has no place for a DOI` });
  return written;
}

function isChangelog({ changelog, writeTo }: Plan, path: string): boolean {
  return path === changelog || (writeTo.includes(path) && /(^|\/)changelog(\.md)?$/i.test(path));
}

function isCitation(path: string): boolean {
  return path.endsWith(".cff");
}

function isManifestOnly({ changelog, writeTo }: Plan, path: string): boolean {
  return path !== changelog && !writeTo.includes(path);
}

/** Manifests are the team's to raise: their tools keep lock files in step with them. */
function warnOfManifests(job: Job, pipeline: Pipeline, version: Version, files: Files): void {
  for (const path of pipeline.tag?.manifests ?? []) {
    const text = files[path];
    const said = text === undefined ? { wrong: "it does not exist" } : manifestVersion(path, text);
    const known = "version" in said ? said.version : said.wrong;
    // CITATION.cff may be both, and is written here.
    if (known === version.text || isCitation(path)) continue;
    job.warn(
      "A manifest names another version",
      `${path}: ${known}. Raise it to ${version.text} in the release pull request; the tag is refused otherwise.`,
    );
  }
}

function pullText(
  connection: Connection,
  plan: Plan,
): { title: string; body: string; mark: string } {
  const { owner, name } = connection.github.repository;
  const key = createHash("sha256").update(`${owner}/${name} prepare ${plan.version.tag}`);
  const mark = `<!-- release-actions prepare ${key.digest("hex").slice(0, 32)}`;
  const written = plan.paths.filter((path) => !isManifestOnly(plan, path));
  return {
    title: `Release ${plan.version.text}`,
    mark,
    body: lines(
      `Brings ${written.map(markdownCode).join(", ")} to version ${markdownText(plan.version.text)}.`,
      "",
      ...(plan.doi
        ? [`Reserved DOI: ${markdownLink(plan.doi, `https://doi.org/${plan.doi}`)}`, ""]
        : []),
      `Merge this before the version is tagged. The files are brought up to date by running the workflow again; text outside its marks is yours.`,
      "",
      `${mark} -->`,
    ),
  };
}

/** YYYY-MM-DD of a moment in a zone. */
function dayIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

function ended(about: {
  pull: PullRequest | undefined;
  plan: Plan;
  notesPath: string;
  previous: string;
  count: number;
}): ActionResult<PublishReleaseOutputs> {
  const { pull, plan, notesPath, previous, count } = about;
  const version = markdownText(plan.version.text);
  return {
    ok: true,
    outputs: {
      notes: notesPath,
      previousTag: previous,
      pullRequest: pull === undefined ? "" : String(pull.number),
      reasons: "[]",
    },
    summary: lines(
      pull === undefined || pull.state === "merged"
        ? `### The files of ${version} are ready`
        : `### The release pull request of ${version} is open`,
      "",
      pull === undefined
        ? "The default branch has them already. Nothing was written."
        : pull.state === "merged"
          ? `${markdownLink(`#${pull.number}`, pull.url)} is merged. Next: release ${version}.`
          : `Next: review and merge ${markdownLink(`#${pull.number}`, pull.url)}, then release ${version}.`,
      "",
      `${count} pull requests since ${markdownText(previous || "the beginning")}.`,
      ...(plan.doi ? ["", `DOI ${markdownText(plan.doi)}`] : []),
    ),
  };
}
