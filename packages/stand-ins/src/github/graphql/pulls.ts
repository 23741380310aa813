import { association } from "../present/people.ts";
import { iso, isoOrNull } from "../present/links.ts";
import { issuePage } from "../present/issues.ts";
import { closedBy, mergedTree, type PullRequest } from "../pulls.ts";
import type { Issue, Review } from "../records.ts";
import { issueOf } from "../issues.ts";
import { accessOf, nodeId } from "../world.ts";
import { connection, type Paging } from "./connection.ts";
import { issueShape, threadFields } from "./issues.ts";
import { mustRead, personShape, type Scope, type Shape } from "./scope.ts";
import { commitShape } from "./source.ts";

export function pullShape(scope: Scope, issue: Issue): Shape {
  mustRead(scope, "pull-requests");
  const { repository } = scope;
  const { pull } = issue as PullRequest;
  return {
    __typename: "PullRequest",
    ...threadFields(scope, issue),
    isDraft: pull.draft,
    merged: pull.mergedAt !== undefined,
    mergedAt: isoOrNull(pull.mergedAt),
    mergedBy: () => (pull.mergedBy ? personShape(scope, pull.mergedBy) : null),
    mergeCommit: () => (pull.mergeCommit ? commitShape(scope, pull.mergeCommit) : null),
    mergeable: () =>
      issue.state !== "open"
        ? "UNKNOWN"
        : mergedTree(repository, pull)
          ? "MERGEABLE"
          : "CONFLICTING",
    baseRefName: pull.base,
    baseRefOid: pull.baseSha,
    headRefName: pull.head,
    headRefOid: pull.headSha,
    // GitHub shows at most 250 commits of a pull request.
    commits: (paging: Paging) =>
      connection("commits", paging, pull.commits.slice(0, 250), (sha) => ({
        __typename: "PullRequestCommit",
        id: nodeId("PRC", `${pull.id}:${sha}`),
        url: `${issuePage(repository, issue, scope.links)}/commits/${sha}`,
        commit: () => commitShape(scope, sha),
      })),
    reviews: (args: Paging & { states?: string[] | null; author?: string | null }) => {
      const wanted = pull.reviews.filter(
        (review) =>
          (!args.states || args.states.includes(review.state)) &&
          (!args.author || review.author === args.author),
      );
      return connection("reviews", args, wanted, (review) => reviewShape(scope, issue, review));
    },
    latestOpinionatedReviews: (args: Paging & { writersOnly?: boolean | null }) => {
      const latest = opinions(pull.reviews).filter(
        (review) => !args.writersOnly || isWriter(scope, review.author),
      );
      return connection("latestOpinionatedReviews", args, latest, (review) =>
        reviewShape(scope, issue, review),
      );
    },
    reviewDecision: () => {
      const states = opinions(pull.reviews)
        .filter((review) => isWriter(scope, review.author))
        .map((review) => review.state);
      if (states.includes("CHANGES_REQUESTED")) return "CHANGES_REQUESTED";
      return states.includes("APPROVED") ? "APPROVED" : "REVIEW_REQUIRED";
    },
    closingIssuesReferences: (paging: Paging) => {
      mustRead(scope, "issues");
      return connection(
        "closingIssuesReferences",
        paging,
        closedBy(repository, issue as PullRequest),
        (number) => issueShape(scope, issueOf(repository, number)),
      );
    },
  };
}

/** The last word of each reviewer; a remark is none. */
function opinions(reviews: readonly Review[]): Review[] {
  const last = new Map<string, Review>();
  for (const review of reviews) if (review.state !== "COMMENTED") last.set(review.author, review);
  return [...last.values()];
}

function isWriter(scope: Scope, login: string): boolean {
  const access = accessOf(scope.repository, login);
  return access === "write" || access === "maintain" || access === "admin";
}

function reviewShape(scope: Scope, issue: Issue, review: Review): Shape {
  return {
    __typename: "PullRequestReview",
    id: review.nodeId,
    databaseId: review.id,
    author: () => personShape(scope, review.author),
    authorAssociation: association(scope.repository, review.author),
    state: review.state,
    body: review.body,
    submittedAt: iso(review.submittedAt),
    commit: () => commitShape(scope, review.commit),
    url: `${issuePage(scope.repository, issue, scope.links)}#pullrequestreview-${review.id}`,
  };
}
