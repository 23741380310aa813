import type { Issue, IssueComment, Label, Milestone } from "../records.ts";
import { parentOf, subIssuesOf } from "../sub-issues.ts";
import type { Repository, World } from "../world.ts";
import { iso, isoOrNull, type Links } from "./links.ts";
import { association, presentPerson, type Json } from "./people.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentIssue(
  world: World,
  repository: Repository,
  issue: Issue,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/issues/${issue.number}`;
  const page = issuePage(repository, issue, links);
  const pullUrl = `${repositoryUrl(repository, links)}/pulls/${issue.number}`;
  const assignees = issue.assignees.map((login) => presentPerson(world, login, links));
  return {
    url,
    repository_url: repositoryUrl(repository, links),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: issue.id,
    node_id: issue.nodeId,
    number: issue.number,
    title: issue.title,
    user: presentPerson(world, issue.author, links),
    labels: presentLabels(repository, issue, links),
    state: issue.state,
    state_reason: issue.stateReason ?? null,
    locked: issue.locked,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: presentMilestoneOf(world, repository, issue, links),
    comments: issue.comments.length,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: isoOrNull(issue.closedAt),
    closed_by: issue.closedBy ? presentPerson(world, issue.closedBy, links) : null,
    author_association: association(repository, issue.author),
    active_lock_reason: null,
    body: issue.body === "" ? null : issue.body,
    reactions: presentReactions(url),
    timeline_url: `${url}/timeline`,
    ...(!issue.pull && presentFamily(world, issue, links)),
    performed_via_github_app: null,
    ...(issue.pull && {
      draft: issue.pull.draft,
      pull_request: {
        url: pullUrl,
        html_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        merged_at: isoOrNull(issue.pull.mergedAt),
      },
    }),
  };
}

/** How far the issues below are, and where the one above is. */
function presentFamily(world: World, issue: Issue, links: Links): Json {
  const below = subIssuesOf(world, issue);
  const completed = below.filter((one) => one.issue.state === "closed").length;
  const parent = parentOf(world, issue);
  return {
    sub_issues_summary: {
      total: below.length,
      completed,
      percent_completed: below.length > 0 ? Math.floor((100 * completed) / below.length) : 0,
    },
    ...(parent && {
      parent_issue_url: `${repositoryUrl(parent.repository, links)}/issues/${parent.issue.number}`,
    }),
  };
}

export function issuePage(repository: Repository, issue: Issue, links: Links): string {
  return `${repositoryPage(repository, links)}/${issue.pull ? "pull" : "issues"}/${issue.number}`;
}

export function presentComment(
  world: World,
  repository: Repository,
  comment: IssueComment,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/issues/comments/${comment.id}`;
  const issue = repository.issues.find((one) => one.number === comment.issue);
  const page = issue ? issuePage(repository, issue, links) : repositoryPage(repository, links);
  return {
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl(repository, links)}/issues/${comment.issue}`,
    id: comment.id,
    node_id: comment.nodeId,
    user: presentPerson(world, comment.author, links),
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    author_association: association(repository, comment.author),
    body: comment.body,
    reactions: presentReactions(url),
    performed_via_github_app: null,
  };
}

export function presentLabel(repository: Repository, label: Label, links: Links): Json {
  return {
    id: label.id,
    node_id: label.nodeId,
    url: `${repositoryUrl(repository, links)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description ?? null,
  };
}

export function presentLabels(repository: Repository, issue: Issue, links: Links): Json[] {
  return repository.labels
    .filter((label) => issue.labels.includes(label.name))
    .map((label) => presentLabel(repository, label, links));
}

export function presentMilestone(
  world: World,
  repository: Repository,
  milestone: Milestone,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/milestones/${milestone.number}`;
  const issues = repository.issues.filter((issue) => issue.milestone === milestone.number);
  return {
    url,
    html_url: `${repositoryPage(repository, links)}/milestone/${milestone.number}`,
    labels_url: `${url}/labels`,
    id: milestone.id,
    node_id: milestone.nodeId,
    number: milestone.number,
    state: milestone.state,
    title: milestone.title,
    description: milestone.description ?? null,
    creator: presentPerson(world, milestone.creator, links),
    open_issues: issues.filter((issue) => issue.state === "open").length,
    closed_issues: issues.filter((issue) => issue.state === "closed").length,
    created_at: iso(milestone.createdAt),
    updated_at: iso(milestone.updatedAt),
    closed_at: isoOrNull(milestone.closedAt),
    due_on: isoOrNull(milestone.dueOn),
  };
}

export function presentMilestoneOf(
  world: World,
  repository: Repository,
  issue: Issue,
  links: Links,
): Json | null {
  const milestone = repository.milestones.find((one) => one.number === issue.milestone);
  return milestone ? presentMilestone(world, repository, milestone, links) : null;
}

function presentReactions(url: string): Json {
  const none = { "+1": 0, "-1": 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 };
  return { url: `${url}/reactions`, total_count: 0, ...none };
}
