import { codes, refuse, type Refusal } from "@release-actions/codes";
import {
  runningRelease,
  type Acceptance,
  type Decision,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { isLast, type Pipeline } from "../configuration/pipeline-file.ts";
import type { Connection } from "../connect.ts";
import { judgeAcceptable } from "../gate/accept.ts";
import { dueNotices, withNotices } from "../notices.ts";
import { readBook, readRunningVersion, versionOf, writeRecord, type Book } from "./book.ts";
import { acceptedWhere, lastEnvironment } from "./state.ts";

export type AcceptWish = {
  /** Version or tag; without it what the environment runs. */
  version: string | undefined;
  /** Without it the last environment that runs the version and has `accept-by`. */
  environment?: string | undefined;
  /** Who accepts. */
  login: string;
  /** The comment, where it was given in one. */
  comment?: { id: number; url: string; at: string };
  /** Judge and write nothing. */
  dryRun?: boolean;
};

/** `fresh`: it was not accepted before. Notices of it are due in the record and not sent yet. */
export type Accepted = {
  acceptance: Acceptance;
  release: Release;
  record: VersionRecord;
  fresh: boolean;
};

/**
 * Records that the running release is accepted, once for each entry that passed.
 * For the comment `/accept` and for promote's action `accept`. @throws Fault RA1302, RA50xx
 */
export async function accept(
  connection: Connection,
  pipeline: Pipeline,
  wish: AcceptWish,
): Promise<Accepted | { refusal: Refusal }> {
  const where = wish.environment ?? lastEnvironment(pipeline)?.name ?? "";
  const version = wish.version ?? (await readRunningVersion(connection, pipeline, where));
  if (version === undefined)
    return {
      refusal: refuse(
        "RA1217",
        `nothing has passed in ${where} yet`,
        `Release a version into ${where} first.`,
      ),
    };
  const book = await readBook(connection, pipeline, versionOf(pipeline, version));
  return acceptIn(connection, pipeline, book, wish);
}

/** The same with the ledger read already. */
export async function acceptIn(
  connection: Connection,
  pipeline: Pipeline,
  book: Book,
  wish: AcceptWish,
): Promise<Accepted | { refusal: Refusal }> {
  const version = book.version.text;
  const place =
    pipeline.environments.find(({ name }) => name === wish.environment) ??
    acceptedWhere(pipeline, book) ??
    lastEnvironment(pipeline);
  if (place === undefined)
    return { refusal: refuse("RA1217", "the pipeline's file has no environments") };
  const { finding, accepts, already } = judgeAcceptable({
    environment: place,
    roles: pipeline.roles,
    version,
    actor: wish.login,
    current: book.current[place.name],
    record: book.record,
  });
  if (accepts === undefined) {
    const code = finding.code ?? "RA1217";
    return { refusal: refuse(code, finding.saw, finding.next ?? codes[code].next) };
  }
  const { comment } = wish;
  const line: Acceptance = {
    ...accepts,
    login: wish.login,
    at: comment?.at ?? connection.github.now().toISOString(),
    ...(comment ? { url: comment.url, comment: comment.id } : {}),
  };
  const decision: Decision | undefined = comment && {
    kind: "accept",
    login: wish.login,
    role: accepts.role,
    at: comment.at,
    url: comment.url,
    comment: comment.id,
    environment: place.name,
  };
  const notices = dueNotices(pipeline, {
    event: "accepted",
    environment: place.name,
    key: accepts.entry,
    title: isLast(pipeline, place.name)
      ? `${pipeline.product} ${version} is released`
      : `${pipeline.product} ${version} is accepted in ${place.name}`,
    lines: [
      { label: "Version", text: version },
      ...(book.record?.issue === undefined
        ? []
        : [{ label: "What it brings", text: book.record.issue.purpose }]),
      {
        label: "Accepted by",
        text: `${wish.login} (${accepts.role})`,
        ...(comment ? { url: comment.url } : {}),
      },
      ...(place.url === undefined ? [] : [{ label: "Address", text: place.url, url: place.url }]),
    ],
    at: line.at,
    known: book.record?.notices,
  });
  const known = (record: VersionRecord | undefined): Acceptance | undefined =>
    record?.accepted?.find(
      (one) => one.environment === accepts.environment && one.entry === accepts.entry,
    );
  const hasDecision = (record: VersionRecord | undefined): boolean =>
    decision === undefined ||
    (record?.decisions ?? []).some((one) => one.comment === decision.comment);
  const release = runningRelease(book.current[place.name]);
  if (release === undefined) return { refusal: refuse("RA1217", `nothing runs in ${place.name}`) };
  if (wish.dryRun) {
    const record = book.record ?? { passes: [], withdrawn: [] };
    return { acceptance: already ?? line, release, record, fresh: already === undefined };
  }
  const record = await writeRecord(connection, pipeline, book, {
    title: `Record that ${version} is accepted in ${place.name}`,
    key: `${accepts.entry} accepted`,
    message: `${accepts.entry}: ${version} accepted by ${wish.login}`,
    isThere: (present) => known(present) !== undefined && hasDecision(present),
    change: (present) =>
      withNotices(
        {
          ...present,
          accepted: [...(present.accepted ?? []), ...(known(present) ? [] : [line])],
          ...(decision === undefined || hasDecision(present)
            ? {}
            : { decisions: [...(present.decisions ?? []), decision] }),
        },
        notices,
      ),
  });
  return { acceptance: known(record) ?? line, release, record, fresh: already === undefined };
}
