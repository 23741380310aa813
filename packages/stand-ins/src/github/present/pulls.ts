import type { Issue, Review } from "../records.ts";
import { mergedTree, type PullRequest } from "../pulls.ts";
import type { Repository, World } from "../world.ts";
import { countLines } from "./lines.ts";
import { isoOrNull, type Links } from "./links.ts";
import { presentIssue } from "./issues.ts";
import { association, presentPerson, type Json } from "./people.ts";
import { presentRepository, repositoryUrl } from "./repositories.ts";

/** A pull request as lists show it. */
export function presentSimplePull(
  world: World,
  repository: Repository,
  issue: Issue,
  links: Links,
): Json {
  const { pull } = issue;
  if (!pull) throw new Error(`#${issue.number} is not a pull request`);
  const base = repositoryUrl(repository, links);
  const url = `${base}/pulls/${issue.number}`;
  const shown = presentIssue(world, repository, issue, links);
  const page = String(shown["html_url"]);
  const owner = presentPerson(world, repository.owner.login, links);
  const end = (ref: string, sha: string) => ({
    label: `${repository.owner.login}:${ref}`,
    ref,
    sha,
    user: owner,
    repo: presentRepository(repository, links),
  });
  const addresses = {
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${base}/pulls/comments{/number}`,
    comments_url: `${base}/issues/${issue.number}/comments`,
    statuses_url: `${base}/statuses/${pull.headSha}`,
    issue_url: `${base}/issues/${issue.number}`,
  };
  return {
    url,
    id: pull.id,
    node_id: issue.nodeId,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    ...addresses,
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    active_lock_reason: null,
    title: issue.title,
    user: shown["user"],
    body: shown["body"],
    // Lists of pull requests promise a text where labels elsewhere may have none.
    labels: (shown["labels"] as Json[]).map((label) => ({
      ...label,
      description: label["description"] ?? "",
    })),
    milestone: shown["milestone"],
    assignee: shown["assignee"],
    assignees: shown["assignees"],
    requested_reviewers: [],
    requested_teams: [],
    created_at: shown["created_at"],
    updated_at: shown["updated_at"],
    closed_at: shown["closed_at"],
    merged_at: isoOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit ?? null,
    head: end(pull.head, pull.headSha),
    base: end(pull.base, pull.baseSha),
    _links: {
      self: { href: url },
      html: { href: page },
      issue: { href: addresses.issue_url },
      comments: { href: addresses.comments_url },
      review_comments: { href: addresses.review_comments_url },
      review_comment: { href: addresses.review_comment_url },
      commits: { href: addresses.commits_url },
      statuses: { href: addresses.statuses_url },
    },
    author_association: association(repository, issue.author),
    auto_merge: null,
    draft: pull.draft,
  };
}

export function presentPull(
  world: World,
  repository: Repository,
  issue: Issue,
  links: Links,
): Json {
  const pull = (issue as PullRequest).pull;
  const open = issue.state === "open";
  const mergeable = open ? mergedTree(repository, pull) !== undefined : null;
  return {
    ...presentSimplePull(world, repository, issue, links),
    merged: pull.mergedAt !== undefined,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeable === null ? "unknown" : mergeable ? "clean" : "dirty",
    merged_by: pull.mergedBy ? presentPerson(world, pull.mergedBy, links) : null,
    comments: issue.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: pull.commits.length,
    ...countLines(repository, pull.baseSha, pull.headSha),
  };
}

export function presentReview(
  world: World,
  repository: Repository,
  issue: Issue,
  review: Review,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/pulls/${issue.number}`;
  const page = `${links.html}/${repository.fullName}/pull/${issue.number}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: review.nodeId,
    user: presentPerson(world, review.author, links),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: url,
    author_association: association(repository, review.author),
    _links: { html: { href: page }, pull_request: { href: url } },
    submitted_at: isoOrNull(review.submittedAt),
    commit_id: review.commit,
  };
}
