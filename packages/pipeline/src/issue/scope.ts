import {
  findMilestone,
  readChangedFiles,
  readOpenIssues,
  readReleaseFacts,
  readTagFacts,
} from "@release-actions/github";
import { runningRelease } from "@release-actions/ledger";
import { schemeOf, type Version } from "@release-actions/versions";
import { fill } from "../configuration/placeholders.ts";
import type { ChecklistItem } from "../configuration/schema.ts";
import type { Connection } from "../connect.ts";
import { itemApplies } from "../gate/checklist.ts";
import { releaseBranches } from "../release-branches.ts";
import { orderOf } from "../release-order.ts";
import type { BodyFacts } from "./body.ts";
import type { Book, LoadedPipeline } from "./book.ts";

/** What a release changes, and the items of the checklist that apply to it. */
export type Scope = { changes: BodyFacts["changes"]; items: ChecklistItem[] };

/** What the release changes, from the release before it to its tag, or to the branch where it will be tagged. */
export async function readScope(
  connection: Connection,
  pipeline: LoadedPipeline,
  { version, current }: Pick<Book, "version" | "current">,
): Promise<Scope> {
  const { github } = connection;
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const { tags, commit } = await readTagFacts(github, {
    tag: version.tag,
    branches: [],
    checks: false,
    files: [],
  });
  const previousTag = orderOf(scheme, version, tags).previous?.tag;
  const branch =
    commit === undefined
      ? ((await releaseBranches(connection, pipeline))[0] ?? pipeline.defaultBranch)
      : undefined;
  const changes = await readReleaseFacts(github, {
    tag: version.tag,
    previousTag,
    ...(branch === undefined ? {} : { branch }),
  });
  // As the gate will ask: what changes for an environment is what changed since the release that runs there,
  // else since the tag before.
  const asked = await Promise.all(
    pipeline.environments.map(async ({ name, gate }) => {
      const items = gate?.checklist ?? [];
      const base = runningRelease(current[name])?.commit ?? previousTag;
      const changed =
        base !== undefined && items.some((item) => item["if-changed"]?.length)
          ? await readChangedFiles(github, base, branch ?? version.tag)
          : undefined;
      return items.filter((item) => itemApplies(item, changed));
    }),
  );
  const each = new Map(asked.flat().map((item) => [item.item.trim().toLowerCase(), item]));
  return { changes, items: [...each.values()] };
}

/** The milestone of the release and what is open in it; `open` is empty where there is none of this name. */
export async function readMilestone(
  connection: Connection,
  pipeline: LoadedPipeline,
  version: Version,
) {
  const title = milestoneTitle(pipeline, version);
  if (title === undefined) return undefined;
  const found = await findMilestone(connection.github, title);
  return found === undefined
    ? { title, open: [] }
    : {
        title,
        url: found.url,
        number: found.number,
        open: await readOpenIssues(connection.github, found.number),
      };
}

/** Title of the milestone that `issue.milestone` names. */
export function milestoneTitle(pipeline: LoadedPipeline, version: Version): string | undefined {
  return pipeline.issue.milestone === undefined
    ? undefined
    : fill(pipeline.issue.milestone, {
        version: version.text,
        product: pipeline.product,
        tag: version.tag,
      });
}
