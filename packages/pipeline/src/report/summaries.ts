import { codes, type Finding } from "@release-actions/codes";
import type { Entry, Release } from "@release-actions/ledger";
import type { Cluster, ReleaseJob } from "@release-actions/deploy";
import { markdownCode, markdownLink, markdownText } from "@release-actions/markdown";
import type { Approved, Ending } from "../bring-or-take-back.ts";
import { spoken } from "../configuration/duration.ts";
import type { Decision } from "../decision.ts";
import type { ReleaseJobs } from "../release-jobs.ts";
import { standingLine } from "../standing.ts";
import { instant, nextOf, nextText, sawOf, shortDigest } from "./sentences.ts";
import { evidenceLines, troubleLines } from "./trouble-lines.ts";

type Head = Pick<Decision, "pipeline" | "environment" | "request" | "world">;

/** What stood against it, all reasons at once; nothing was written. */
export function refusedSummary(about: {
  decision: Head;
  version: string;
  findings: Finding[];
  runs: Release | undefined;
  skipped: boolean;
}): string {
  const { decision, version, findings, runs } = about;
  const { product } = decision.pipeline;
  const place = decision.environment.name;
  return lines(
    `### ${markdownText(capital(place))} ${runs ? `still runs ${markdownText(runs.version)}` : "was not changed"}. ${markdownText(`${product}${version ? ` ${version}` : ""}`)} was ${about.skipped ? "skipped" : "refused"}.`,
    "",
    "Nothing was written.",
    "",
    ...reasonLines(findings.filter((finding) => !finding.holds && !finding.warning)),
    ...findingTable(findings),
  );
}

/** What the access to the cluster allows and should not. */
export function accessLines(cluster: Pick<Cluster, "warnings"> | undefined): string[] {
  return (cluster?.warnings ?? []).flatMap((warning) => [
    "",
    `**Unsafe:** ${markdownText(warning)}`,
  ]);
}

/** How the cluster's configuration compares with what it was before. */
function configurationLines(differences: string[] | undefined): string[] {
  if (differences === undefined) return [];
  if (differences.length === 0)
    return ["The configuration in the cluster is what it was before.", ""];
  return [
    "**Otherwise than before:**",
    "",
    ...differences.map((line) => `- ${markdownText(line)}`),
    "",
  ];
}

/** What stands against it, and what to do about it. */
export function reasonLines(open: Finding[]): string[] {
  return open.flatMap((finding) => [
    `**Why:** ${markdownText(sawOf(finding))}${finding.code ? ` (${finding.code}: ${codes[finding.code].title})` : ""}`,
    "",
    ...(nextOf(finding) ? [`**Next:** ${nextText(nextOf(finding))}`, ""] : []),
  ]);
}

/** What a run would do. */
export function dryRunSummary(about: {
  decision: Head;
  release: Release;
  findings: Finding[];
  tags: string[];
  /** Git tags that are to be made. */
  gitTags: { repository: string; tag: string; commit: string }[];
  /** Undefined where no manifests are applied. */
  objects: string[] | undefined;
  script: string | undefined;
  /** Of AWX. */
  template?: string | undefined;
  jobs?: ReleaseJobs;
}): string {
  const { decision, release, tags, gitTags, objects, script, template, jobs = {} } = about;
  const run = (job: ReleaseJob | undefined): string[] =>
    job === undefined ? [] : [`run the Job ${markdownCode(job.path)}, once`];
  const restores = [
    "open an entry in the ledger",
    ...run(jobs.restore),
    "run the smoke checks",
    "close the entry, and tell whom `notify` names",
  ];
  const deploys = [
    "open an entry in the ledger, and GitHub's deployment",
    ...gitTags.map(
      ({ repository, tag, commit }) =>
        `make the tag ${markdownCode(tag)} in ${markdownText(repository)} at ${markdownCode(commit.slice(0, 7))}`,
    ),
    `give ${release.components.length} ${plural(release.components.length, "image")} the ${plural(tags.length, "tag")} ${tags.map(markdownCode).join(", ")}`,
    ...run(jobs.before),
    ...(objects === undefined
      ? []
      : [
          `apply ${objects.length} ${plural(objects.length, "object")}: ${objects.map(markdownText).join(", ") || "none"}`,
        ]),
    ...(script === undefined ? [] : [`run ${markdownCode(script)} of the tagged commit`]),
    ...(template === undefined ? [] : [`launch the AWX job template ${markdownCode(template)}`]),
    ...run(jobs.after),
    "wait for the rollout and run the smoke checks; after a failure go back to the recorded release",
    "close the entry, and tell whom `notify` names",
  ];
  const steps = decision.request.action === "restore" ? restores : deploys;
  return lines(
    `### Dry run: ${markdownText(decision.pipeline.product)} ${markdownText(release.version)} may go to ${markdownText(decision.environment.name)}`,
    "",
    "Nothing was written. A run would, in this order:",
    "",
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    "",
    ...componentTable(release),
    "",
    ...findingTable(about.findings),
  );
}

/** A run that was started again and had nothing to do. */
export function earlierSummary(about: {
  decision: Head;
  own: Entry;
  newer: Entry | undefined;
  /** One sentence: what was done all the same. */
  did: string;
  /** What came of its notices. */
  told: Finding[];
}): string {
  const { own, newer, decision, did, told } = about;
  return lines(
    newer
      ? `### Nothing was done: ${markdownText(newer.release.version)} came after this run`
      : `### Nothing was left to do: ${markdownText(own.release.version)} ${markdownText(own.result)} in ${markdownText(decision.environment.name)}`,
    "",
    newer
      ? `This run's entry ${markdownCode(own.id)} (${markdownText(own.release.version)}) is followed by ${markdownCode(newer.id)} (${markdownText(newer.release.version)}). An old run never puts an old version back.`
      : `This run's entry ${markdownCode(own.id)} is closed. ${did}`,
    "",
    ...noticeLines(told),
    newer
      ? `**Next:** to release ${markdownText(own.release.version)} again, start a new run.`
      : "",
  );
}

type EndedRun = {
  run: Approved;
  entry: Entry;
  /** `notices`: what came of the messages; those that arrived are not shown. */
  ending: Ending & { notices?: Finding[] };
  milliseconds: number;
};

/** How it ended: what runs now, why, what to do next. */
export function endSummary(about: EndedRun): string {
  return about.ending.result === "passed" ? passedSummary(about) : failedSummary(about);
}

function passedSummary({ run, entry, ending, milliseconds }: EndedRun): string {
  const { pipeline, environment, release } = run;
  const smoke = ending.outcome.smoke;
  const verb = { rollback: "runs again", restore: "runs on restored data", release: "is live" }[
    entry.action
  ];
  return lines(
    `### ${markdownText(pipeline.product)} ${markdownText(release.version)} ${verb} in ${markdownText(environment.name)}`,
    "",
    "| | |",
    "| --- | --- |",
    `| Version | ${entry.replaced ? `${markdownText(entry.replaced.version)} → ` : ""}**${markdownText(release.version)}** |`,
    ...release.components.map(
      (component) =>
        `| ${markdownText(component.name)} | ${markdownCode(shortDigest(component.digest))}${entry.action === "release" && environment.from ? ", the digest that was tested" : ""} |`,
    ),
    ...(ending.running.length > 0
      ? [
          `| Ready | ${ending.running.map((workload) => markdownText(`${workload.name} ${workload.ready} of ${workload.wanted}`)).join(", ")} |`,
        ]
      : []),
    ...(smoke
      ? [
          `| Checks | ${smoke.results.filter((result) => result.passed).length} of ${smoke.results.length}${smoke.p95 === undefined ? "" : `, p95 ${Math.round(smoke.p95)} ms`} |`,
        ]
      : []),
    ...(ending.checks?.includes("rollback")
      ? [
          `| Rollback | exercised: back to ${markdownText(entry.replaced?.version ?? "")} and forward again |`,
        ]
      : []),
    ...entry.approvals.map(
      (approval) =>
        `| Approved | ${markdownText(`${approval.login} (${approval.role})`)} ${markdownLink("comment", approval.url)}, ${instant(approval.at, pipeline.timezone)} |`,
    ),
    ...(entry.reason ? [`| Reason | ${markdownText(entry.reason)} |`] : []),
    `| Ledger | ${markdownCode(entry.id)} by ${markdownText(entry.actor)}, ${instant(entry.openedAt, pipeline.timezone)} |`,
    "",
    ...accessLines(run.cluster),
    ...configurationLines(ending.differences),
    ...(ending.notes ?? []).flatMap((note) => [markdownText(note), ""]),
    ...(environment.url ? [markdownLink(`Open ${environment.name}`, environment.url), ""] : []),
    ...(environment["accept-by"] !== undefined && entry.action === "release"
      ? [
          `**Next:** ${markdownText(environment["accept-by"])} tests it more widely, then comments ${markdownCode(`/accept ${release.version}`)} in the release issue. It is published after that.`,
          "",
        ]
      : []),
    ...(entry.replaced && entry.action === "release"
      ? [
          `To go back to ${markdownText(entry.replaced.version)}: start the workflow with the action \`rollback\` and a reason.`,
          "",
        ]
      : []),
    ...noteLines(ending.outcome.rollout?.notes),
    ...noticeLines(ending.notices ?? []),
    ...stepDetails(run, milliseconds),
    marker(entry, release),
  );
}

/** What a rollout did not wait for, or what is held back on purpose. */
export function noteLines(notes: readonly string[] = []): string[] {
  return notes.length === 0 ? [] : ["", ...notes.map((note) => `- ${markdownText(note)}`), ""];
}

function failedSummary({ run, entry, ending, milliseconds }: EndedRun): string {
  const { pipeline, release } = run;
  const trouble = ending.trouble;
  return lines(
    `### ${markdownText(firstLineOf(run, entry, ending))}`,
    "",
    ...(trouble ? troubleLines(trouble) : []),
    ...(ending.noWayBack ? [`**Not rolled back:** ${markdownText(ending.noWayBack)}`, ""] : []),
    ...accessLines(run.cluster),
    ...configurationLines(ending.differences),
    "| | before | now |",
    "| --- | --- | --- |",
    `| Version | ${markdownText(entry.replaced?.version ?? "none")} | ${markdownText(ending.runs?.version ?? "see the workloads")} |`,
    ...ending.running.map(
      (workload) =>
        `| ${markdownText(workload.name)} | | ${workload.ready} of ${workload.wanted} ready, ${workload.images.map((image) => markdownCode(shortDigest(image.digest))).join(", ")} |`,
    ),
    "",
    ...(trouble ? evidenceLines(trouble) : []),
    ...noticeLines(ending.notices ?? []),
    ...stepDetails(run, milliseconds),
    `Ledger: ${markdownCode(entry.id)} by ${markdownText(entry.actor)}, ${instant(entry.openedAt, pipeline.timezone)}`,
    marker(entry, release),
  );
}

/** What runs now and what failed, as the cluster said when it was asked after the failure. In plain text. */
export function firstLineOf(
  { environment, release }: Pick<Approved, "environment" | "release">,
  { action, replaced }: Pick<Entry, "action" | "replaced">,
  { result, runs, standing }: Pick<Ending, "result" | "runs" | "standing">,
): string {
  const [place, { version }, rolledBack] = [environment.name, release, result === "rolled-back"];
  const recorded = replaced?.version;
  if (standing)
    return standingLine({ standing, place, what: action, version, recorded, rolledBack });
  // No cluster to ask.
  return runs === undefined
    ? `The ${action} of ${version} into ${place} failed and was not rolled back.`
    : `${capital(place)} still runs ${runs.version}. The ${action} of ${version} failed${rolledBack ? " and was rolled back" : ""}.`;
}

/** What of the messages needs somebody's eye: not delivered, not known, or waiting for a job with the secret. */
export function noticeLines(notices: Finding[]): string[] {
  return notices
    .filter(({ holds }) => !holds)
    .flatMap((finding) => [
      `**Notice:** ${markdownText(finding.saw)}${finding.code ? ` (${finding.code})` : ""}${nextOf(finding) ? ` **Next:** ${nextText(nextOf(finding))}` : ""}`,
      "",
    ]);
}

/** The rules as a table. */
export function findingTable(findings: Finding[]): string[] {
  return [
    "| Rule | | Seen |",
    "| --- | --- | --- |",
    ...findings.map(
      (finding) =>
        `| ${markdownText(finding.rule)} | ${finding.holds ? "holds" : finding.warning ? "warning" : "**does not hold**"} | ${markdownText(sawOf(finding))} |`,
    ),
    "",
  ];
}

export function componentTable(release: Release): string[] {
  return [
    "| Component | Image | Digest |",
    "| --- | --- | --- |",
    ...release.components.map(
      ({ name, image, digest }) =>
        `| ${markdownText(name)} | ${markdownCode(image)} | ${markdownCode(shortDigest(digest))} |`,
    ),
  ];
}

function stepDetails({ world }: Pick<Approved, "world">, milliseconds: number): string[] {
  return [
    `<details><summary>What was done (${world.records.length} steps, ${spoken(milliseconds)}, ${world.transport.sent.length} requests)</summary>`,
    "",
    "| Step | Result |",
    "| --- | --- |",
    ...world.records.map(
      (record) => `| ${markdownText(record.title)} | ${record.result.replace("-", " ")} |`,
    ),
    "",
    "</details>",
    "",
  ];
}

/** Found by tools: which entry this text is about. The values are of our own making. */
function marker(entry: Entry, release: Release): string {
  const digest = release.components[0]?.digest ?? "";
  return `<!-- release-actions:v1 ${JSON.stringify({ entry: entry.id, environment: entry.environment, digest }).replaceAll("--", "- -")} -->`;
}

export const lines = (...parts: string[]): string =>
  `${parts
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
const plural = (count: number, word: string): string => (count === 1 ? word : `${word}s`);
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
