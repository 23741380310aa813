import {
  ancestry,
  compareCommits,
  peel,
  readCommit,
  readTag,
  type Commit,
  type Stamp,
} from "../git/commits.ts";
import { entryAt, isFolder, readTree, type TreeEntry } from "../git/trees.ts";
import { combinedState, currentStatuses } from "../checks.ts";
import { iso } from "../present/links.ts";
import { ownerOf } from "../present/git.ts";
import { pullsOfCommit } from "../pulls.ts";
import { commitAt, resolveCommit } from "../source.ts";
import { nodeId } from "../world.ts";
import { rollupShape, statusContextShape } from "./checks.ts";
import { connection, type Paging } from "./connection.ts";
import { deploymentList } from "./deployments.ts";
import { pullShape } from "./pulls.ts";
import { repositoryShape } from "./repository.ts";
import { failure, mustRead, personShape, type Scope, type Shape } from "./scope.ts";

/** The object at a git expression such as `main`, `<sha>` or `<revision>:<path>`; null when there is none. */
export function objectAt(scope: Scope, expression: string): Shape | null {
  const { repository } = scope;
  const colon = expression.indexOf(":");
  const revision = colon < 0 ? expression : expression.slice(0, colon);
  if (colon < 0) {
    const direct = /^[0-9a-f]{40}$/.test(revision) ? revision : tipOf(scope, revision);
    if (direct && repository.objects.read(direct)) return objectShape(scope, direct);
    const sha = resolveCommit(repository, revision);
    return sha ? objectShape(scope, sha) : null;
  }
  const commit = commitAt(repository, revision === "" ? "HEAD" : revision);
  const entry = commit
    ? entryAt(repository.objects, commit.tree, expression.slice(colon + 1))
    : undefined;
  return entry ? objectShape(scope, entry.sha) : null;
}

/** What a tag's name means as an expression: the annotated tag's object, not its commit. */
function tipOf(scope: Scope, revision: string): string | undefined {
  const { refs } = scope.repository;
  return (
    refs.read(revision) ?? refs.read(`refs/tags/${revision}`) ?? refs.read(`refs/heads/${revision}`)
  );
}

export function objectShape(scope: Scope, sha: string): Shape | null {
  const object = scope.repository.objects.read(sha);
  if (!object) return null;
  if (object.type === "commit") return commitShape(scope, sha);
  if (object.type === "tag") return tagShape(scope, sha);
  if (object.type === "tree") return treeShape(scope, sha);
  return blobShape(scope, sha, object.content);
}

function gitObject(scope: Scope, type: string, prefix: string, sha: string): Shape {
  const { repository, links } = scope;
  return {
    __typename: type,
    id: nodeId(prefix, `${repository.id}:${sha}`),
    oid: sha,
    abbreviatedOid: sha.slice(0, 7),
    commitUrl: `${links.html}/${repository.fullName}/commit/${sha}`,
    repository: () => repositoryShape(scope),
  };
}

export function commitShape(scope: Scope, sha: string): Shape {
  const { repository, links } = scope;
  const { objects } = repository;
  const commit = readCommit(objects, sha);
  if (!commit) throw failure("NOT_FOUND", `Could not resolve to a Commit ${sha}`);
  const [headline = "", ...rest] = commit.message.trimEnd().split("\n");
  return {
    ...gitObject(scope, "Commit", "C", sha),
    message: commit.message.trimEnd(),
    messageHeadline: headline,
    messageBody: rest.join("\n").trim(),
    author: () => stampShape(scope, commit.author),
    committer: () => stampShape(scope, commit.committer),
    authoredDate: iso(commit.author.date),
    committedDate: iso(commit.committer.date),
    url: `${links.html}/${repository.fullName}/commit/${sha}`,
    tree: () => treeShape(scope, commit.tree),
    file: ({ path }: { path: string }) => {
      const entry = entryAt(objects, commit.tree, path);
      return entry ? entryShape(scope, entry, path) : null;
    },
    parents: (paging: Paging) =>
      connection("parents", paging, commit.parents, (parent) => commitShape(scope, parent)),
    history: (
      args: Paging & { path?: string | null; since?: string | null; until?: string | null },
    ) =>
      connection("history", args, historyOf(scope, commit, args), (one) =>
        commitShape(scope, one.sha),
      ),
    signature: () => signatureShape(scope, commit),
    status: () => {
      mustRead(scope, "statuses");
      const statuses = currentStatuses(repository, sha);
      if (statuses.length === 0) return null;
      return {
        __typename: "Status",
        id: nodeId("S", `${repository.id}:${sha}`),
        state: combinedState(statuses).toUpperCase(),
        contexts: statuses.map((status) => statusContextShape(scope, status)),
        commit: () => commitShape(scope, sha),
      };
    },
    statusCheckRollup: () => rollupShape(scope, sha),
    associatedPullRequests: (paging: Paging) => {
      mustRead(scope, "pull-requests");
      return connection("associatedPullRequests", paging, pullsOfCommit(repository, sha), (pull) =>
        pullShape(scope, pull),
      );
    },
    deployments: (args: Paging & { environments?: string[] | null }) =>
      deploymentList(
        scope,
        args,
        repository.deployments.filter((one) => one.sha === sha),
      ),
  };
}

function historyOf(
  scope: Scope,
  commit: Commit,
  args: { path?: string | null; since?: string | null; until?: string | null },
): Commit[] {
  const { objects } = scope.repository;
  const at = (one: Commit | undefined) =>
    one && args.path ? entryAt(objects, one.tree, args.path)?.sha : undefined;
  return ancestry(objects, commit.sha).filter((one) => {
    if (args.since && one.committer.date < new Date(args.since)) return false;
    if (args.until && one.committer.date > new Date(args.until)) return false;
    if (!args.path) return true;
    const parents = one.parents.map((parent) => at(readCommit(objects, parent)));
    return parents.length === 0
      ? at(one) !== undefined
      : parents.every((parent) => parent !== at(one));
  });
}

function stampShape(scope: Scope, stamp: Stamp): Shape {
  const person = ownerOf(scope.world, stamp);
  return {
    __typename: "GitActor",
    name: stamp.name,
    email: stamp.email,
    date: iso(stamp.date),
    user: () => (person?.type === "User" ? personShape(scope, person.login) : null),
  };
}

/** Commits that GitHub made itself are signed with its own key. */
function signatureShape(scope: Scope, commit: Commit): Shape | null {
  const verified = scope.repository.verified.has(commit.sha);
  if (!verified && !commit.signature) return null;
  const github = commit.committer.email === "noreply@github.com";
  return {
    __typename: commit.signature?.includes("SSH SIGNATURE") ? "SshSignature" : "GpgSignature",
    isValid: verified,
    state: verified ? "VALID" : "UNKNOWN_KEY",
    signer: () => {
      const login = github ? "web-flow" : ownerOf(scope.world, commit.committer)?.login;
      return verified && login ? personShape(scope, login) : null;
    },
    email: commit.committer.email,
    wasSignedByGitHub: verified && github,
    signature: commit.signature ?? "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
    payload: "",
    keyId: "B5690EEEBB952194",
    keyFingerprint: null,
  };
}

function tagShape(scope: Scope, sha: string): Shape {
  const tag = readTag(scope.repository.objects, sha);
  if (!tag) throw failure("NOT_FOUND", `Could not resolve to a Tag ${sha}`);
  return {
    ...gitObject(scope, "Tag", "TA", sha),
    name: tag.tag,
    message: tag.message.trimEnd(),
    tagger: () => stampShape(scope, tag.tagger),
    target: () => objectShape(scope, tag.object),
  };
}

function treeShape(scope: Scope, sha: string): Shape {
  return {
    ...gitObject(scope, "Tree", "T", sha),
    entries: () =>
      readTree(scope.repository.objects, sha).map((entry) => entryShape(scope, entry, entry.name)),
  };
}

function entryShape(scope: Scope, entry: TreeEntry, path: string): Shape {
  const type = isFolder(entry) ? "tree" : entry.mode === "160000" ? "commit" : "blob";
  return {
    __typename: "TreeEntry",
    name: path.replace(/^.*\//, ""),
    path,
    oid: entry.sha,
    type,
    mode: parseInt(entry.mode, 8),
    size: () => (type === "blob" ? scope.repository.objects.read(entry.sha)?.content.length : 0),
    object: () => objectShape(scope, entry.sha),
  };
}

function blobShape(scope: Scope, sha: string, content: Buffer): Shape {
  const binary = content.includes(0);
  return {
    ...gitObject(scope, "Blob", "B", sha),
    byteSize: content.length,
    isBinary: binary,
    isTruncated: content.length > 512_000,
    text: binary ? null : content.toString("utf8", 0, 512_000),
  };
}

/** A ref by its full name. */
export function refShape(scope: Scope, name: string): Shape | null {
  const { repository } = scope;
  const sha = repository.refs.read(name);
  if (!sha) return null;
  const [, prefix = "", short = ""] = /^(refs\/[^/]+\/)(.*)$/.exec(name) ?? [];
  return {
    __typename: "Ref",
    id: nodeId("REF", `${repository.id}:${name}`),
    name: short,
    prefix,
    target: () => objectShape(scope, sha),
    repository: () => repositoryShape(scope),
    compare: ({ headRef }: { headRef: string }) => comparisonShape(scope, sha, headRef),
    associatedPullRequests: (paging: Paging) => {
      mustRead(scope, "pull-requests");
      const pulls = repository.issues.filter(
        (issue) => issue.pull?.head === short && prefix === "refs/heads/",
      );
      return connection("associatedPullRequests", paging, pulls, (pull) => pullShape(scope, pull));
    },
  };
}

/** GitHub hands out the newest 1000 commits of a comparison and says nothing of the others. */
const comparisonLimit = 1000;

function comparisonShape(scope: Scope, from: string, headRef: string): Shape | null {
  const { objects } = scope.repository;
  const [base, head] = [peel(objects, from), resolveCommit(scope.repository, headRef)];
  if (!base || !head) return null;
  const comparison = compareCommits(objects, base, head);
  return {
    __typename: "Comparison",
    id: nodeId("CMP", `${base}:${head}`),
    aheadBy: comparison.aheadBy,
    behindBy: comparison.behindBy,
    status: comparison.status.toUpperCase(),
    baseTarget: () => objectShape(scope, base),
    headTarget: () => objectShape(scope, head),
    commits: (paging: Paging) => ({
      ...connection("commits", paging, comparison.commits.slice(-comparisonLimit), (one) =>
        commitShape(scope, one.sha),
      ),
      totalCount: comparison.aheadBy,
    }),
  };
}
