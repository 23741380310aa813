import { readBranches } from "@release-actions/github";
import type { World } from "./connect.ts";
import { branchMatches } from "./glob.ts";

/** The branches that `tag.branch` names; globs are compared with the branches that exist. */
export async function releaseBranches(
  world: Pick<World, "github">,
  pipeline: { defaultBranch: string; tag?: { branch?: string[] | undefined } | undefined },
): Promise<string[]> {
  const wanted = pipeline.tag?.branch ?? [];
  if (wanted.length === 0) return [pipeline.defaultBranch];
  if (wanted.every((glob) => !/[*?]/.test(glob))) return wanted;
  const existing = await readBranches(world.github);
  return existing
    .filter((branch) => wanted.some((glob) => branchMatches(glob, branch)))
    .slice(0, 20);
}
