import type { GitHub } from "./client.ts";

/** Files that differ between two commits. `complete` false: there are more, or other ones, than are listed. */
export type ChangedFiles = { paths: string[]; complete: boolean };

/** GitHub lists so many files of a comparison and no more. */
const mostFiles = 300;

/** Reads which files differ from `base` to `head`; one request. An unknown commit gives an incomplete list. @throws Fault RA50xx */
export async function readChangedFiles(
  github: GitHub,
  base: string,
  head: string,
): Promise<ChangedFiles> {
  if (base === head) return { paths: [], complete: true };
  // All files are on the first page whatever its size; of the commits only one is wanted.
  const compared = await github.find<{
    behind_by: number;
    files?: { filename: string; previous_filename?: string }[];
  }>(
    "GET /repos/{owner}/{repo}/compare/{basehead}",
    {
      basehead: `${base}...${head}`,
      per_page: 1,
      page: 1,
    },
    "behind_by files? [filename previous_filename?]",
  );
  if (compared?.files === undefined) return { paths: [], complete: false };
  const { files } = compared;
  return {
    paths: files.flatMap(({ filename, previous_filename: before }) =>
      before === undefined ? [filename] : [filename, before],
    ),
    // The list begins at the common ancestor: what only `base` has is taken away again, and is not in it.
    complete: files.length < mostFiles && compared.behind_by === 0,
  };
}
