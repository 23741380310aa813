import { Fault } from "@release-actions/codes";
import {
  commentStep,
  issueBodyStep,
  type LedgerHead,
  readSubIssues,
} from "@release-actions/github";
import { ledgerPaths, readVersionRecord, type Entry } from "@release-actions/ledger";
import type { Connection } from "../connect.ts";
import { runToEnd } from "../run-to-end.ts";
import { ledgerLines, markOf, refreshedBody, subIssueLines } from "./body.ts";
import { readBook, versionOf, type LoadedPipeline } from "./book.ts";
import { candidateOf } from "./state.ts";
import { statusComment } from "./status-comment.ts";

/** Brings the release issues that an entry tells of up to date: that of its release, and that of what a rollback took back. */
export async function refreshIssues(
  connection: Connection,
  pipeline: LoadedPipeline,
  { action, release, replaced }: Entry,
  head?: LedgerHead,
): Promise<void> {
  await refreshIssue(connection, pipeline, release.version, head);
  if (action === "rollback" && replaced !== undefined)
    await refreshIssue(connection, pipeline, replaced.version, head);
}

/**
 * Brings the release issue of a version up to date with the ledger: the candidate, what has passed, and our one comment.
 * Nothing where the version has no open issue. What happened has happened: that it cannot be told there is only a warning.
 * `head`: one that was read with the version's record; where it has no open issue, nothing is asked.
 */
export async function refreshIssue(
  connection: Connection,
  pipeline: LoadedPipeline,
  version: string,
  head?: LedgerHead,
): Promise<void> {
  const { github, job } = connection;
  try {
    const path = ledgerPaths(pipeline.product, "").version(version);
    if (head !== undefined && readVersionRecord(path, head.files[path])?.issue?.state !== "open")
      return;
    const book = await readBook(connection, pipeline, versionOf(pipeline, version));
    const { record } = book;
    if (record?.issue?.state !== "open") return;
    const issue = record.issue.number;
    const { subIssues } = record.issue;
    const children = subIssues.length === 0 ? [] : await readSubIssues(github, issue);
    const facts = {
      pipeline,
      version: book.version,
      mark: markOf("issue", github, pipeline.product, book.version.text),
      candidate: candidateOf(pipeline, record),
      machine: [...subIssueLines(subIssues, children), ...ledgerLines(pipeline, book)],
    };
    const write = (before: string): string => refreshedBody(before, facts);
    await runToEnd(issueBodyStep(github, { issue, write }), connection.steps);
    const mark = markOf("status", github, pipeline.product, book.version.text);
    await runToEnd(
      commentStep(github, {
        issue,
        mark,
        known: record.issue.comment,
        write: (before) => statusComment(before, { pipeline, book, record, mark }),
      }),
      connection.steps,
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    job.warn(
      "The release issue is not up to date",
      `${error.saw}. Next: ${error.next} (${error.code})`,
    );
  }
}
