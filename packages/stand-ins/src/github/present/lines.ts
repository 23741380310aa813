import { compareCommits, readCommit } from "../git/commits.ts";
import { differences, emptyTree, type FileDifference } from "../git/trees.ts";
import type { Repository } from "../world.ts";

/** Sums over the files that a head changed since it left its base. */
export function countLines(
  repository: Repository,
  base: string,
  head: string,
): { additions: number; deletions: number; changed_files: number } {
  const { objects } = repository;
  const fork = compareCommits(objects, base, head).mergeBase;
  const [before, after] = [fork ? readCommit(objects, fork) : undefined, readCommit(objects, head)];
  const files = differences(objects, before?.tree ?? emptyTree, after?.tree ?? emptyTree);
  const counts = files.map((file) => linesOf(repository, file));
  return {
    additions: counts.reduce((sum, one) => sum + one.additions, 0),
    deletions: counts.reduce((sum, one) => sum + one.deletions, 0),
    changed_files: files.length,
  };
}

/** Lines added to and removed from one file: its lines as a bag, which is git's count but for moved lines. */
export function linesOf(
  repository: Repository,
  file: FileDifference,
): { additions: number; deletions: number } {
  const [before, after] = [file.before, file.after].map((one) => linesIn(repository, one?.sha));
  const left = new Map<string, number>();
  for (const line of before ?? []) left.set(line, (left.get(line) ?? 0) + 1);
  let additions = 0;
  for (const line of after ?? []) {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    else additions++;
  }
  const deletions = [...left.values()].reduce((sum, count) => sum + count, 0);
  return { additions, deletions };
}

function linesIn(repository: Repository, sha: string | undefined): string[] {
  const content = sha ? repository.objects.read(sha)?.content : undefined;
  if (!content || content.includes(0)) return [];
  const lines = content.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
