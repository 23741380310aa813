import { Fault } from "@release-actions/codes";
import {
  closeIssueStep,
  commentStep,
  issueBodyStep,
  issueStep,
  labelStep,
  readIssue,
  subIssueStep,
  type Issue,
} from "@release-actions/github";
import { ledgerPaths, type IssueRecord, type VersionRecord } from "@release-actions/ledger";
import { markdownText } from "@release-actions/markdown";
import type { Step } from "@release-actions/plan";
import type { Version } from "@release-actions/versions";
import type { Connection } from "../connect.ts";
import { sentenceIn } from "../legible.ts";
import { issueTitle } from "../gate/gate-facts.ts";
import { dueNotices, withNotices } from "../notices.ts";
import { runToEnd } from "../run-to-end.ts";
import { issueBody, ledgerLines, markOf, subIssueLines, type BodyFacts } from "./body.ts";
import { readBook, writeRecord, type Book, type LoadedPipeline } from "./book.ts";
import { readMilestone, readScope } from "./scope.ts";
import { candidateOf } from "./state.ts";
import { statusComment } from "./status-comment.ts";
import { openSubIssues, type Family } from "./sub-issues.ts";

export type Opened = { issue: IssueRecord; record: VersionRecord; book: Book };

/**
 * Opens the release issue of a version, or brings the machine's parts of it up to date: the issue, its sub-issues, our comment,
 * and last the ledger's record of them. People's lines stay as they are. @throws Fault RA5501, RA60xx, RA50xx
 */
export async function openReleaseIssue(
  connection: Connection,
  pipeline: LoadedPipeline,
  about: { version: Version; purpose: string | undefined },
): Promise<Opened> {
  const { github } = connection;
  const { version } = about;
  const book = await readBook(connection, pipeline, version);
  const known = book.record?.issue;
  if (known?.state === "closed" && book.record !== undefined)
    return { issue: known, record: book.record, book };
  const purpose = sentenceIn(about.purpose ?? "") ?? known?.purpose;
  if (purpose === undefined)
    throw new Fault("RA5501", { saw: `\`purpose\` is not given for ${version.text}` });

  const mark = markOf("issue", github, pipeline.product, version.text);
  const scope = await readScope(connection, pipeline, book);
  const milestone = await readMilestone(connection, pipeline, version);
  const present = known === undefined ? undefined : await readIssue(github, known.number);
  const facts: BodyFacts = {
    pipeline,
    version,
    purpose,
    mark,
    candidate: candidateOf(pipeline, book.record),
    changes: scope.changes,
    toResolve: milestone?.open ?? [],
    milestone,
    items: scope.items.filter((item) => !item["sub-issue"]).map(({ item }) => item),
    machine: [],
    notes: undefined,
    report: reportUrl(connection, pipeline, version),
  };
  const done = async <T>(step: Step<T>): Promise<T> =>
    (await runToEnd(step, connection.steps)).value;
  const labels = pipeline.issue.labels ?? ["release"];
  const issue =
    present ??
    (await done(
      issueStep(github, {
        title: issueTitle(pipeline, version),
        body: issueBody("", facts),
        mark,
        labels,
        assignees: assigneesOf(pipeline),
        adopt: true,
      }),
    ));
  if (present === undefined && labels.length > 0)
    await done(labelStep(github, issue.number, labels));

  const family = await openSubIssues(connection, pipeline, { version, issue, scope, known });
  const subIssues = family.subIssues.map(({ item, number }) => ({ item, number }));
  // What the release issue lists as still open is not its own work.
  const own = [issue.number, family.notes.number, ...subIssues.map(({ number }) => number)];
  const machine = machineLines(pipeline, book, milestone, family);
  await done(
    issueBodyStep(github, {
      issue: issue.number,
      write: (before) =>
        issueBody(before, {
          ...facts,
          toResolve: facts.toResolve.filter(({ number }) => !own.includes(number)),
          machine,
          notes: family.notes.number,
        }),
    }),
  );
  const statusMark = markOf("status", github, pipeline.product, version.text);
  const comment = await done(
    commentStep(github, {
      issue: issue.number,
      mark: statusMark,
      known: known?.comment,
      write: (before) =>
        statusComment(before, { pipeline, book, record: book.record, mark: statusMark }),
    }),
  );
  const wanted: IssueRecord = {
    number: issue.number,
    url: issue.url,
    state: "open",
    purpose,
    notes: family.notes.number,
    subIssues,
    comment: comment.id,
    // Whom `four-eyes` keeps from approving.
    by: known?.by ?? connection.job.env.triggeringActor,
  };
  return recordIssue(connection, pipeline, book, {
    wanted,
    gone: present ? undefined : known?.number,
    issue,
    mark,
  });
}

/** The record comes last: from now on every run finds the issue by it. Of two runs the first to write wins. */
async function recordIssue(
  connection: Connection,
  pipeline: LoadedPipeline,
  book: Book,
  about: { wanted: IssueRecord; gone: number | undefined; issue: Issue; mark: string },
): Promise<Opened> {
  const { wanted, gone, issue, mark } = about;
  const others = (record: VersionRecord | undefined): boolean =>
    record?.issue !== undefined &&
    record.issue.number !== gone &&
    record.issue.number !== wanted.number;
  const version = book.version.text;
  const notices = dueNotices(pipeline, {
    event: "requested",
    key: `issue-${wanted.number}`,
    title: `${pipeline.product} ${version} is requested`,
    lines: [
      { label: "Version", text: version },
      { label: "Purpose", text: wanted.purpose },
      { label: "Issue", text: `#${wanted.number}`, url: wanted.url },
    ],
    at: connection.github.now().toISOString(),
    known: book.record?.notices,
  });
  const record = await writeRecord(connection, pipeline, book, {
    title: `Record the release issue #${wanted.number} in the ledger`,
    key: `issue of ${book.version.text}`,
    message: `${book.version.text}: release issue #${wanted.number}`,
    isThere: (present) =>
      others(present) || JSON.stringify(present?.issue) === JSON.stringify(wanted),
    change: (present) => withNotices({ ...present, issue: wanted }, notices),
  });
  if (others(record) && record.issue !== undefined)
    await giveWay(connection, record.issue, wanted, issue.byBot && issue.body.includes(mark));
  return { issue: record.issue ?? wanted, record, book };
}

/** Another run recorded its issue while lists lagged for both: what only this one has is a double, the rest is the other's. */
async function giveWay(
  connection: Connection,
  kept: IssueRecord,
  lost: IssueRecord,
  isOurs: boolean,
): Promise<void> {
  const { github, steps } = connection;
  const family = numbersOf(kept);
  const doubles = [...(isOurs ? [lost.number] : []), ...numbersOf(lost)].filter(
    (number) => number !== kept.number && !family.includes(number),
  );
  for (const number of doubles) await runToEnd(closeIssueStep(github, number), steps);
  for (const number of family) {
    const child = await readIssue(github, number);
    if (child !== undefined) await runToEnd(subIssueStep(github, kept.number, child), steps);
  }
}

function numbersOf({ notes, subIssues }: IssueRecord): number[] {
  return [...(notes === undefined ? [] : [notes]), ...subIssues.map(({ number }) => number)];
}

function machineLines(
  pipeline: LoadedPipeline,
  book: Book,
  milestone: { title: string; url?: string; open: Issue[] } | undefined,
  family: Family,
): BodyFacts["machine"] {
  const own = [
    book.record?.issue?.number,
    family.notes.number,
    ...family.subIssues.map(({ number }) => number),
  ];
  const pulls = milestone?.open.filter(({ isPull }) => isPull) ?? [];
  const issues =
    milestone?.open.filter(({ isPull, number }) => !isPull && !own.includes(number)) ?? [];
  return [
    ...(milestone?.url === undefined
      ? []
      : [
          {
            key: "merged",
            text: `Every pull request and issue of the milestone ${markdownText(milestone.title)} is done${pulls.length + issues.length === 0 ? "" : ` (${pulls.length} pull requests and ${issues.length} issues are open)`}`,
            done: pulls.length + issues.length === 0,
          },
        ]),
    ...subIssueLines(family.subIssues, family.subIssues),
    ...ledgerLines(pipeline, book),
  ];
}

/** The release report is what the ledger holds of the version. */
function reportUrl(connection: Connection, pipeline: LoadedPipeline, version: Version): string {
  const { serverUrl, repository } = connection.github;
  const path = [
    repository.owner,
    repository.name,
    "blob",
    ...pipeline.ledger.branch.split("/"),
    ...ledgerPaths(pipeline.product, "").version(version.text).split("/"),
  ];
  return `${serverUrl}/${path.map(encodeURIComponent).join("/")}`;
}

function assigneesOf(pipeline: LoadedPipeline): string[] {
  const logins = (pipeline.issue.assignees ?? []).flatMap((role) => pipeline.roles[role] ?? []);
  // GitHub takes ten, and no teams.
  return [
    ...new Set(
      logins.filter((login) => !login.includes("/")).map((login) => login.replace(/^@/, "")),
    ),
  ].slice(0, 10);
}
