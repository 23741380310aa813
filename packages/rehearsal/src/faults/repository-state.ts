import type { GitHubRepository } from "@release-actions/stand-ins";

/** Reads what a repository of GitHub holds: refs, files of new commits, issues, releases, deployments, checks. */
export async function repositoryState(
  repository: GitHubRepository,
  known: ReadonlySet<string>,
  put: (place: string, value: unknown) => void,
): Promise<void> {
  for (const { name, sha } of repository.refs()) {
    put(name, known.has(sha) ? sha : await newCommit(repository, name, known, put));
  }
  for (const issue of repository.issues) {
    put(`issue #${issue.number}`, {
      title: issue.title,
      body: issue.body,
      author: issue.author,
      state: issue.state,
      reason: issue.stateReason,
      labels: issue.labels,
      assignees: issue.assignees,
      milestone: issue.milestone,
      below: issue.subIssues,
      pull: issue.pull && {
        head: issue.pull.head,
        base: issue.pull.base,
        merged: issue.pull.mergedAt !== undefined,
        reviews: issue.pull.reviews.map(({ author, state, body }) => ({ author, state, body })),
      },
    });
    for (const [index, { author, body }] of issue.comments.entries())
      put(`issue #${issue.number} comment ${index + 1}`, { author, body });
  }
  for (const { number, title, state, description } of repository.milestones)
    put(`milestone ${number}`, { title, state, description });
  for (const { id, nodeId: _node, author, assets, ...release } of repository.releases) {
    put(`release ${release.tag} ${id}`, {
      ...release,
      author,
      assets: assets.map(({ name, digest, state }) => ({ name, digest, state })),
    });
  }
  for (const { id, nodeId: _node, statuses, ...deployment } of repository.deployments) {
    put(`deployment ${deployment.environment} ${id}`, {
      ...deployment,
      statuses: statuses.map(({ id: _id, nodeId: _of, ...status }) => status),
    });
  }
  for (const { sha, name, status, conclusion } of repository.checkRuns)
    put(`check ${name} of ${sha}`, { status, conclusion });
  for (const [index, { sha, context, state }] of repository.statuses.entries())
    put(`status ${index + 1} ${context} of ${sha}`, { state });
}

/** Its log tells of every attempt; what is true is in its files. */
const ledger = "refs/heads/release-ledger";

/** What a ref leads to that was not there before: every file, and the messages of its new commits. */
async function newCommit(
  repository: GitHubRepository,
  ref: string,
  known: ReadonlySet<string>,
  put: (place: string, value: unknown) => void,
): Promise<unknown> {
  const listed = await repository.git(["ls-tree", "-r", "-z", "--name-only", ref]);
  for (const path of listed.toString("utf8").split("\0").filter(Boolean)) {
    const text = repository.file(path, ref) ?? "";
    put(`${ref} ${path}`, path.endsWith(".json") ? (JSON.parse(text) as unknown) : text);
  }
  if (ref === ledger) return "new";
  const added = repository.log(ref).filter((sha) => !known.has(sha));
  const messages = await Promise.all(
    added.map(async (sha) =>
      (await repository.git(["log", "-1", "--format=%B", sha])).toString("utf8").trim(),
    ),
  );
  return { new: messages };
}
