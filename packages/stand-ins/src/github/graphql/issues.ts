import { association } from "../present/people.ts";
import { iso, isoOrNull } from "../present/links.ts";
import { issuePage } from "../present/issues.ts";
import type { Issue, IssueComment, Label, Milestone } from "../records.ts";
import { parentOf, subIssuesOf, type Placed } from "../sub-issues.ts";
import { permits } from "../tokens.ts";
import { connection, ordered, type Connection, type Paging } from "./connection.ts";
import { pullShape } from "./pulls.ts";
import { repositoryShape } from "./repository.ts";
import { mustRead, personShape, type Scope, type Shape } from "./scope.ts";

type Order = { field: string; direction: "ASC" | "DESC" };
export type IssueArguments = Paging & {
  states?: string[] | null;
  labels?: string[] | null;
  orderBy?: Order | null;
  filterBy?: {
    states?: string[] | null;
    labels?: string[] | null;
    milestoneNumber?: string | null;
  } | null;
};

/** A page of issues or of pull requests. */
export function issueList(
  scope: Scope,
  field: string,
  args: IssueArguments,
  issues: readonly Issue[],
): Connection<Shape> {
  const states = args.states ?? args.filterBy?.states;
  const labels = args.labels ?? args.filterBy?.labels;
  const milestone = args.filterBy?.milestoneNumber;
  const wanted = issues.filter(
    (issue) =>
      (!states || states.includes(stateOf(issue))) &&
      (!labels ||
        labels.some((label) =>
          issue.labels.some((one) => one.toLowerCase() === label.toLowerCase()),
        )) &&
      (!milestone || String(issue.milestone) === milestone),
  );
  const sorted = ordered(wanted, args.orderBy, {
    CREATED_AT: (issue) => issue.id,
    UPDATED_AT: (issue) => issue.updatedAt.getTime(),
    COMMENTS: (issue) => issue.comments.length,
  });
  return connection(field, args, sorted, (issue) =>
    issue.pull ? pullShape(scope, issue) : issueShape(scope, issue),
  );
}

export function stateOf(issue: Issue): string {
  return issue.pull?.mergedAt ? "MERGED" : issue.state.toUpperCase();
}

/** What issues and pull requests have in common. */
export function threadFields(scope: Scope, issue: Issue): Record<string, unknown> {
  const { repository, links } = scope;
  return {
    id: issue.nodeId,
    databaseId: issue.id,
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: stateOf(issue),
    url: issuePage(repository, issue, links),
    author: () => personShape(scope, issue.author),
    authorAssociation: association(repository, issue.author),
    createdAt: iso(issue.createdAt),
    updatedAt: iso(issue.updatedAt),
    lastEditedAt: isoOrNull(issue.editedAt),
    editor: () => (issue.editor ? personShape(scope, issue.editor) : null),
    closed: issue.state === "closed",
    closedAt: isoOrNull(issue.closedAt),
    locked: issue.locked,
    labels: (paging: Paging) =>
      labelList(
        scope,
        paging,
        repository.labels.filter((label) => issue.labels.includes(label.name)),
      ),
    assignees: (paging: Paging) =>
      connection("assignees", paging, issue.assignees, (login) => personShape(scope, login)),
    milestone: () => {
      const milestone = repository.milestones.find((one) => one.number === issue.milestone);
      return milestone ? milestoneShape(scope, milestone) : null;
    },
    comments: (args: Paging & { orderBy?: Order | null }) =>
      connection(
        "comments",
        args,
        ordered(issue.comments, args.orderBy, {
          UPDATED_AT: (comment) => comment.updatedAt.getTime(),
        }),
        (comment) => commentShape(scope, issue, comment),
      ),
    repository: () => repositoryShape(scope),
  };
}

export function issueShape(scope: Scope, issue: Issue): Shape {
  mustRead(scope, "issues");
  return {
    __typename: "Issue",
    ...threadFields(scope, issue),
    stateReason: issue.stateReason?.toUpperCase() ?? null,
    parent: () => {
      const parent = parentOf(scope.world, issue);
      return parent && readable(scope, parent) ? shapeIn(scope, parent) : null;
    },
    subIssues: (paging: Paging) => {
      const below = subIssuesOf(scope.world, issue).filter((one) => readable(scope, one));
      return connection("subIssues", paging, below, (one) => shapeIn(scope, one));
    },
    subIssuesSummary: () => {
      const below = subIssuesOf(scope.world, issue);
      const completed = below.filter((one) => one.issue.state === "closed").length;
      const percentCompleted = below.length > 0 ? Math.floor((100 * completed) / below.length) : 0;
      return { __typename: "SubIssuesSummary", total: below.length, completed, percentCompleted };
    },
  };
}

/** Issues above and below may be of other repositories; what the token may not read is not shown. */
function readable({ session }: Scope, { repository }: Placed): boolean {
  return permits(session, repository, [{ permission: "issues", level: "read" }]);
}

function shapeIn(scope: Scope, { repository, issue }: Placed): Shape {
  return issueShape({ ...scope, repository }, issue);
}

export function commentShape(scope: Scope, issue: Issue, comment: IssueComment): Shape {
  const { repository, links, session } = scope;
  return {
    __typename: "IssueComment",
    id: comment.nodeId,
    databaseId: comment.id,
    body: comment.body,
    author: () => personShape(scope, comment.author),
    authorAssociation: association(repository, comment.author),
    createdAt: iso(comment.createdAt),
    updatedAt: iso(comment.updatedAt),
    lastEditedAt: isoOrNull(comment.editedAt),
    editor: () => (comment.editor ? personShape(scope, comment.editor) : null),
    includesCreatedEdit: comment.editedAt !== undefined,
    url: `${issuePage(repository, issue, links)}#issuecomment-${comment.id}`,
    issue: () => ({ ...issueShape(scope, issue), __typename: "Issue" }),
    viewerDidAuthor: session.actor?.login === comment.author,
  };
}

export function labelList(
  scope: Scope,
  paging: Paging,
  labels: readonly Label[],
): Connection<Shape> {
  mustRead(scope, "issues", "pull-requests");
  return connection("labels", paging, labels, labelShape);
}

export function labelShape(label: Label): Shape {
  return {
    __typename: "Label",
    id: label.nodeId,
    name: label.name,
    color: label.color,
    description: label.description ?? null,
  };
}

export function milestoneShape(scope: Scope, milestone: Milestone): Shape {
  const { repository, links } = scope;
  mustRead(scope, "issues", "pull-requests");
  const mine = (pulls: boolean) =>
    repository.issues.filter(
      (issue) => issue.milestone === milestone.number && (issue.pull !== undefined) === pulls,
    );
  return {
    __typename: "Milestone",
    id: milestone.nodeId,
    number: milestone.number,
    title: milestone.title,
    description: milestone.description ?? null,
    state: milestone.state.toUpperCase(),
    url: `${links.html}/${repository.fullName}/milestone/${milestone.number}`,
    dueOn: isoOrNull(milestone.dueOn),
    closed: milestone.state === "closed",
    closedAt: isoOrNull(milestone.closedAt),
    createdAt: iso(milestone.createdAt),
    updatedAt: iso(milestone.updatedAt),
    creator: () => personShape(scope, milestone.creator),
    issues: (args: IssueArguments) => {
      mustRead(scope, "issues");
      return issueList(scope, "issues", args, mine(false));
    },
    pullRequests: (args: IssueArguments) => {
      mustRead(scope, "pull-requests");
      return issueList(scope, "pullRequests", args, mine(true));
    },
  };
}
