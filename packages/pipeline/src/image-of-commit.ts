import { Fault } from "@release-actions/codes";
import type { Registry, Repository } from "@release-actions/registry";

/** Images whose labels are read when no tag names the commit; in a larger repository its label alone finds nothing. */
const mostLabels = 24;
const atOnce = 8;
/** Tags of one platform's part, and those that other tools keep beside images. */
const part =
  /(?:^|[-_.])(?:386|amd64|x86[-_]64|arm|armv?[5678]|arm64|aarch64|ppc64le|s390x|riscv64|loong64)(?:[-_.]|$)|-previous$|cache|^sha256-/i;

/** Text that is a commit, or the beginning of one that people write. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{7,40}$/.test(text);
}

/**
 * The image of a commit where it has not the tag that was expected: by a tag that is the commit's hash of another length (with
 * `sha-`, `git-` or `commit-` before it), else by its label `org.opencontainers.image.revision`. More than one digest: nobody
 * can tell which one was meant. Tags of a single platform are left out: the whole image may still be on its way.
 */
export async function imagesOfCommit(
  registry: Pick<Registry, "tags" | "resolve" | "labels">,
  image: Repository,
  commit: string,
): Promise<string[]> {
  const tags = (await tagsOf(registry, image)).filter((tag) => !part.test(tag));
  const named = tags.filter((tag) => {
    const hash = tag.replace(/^(?:sha|git|commit)-/, "");
    return isCommit(hash) && commit.startsWith(hash);
  });
  const byTag = await digestsOf(registry, image, named.slice(0, mostLabels));
  if (byTag.length === 1) return byTag;
  const asked = byTag.length > 1 ? byTag : tags.length > mostLabels ? [] : undefined;
  const digests = asked ?? (await digestsOf(registry, image, tags));
  const labelled = await inGroups(digests, async (digest) => {
    const revision = (await registry.labels({ ...image, digest }))?.revision;
    return revision !== undefined && isCommit(revision) && commit.startsWith(revision);
  });
  const byLabel = digests.filter((_, index) => labelled[index]);
  return byLabel.length === 0 ? byTag : byLabel;
}

/** A login that may pull need not be allowed to list: then only the tag that was expected counts. */
async function tagsOf(registry: Pick<Registry, "tags">, image: Repository): Promise<string[]> {
  try {
    return await registry.tags(image);
  } catch (error) {
    if (error instanceof Fault && (error.code === "RA2004" || error.code === "RA2007")) return [];
    throw error;
  }
}

async function digestsOf(
  registry: Pick<Registry, "resolve">,
  image: Repository,
  tags: string[],
): Promise<string[]> {
  const digests = await inGroups(tags, (tag) => registry.resolve({ ...image, tag }));
  return [...new Set(digests.filter((digest) => digest !== undefined))];
}

async function inGroups<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    done.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  return done;
}
