import { Fault } from "@release-actions/codes";
import type { Cluster } from "@release-actions/deploy";
import { unendedLine, type Standing } from "./standing.ts";

/**
 * The same cluster, which knows whether something was sent to it that may have changed it. Helm, a script and AWX write by
 * themselves: of them it is always taken for so.
 */
export function noticingWrites(
  cluster: Cluster | undefined,
  by: { chart?: unknown; script?: unknown; awx?: unknown },
): {
  cluster: Cluster | undefined;
  wrote(): boolean;
} {
  let wrote = false;
  return {
    cluster: cluster && {
      ...cluster,
      request: (method, path, details) => {
        wrote ||= method !== "GET" && details?.query?.["dryRun"] === undefined;
        return cluster.request(method, path, details);
      },
    },
    wrote: () => wrote || (by.chart ?? by.script ?? by.awx) !== undefined,
  };
}

/**
 * Does work whose end may stay unknown: a login that runs out, a network that goes away. A fault after the first write tells first
 * what runs, by the cluster's own account. @throws Fault
 */
export async function tellingWhatRuns<T>(
  about: { place: string; version: string; recorded: string | undefined },
  how: { wrote(): boolean; ask(): Promise<Standing> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || !how.wrote()) throw error;
    const { code, saw, next, outcome } = error;
    const standing = await how.ask().catch((later: unknown): Standing => {
      if (!(later instanceof Fault)) throw later;
      return { runs: "unknown", why: later.saw };
    });
    const headline = unendedLine({ ...about, standing });
    throw new Fault(code, { saw, next, outcome, cause: error, headline });
  }
}
