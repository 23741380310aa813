import { announce } from "./announce.ts";
import {
  ancestry,
  peel,
  readCommit,
  writeCommit,
  writeTag,
  type Commit,
  type Stamp,
} from "./git/commits.ts";
import { isRefName } from "./git/refs.ts";
import { changeTree, entryAt, type TreeChange } from "./git/trees.ts";
import { presentPerson } from "./present/people.ts";
import { presentPush } from "./present/push.ts";
import { followBranch } from "./pulls.ts";
import type { FileChanges } from "./state.ts";
import { personOf, Refused, type Actor, type Repository, type World } from "./world.ts";

const noObject = "0".repeat(40);

/** The commit of a branch, tag, full ref, sha (7 digits or more), or one of these with `~n` or `^`. */
export function resolveCommit(repository: Repository, revision: string): string | undefined {
  const match = /^(.*?)((?:~\d*|\^(?:\d|\{commit\}|\{\})?)*)$/s.exec(revision);
  const [, name = "", walk = ""] = match ?? [];
  let commit = namedCommit(repository, name);
  for (const [step] of walk.matchAll(/~\d*|\^\d?(?:\{\w*\})?/g)) {
    if (!commit) return undefined;
    if (step.startsWith("^{")) continue;
    const count = Number(step.slice(1) || 1);
    if (step.startsWith("^")) commit = readCommit(repository.objects, commit)?.parents[count - 1];
    else
      for (let n = 0; n < count && commit; n++)
        commit = readCommit(repository.objects, commit)?.parents[0];
  }
  return commit;
}

function namedCommit(repository: Repository, name: string): string | undefined {
  if (name === "") return undefined;
  const { objects, refs } = repository;
  if (/^[0-9a-f]{40}$/.test(name)) return peel(objects, name);
  const full = name === "HEAD" ? `refs/heads/${repository.defaultBranch}` : name;
  for (const prefix of ["", "refs/", "refs/tags/", "refs/heads/"]) {
    const sha = refs.read(prefix + full);
    if (sha) return peel(objects, sha);
  }
  if (!/^[0-9a-f]{7,39}$/.test(name)) return undefined;
  const all = new Set(
    refs.list().flatMap((ref) => {
      const tip = peel(objects, ref.sha);
      return tip ? ancestry(objects, tip).map((commit) => commit.sha) : [];
    }),
  );
  const matching = [...all].filter((sha) => sha.startsWith(name));
  return matching.length === 1 ? matching[0] : undefined;
}

export function commitAt(repository: Repository, revision: string): Commit | undefined {
  const sha = resolveCommit(repository, revision);
  return sha ? readCommit(repository.objects, sha) : undefined;
}

/** Writes files as a commit on top of `parents`; moves no ref. */
export function writeFiles(
  world: World,
  repository: Repository,
  commit: {
    parents: readonly string[];
    files: FileChanges;
    message: string;
    author: { name: string; email: string };
    committer?: { name: string; email: string };
  },
): string {
  const { objects } = repository;
  const base = commit.parents[0] ? readCommit(objects, commit.parents[0])?.tree : undefined;
  const changes = new Map<string, TreeChange>();
  for (const [path, content] of Object.entries(commit.files)) {
    const old = base ? entryAt(objects, base, path) : undefined;
    if (content === null) {
      changes.set(path, null);
      continue;
    }
    const isProgram = typeof content === "object" && "executable" in content;
    const mode = isProgram || old?.mode === "100755" ? "100755" : "100644";
    const bytes = Buffer.from(isProgram ? content.executable : content);
    changes.set(path, { sha: objects.write("blob", bytes), mode });
  }
  const now = world.clock.now();
  const author: Stamp = { ...commit.author, date: now };
  return writeCommit(objects, {
    tree: changeTree(objects, base, changes),
    parents: [...commit.parents],
    author,
    committer: commit.committer ? { ...commit.committer, date: now } : author,
    message: commit.message,
  });
}

/** Creates, moves or removes a ref, whatever was there, and tells what came of it. */
export function moveRef(
  world: World,
  repository: Repository,
  actor: Actor,
  name: string,
  to: string | undefined,
): void {
  const before = repository.refs.read(name);
  if (before === to) return;
  if (to) repository.refs.write(name, to);
  else repository.refs.remove(name);
  refMoved(world, repository, actor, name, before, to);
}

/** Emits what a ref's move means: `create` or `delete`, `push`, and news for open pull requests. */
export function refMoved(
  world: World,
  repository: Repository,
  actor: Actor,
  name: string,
  before: string | undefined,
  after: string | undefined,
): void {
  repository.pushedAt = world.clock.now();
  const tag = name.startsWith("refs/tags/");
  if (!tag && !name.startsWith("refs/heads/")) return;
  const short = name.replace(/^refs\/(tags|heads)\//, "");
  const commit = after ? peel(repository.objects, after) : undefined;
  const sha = commit ?? "";
  if (!before || !after) {
    announce(world, repository, actor, {
      event: after ? "create" : "delete",
      ...(after && { ref: name, sha }),
      payload: {
        ref: short,
        ref_type: tag ? "tag" : "branch",
        master_branch: repository.defaultBranch,
        pusher_type: "user",
      },
    });
  }
  announce(world, repository, actor, {
    event: "push",
    ref: name,
    sha,
    payload: {
      ...presentPush(world, repository, {
        ref: name,
        before: before ?? noObject,
        after: after ?? noObject,
      }),
      pusher: { name: actor.login, email: personOf(world, actor.login).email },
      sender: presentPerson(world, actor.login, world.links),
    },
  });
  if (!tag && after) followBranch(world, repository, actor, short, after);
}

/** POST /git/refs: refuses a ref that exists, a bad name, and an object that is not there. */
export function createRef(
  world: World,
  repository: Repository,
  actor: Actor,
  name: string,
  sha: string,
): void {
  if (!isRefName(name) || name.split("/").length < 3) {
    throw new Refused(422, `${name} is not a valid ref name.`);
  }
  const object = repository.objects.read(sha);
  if (!object) throw new Refused(422, "Object does not exist");
  if (name.startsWith("refs/heads/") && object.type !== "commit")
    throw new Refused(422, "Object does not exist");
  if (repository.refs.read(name)) throw new Refused(422, "Reference already exists");
  moveRef(world, repository, actor, name, sha);
}

/** PATCH /git/refs: without force only forward. */
export function updateRef(
  world: World,
  repository: Repository,
  actor: Actor,
  name: string,
  sha: string,
  force: boolean,
): void {
  const before = repository.refs.read(name);
  if (!before) throw new Refused(422, "Reference does not exist");
  const object = repository.objects.read(sha);
  if (!object) throw new Refused(422, "Object does not exist");
  if (!force && !isAncestor(repository, before, sha))
    throw new Refused(422, "Update is not a fast forward");
  moveRef(world, repository, actor, name, sha);
}

export function isAncestor(repository: Repository, ancestor: string, descendant: string): boolean {
  const [old, tip] = [peel(repository.objects, ancestor), peel(repository.objects, descendant)];
  if (!old || !tip) return false;
  return ancestry(repository.objects, tip).some((commit) => commit.sha === old);
}

export function createTag(
  world: World,
  repository: Repository,
  actor: Actor,
  tag: { name: string; sha: string; message?: string },
): string {
  const person = personOf(world, actor.login);
  const sha = tag.message
    ? writeTag(repository.objects, {
        object: tag.sha,
        type: repository.objects.read(tag.sha)?.type ?? "commit",
        tag: tag.name,
        tagger: { name: person.name, email: person.email, date: world.clock.now() },
        message: tag.message,
      })
    : tag.sha;
  createRef(world, repository, actor, `refs/tags/${tag.name}`, sha);
  return sha;
}
