import { peel, readCommit } from "./git/commits.ts";
import { entryAt } from "./git/trees.ts";
import type { Session } from "./tokens.ts";
import type { Repository, World } from "./world.ts";

/** Whether a token may change files under .github/workflows: a job's never may. */
export function mayChangeWorkflows({ token }: Session): boolean {
  return token?.kind === "user" || token?.permissions.workflows === "write";
}

/**
 * Whether moving a ref by the API would bring workflow files that no branch has, by a token that may not do so.
 * For tags GitHub was seen to refuse and to allow it, so there it is a switch of the world.
 */
export function bringsWorkflows(
  { world, repository, session }: { world: World; repository: Repository; session: Session },
  ref: string,
  sha: string,
): boolean {
  if (mayChangeWorkflows(session)) return false;
  if (ref.startsWith("refs/tags/") && !world.restTagsCheckWorkflows) return false;
  const folder = workflowFolder(repository, sha);
  if (!folder) return false;
  return !repository.refs
    .list("refs/heads/")
    .some((branch) => workflowFolder(repository, branch.sha) === folder);
}

/** The tree of .github/workflows at a commit. */
function workflowFolder(repository: Repository, sha: string): string | undefined {
  const commit = peel(repository.objects, sha);
  const tree = commit ? readCommit(repository.objects, commit)?.tree : undefined;
  return tree ? entryAt(repository.objects, tree, ".github/workflows")?.sha : undefined;
}
