import { Fault } from "@release-actions/codes";
import {
  readFiles,
  readRefCommit,
  type GitHub,
  type RepositoryFile,
} from "@release-actions/github";
import type { Release } from "@release-actions/ledger";

/** A file or folder in another repository: `owner/repo/path@ref`, as in `uses:`. */
export type Place = { repository: string; path: string; ref: string };

/** Reads the place; undefined where the text is a path of the product's own repository. */
export function placeOf(text: string): Place | undefined {
  const [, repository, path = "", ref] =
    /^([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})((?:\/[^/@]+)*)@([^@]+)$/.exec(text) ??
    [];
  if (repository === undefined || ref === undefined) return undefined;
  return { repository, path: path.slice(1), ref };
}

/** What is wrong with a path of this repository or a place elsewhere; undefined when nothing is. */
export function wrongPlace(text: string): string | undefined {
  const place = placeOf(text);
  const { path, ref } = place ?? { path: text, ref: "HEAD" };
  if (text.includes("@") && place === undefined) return "is not owner/repo/path@ref";
  if (path.startsWith("/") || path.split("/").includes(".."))
    return "is not a path inside the repository";
  // Git's rules for the names of refs, as far as they keep an address in one piece.
  return /^(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[A-Za-z0-9_][\w.+/-]{0,200}(?<![./])$/.test(
    ref,
  )
    ? undefined
    : "names no branch, tag or commit after the @";
}

/** The files of a release: its own ones at its commit, others at the commit that their ref meant. */
export type ReleaseFiles = {
  /** A text file. @throws Fault RA3409, RA5004 */
  text(place: string): Promise<RepositoryFile>;
  /** The commit that holds the place, all of it as a gzipped tar, and the place's path in it. @throws Fault RA3409, RA50xx */
  archive(place: string): Promise<{ commit: string; archive: Buffer; path: string }>;
  /** What was read elsewhere so far: each place and its commit, for the ledger. */
  elsewhere(): Record<string, string>;
};

/**
 * Opens the files of a release. A place that the release has recorded is read at that commit, whatever its ref means by now.
 * `open`: another repository, seen with the token that may read it.
 */
export function openReleaseFiles(
  github: GitHub,
  release: Pick<Release, "commit" | "elsewhere">,
  open: (repository: string) => GitHub,
): ReleaseFiles {
  const used = new Map<string, string>();
  const commits = new Map<string, Promise<string>>();
  const archives = new Map<string, Promise<Buffer>>();

  const at = async (text: string): Promise<{ github: GitHub; commit: string; path: string }> => {
    const wrong = wrongPlace(text);
    if (wrong !== undefined)
      throw new Fault("RA1002", { saw: `${JSON.stringify(text.slice(0, 200))} ${wrong}` });
    const place = placeOf(text);
    if (place === undefined) return { github, commit: release.commit, path: text };
    const there = open(place.repository);
    const recorded = release.elsewhere?.[text];
    const key = `${place.repository.toLowerCase()}@${place.ref}`;
    const meant = commits.get(key) ?? readCommit(there, place);
    if (recorded === undefined) commits.set(key, meant);
    const commit = recorded ?? (await meant);
    used.set(text, commit);
    return { github: there, commit, path: place.path };
  };

  return {
    text: async (text) => {
      const { github: where, commit, path } = await at(text);
      const [file] = await readFiles(where, commit, [path]);
      if (file === undefined || file.path !== path)
        throw new Fault("RA5004", { saw: `${text} is not a file at commit ${commit.slice(0, 7)}` });
      return { ...file, path: text };
    },
    archive: async (text) => {
      const { github: where, commit, path } = await at(text);
      const { owner, name } = where.repository;
      const address = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/tarball/${encodeURIComponent(commit)}`;
      const archive = archives.get(address) ?? where.download(address);
      archives.set(address, archive);
      return { commit, archive: await archive, path };
    },
    elsewhere: () => Object.fromEntries(used),
  };
}

async function readCommit(github: GitHub, { repository, ref }: Place): Promise<string> {
  const found = await readRefCommit(github, ref);
  if (found === undefined)
    throw new Fault("RA3409", {
      saw: `${repository} has no branch, tag or commit ${ref}, or the token may not read it`,
    });
  return found;
}
