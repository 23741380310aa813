import type { Code } from "@release-actions/codes";
import type { Cause, Rollout } from "@release-actions/deploy";

/** What stands in the way of a release, in one form for deployments and smoke tests. All but `code` and `next` may be foreign text. */
export type Trouble = {
  code: Code;
  plain: string;
  said?: string;
  object?: string;
  log?: string[];
  /** The log of the container's other run. */
  otherLog?: string[];
  /** What the cluster warned about it. */
  warnings?: string[];
  /** What to do, one sentence. */
  next: string;
  /** What to type; foreign names in it are quoted for a shell. */
  command?: string;
};

/** How the bringing out ended, without the smoke test. */
export type Deployed = {
  rollout: Rollout | undefined;
  trouble: Trouble | undefined;
  /** Where it ended before the environment was touched: why, as the first half of a sentence. */
  untouched?: string;
};

/** What stopped a rollout, in the form of every trouble. */
export function troubleOf(cause: Cause | undefined): Trouble {
  if (cause === undefined)
    return { code: "RA3114", plain: "the rollout did not get through", next: "Look at the pods." };
  return {
    code: cause.code,
    plain: cause.plain,
    ...(cause.clusterSaid ? { said: cause.clusterSaid } : {}),
    object: cause.object,
    ...(cause.log ? { log: cause.log } : {}),
    ...(cause.otherLog ? { otherLog: cause.otherLog } : {}),
    ...(cause.warnings ? { warnings: cause.warnings } : {}),
    next: cause.next,
    ...(cause.command ? { command: cause.command } : {}),
  };
}
