import { Fault, type Finding } from "@release-actions/codes";
import {
  closeIssueStep,
  closeMilestoneStep,
  commentStep,
  findMilestone,
  readIssue,
  readOpenIssues,
  readSubIssues,
  type Issue,
  type Milestone,
} from "@release-actions/github";
import type { IssueRecord, VersionRecord } from "@release-actions/ledger";
import { markdownLink } from "@release-actions/markdown";
import type { Step } from "@release-actions/plan";
import type { Version } from "@release-actions/versions";
import type { Connection } from "../connect.ts";
import { withPeople } from "../gate/approvals.ts";
import { dueNotices, withNotices } from "../notices.ts";
import { runToEnd } from "../run-to-end.ts";
import { openTicks } from "../gate/checklist.ts";
import { markOf } from "./body.ts";
import { readBook, writeRecord, type Book, type LoadedPipeline } from "./book.ts";
import { milestoneTitle } from "./scope.ts";
import { acceptanceOf, lastEnvironment, standingPass } from "./state.ts";
import { statusComment } from "./status-comment.ts";

export type Closed = {
  issue: IssueRecord;
  record: VersionRecord;
  /** What is still open; nothing was written then. */
  open: Finding[];
  already: boolean;
};

/** Closes the release issue and its milestone when nothing of the release is left to do, else says all that is. @throws Fault RA5503, RA50xx */
export async function closeReleaseIssue(
  connection: Connection,
  pipeline: LoadedPipeline,
  version: Version,
): Promise<Closed> {
  const { github } = connection;
  const book = await readBook(connection, pipeline, version);
  const { record } = book;
  if (record?.issue === undefined)
    throw new Fault("RA5503", { saw: `the ledger names no release issue of ${version.text}` });
  const known = record.issue;
  if (known.state === "closed") return { issue: known, record, open: [], already: true };
  const issue = await readIssue(github, known.number);
  if (issue === undefined) throw new Fault("RA5503", { saw: `issue #${known.number} is gone` });

  const release = await findRelease(connection, version);
  const children = await readSubIssues(github, issue.number);
  const title = milestoneTitle(pipeline, version);
  const milestone = title === undefined ? undefined : await findMilestone(github, title);
  const open: Finding[] = [
    ...judgeAccepted(pipeline, book),
    ...judgePublished(pipeline, book, release),
    ...judgeItems(issue, children, known),
    ...(await judgeMilestone(connection, milestone, [
      issue.number,
      known.notes ?? 0,
      ...children.map(({ number }) => number),
    ])),
  ];
  if (open.length > 0) return { issue: known, record, open, already: false };

  const done = async <T>(step: Step<T>): Promise<T> =>
    (await runToEnd(step, connection.steps)).value;
  if (
    known.notes !== undefined &&
    children.some(({ number, state }) => number === known.notes && state === "open")
  )
    await done(closeIssueStep(github, known.notes));
  const mark = markOf("status", github, pipeline.product, version.text);
  const closed: IssueRecord = { ...known, state: "closed" };
  const published = [
    `**Published:** ${[
      ...(release === undefined ? [] : [markdownLink(`release ${version.tag}`, release.url)]),
      ...(book.deposit === undefined
        ? []
        : [`DOI ${markdownLink(book.deposit.doi, `https://doi.org/${book.deposit.doi}`)}`]),
    ].join(", ")}`,
  ];
  await done(
    commentStep(github, {
      issue: issue.number,
      mark,
      known: known.comment,
      write: (before) =>
        statusComment(before, {
          pipeline,
          book,
          record: { ...record, issue: closed },
          mark,
          published,
        }),
    }),
  );
  await done(closeIssueStep(github, issue.number));
  if (milestone !== undefined) await done(closeMilestoneStep(github, milestone));
  const environment = lastEnvironment(pipeline)?.name;
  const notices = dueNotices(pipeline, {
    event: "published",
    ...(environment === undefined ? {} : { environment }),
    key: `issue-${issue.number}`,
    title: `${pipeline.product} ${version.text} is published`,
    lines: [
      { label: "Version", text: version.text },
      ...(release === undefined ? [] : [{ label: "Release", text: version.tag, url: release.url }]),
      ...(book.deposit === undefined
        ? []
        : [{ label: "DOI", text: book.deposit.doi, url: `https://doi.org/${book.deposit.doi}` }]),
    ],
    at: github.now().toISOString(),
    known: record.notices,
  });
  const written = await writeRecord(connection, pipeline, book, {
    title: `Record that the release issue #${issue.number} is closed`,
    key: `issue of ${version.text} closed`,
    message: `${version.text}: release issue #${issue.number} closed`,
    isThere: (present) => present?.issue?.state === "closed",
    change: (present) =>
      withNotices({ ...present, issue: { ...(present.issue ?? known), state: "closed" } }, notices),
  });
  return { issue: closed, record: written, open: [], already: false };
}

type Release = { url: string; draft: boolean };

async function findRelease(connection: Connection, version: Version): Promise<Release | undefined> {
  const found = await connection.github.find<{ html_url: string; draft: boolean }>(
    "GET /repos/{owner}/{repo}/releases/tags/{tag}",
    { tag: version.tag },
    "html_url draft",
  );
  return found === undefined ? undefined : { url: found.html_url, draft: found.draft };
}

function item(rule: string, saw: string, next?: string): Finding {
  return { rule, holds: false, code: "RA5502", saw, ...(next === undefined ? {} : { next }) };
}

function judgeAccepted(pipeline: LoadedPipeline, book: Book): Finding[] {
  const last = lastEnvironment(pipeline);
  const version = book.version.text;
  if (last === undefined) return [];
  if (standingPass(book.record, last.name) === undefined)
    return [item("passed", `${version} has not passed in ${last.name}`)];
  const role = last["accept-by"];
  return role === undefined || acceptanceOf(book.record, last.name) !== undefined
    ? []
    : [
        item(
          "accepted",
          `${version} is not accepted in ${last.name}`,
          `${withPeople(pipeline.roles, role)} comments \`/accept ${version}\` in the release issue.`,
        ),
      ];
}

function judgePublished(
  pipeline: LoadedPipeline,
  book: Book,
  release: Release | undefined,
): Finding[] {
  const { deposit, version } = book;
  const isOut = release !== undefined && !release.draft;
  return [
    ...(isOut
      ? []
      : [
          item(
            "release",
            `there is no published GitHub release of ${version.tag}`,
            "Run publish-release for this version.",
          ),
        ]),
    ...(pipeline.zenodo === undefined || deposit?.state === "published"
      ? []
      : [
          item(
            "zenodo",
            deposit === undefined
              ? `no DOI is recorded for ${version.text}`
              : `the Zenodo record ${deposit.doi} is ${deposit.state}, not published`,
            "Run zenodo-doi with `step: publish` for this version.",
          ),
        ]),
  ];
}

function judgeItems(issue: Issue, children: Issue[], known: IssueRecord): Finding[] {
  const unticked = openTicks(issue.body);
  const open = children.filter(({ number, state }) => state === "open" && number !== known.notes);
  return [
    ...open.map(({ number, title }) =>
      item("sub-issue", `sub-issue #${number} is open: ${title}`, `Do it and close #${number}.`),
    ),
    ...unticked.map((text) =>
      item(
        "checklist",
        `not ticked in #${issue.number}: ${text}`,
        `Do it and tick it in #${issue.number}.`,
      ),
    ),
  ];
}

async function judgeMilestone(
  connection: Connection,
  milestone: Milestone | undefined,
  own: number[],
): Promise<Finding[]> {
  if (milestone === undefined) return [];
  const open = (await readOpenIssues(connection.github, milestone.number)).filter(
    ({ number }) => !own.includes(number),
  );
  return open.length === 0
    ? []
    : [
        item(
          "milestone",
          `the milestone ${milestone.title} has open issues: ${open.map(({ number }) => `#${number}`).join(", ")}`,
          "Close them or move them to another milestone.",
        ),
      ];
}
