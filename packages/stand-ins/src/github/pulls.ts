import { announce } from "./announce.ts";
import { compareCommits, readCommit, writeCommit } from "./git/commits.ts";
import { mergeTrees } from "./git/trees.ts";
import { editIssue, issueOf, openIssue, setIssueState, tellIssue } from "./issues.ts";
import { presentPull, presentReview } from "./present/pulls.ts";
import type { Issue, Pull, Review, ReviewState } from "./records.ts";
import { isAncestor, moveRef } from "./source.ts";
import { nodeId, personOf, Refused, type Actor, type Repository, type World } from "./world.ts";

export type PullRequest = Issue & { pull: Pull };

export function pullOf(repository: Repository, number: number): PullRequest {
  const issue = issueOf(repository, number);
  if (!issue.pull) throw new Refused(404, "Not Found");
  return issue as PullRequest;
}

export function openPull(
  world: World,
  repository: Repository,
  actor: Actor,
  wanted: {
    title: string;
    head: string;
    base: string;
    body?: string;
    labels?: readonly string[];
    milestone?: number;
    closes?: readonly number[];
    draft?: boolean;
  },
): PullRequest {
  demandPermitted(repository, actor, 403, "create or approve");
  const head = wanted.head.replace(new RegExp(`^${repository.owner.login}:`, "i"), "");
  const headSha = repository.refs.read(`refs/heads/${head}`);
  const baseSha = repository.refs.read(`refs/heads/${wanted.base}`);
  const refused = (field: string, code: string, message?: string) =>
    new Refused(422, "Validation Failed", {
      errors: [
        { resource: "PullRequest", ...(message ? { code: "custom", message } : { field, code }) },
      ],
    });
  if (!headSha) throw refused("head", "invalid");
  if (!baseSha) throw refused("base", "invalid");
  const twin = openTwin(repository, head, wanted.base);
  if (twin) throw refused("", "", twin);
  const comparison = compareCommits(repository.objects, baseSha, headSha);
  if (comparison.aheadBy === 0)
    throw refused("", "", `No commits between ${wanted.base} and ${head}`);
  const issue = openIssue(world, repository, actor, {
    ...wanted,
    pull: {
      head,
      headSha,
      base: wanted.base,
      baseSha,
      draft: wanted.draft ?? false,
      commits: comparison.commits.map((commit) => commit.sha),
      closes: [...(wanted.closes ?? [])],
      reviews: [],
    },
  }) as PullRequest;
  repository.refs.write(`refs/pull/${issue.number}/head`, headSha);
  tellIssue(world, repository, actor, issue, "opened");
  return issue;
}

/** A setting of the repository keeps jobs from making and approving pull requests. Apps are not meant by it. */
function demandPermitted(
  repository: Repository,
  actor: Actor,
  status: number,
  act: "approve" | "create or approve",
): void {
  if (repository.actionsMayPropose || actor.login !== "github-actions[bot]") return;
  throw new Refused(status, `GitHub Actions is not permitted to ${act} pull requests.`);
}

/** Title and text, the base, and whether it is open. What was merged stays closed. */
export function editPull(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: PullRequest,
  edit: { title?: string; body?: string; base?: string; state?: "open" | "closed" },
): void {
  const { pull } = issue;
  const refused = (field: string, message: string) =>
    new Refused(422, "Validation Failed", {
      errors: [{ resource: "PullRequest", field, code: "invalid", message }],
    });
  const { base, state } = edit;
  const tip = base === undefined ? undefined : repository.refs.read(`refs/heads/${base}`);
  if (base !== undefined && !tip)
    throw refused("base", `Proposed base branch '${base}' was not found`);
  if (base !== undefined && base !== pull.base && issue.state === "closed")
    throw refused("base", "Cannot change the base branch of a closed pull request.");
  if (state === "open" && issue.state === "closed") {
    const why = pull.mergedAt
      ? "The pull request cannot be reopened."
      : repository.refs.read(`refs/heads/${pull.head}`)
        ? openTwin(repository, pull.head, base ?? pull.base)
        : `The ${pull.head} branch has been deleted.`;
    if (why) throw refused("state", `state cannot be changed. ${why}`);
  }
  editIssue(world, repository, actor, issue, edit);
  if (base !== undefined && tip && base !== pull.base) {
    const from = pull.base;
    pull.base = base;
    pull.baseSha = tip;
    pull.commits = compareCommits(repository.objects, tip, pull.headSha).commits.map(
      (commit) => commit.sha,
    );
    tellIssue(world, repository, actor, issue, "edited", {
      changes: { base: { ref: { from } } },
    });
  }
  if (state) setIssueState(world, repository, actor, issue, state);
}

/** What GitHub says when there is an open pull request for these branches. */
function openTwin(repository: Repository, head: string, base: string): string | undefined {
  const open = repository.issues.some(
    ({ state, pull }) => state === "open" && pull?.head === head && pull.base === base,
  );
  return open ? `A pull request already exists for ${repository.owner.login}:${head}.` : undefined;
}

/** A push to a branch moves the open pull requests that it is the head of. */
export function followBranch(
  world: World,
  repository: Repository,
  actor: Actor,
  branch: string,
  sha: string,
): void {
  for (const issue of repository.issues) {
    const { pull } = issue;
    if (!pull || issue.state !== "open" || pull.head !== branch) continue;
    const before = pull.headSha;
    const base = repository.refs.read(`refs/heads/${pull.base}`) ?? pull.baseSha;
    pull.headSha = sha;
    pull.commits = compareCommits(repository.objects, base, sha).commits.map(
      (commit) => commit.sha,
    );
    issue.updatedAt = world.clock.now();
    repository.refs.write(`refs/pull/${issue.number}/head`, sha);
    tellIssue(world, repository, actor, issue, "synchronize", { before, after: sha });
  }
}

export function addReview(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: PullRequest,
  wanted: { state: ReviewState; body?: string; commit?: string },
): Review {
  if (wanted.state === "APPROVED") demandPermitted(repository, actor, 422, "approve");
  if (issue.author === actor.login && wanted.state !== "COMMENTED") {
    const act = wanted.state === "APPROVED" ? "approve" : "request changes on";
    throw new Refused(422, "Unprocessable Entity", {
      errors: [`Can not ${act} your own pull request`],
    });
  }
  const id = world.nextId();
  const review: Review = {
    id,
    nodeId: nodeId("PRR", id),
    author: actor.login,
    state: wanted.state,
    body: wanted.body ?? "",
    commit: wanted.commit ?? issue.pull.headSha,
    submittedAt: world.clock.now(),
  };
  issue.pull.reviews.push(review);
  issue.updatedAt = review.submittedAt;
  announce(world, repository, actor, {
    event: "pull_request_review",
    action: "submitted",
    ref: `refs/pull/${issue.number}/merge`,
    sha: issue.pull.headSha,
    payload: {
      review: presentReview(world, repository, issue, review, world.links),
      pull_request: presentPull(world, repository, issue, world.links),
    },
  });
  return review;
}

/** Whether the branches can be joined, as far as files go. */
export function mergedTree(repository: Repository, pull: Pull): string | undefined {
  const { objects } = repository;
  const base = repository.refs.read(`refs/heads/${pull.base}`);
  const ours = base ? readCommit(objects, base) : undefined;
  const theirs = readCommit(objects, pull.headSha);
  if (!base || !ours || !theirs) return undefined;
  const fork = compareCommits(objects, base, pull.headSha).mergeBase;
  const common = fork ? readCommit(objects, fork) : undefined;
  if (!common) return undefined;
  const joined = mergeTrees(objects, common.tree, ours.tree, theirs.tree);
  return "tree" in joined ? joined.tree : undefined;
}

/** Merges as GitHub's button does and closes what the pull request closes. Returns the base's new commit. */
export function mergePull(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: PullRequest,
  how: {
    method: "merge" | "squash" | "rebase";
    title?: string;
    message?: string;
    expected?: string;
  },
): string {
  const { pull } = issue;
  if (issue.state !== "open") throw new Refused(405, "Pull Request is not mergeable");
  if (how.expected && how.expected !== pull.headSha) {
    throw new Refused(409, "Head branch was modified. Review and try the merge again.");
  }
  const base = repository.refs.read(`refs/heads/${pull.base}`);
  const tree = mergedTree(repository, pull);
  if (!base || !tree) throw new Refused(405, "Pull Request is not mergeable");
  const sha = writeMerge(world, repository, actor, issue, { ...how, base, tree });
  const now = world.clock.now();
  pull.mergedAt = now;
  pull.mergedBy = actor.login;
  pull.mergeCommit = sha;
  pull.baseSha = base;
  moveRef(world, repository, actor, `refs/heads/${pull.base}`, sha);
  issue.state = "closed";
  issue.closedAt = now;
  issue.closedBy = actor.login;
  issue.updatedAt = now;
  tellIssue(world, repository, actor, issue, "closed");
  if (pull.base === repository.defaultBranch) {
    for (const number of closedBy(repository, issue)) {
      setIssueState(world, repository, actor, issueOf(repository, number), "closed", "completed");
    }
  }
  return sha;
}

/** Issues that merging a pull request closes: named in its body after a keyword, or linked by hand. */
export function closedBy(repository: Repository, issue: PullRequest): number[] {
  const words = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+\/[\w.-]+))?#(\d+)\b/gi;
  const named = [...issue.body.matchAll(words)]
    .filter(([, other]) => !other || other.toLowerCase() === repository.fullName.toLowerCase())
    .map(([, , number]) => Number(number));
  const exists = (number: number) =>
    repository.issues.some((one) => one.number === number && !one.pull);
  return [...new Set([...issue.pull.closes, ...named])].filter(exists).sort((a, b) => a - b);
}

function writeMerge(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: PullRequest,
  how: {
    method: "merge" | "squash" | "rebase";
    title?: string;
    message?: string;
    base: string;
    tree: string;
  },
): string {
  const { objects } = repository;
  const { pull } = issue;
  const date = world.clock.now();
  const merger = personOf(world, actor.login);
  const webFlow = { name: "GitHub", email: "noreply@github.com", date };
  if (how.method === "rebase" && pull.commits.length > 0) {
    let tip = how.base;
    // Only a branch that already stands on the base keeps its trees; others are replayed as their last state.
    const straight = isAncestor(repository, how.base, pull.headSha);
    for (const [index, sha] of pull.commits.entries()) {
      const commit = readCommit(objects, sha);
      const last = index === pull.commits.length - 1;
      if (!commit || (!straight && !last)) continue;
      tip = writeCommit(objects, {
        tree: last ? how.tree : commit.tree,
        parents: [tip],
        author: commit.author,
        committer: { name: merger.name, email: merger.email, date },
        message: commit.message,
      });
    }
    return tip;
  }
  const squash = how.method === "squash";
  const author = squash ? personOf(world, issue.author) : merger;
  const title =
    how.title ??
    (squash
      ? `${issue.title} (#${issue.number})`
      : `Merge pull request #${issue.number} from ${repository.owner.login}/${pull.head}`);
  const message = how.message ?? (squash ? "" : issue.title);
  const sha = writeCommit(objects, {
    tree: how.tree,
    parents: squash ? [how.base] : [how.base, pull.headSha],
    author: { name: author.name, email: author.email, date },
    committer: webFlow,
    message: message ? `${title}\n\n${message}` : title,
  });
  repository.verified.add(sha);
  return sha;
}

/** Pull requests that brought a commit, or whose merge it is. */
export function pullsOfCommit(repository: Repository, sha: string): PullRequest[] {
  return repository.issues.filter(
    (issue): issue is PullRequest =>
      issue.pull !== undefined &&
      (issue.pull.mergeCommit === sha || issue.pull.commits.includes(sha)),
  );
}
