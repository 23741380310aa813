import { assign, assigneesOf, isAssignable, mayTriage } from "../assignees.ts";
import {
  addComment,
  addLabels,
  commentOf,
  deleteComment,
  editComment,
  editIssue,
  issueOf,
  labelOf,
  openIssue,
  removeLabel,
  setIssueState,
} from "../issues.ts";
import { demandMilestone, setMilestone } from "../milestones.ts";
import { presentComment, presentIssue, presentLabel, presentLabels } from "../present/issues.ts";
import type { Issue } from "../records.ts";
import { accessOf, invalid, Refused, type Actor, type Repository } from "../world.ts";
import { namesIn, numberIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { noContent, ok, route, type Call, type RepositoryCall, type Route } from "./route.ts";

/** What a thread needs: pull requests may be talked on with either permission, issues only with their own. */
function thread(level: "read" | "write") {
  return ({ repository, path }: Call & { repository: Repository }): string => {
    const number = path["issue_number"];
    const id = path["comment_id"];
    const issue = repository.issues.find((one) =>
      id === undefined
        ? one.number === Number(number)
        : one.comments.some((comment) => comment.id === Number(id)),
    );
    return issue?.pull ? `issues=${level}|pull-requests=${level}` : `issues=${level}`;
  };
}

export const issueRoutes: Route[] = [
  route("GET /issues", "issues=read", (call) => {
    const { world, repository, links } = call;
    return page(call, listed(call), (issue) => presentIssue(world, repository, issue, links));
  }),
  route("POST /issues", "issues=write", ({ world, repository, actor, body, links }) => {
    const milestone = numberIn(body, "milestone");
    const assignee = textIn(body, "assignee");
    const assignees = namesIn(body, "assignees") ?? (assignee ? [assignee] : []);
    const issue = openIssue(world, repository, actor, {
      title: String(body["title"]),
      body: textIn(body, "body") ?? "",
      ...(mayTriage(repository, actor) && {
        labels: namesIn(body, "labels") ?? [],
        assignees: assigneesOf(world, repository, assignees),
        ...(milestone !== undefined && { milestone }),
      }),
    });
    return ok(presentIssue(world, repository, issue, links), 201);
  }),
  route("GET /issues/{issue_number}", thread("read"), ({ world, repository, path, links }) =>
    ok(presentIssue(world, repository, issueOf(repository, Number(path["issue_number"])), links)),
  ),
  route("PATCH /issues/{issue_number}", thread("write"), (call) => {
    const { world, repository, links, path } = call;
    const issue = issueOf(repository, Number(path["issue_number"]));
    demandAuthor(repository, call.actor, issue.author);
    change(call, issue);
    return ok(presentIssue(world, repository, issue, links));
  }),
  route("POST /issues/{issue_number}/assignees", thread("write"), (call) => {
    const { world, repository, actor, body, links, path } = call;
    const issue = issueOf(repository, Number(path["issue_number"]));
    // Whoever cannot be assigned is left out without a word.
    const wanted = (namesIn(body, "assignees") ?? []).filter((login) =>
      isAssignable(world, repository, login, issue),
    );
    const added = assigneesOf(world, repository, wanted, issue);
    if (mayTriage(repository, actor))
      assign(world, repository, actor, issue, [...issue.assignees, ...added]);
    return ok(presentIssue(world, repository, issue, links), 201);
  }),
  route("PUT /issues/{issue_number}/lock", thread("write"), ({ repository, path }) => {
    issueOf(repository, Number(path["issue_number"])).locked = true;
    return noContent;
  }),
  route("DELETE /issues/{issue_number}/lock", thread("write"), ({ repository, path }) => {
    issueOf(repository, Number(path["issue_number"])).locked = false;
    return noContent;
  }),

  route("GET /issues/comments", "issues=read|pull-requests=read", (call) => {
    const { world, repository, links, query } = call;
    const all = repository.issues.flatMap((issue) => issue.comments).filter(since(query));
    const sorted = all.sort((a, b) =>
      query.get("direction") === "desc" ? b.id - a.id : a.id - b.id,
    );
    return page(call, sorted, (comment) => presentComment(world, repository, comment, links));
  }),
  route("GET /issues/{issue_number}/comments", thread("read"), (call) => {
    const { world, repository, links, path, query } = call;
    const { comments } = issueOf(repository, Number(path["issue_number"]));
    return page(call, comments.filter(since(query)), (comment) =>
      presentComment(world, repository, comment, links),
    );
  }),
  route(
    "POST /issues/{issue_number}/comments",
    thread("write"),
    ({ world, repository, actor, body, path, links }) => {
      const issue = issueOf(repository, Number(path["issue_number"]));
      const access = accessOf(repository, actor.login);
      const writer = access !== undefined && access !== "read" && access !== "triage";
      if (issue.locked && !writer && !actor.login.endsWith("[bot]")) {
        throw new Refused(403, "Unable to create comment because issue is locked.");
      }
      const text = commentIn(body);
      return ok(
        presentComment(world, repository, addComment(world, repository, actor, issue, text), links),
        201,
      );
    },
  ),
  route("GET /issues/comments/{comment_id}", thread("read"), ({ world, repository, path, links }) =>
    ok(
      presentComment(
        world,
        repository,
        commentOf(repository, Number(path["comment_id"])).comment,
        links,
      ),
    ),
  ),
  route(
    "PATCH /issues/comments/{comment_id}",
    thread("write"),
    ({ world, repository, actor, body, path, links }) => {
      const id = Number(path["comment_id"]);
      demandAuthor(repository, actor, commentOf(repository, id).comment.author);
      return ok(
        presentComment(
          world,
          repository,
          editComment(world, repository, actor, id, commentIn(body)),
          links,
        ),
      );
    },
  ),
  route(
    "DELETE /issues/comments/{comment_id}",
    thread("write"),
    ({ world, repository, actor, path }) => {
      const id = Number(path["comment_id"]);
      demandAuthor(repository, actor, commentOf(repository, id).comment.author);
      deleteComment(world, repository, actor, id);
      return noContent;
    },
  ),

  route("GET /issues/{issue_number}/labels", thread("read"), (call) => {
    const issue = issueOf(call.repository, Number(call.path["issue_number"]));
    return page(call, presentLabels(call.repository, issue, call.links), (label) => label);
  }),
  route(
    "POST /issues/{issue_number}/labels",
    thread("write"),
    ({ world, repository, actor, body, path, links }) => {
      const issue = issueOf(repository, Number(path["issue_number"]));
      addLabels(world, repository, actor, issue, namesIn(body, "labels") ?? []);
      return ok(presentLabels(repository, issue, links));
    },
  ),
  route(
    "DELETE /issues/{issue_number}/labels/{name}",
    thread("write"),
    ({ world, repository, actor, path, links }) => {
      const issue = issueOf(repository, Number(path["issue_number"]));
      removeLabel(world, repository, actor, issue, path["name"] ?? "");
      return ok(presentLabels(repository, issue, links));
    },
  ),
  route("GET /labels", "issues=read|pull-requests=read", (call) =>
    page(call, call.repository.labels, (label) => presentLabel(call.repository, label, call.links)),
  ),
  route(
    "POST /labels",
    "issues=write|pull-requests=write",
    ({ world, repository, body, links }) => {
      const name = textIn(body, "name") ?? "";
      if (repository.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) {
        throw invalid("Label", "name", "already_exists");
      }
      const [color, description] = [textIn(body, "color"), textIn(body, "description")];
      const label = labelOf(world, repository, name, {
        ...(color && { color }),
        ...(description && { description }),
      });
      return ok(presentLabel(repository, label, links), 201);
    },
  ),
];

function commentIn(body: Record<string, unknown>): string {
  const text = textIn(body, "body") ?? "";
  if (text.trim() === "") throw invalid("IssueComment", "body", "missing_field");
  if (text.length > 65_536) {
    throw invalid(
      "IssueComment",
      "body",
      "unprocessable",
      "body is too long (maximum is 65536 characters)",
    );
  }
  return text;
}

/** People without a role may change only what they wrote; bots have no role and are held to their token. */
function demandAuthor(repository: Repository, actor: Actor, author: string): void {
  const access = accessOf(repository, actor.login);
  if (
    actor.login === author ||
    actor.login.endsWith("[bot]") ||
    (access !== undefined && access !== "read")
  )
    return;
  throw new Refused(403, "Must have admin rights to Repository.");
}

function listed({ repository, query }: RepositoryCall): Issue[] {
  const state = query.get("state") ?? "open";
  const labels = query.get("labels")?.split(",").filter(Boolean) ?? [];
  const milestone = query.get("milestone");
  const [creator, assignee] = [query.get("creator"), query.get("assignee")];
  if (
    milestone &&
    !["*", "none"].includes(milestone) &&
    !repository.milestones.some((one) => String(one.number) === milestone)
  ) {
    throw invalid("Issue", "milestone", "invalid");
  }
  const has = (issue: Issue, label: string) =>
    issue.labels.some((one) => one.toLowerCase() === label.toLowerCase());
  const wanted = repository.issues.filter(
    (issue) =>
      (state === "all" || issue.state === state) &&
      labels.every((label) => has(issue, label)) &&
      fits(milestone, issue.milestone === undefined ? [] : [String(issue.milestone)]) &&
      fits(assignee, issue.assignees) &&
      (!creator || issue.author.toLowerCase() === creator.toLowerCase()) &&
      since(query)(issue),
  );
  const keys: Record<string, (issue: Issue) => number> = {
    updated: (issue) => issue.updatedAt.getTime(),
    comments: (issue) => issue.comments.length,
  };
  const key = keys[query.get("sort") ?? ""] ?? ((issue: Issue) => issue.id);
  const sign = query.get("direction") === "asc" ? 1 : -1;
  return wanted.sort((a, b) => sign * (key(a) - key(b) || a.id - b.id));
}

/** `*` asks for any value, `none` for none at all. */
function fits(wanted: string | null, values: readonly string[]): boolean {
  if (!wanted) return true;
  if (wanted === "*" || wanted === "none") return values.length > 0 === (wanted === "*");
  return values.some((one) => one.toLowerCase() === wanted.toLowerCase());
}

function since(query: URLSearchParams): (record: { updatedAt: Date }) => boolean {
  const from = query.get("since");
  return (record) => !from || record.updatedAt >= new Date(from);
}

/** Without a role only the text and the state of what one wrote; the rest GitHub drops without a word. */
function change({ world, repository, actor, body }: RepositoryCall, issue: Issue): void {
  const [title, text] = [body["title"], body["body"]];
  const assignees = namesIn(body, "assignees");
  const triages = mayTriage(repository, actor);
  const assigned =
    assignees && triages ? assigneesOf(world, repository, assignees, issue) : undefined;
  const milestone = body["milestone"] === null ? undefined : numberIn(body, "milestone");
  if (triages) demandMilestone(repository, milestone);
  // Throws before it changes anything; nothing after it does.
  editIssue(world, repository, actor, issue, {
    ...(typeof title === "string" && { title }),
    ...("body" in body && { body: typeof text === "string" ? text : "" }),
  });
  if (triages && "milestone" in body) setMilestone(world, repository, actor, issue, milestone);
  const labels = triages ? namesIn(body, "labels") : undefined;
  if (labels) {
    for (const name of issue.labels.filter((one) => !labels.includes(one)))
      removeLabel(world, repository, actor, issue, name);
    addLabels(world, repository, actor, issue, labels);
  }
  if (assigned) assign(world, repository, actor, issue, assigned);
  const state = textIn(body, "state");
  const reason = textIn(body, "state_reason") as Issue["stateReason"];
  if (state)
    setIssueState(world, repository, actor, issue, state === "closed" ? "closed" : "open", reason);
}
