import { readLedger, runHasEnded, type LedgerHead } from "@release-actions/github";
import {
  ledgerPaths,
  readCurrent,
  readEntry,
  readRun,
  readVersionRecord,
  type Current,
  type Entry,
  type VersionRecord,
} from "@release-actions/ledger";
import { Fault } from "@release-actions/codes";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import type { World } from "./connect.ts";

/** What the ledger says before a run begins. */
export type History = {
  head: LedgerHead;
  /** The environment itself. */
  current: Current | undefined;
  /** The environment that it takes releases from. */
  from: Current | undefined;
  /** The entry that this run opened in an earlier attempt. */
  own: Entry | undefined;
  lock: Lock;
};

export type Lock =
  | { state: "free" }
  | { state: "abandoned"; entry: Entry }
  | { state: "held"; entry: Entry; unsure?: string };

/** Reads the ledger for one environment: one query, and one request about the lock's holder when there is one. */
export async function readHistory(
  world: World,
  pipeline: Pipeline,
  environment: { name: string; from?: string | undefined },
  run: number,
): Promise<History> {
  const paths = ledgerPaths(pipeline.product, environment.name);
  const fromPath =
    environment.from === undefined
      ? undefined
      : ledgerPaths(pipeline.product, environment.from).current;
  const head = await readLedger(world.github, pipeline.ledger.branch, [
    paths.current,
    paths.run(run),
    ...(fromPath ? [fromPath] : []),
  ]);
  const current = readCurrent(paths.current, head.files[paths.current]);
  const ownId = readRun(paths.run(run), head.files[paths.run(run)]);
  return {
    head,
    current,
    from: fromPath ? readCurrent(fromPath, head.files[fromPath]) : undefined,
    own:
      ownId === undefined
        ? undefined
        : await readOwn(world, pipeline, environment.name, ownId, current),
    lock: await readLock(world, current, ownId),
  };
}

/** What the ledger has of any environment; asks only for one that was not read already. */
export function currentIn(
  world: World,
  pipeline: Pipeline,
  environment: { name: string; from?: string | undefined },
  history: History,
): (name: string) => Promise<Current | undefined> {
  return async (name) => {
    if (name === environment.name) return history.current;
    if (name === environment.from) return history.from;
    const path = ledgerPaths(pipeline.product, name).current;
    const head = await readLedger(world.github, pipeline.ledger.branch, [path]);
    return readCurrent(path, head.files[path]);
  };
}

/** The entry that brought out what ran when this run began. */
export async function readPassedEntry(
  world: World,
  pipeline: Pipeline,
  environment: string,
  { current }: Pick<History, "current">,
): Promise<Entry | undefined> {
  const id = current?.passed.at(-1)?.entry;
  return id === undefined ? undefined : readOwn(world, pipeline, environment, id, current);
}

/** Records of versions, in the order asked. */
export async function readVersions(
  world: World,
  pipeline: Pipeline,
  versions: string[],
): Promise<(VersionRecord | undefined)[]> {
  const paths = versions.map((version) => ledgerPaths(pipeline.product, "").version(version));
  const head = await readLedger(world.github, pipeline.ledger.branch, paths);
  return paths.map((path) => readVersionRecord(path, head.files[path]));
}

async function readOwn(
  world: World,
  pipeline: Pipeline,
  environment: string,
  id: string,
  current: Current | undefined,
): Promise<Entry | undefined> {
  if (current?.latest.id === id) return current.latest;
  const path = ledgerPaths(pipeline.product, environment).entry(id);
  const head = await readLedger(world.github, pipeline.ledger.branch, [path]);
  return readEntry(path, head.files[path]);
}

async function readLock(
  world: World,
  current: Current | undefined,
  own: string | undefined,
): Promise<Lock> {
  const holder = current?.latest;
  if (holder === undefined || holder.result !== "running" || holder.id === own)
    return { state: "free" };
  try {
    const ended = await runHasEnded(world.github, holder.run.id);
    return ended === false
      ? { state: "held", entry: holder }
      : { state: "abandoned", entry: holder };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "RA5003") throw error;
    return { state: "held", entry: holder, unsure: error.next };
  }
}
