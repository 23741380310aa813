import { announce } from "./announce.ts";
import { presentComment, presentIssue } from "./present/issues.ts";
import { presentPull } from "./present/pulls.ts";
import type { Issue, IssueComment, Label, Pull } from "./records.ts";
import { invalid, nodeId, Refused, type Actor, type Repository, type World } from "./world.ts";

export function issueOf(repository: Repository, number: number): Issue {
  const issue = repository.issues.find((one) => one.number === number);
  if (!issue) throw new Refused(404, "Not Found");
  return issue;
}

export function commentOf(
  repository: Repository,
  id: number,
): { issue: Issue; comment: IssueComment } {
  for (const issue of repository.issues) {
    const comment = issue.comments.find((one) => one.id === id);
    if (comment) return { issue, comment };
  }
  throw new Refused(404, "Not Found");
}

/** The body of an event about an issue or pull request. */
export function issuePayload(
  world: World,
  repository: Repository,
  issue: Issue,
): Record<string, unknown> {
  return { issue: presentIssue(world, repository, issue, world.links) };
}

export function openIssue(
  world: World,
  repository: Repository,
  actor: Actor,
  wanted: {
    title: string;
    body?: string;
    labels?: readonly string[];
    assignees?: readonly string[];
    milestone?: number;
    pull?: Omit<Pull, "id">;
  },
): Issue {
  demandTexts(wanted);
  if (
    wanted.milestone !== undefined &&
    !repository.milestones.some((one) => one.number === wanted.milestone)
  ) {
    throw invalid("Issue", "milestone", "invalid");
  }
  const id = world.nextId();
  const now = world.clock.now();
  const issue: Issue = {
    id,
    nodeId: nodeId(wanted.pull ? "PR" : "I", id),
    number: repository.issues.length + 1,
    title: wanted.title,
    body: wanted.body ?? "",
    author: actor.login,
    state: "open",
    labels: (wanted.labels ?? []).map((name) => labelOf(world, repository, name).name),
    assignees: [...(wanted.assignees ?? [])],
    ...(wanted.milestone !== undefined && { milestone: wanted.milestone }),
    locked: false,
    createdAt: now,
    updatedAt: now,
    comments: [],
    subIssues: [],
    ...(wanted.pull && { pull: { id, ...wanted.pull } }),
  };
  repository.issues.push(issue);
  if (!issue.pull) tellIssue(world, repository, actor, issue, "opened");
  return issue;
}

/** What GitHub bounds: a title of 1 to 256 characters, a body of at most 65536. */
function demandTexts(texts: { title?: string; body?: string }): void {
  if (texts.title !== undefined && texts.title.trim() === "")
    throw invalid("Issue", "title", "missing_field");
  for (const [field, limit] of [
    ["title", 256],
    ["body", 65_536],
  ] as const) {
    if ((texts[field] ?? "").length > limit)
      throw invalid(
        "Issue",
        field,
        "custom",
        `${field} is too long (maximum is ${limit} characters)`,
      );
  }
}

/** Emits `issues` or `pull_request` with this action. */
export function tellIssue(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  action: string,
  more: Record<string, unknown> = {},
): void {
  const { pull } = issue;
  announce(world, repository, actor, {
    event: pull ? "pull_request" : "issues",
    action,
    ...(pull && { ref: `refs/pull/${issue.number}/merge`, sha: pull.headSha }),
    payload: {
      ...(pull
        ? { number: issue.number, pull_request: presentPull(world, repository, issue, world.links) }
        : issuePayload(world, repository, issue)),
      ...more,
    },
  });
}

export function addComment(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  body: string,
): IssueComment {
  const id = world.nextId();
  const now = world.clock.now();
  const comment: IssueComment = {
    id,
    nodeId: nodeId("IC", id),
    issue: issue.number,
    author: actor.login,
    body,
    createdAt: now,
    updatedAt: now,
  };
  issue.comments.push(comment);
  issue.updatedAt = now;
  tellComment(world, repository, actor, issue, comment, "created");
  return comment;
}

export function editComment(
  world: World,
  repository: Repository,
  actor: Actor,
  id: number,
  body: string,
): IssueComment {
  const { issue, comment } = commentOf(repository, id);
  const from = comment.body;
  if (from === body) return comment;
  comment.body = body;
  comment.updatedAt = world.clock.now();
  comment.editedAt = comment.updatedAt;
  comment.editor = actor.login;
  tellComment(world, repository, actor, issue, comment, "edited", { changes: { body: { from } } });
  return comment;
}

export function deleteComment(
  world: World,
  repository: Repository,
  actor: Actor,
  id: number,
): void {
  const { issue, comment } = commentOf(repository, id);
  issue.comments.splice(issue.comments.indexOf(comment), 1);
  issue.updatedAt = world.clock.now();
  tellComment(world, repository, actor, issue, comment, "deleted");
}

function tellComment(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  comment: IssueComment,
  action: string,
  more: Record<string, unknown> = {},
): void {
  announce(world, repository, actor, {
    event: "issue_comment",
    action,
    payload: {
      ...issuePayload(world, repository, issue),
      comment: presentComment(world, repository, comment, world.links),
      ...more,
    },
  });
}

export function setIssueState(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  state: "open" | "closed",
  reason?: Issue["stateReason"],
): void {
  if (issue.state === state) {
    if (reason && state === "closed") issue.stateReason = reason;
    return;
  }
  const now = world.clock.now();
  issue.state = state;
  issue.updatedAt = now;
  if (state === "closed") {
    issue.closedAt = now;
    issue.closedBy = actor.login;
    issue.stateReason = reason ?? "completed";
  } else {
    delete issue.closedAt;
    delete issue.closedBy;
    issue.stateReason = "reopened";
  }
  tellIssue(world, repository, actor, issue, state === "closed" ? "closed" : "reopened");
}

export function editIssue(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  edit: { title?: string; body?: string },
): void {
  demandTexts(edit);
  const changes: Record<string, { from: string }> = {};
  if (edit.title !== undefined && edit.title !== issue.title)
    changes["title"] = { from: issue.title };
  if (edit.body !== undefined && edit.body !== issue.body) changes["body"] = { from: issue.body };
  if (Object.keys(changes).length === 0) return;
  issue.title = edit.title ?? issue.title;
  issue.updatedAt = world.clock.now();
  if (changes["body"]) {
    issue.body = edit.body ?? "";
    issue.editedAt = issue.updatedAt;
    issue.editor = actor.login;
  }
  tellIssue(world, repository, actor, issue, "edited", { changes });
}

/** The label of this name, made when the repository has none: GitHub does so for labels named by issues. */
export function labelOf(
  world: World,
  repository: Repository,
  name: string,
  more: { color?: string; description?: string } = {},
): Label {
  const known = repository.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
  if (known) return known;
  const id = world.nextId();
  const label: Label = {
    id,
    nodeId: nodeId("LA", id),
    name,
    color: more.color ?? "ededed",
    ...(more.description !== undefined && { description: more.description }),
  };
  repository.labels.push(label);
  return label;
}

export function addLabels(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  names: readonly string[],
): void {
  for (const name of names) {
    const label = labelOf(world, repository, name);
    if (issue.labels.includes(label.name)) continue;
    issue.labels.push(label.name);
    issue.updatedAt = world.clock.now();
    tellIssue(world, repository, actor, issue, "labeled", { label: { name: label.name } });
  }
}

export function removeLabel(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  name: string,
): void {
  const at = issue.labels.findIndex((label) => label.toLowerCase() === name.toLowerCase());
  if (at < 0) throw new Refused(404, "Label does not exist");
  const [label] = issue.labels.splice(at, 1);
  issue.updatedAt = world.clock.now();
  tellIssue(world, repository, actor, issue, "unlabeled", { label: { name: label } });
}
