import {
  readChangedFiles,
  readEnvironmentReviews,
  readIssue,
  readReleaseIssue,
  readSubIssues,
  type ChangedFiles,
  type GitHub,
  type ReleaseIssue,
  type TagFacts,
} from "@release-actions/github";
import {
  lastPass,
  runningRelease,
  sameBuild,
  type IssueRecord,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { schemeOf, type Version } from "@release-actions/versions";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";
import { fill } from "../configuration/placeholders.ts";
import type { History } from "../history.ts";
import type { Request } from "../request.ts";
import { orderOf } from "../release-order.ts";
import { judgeApprovals, type ApprovalFacts, type Reviews } from "./approvals.ts";
import type { SubIssue } from "./checklist.ts";

/** What the rules about people and the release issue look at. */
export type GateFacts = {
  title: string;
  issue: ReleaseIssue | undefined;
  /** Who had the issue opened, a person; undefined where a bot did and the ledger does not say for whom. */
  requester: string | undefined;
  /** Sub-issues of the issue, and those that the record names wherever they are; empty where no item asks. */
  subIssues: SubIssue[];
  /** Undefined: no item asks, or nothing ran here before. */
  changed: ChangedFiles | undefined;
  /** Undefined: the comments sufficed, or the run was given no version. */
  reviews: Reviews | undefined;
};

/** The rules that look at the release issue; for a rollback and a restore `exceptions` names the approvals, and the others are waived. */
export function issueRulesOf(
  environment: Pick<EnvironmentSettings, "gate" | "exceptions">,
  request: Pick<Request, "action">,
) {
  if (request.action !== "release")
    return {
      approvals: environment.exceptions?.[request.action]?.approvals ?? [],
      checklist: [],
      fourEyes: false,
    };
  const { gate } = environment;
  return {
    approvals: gate?.approvals ?? [],
    checklist: gate?.checklist ?? [],
    fourEyes: gate?.["four-eyes"] ?? false,
  };
}

/** Labels under which `readTagFacts` looks for the release issue; undefined where no rule looks at it. */
export function issueLabelsOf(
  pipeline: Pick<Pipeline, "issue">,
  environment: Pick<EnvironmentSettings, "gate" | "exceptions">,
  request: Pick<Request, "action">,
): string[] | undefined {
  const { approvals, checklist, fourEyes } = issueRulesOf(environment, request);
  return approvals.length > 0 || checklist.length > 0 || fourEyes
    ? (pipeline.issue.labels ?? ["release"])
    : undefined;
}

/** Title of the release issue. */
export function issueTitle(
  pipeline: Pick<Pipeline, "issue" | "product">,
  version: Pick<Version, "text" | "tag">,
): string {
  return fill(pipeline.issue.title ?? "Release ${version} of ${product}", {
    version: version.text,
    product: pipeline.product,
    tag: version.tag,
  });
}

export type GateQuestion = {
  pipeline: Pipeline;
  environment: EnvironmentSettings;
  request: Pick<Request, "action" | "version" | "run">;
  history: Pick<History, "current">;
  version: Version;
  facts: TagFacts;
  record: VersionRecord | undefined;
  /** The environment whose passes count. */
  tested: string | undefined;
};

/** Reads what the rules still lack; sends nothing where `facts` has it all. @throws Fault RA50xx */
export async function readGateFacts(github: GitHub, ask: GateQuestion): Promise<GateFacts> {
  const rules = issueRulesOf(ask.environment, ask.request);
  const title = issueTitle(ask.pipeline, ask.version);
  const issue = await findIssue(github, ask, title);
  const known: GateFacts = {
    title,
    issue,
    requester: requesterOf(issue, ask.record?.issue),
    subIssues:
      issue !== undefined && rules.checklist.some((item) => item["sub-issue"])
        ? await readItsSubIssues(github, issue.number, ask.record?.issue)
        : [],
    changed: rules.checklist.some((item) => item["if-changed"]?.length)
      ? await readChanged(github, ask)
      : undefined,
    reviews: undefined,
  };
  const { approvals } = rules;
  // A review is bound to what the run was given: without a version the reviewer could not know what is released.
  if (approvals.length === 0 || ask.request.version === undefined) return known;
  const release = lastPass(ask.record, ask.tested ?? "")?.release;
  const byComments = judgeApprovals(approvalFactsOf(ask, known, release, approvals));
  return byComments.finding.holds ? known : { ...known, reviews: await readReviews(github, ask) };
}

/** The issue that the ledger names; without a record the oldest open one with the title. Its comments are all there. */
async function findIssue(
  github: GitHub,
  { facts, record }: GateQuestion,
  title: string,
): Promise<ReleaseIssue | undefined> {
  if (facts.issues === undefined) return undefined;
  const number = record?.issue?.number;
  const listed =
    number === undefined
      ? facts.issues.filter((issue) => issue.title === title).toSorted(byNumber)[0]
      : facts.issues.find((issue) => issue.number === number);
  if (listed !== undefined && listed.comments.length >= listed.commentCount) return listed;
  // Closed, without its label, or with more comments than the list holds: a refusal must not drown in them.
  const wanted = listed?.number ?? number;
  return wanted === undefined ? undefined : readReleaseIssue(github, wanted);
}

function byNumber(a: { number: number }, b: { number: number }): number {
  return a.number - b.number;
}

function requesterOf(
  issue: ReleaseIssue | undefined,
  record: IssueRecord | undefined,
): string | undefined {
  return record?.by ?? (issue?.authorType === "User" ? issue.author : undefined);
}

async function readItsSubIssues(
  github: GitHub,
  parent: number,
  record: IssueRecord | undefined,
): Promise<SubIssue[]> {
  const linked = await readSubIssues(github, parent);
  const others = (record?.subIssues ?? []).filter(
    ({ number }) => !linked.some((sub) => sub.number === number),
  );
  const read = await Promise.all(others.map(({ number }) => readIssue(github, number)));
  return [...linked, ...read.filter((issue) => issue !== undefined)];
}

/** The release's files: from what runs in the environment, else from the tag before, to the commit of the tag. */
async function readChanged(
  github: GitHub,
  { pipeline, history, version, facts }: GateQuestion,
): Promise<ChangedFiles | undefined> {
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const before =
    runningRelease(history.current)?.commit ?? orderOf(scheme, version, facts.tags).previous?.tag;
  return before === undefined || facts.commit === undefined
    ? undefined
    : readChangedFiles(github, before, facts.commit);
}

async function readReviews(
  github: GitHub,
  { environment, request }: GateQuestion,
): Promise<Reviews> {
  const { run } = request;
  const read = await readEnvironmentReviews(github, run.id, environment.name);
  return "lacks" in read ? read : { ...read, at: github.now().toISOString(), url: run.url };
}

/** What the approvals of `required` are judged by. */
export function approvalFactsOf(
  about: Pick<
    GateQuestion,
    "pipeline" | "environment" | "record" | "version" | "tested" | "history"
  > & {
    request: Pick<Request, "action">;
  },
  gate: GateFacts,
  release: Release | undefined,
  required: ApprovalFacts["required"],
): ApprovalFacts {
  const { pipeline, environment, record, version } = about;
  // The first pass of these very digests: testing them again does not take an approval back, building anew does.
  const tested =
    release === undefined
      ? undefined
      : record?.passes.find(
          (pass) => pass.environment === environment.from && sameBuild(pass.release, release),
        )?.at;
  const withdrawals = record?.withdrawn.map((line) => line.at) ?? [];
  const { fourEyes } = issueRulesOf(environment, about.request);
  // Whoever approved the release has not approved that its data are overwritten.
  const { latest } = about.history.current ?? {};
  const last =
    about.request.action === "restore" ? (latest?.closedAt ?? latest?.openedAt) : undefined;
  const notBefore = [...[tested, last].filter((at) => at !== undefined), ...withdrawals]
    .toSorted()
    .at(-1);
  return {
    required,
    roles: pipeline.roles,
    issue: gate.issue,
    title: gate.title,
    version: version.text,
    digests: release?.components.map((component) => component.digest) ?? [],
    environment: environment.name,
    notBefore,
    recorded: (record?.decisions ?? [])
      .filter(({ kind }) => kind === "approve")
      .map(({ comment }) => comment),
    ...(last === undefined ? {} : { spent: latest?.approvals.map(({ comment }) => comment) ?? [] }),
    ...(fourEyes && gate.requester !== undefined ? { requester: gate.requester } : {}),
    ...(gate.reviews === undefined ? {} : { reviews: gate.reviews }),
  };
}
