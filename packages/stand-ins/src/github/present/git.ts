import type { AnnotatedTag, Commit, Stamp } from "../git/commits.ts";
import type { FileDifference } from "../git/trees.ts";
import type { Ref } from "../git/refs.ts";
import { nodeId, type Repository, type World } from "../world.ts";
import { iso, type Links } from "./links.ts";
import { presentKnown, type Json } from "./people.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentRef(repository: Repository, ref: Ref, links: Links): Json {
  const url = repositoryUrl(repository, links);
  const type = repository.objects.read(ref.sha)?.type ?? "commit";
  return {
    ref: ref.name,
    node_id: nodeId("REF", `${repository.id}:${ref.name}`),
    url: `${url}/git/${ref.name}`,
    object: { sha: ref.sha, type, url: `${url}/git/${type}s/${ref.sha}` },
  };
}

export function presentStamp(stamp: Stamp): Json {
  return { name: stamp.name, email: stamp.email, date: iso(stamp.date) };
}

/** `verified` is what GitHub found when the object came in; other signatures are of keys it does not know. */
export function presentVerification(
  repository: Repository,
  object: { sha: string; signature?: string },
  at: Date,
): Json {
  const verified = repository.verified.has(object.sha);
  return {
    verified,
    reason: verified ? "valid" : object.signature ? "unknown_key" : "unsigned",
    signature:
      object.signature ??
      (verified ? "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n" : null),
    payload: null,
    verified_at: verified ? iso(at) : null,
  };
}

/** A commit as the git database's routes show it. */
export function presentGitCommit(repository: Repository, commit: Commit, links: Links): Json {
  const url = repositoryUrl(repository, links);
  return {
    sha: commit.sha,
    node_id: nodeId("C", `${repository.id}:${commit.sha}`),
    url: `${url}/git/commits/${commit.sha}`,
    html_url: `${repositoryPage(repository, links)}/commit/${commit.sha}`,
    author: presentStamp(commit.author),
    committer: presentStamp(commit.committer),
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    message: commit.message.trimEnd(),
    parents: presentParents(repository, commit, links),
    verification: presentVerification(repository, commit, commit.committer.date),
  };
}

/** A commit as the commits' routes show it. */
export function presentCommit(
  world: World,
  repository: Repository,
  commit: Commit,
  links: Links,
): Json {
  const url = repositoryUrl(repository, links);
  return {
    sha: commit.sha,
    node_id: nodeId("C", `${repository.id}:${commit.sha}`),
    commit: {
      author: presentStamp(commit.author),
      committer: presentStamp(commit.committer),
      message: commit.message.trimEnd(),
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      url: `${url}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: presentVerification(repository, commit, commit.committer.date),
    },
    url: `${url}/commits/${commit.sha}`,
    html_url: `${repositoryPage(repository, links)}/commit/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    author: presentOwnerOf(world, commit.author, links),
    committer: presentOwnerOf(world, commit.committer, links),
    parents: presentParents(repository, commit, links),
  };
}

export function presentTag(repository: Repository, tag: AnnotatedTag, links: Links): Json {
  const url = repositoryUrl(repository, links);
  return {
    node_id: nodeId("TA", `${repository.id}:${tag.sha}`),
    sha: tag.sha,
    url: `${url}/git/tags/${tag.sha}`,
    tagger: presentStamp(tag.tagger),
    object: { sha: tag.object, type: tag.type, url: `${url}/git/${tag.type}s/${tag.object}` },
    tag: tag.tag,
    message: tag.message.trimEnd(),
    verification: presentVerification(repository, tag, tag.tagger.date),
  };
}

/** One changed file; added and removed lines as counted by the caller. */
export function presentDifference(
  repository: Repository,
  difference: FileDifference,
  lines: { additions: number; deletions: number },
  head: string,
  links: Links,
): Json {
  const { path, before, after } = difference;
  const page = repositoryPage(repository, links);
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return {
    sha: after?.sha ?? before?.sha ?? null,
    filename: path,
    status: !before ? "added" : !after ? "removed" : before.path === path ? "modified" : "renamed",
    ...(before && before.path !== path && { previous_filename: before.path }),
    additions: lines.additions,
    deletions: lines.deletions,
    changes: lines.additions + lines.deletions,
    blob_url: `${page}/blob/${head}/${encoded}`,
    raw_url: `${page}/raw/${head}/${encoded}`,
    contents_url: `${repositoryUrl(repository, links)}/contents/${encoded}?ref=${head}`,
  };
}

/** The account whose address a commit names. */
export function ownerOf(world: World, stamp: Stamp) {
  return [...world.people.values()].find(
    (person) => person.email.toLowerCase() === stamp.email.toLowerCase(),
  );
}

function presentOwnerOf(world: World, stamp: Stamp, links: Links): Json | null {
  const person = ownerOf(world, stamp);
  return person ? presentKnown(person, links) : null;
}

function presentParents(repository: Repository, commit: Commit, links: Links): Json[] {
  return commit.parents.map((sha) => ({
    sha,
    url: `${repositoryUrl(repository, links)}/git/commits/${sha}`,
    html_url: `${repositoryPage(repository, links)}/commit/${sha}`,
  }));
}
