import {
  keptPasses,
  keptReleases,
  type Current,
  type Entry,
  type EntryResult,
  type Notice,
  type Pass,
  type Release,
  type VersionRecord,
} from "./entry.ts";
import { ledgerPaths } from "./paths.ts";

/** Files to write in one append, path to content. */
export type Append = { message: string; files: Record<string, string> };

/** The id that the next entry of an environment gets. */
export function nextId(environment: string, current: Current | undefined): string {
  const last = current === undefined ? 0 : Number(current.latest.id.slice(environment.length + 1));
  return `${environment}-${last + 1}`;
}

/** Did an entry of an environment come after another of it? By their numbers: clocks are not exact to the second. */
export function isLater(id: string, than: string): boolean {
  const number = (entry: string): number => Number(/-(\d+)$/.exec(entry)?.[1] ?? 0);
  return number(id) > number(than);
}

/** Opens an entry: from now on it holds the environment's lock. */
export function openEntry(product: string, current: Current | undefined, entry: Entry): Append {
  const paths = ledgerPaths(product, entry.environment);
  const abandoned =
    current?.latest.result === "running" && current.latest.id !== entry.id
      ? current.latest
      : undefined;
  return {
    message: `${entry.id}: ${entry.action} ${entry.release.version} started by ${entry.actor}`,
    files: {
      [paths.current]: text({
        ...current,
        latest: entry,
        passed: current?.passed ?? [],
      } satisfies Current),
      [paths.entry(entry.id)]: text(entry),
      [paths.run(entry.run.id)]: text({ entry: entry.id }),
      // The lock's holder is gone: its entry is closed here, so that no entry stays open for ever.
      ...(abandoned
        ? {
            [paths.entry(abandoned.id)]: text({
              ...abandoned,
              result: "failed",
              closedAt: entry.openedAt,
              why: `Its run ended without closing it; ${entry.id} took over.`,
            } satisfies Entry),
          }
        : {}),
    },
  };
}

/** Closes an entry; writes the evidence that later environments ask for, and the notices that its end makes due. */
export function closeEntry(
  product: string,
  current: Current,
  end: {
    result: Exclude<EntryResult, "running">;
    at: string;
    runs?: Release;
    why?: string;
    checks?: string[];
    differences?: string[];
  },
  versions: {
    released: VersionRecord | undefined;
    replaced: VersionRecord | undefined;
    notices?: Notice[];
  },
): Append & { entry: Entry; current: Current } {
  const entry: Entry = {
    ...current.latest,
    result: end.result,
    closedAt: end.at,
    ...(end.runs ? { runs: end.runs } : {}),
    ...(end.why ? { why: end.why } : {}),
    ...(end.differences ? { differences: end.differences } : {}),
    ...(end.checks?.length ? { checks: end.checks } : {}),
  };
  const passed = (entry.checks ?? []).map((name) => [
    name,
    { at: end.at, entry: entry.id, version: entry.release.version },
  ]);
  const checks = { ...current.checks, ...(Object.fromEntries(passed) as Current["checks"]) };
  const next: Current = {
    latest: entry,
    passed: passedAfter(current.passed, entry, end.at),
    ...(Object.keys(checks).length > 0 ? { checks } : {}),
  };
  const paths = ledgerPaths(product, entry.environment);
  return {
    entry,
    current: next,
    message: `${entry.id}: ${entry.action} ${entry.release.version} ${entry.result}`,
    files: {
      [paths.current]: text(next),
      [paths.entry(entry.id)]: text(entry),
      ...evidence(product, entry, end.at, versions),
    },
  };
}

/** What runs in an environment by the ledger. */
export function runningRelease(current: Current | undefined): Release | undefined {
  return current?.passed.at(-1)?.release;
}

/** What a rollback takes back: what runs, also while it is taken back already, or a release that a run left half-way. */
export function lastBrought(current: Current | undefined): Release | undefined {
  return isHalfWay(current) && current?.latest.action === "release"
    ? current.latest.release
    : runningRelease(current);
}

/** What a rollback without a version goes back to: behind what was brought last. A rollback that is half-way is finished. */
export function releaseBefore(current: Current | undefined): Release | undefined {
  if (!isHalfWay(current)) return current?.passed.at(-2)?.release;
  return current?.latest.action === "rollback" ? current.latest.release : runningRelease(current);
}

/** The last entry did not pass, and what runs since is not known. */
function isHalfWay(current: Current | undefined): boolean {
  return (
    current !== undefined &&
    current.latest.action !== "restore" &&
    current.latest.result !== "passed" &&
    current.latest.runs === undefined
  );
}

function passedAfter(passed: Current["passed"], entry: Entry, at: string): Current["passed"] {
  // A restore changes what the release works on, not what runs.
  if (entry.result !== "passed" || entry.action === "restore") return passed;
  const line = { entry: entry.id, at, release: entry.release };
  if (entry.action === "rollback") {
    // What was rolled back is no longer a place to go back to.
    const index = passed.findIndex((before) => before.release.version === entry.release.version);
    return [...passed.slice(0, Math.max(index, 0)), line];
  }
  const others = passed.filter((before) => before.release.version !== entry.release.version);
  return [...others, line].slice(-keptReleases);
}

function evidence(
  product: string,
  entry: Entry,
  at: string,
  versions: Parameters<typeof closeEntry>[3],
): Record<string, string> {
  const paths = ledgerPaths(product, entry.environment);
  const { notices = [] } = versions;
  const passed = entry.result === "passed" && entry.action !== "restore";
  if (!passed && notices.length === 0) return {};
  const files: Record<string, string> = {};
  const pass = { environment: entry.environment, entry: entry.id, at, release: entry.release };
  const released = versions.released ?? { passes: [], withdrawn: [] };
  const record: VersionRecord = {
    ...released,
    passes: [...released.passes, ...(passed ? [pass] : [])].slice(-keptPasses),
    ...(notices.length === 0 ? {} : { notices: [...(released.notices ?? []), ...notices] }),
  };
  files[paths.version(entry.release.version)] = text(record);
  if (!passed) return files;
  for (const component of entry.release.components) {
    files[paths.digest(component.digest)] = text({
      component: component.name,
      version: entry.release.version,
    });
  }
  if (
    entry.action === "rollback" &&
    entry.replaced &&
    entry.replaced.version !== entry.release.version
  ) {
    const replaced = versions.replaced ?? { passes: [], withdrawn: [] };
    const withdrawal = {
      environment: entry.environment,
      entry: entry.id,
      at,
      reason: entry.reason ?? "",
    };
    files[paths.version(entry.replaced.version)] = text({
      ...replaced,
      withdrawn: [...replaced.withdrawn, withdrawal],
    } satisfies VersionRecord);
  }
  return files;
}

/** The newest pass of a version in an environment. */
export function lastPass(record: VersionRecord | undefined, environment: string): Pass | undefined {
  return record?.passes.findLast((pass) => pass.environment === environment);
}

/** Are these the same builds: the same commit, and for each component the same digest? */
export function sameBuild(a: Release, b: Release): boolean {
  const lines = (release: Release): string =>
    release.components
      .map(({ name, digest }) => `${name}=${digest}`)
      .toSorted()
      .join(" ");
  return a.commit === b.commit && lines(a) === lines(b);
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
