import { codes, refuse, type Finding, type Refusal } from "@release-actions/codes";
import { commentStep, readComment, readIssue, type Comment } from "@release-actions/github";
import type { VersionRecord } from "@release-actions/ledger";
import { markdownText } from "@release-actions/markdown";
import { schemeOf } from "@release-actions/versions";
import { readVersion } from "../candidate.ts";
import type { Connection } from "../connect.ts";
import { readCommand, type Command } from "../gate/command.ts";
import { sendDue } from "../notices.ts";
import { runToEnd } from "../run-to-end.ts";
import { markOf, versionInBody } from "./body.ts";
import { readBook, versionOf, type Book, type LoadedPipeline } from "./book.ts";
import { decide } from "./decide.ts";
import { statusComment } from "./status-comment.ts";

/** `kind`: what was decided; undefined where the comment is no command, or may not be obeyed. */
export type Commanded = {
  kind: Command["kind"] | undefined;
  findings: Finding[];
  /** Undefined where the issue is not the release issue of any version. */
  book: Book | undefined;
  record: VersionRecord | undefined;
};

/**
 * Reads the comment of an event again, judges it, records the decision once for each comment, and answers in our one comment.
 * Only in the issue that the ledger names for its version. @throws Fault RA50xx
 */
export async function obeyComment(
  connection: Connection,
  pipeline: LoadedPipeline,
  event: { comment: number; body: string | undefined },
): Promise<Commanded> {
  const { github } = connection;
  const comment = await readComment(github, event.comment);
  const command = comment === undefined ? undefined : readCommand(comment.body);
  if (comment === undefined || command === undefined) return nothing("the comment is no command");
  if (comment.authorType !== "User") return nothing("the comment was not written by a person");
  const book = await bookOf(connection, pipeline, comment.issue);
  if (book?.record?.issue?.number !== comment.issue)
    return nothing(`#${comment.issue} is not the release issue of a version`);

  // A later job of the same event, or a later attempt: what was decided stays decided, and what it made due is sent.
  const known = book.record.decisions?.find((one) => one.comment === comment.id);
  if (known !== undefined)
    return decided(
      connection,
      pipeline,
      book,
      book.record,
      known.kind,
      `The decision of @${known.login} was recorded before.`,
    );

  const judged =
    comment.edited || (event.body !== undefined && event.body.trim() !== comment.body.trim())
      ? { refusal: refuse("RA5507", "the comment was edited") }
      : await decide(connection, pipeline, book, comment, command);
  const record = "refusal" in judged ? book.record : judged.record;
  await answer(
    connection,
    pipeline,
    book,
    record,
    comment,
    "refusal" in judged ? sentence(judged.refusal) : judged.said,
  );
  if ("refusal" in judged)
    return {
      kind: undefined,
      findings: [{ rule: "command", holds: false, ...judged.refusal }],
      book,
      record,
    };
  return decided(connection, pipeline, book, judged.record, command.kind, judged.said);
}

/** The decision is recorded with its notices; what this job can send is sent now, the rest by a later one. */
async function decided(
  connection: Connection,
  pipeline: LoadedPipeline,
  book: Book,
  record: VersionRecord,
  kind: Command["kind"],
  saw: string,
): Promise<Commanded> {
  const run = { id: connection.job.env.runId };
  const sent = await sendDue(connection, pipeline, book.version.text, run);
  return {
    kind,
    findings: [{ rule: "command", holds: true, saw }, ...sent.findings],
    book,
    record: sent.record ?? record,
  };
}

function nothing(saw: string): Commanded {
  return {
    kind: undefined,
    findings: [{ rule: "command", holds: false, saw, next: "Nothing needs to be done." }],
    book: undefined,
    record: undefined,
  };
}

/** The body says which version an issue is about; only the ledger makes it true. */
async function bookOf(
  connection: Connection,
  pipeline: LoadedPipeline,
  number: number,
): Promise<Book | undefined> {
  const issue = await readIssue(connection.github, number);
  const named = issue === undefined || issue.isPull ? undefined : versionInBody(issue.body);
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  if (named === undefined || "wrong" in readVersion(scheme, named)) return undefined;
  return readBook(connection, pipeline, versionOf(pipeline, named));
}

async function answer(
  connection: Connection,
  pipeline: LoadedPipeline,
  book: Book,
  record: VersionRecord | undefined,
  comment: Comment,
  text: string,
): Promise<void> {
  const mark = markOf("status", connection.github, pipeline.product, book.version.text);
  const step = commentStep(connection.github, {
    issue: comment.issue,
    mark,
    known: record?.issue?.comment,
    write: (before) =>
      statusComment(before, {
        pipeline,
        book,
        record,
        mark,
        answer: {
          comment: comment.id,
          url: comment.url,
          login: `@${comment.login}`,
          text: markdownText(text),
        },
      }),
  });
  await runToEnd(step, connection.steps);
}

function sentence({ code, saw, next }: Refusal): string {
  return `${saw}. ${next} (${code}: ${codes[code].title})`;
}
