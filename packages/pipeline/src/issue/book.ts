import { Fault } from "@release-actions/codes";
import { appendStep, readLedger, type LedgerHead } from "@release-actions/github";
import {
  ledgerPaths,
  readCurrent,
  readVersionRecord,
  recordVersion,
  runningRelease,
  type Current,
  type VersionRecord,
} from "@release-actions/ledger";
import { schemeOf, type Version } from "@release-actions/versions";
import { readVersion } from "../candidate.ts";
import type { Pipeline } from "../configuration/pipeline-file.ts";
import type { Connection } from "../connect.ts";
import { parseDeposit, type Deposit } from "../deposit.ts";
import { runToEnd } from "../run-to-end.ts";

export type LoadedPipeline = Pipeline & { defaultBranch: string };

/** All that the ledger knows of one version, and what runs where; read in one query. */
export type Book = {
  version: Version;
  head: LedgerHead;
  record: VersionRecord | undefined;
  /** By environment. */
  current: Record<string, Current | undefined>;
  deposit: Deposit | undefined;
};

/** The version that somebody named, in the pipeline's scheme. @throws Fault RA1205, RA1302 */
export function versionOf(pipeline: Pipeline, given: string | undefined): Version {
  if (given === undefined)
    throw new Fault("RA1205", { saw: "`version` is not given, and the event has none" });
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const version = readVersion(scheme, given);
  if (!("wrong" in version)) return version;
  throw new Fault("RA1302", {
    saw: `${JSON.stringify(given.slice(0, 100))} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
    next: `Name a version such as ${scheme.example}.`,
  });
}

/** Reads the ledger about a version. @throws Fault RA5010, RA50xx */
export async function readBook(
  connection: Pick<Connection, "github">,
  pipeline: Pipeline,
  version: Version,
): Promise<Book> {
  const places = pipeline.environments.map(({ name }) => ({
    name,
    path: ledgerPaths(pipeline.product, name).current,
  }));
  const paths = ledgerPaths(pipeline.product, "");
  const path = paths.version(version.text);
  const deposit = paths.deposit(version.text);
  const head = await readLedger(connection.github, pipeline.ledger.branch, [
    path,
    ...(pipeline.zenodo === undefined ? [] : [deposit]),
    ...places.map((place) => place.path),
  ]);
  return {
    version,
    head,
    record: readVersionRecord(path, head.files[path]),
    current: Object.fromEntries(
      places.map((place) => [place.name, readCurrent(place.path, head.files[place.path])]),
    ),
    deposit: parseDeposit(deposit, head.files[deposit]),
  };
}

/** The version that an environment runs by the ledger. @throws Fault RA5010, RA50xx */
export async function readRunningVersion(
  connection: Pick<Connection, "github">,
  pipeline: Pipeline,
  environment: string,
): Promise<string | undefined> {
  const path = ledgerPaths(pipeline.product, environment).current;
  const head = await readLedger(connection.github, pipeline.ledger.branch, [path]);
  return runningRelease(readCurrent(path, head.files[path]))?.version;
}

/**
 * Writes what is known of the version: one commit, made only if `isThere` does not find it in the record.
 * `change` is called again on a fresh record when another run was faster. Returns the record as it is then.
 */
export async function writeRecord(
  connection: Pick<Connection, "github" | "steps">,
  pipeline: Pipeline,
  book: Pick<Book, "version" | "head">,
  about: {
    title: string;
    key: string;
    message: string;
    isThere(record: VersionRecord | undefined): boolean;
    change(record: VersionRecord): VersionRecord;
  },
): Promise<VersionRecord> {
  const { text } = book.version;
  const path = ledgerPaths(pipeline.product, "").version(text);
  const recorded = (head: LedgerHead) => readVersionRecord(path, head.files[path]);
  const { value } = await runToEnd(
    appendStep(connection.github, {
      branch: pipeline.ledger.branch,
      title: about.title,
      key: about.key,
      paths: [path],
      head: book.head,
      isThere: (head) => about.isThere(recorded(head)),
      next: (head) =>
        recordVersion(pipeline.product, text, recorded(head), about.message, about.change),
    }),
    connection.steps,
  );
  const record = recorded(value);
  if (record === undefined)
    throw new Fault("RA5010", { saw: `${path} is not there after it was written` });
  return record;
}
