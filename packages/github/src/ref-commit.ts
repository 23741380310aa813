import { Fault } from "@release-actions/codes";
import { statusOf, type GitHub } from "./client.ts";

/**
 * The commit that a branch, a tag or a short name of a commit means now; undefined where there is none, or where the token may
 * not see the repository: GitHub does not tell these apart. @throws Fault RA50xx
 */
export async function readRefCommit(github: GitHub, ref: string): Promise<string | undefined> {
  try {
    const found = await github.find<{ sha: string }>(
      "GET /repos/{owner}/{repo}/commits/{ref}",
      { ref },
      "sha",
    );
    return found !== undefined && /^[0-9a-f]{40,64}$/.test(found.sha) ? found.sha : undefined;
  } catch (error) {
    if (error instanceof Fault && statusOf(error.cause) === 422) return undefined;
    throw error;
  }
}
