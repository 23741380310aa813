import { ancestry, peel, readCommit, type Commit } from "../git/commits.ts";
import { differences, emptyTree } from "../git/trees.ts";
import type { Repository, World } from "../world.ts";
import { iso } from "./links.ts";
import type { Json } from "./people.ts";
import { ownerOf } from "./git.ts";
import { repositoryPage } from "./repositories.ts";

/** The body of a `push` webhook, without pusher and sender. */
export function presentPush(
  world: World,
  repository: Repository,
  move: { ref: string; before: string; after: string },
): Json {
  const { objects } = repository;
  const head = peel(objects, move.after);
  const old = peel(objects, move.before);
  const known = new Set(old ? ancestry(objects, old).map((commit) => commit.sha) : []);
  const news = head ? ancestry(objects, head) : [];
  const forced =
    old !== undefined && head !== undefined && !news.some((commit) => commit.sha === old);
  const tag = move.ref.startsWith("refs/tags/");
  const commits = tag || !old ? [] : news.filter((commit) => !known.has(commit.sha)).slice(0, 2048);
  const page = repositoryPage(repository, world.links);
  const tip = head ? readCommit(objects, head) : undefined;
  return {
    ref: move.ref,
    before: move.before,
    after: move.after,
    created: !/[^0]/.test(move.before),
    deleted: !/[^0]/.test(move.after),
    forced,
    base_ref: null,
    compare: `${page}/compare/${move.before.slice(0, 12)}...${move.after.slice(0, 12)}`,
    commits: commits.reverse().map((commit) => presentPushedCommit(world, repository, commit)),
    head_commit: tip ? presentPushedCommit(world, repository, tip) : null,
  };
}

function presentPushedCommit(world: World, repository: Repository, commit: Commit): Json {
  const { objects } = repository;
  const parent = commit.parents[0] ? readCommit(objects, commit.parents[0])?.tree : undefined;
  const changed = differences(objects, parent ?? emptyTree, commit.tree);
  const person = (stamp: Commit["author"]) => {
    const username = ownerOf(world, stamp)?.login;
    return { name: stamp.name, email: stamp.email, ...(username && { username }) };
  };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message.trimEnd(),
    timestamp: iso(commit.committer.date),
    url: `${repositoryPage(repository, world.links)}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added: changed.filter((one) => !one.before).map((one) => one.path),
    removed: changed.filter((one) => !one.after).map((one) => one.path),
    modified: changed.filter((one) => one.before && one.after).map((one) => one.path),
  };
}
