import { ledgerFile } from "../../test-support/shop.ts";
import { allPermissions, type JobWish, type Stage } from "../../test-support/stage.ts";

/** A step that promotes into an environment, with every secret. */
export const into = (stage: Stage, environment: string, more: JobWish = {}): JobWish => ({
  ...more,
  inputs: { environment, kubeconfig: stage.kubeconfig, ...stage.registryLogin, ...more.inputs },
});

/** All that a job needs that also keeps the release issue up to date. */
export const withIssues = { ...allPermissions, issues: "write" } as const;

export type Entry = {
  id: string;
  result: string;
  actor: string;
  run: { id: number };
  release: { version: string };
  why?: string;
};
type Current = { latest: Entry; passed: { entry: string; release: { version: string } }[] };
export const currentOf = (stage: Stage, environment: string) =>
  ledgerFile<Current>(stage, `${environment}/current.json`);
/** What an environment runs by the ledger. */
export const runs = (stage: Stage, environment: string) =>
  currentOf(stage, environment)?.passed.at(-1)?.release.version;
/** Commits of the ledger so far. */
export const appends = (stage: Stage) =>
  stage.repository.ref("refs/heads/release-ledger")
    ? stage.repository.log("release-ledger").length
    : 0;

/** Opens the release issue of a version as a person starts it; its number. */
export async function openIssue(stage: Stage, version: string): Promise<number> {
  const { outputs, log } = await stage.run("release-issue", {
    permissions: withIssues,
    dispatch: { version, purpose: "Sell more" },
    inputs: { step: "open" },
  });
  const number = Number(outputs["number"]);
  if (!number) throw new Error(`no release issue of ${version}: ${log}`);
  return number;
}

/** A person's comment, and the event that tells of it. */
export function say(
  stage: Stage,
  issue: number,
  login: string,
  body: string,
): Required<Pick<JobWish, "comment">> {
  const { id } = stage.repository.comment({ issue, body, by: login });
  return { comment: { id, issue, body, login } };
}

/** Writes a file of the product's folder into the ledger, as an action did on another day. */
export function writeLedger(stage: Stage, path: string, value: unknown): void {
  const branch = "release-ledger";
  stage.repository.commit({
    branch,
    message: path,
    author: "ada",
    ...(stage.repository.ref(`refs/heads/${branch}`) ? {} : { parents: [] }),
    files: { [`shop/${path}`]: JSON.stringify(value) },
  });
}
