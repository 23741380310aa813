import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createGitHub, type GitHub, type GitHubEvent, type GitHubRepository } from "./index.ts";

let folder: string;
let github: GitHub;
let repository: GitHubRepository;
let url: string;
let close: () => Promise<void>;
let events: GitHubEvent[];
let job: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
  github = createGitHub({
    clock: movableClock(new Date("2026-03-02T09:00:00Z")),
    directory: folder,
  });
  for (const login of ["ada", "bob", "eve"]) github.addUser({ login });
  repository = github.addRepository({ owner: "acme", name: "shop" });
  repository.addCollaborator("ada", "write");
  repository.addCollaborator("bob", "read");
  repository.commit({ branch: "main", message: "first", author: "ada", files: { a: "a" } });
  events = [];
  github.onEvent((event) => events.push(event));
  job = token("job", "ada", { issues: "write" });
  ({ url, close } = await listen(github));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
  expect(github.violations.filter((one) => one.startsWith("answer"))).toEqual([]);
});

function token(
  kind: "job" | "user",
  actor: string,
  permissions: Record<string, "read" | "write">,
  repositories = ["acme/shop"],
): string {
  return github.issueToken({ kind, repositories, actor, permissions });
}

async function send(bearer: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/api/v3/repos/acme/${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text || "null") as never };
}

async function ask(bearer: string, query: string) {
  const answer = await fetch(`${url}/api/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()) as { data?: Record<string, unknown>; errors?: object[] };
}

test("an issue is opened with labels, assignees and a milestone, by a token that may write issues", async () => {
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  const wish = { title: "Release", body: "x", labels: ["r"], assignees: ["ADA"], milestone: 1 };
  expect(await send(job, "POST", "shop/issues", wish)).toMatchObject({
    status: 201,
    body: {
      number: 1,
      labels: [{ name: "r" }],
      assignees: [{ login: "ada" }],
      milestone: { number: 1, open_issues: 1 },
      sub_issues_summary: { total: 0, completed: 0, percent_completed: 0 },
    },
  });
  const reader = token("job", "ada", { issues: "read" });
  expect(await send(reader, "POST", "shop/issues", wish)).toMatchObject({
    status: 403,
    body: { message: "Resource not accessible by integration" },
  });
  expect(repository.issues).toHaveLength(1);
});

test.each([
  ["an assignee whom nobody knows", { assignees: ["nobody"] }, "assignees", "invalid"],
  ["an assignee without a role", { assignees: ["ada", "eve"] }, "assignees", "invalid"],
  ["a bot as assignee", { assignees: ["github-actions[bot]"] }, "assignees", "invalid"],
  ["a milestone that is not there", { milestone: 7 }, "milestone", "invalid"],
  ["an empty title", { title: " " }, "title", "missing_field"],
  ["a title that is too long", { title: "x".repeat(257) }, "title", "custom"],
  ["a body that is too long", { body: "x".repeat(65_537) }, "body", "custom"],
])("an issue is refused for %s, when opened and when changed", async (_, wish, field, code) => {
  repository.openIssue({ title: "there", by: "ada" });
  const refusal = {
    status: 422,
    body: { message: "Validation Failed", errors: [{ resource: "Issue", field, code }] },
  };
  expect(await send(job, "POST", "shop/issues", { title: "new", ...wish })).toMatchObject(refusal);
  expect(await send(job, "PATCH", "shop/issues/1", wish)).toMatchObject(refusal);
  expect(repository.issues).toMatchObject([{ title: "there", body: "", assignees: [] }]);
});

test("without a role labels, assignees and milestone are dropped without a word", async () => {
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  const eve = token("user", "eve", { issues: "write" });
  const wish = { title: "t", labels: ["r"], assignees: ["nobody"], milestone: 1 };
  expect(await send(eve, "POST", "shop/issues", wish)).toMatchObject({
    status: 201,
    body: { labels: [], assignees: [], milestone: null },
  });
  const change = { ...wish, title: "mine", state: "closed", state_reason: "not_planned" };
  expect(await send(eve, "PATCH", "shop/issues/1", change)).toMatchObject({
    status: 200,
    body: { title: "mine", state: "closed", state_reason: "not_planned", labels: [] },
  });
  const bob = token("user", "bob", { issues: "write" });
  expect((await send(bob, "PATCH", "shop/issues/1", { title: "his" })).status).toBe(403);
  expect((await send(job, "PATCH", "shop/issues/1", wish)).status).toBe(422);
  expect(await send(job, "PATCH", "shop/issues/1", { ...wish, assignees: ["bob"] })).toMatchObject({
    body: { labels: [{ name: "r" }], assignees: [{ login: "bob" }], milestone: { number: 1 } },
  });
  expect(
    await send(job, "POST", "shop/issues/1/assignees", { assignees: ["ada", "nobody"] }),
  ).toMatchObject({ status: 201, body: { assignees: [{ login: "bob" }, { login: "ada" }] } });
});

test("a change that is refused in one part changes nothing", async () => {
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  repository.openIssue({ title: "there", by: "ada" });
  for (const wrong of [{ title: "" }, { assignees: ["eve"] }, { milestone: 9 }]) {
    const wish = { title: "new", milestone: 1, labels: ["r"], state: "closed", ...wrong };
    expect((await send(job, "PATCH", "shop/issues/1", wish)).status).toBe(422);
  }
  expect(repository.issues).toMatchObject([{ title: "there", labels: [], state: "open" }]);
  expect(repository.issues[0]?.milestone).toBeUndefined();
});

test("issues are listed by state, labels, milestone, creator and assignee", async () => {
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  repository.openIssue({ title: "a", by: "ada", labels: ["r", "s"], milestone: 1 });
  repository.openIssue({ title: "b", by: "bob", labels: ["r"], assignees: ["ada"] });
  repository.openIssue({ title: "c", by: "ada" });
  repository.closeIssue(3, "ada");
  const list = async (query: string) => {
    const { status, body } = await send(job, "GET", `shop/issues?direction=asc&${query}`);
    return status === 200 ? (body as { title: string }[]).map((one) => one.title).join("") : status;
  };
  expect(await list("")).toBe("ab");
  expect(await list("state=all")).toBe("abc");
  expect(await list("state=closed")).toBe("c");
  expect(await list("labels=r,S")).toBe("a");
  expect(await list("milestone=1")).toBe("a");
  expect(await list("milestone=*")).toBe("a");
  expect(await list("milestone=none")).toBe("b");
  expect(await list("milestone=9")).toBe(422);
  expect(await list("state=all&creator=Ada")).toBe("ac");
  expect(await list("assignee=ada")).toBe("b");
  expect(await list("assignee=none")).toBe("a");
});

test("an issue has issues below it, each of which has one parent", async () => {
  for (const title of ["release", "notes", "documentation", "other"])
    repository.openIssue({ title, by: "ada" });
  const [release, notes, documentation] = repository.issues.map((one) => one.id);
  const add = (parent: number, id: number | undefined, more = {}) =>
    send(job, "POST", `shop/issues/${parent}/sub_issues`, { sub_issue_id: id, ...more });
  expect(await add(1, notes)).toMatchObject({
    status: 201,
    body: { number: 1, sub_issues_summary: { total: 1 } },
  });
  expect(await add(1, documentation)).toMatchObject({ status: 201 });
  expect(await add(1, 999_999)).toMatchObject({
    status: 404,
    body: { message: "The provided sub-issue does not exist" },
  });
  expect(await add(99, notes)).toMatchObject({ status: 404, body: { message: "Not Found" } });
  expect(await add(1, notes)).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining("duplicate sub-issues") as string },
  });
  expect(await add(4, notes)).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining("only have one parent") as string },
  });
  expect((await add(2, release)).status).toBe(422);
  expect((await add(1, release)).status).toBe(422);
  const reader = token("job", "ada", { issues: "read" });
  const wish = { sub_issue_id: notes, replace_parent: true };
  expect((await send(reader, "POST", "shop/issues/4/sub_issues", wish)).status).toBe(403);

  repository.closeIssue(2, "bob");
  expect(await send(reader, "GET", "shop/issues/1/sub_issues")).toMatchObject({
    status: 200,
    body: [
      { number: 2, state: "closed" },
      { number: 3, state: "open" },
    ],
  });
  expect(await send(reader, "GET", "shop/issues/2/parent")).toMatchObject({ body: { number: 1 } });
  expect((await send(reader, "GET", "shop/issues/1/parent")).status).toBe(404);
  expect(await send(reader, "GET", "shop/issues/1")).toMatchObject({
    body: { sub_issues_summary: { total: 2, completed: 1, percent_completed: 50 } },
  });
  expect(
    await ask(
      reader,
      `{ repository(owner: "acme", name: "shop") { issue(number: 1) { body state parent { number }
        subIssuesSummary { total completed }
        subIssues(first: 10) { nodes { number title state url parent { number } } } } } }`,
    ),
  ).toMatchObject({
    data: {
      repository: {
        issue: {
          parent: null,
          subIssuesSummary: { total: 2, completed: 1 },
          subIssues: {
            nodes: [
              { number: 2, title: "notes", state: "CLOSED", parent: { number: 1 } },
              { number: 3, title: "documentation", state: "OPEN" },
            ],
          },
        },
      },
    },
  });

  expect((await add(4, notes, { replace_parent: true })).status).toBe(201);
  const gone = { sub_issue_id: notes };
  expect((await send(job, "DELETE", "shop/issues/1/sub_issue", gone)).status).toBe(404);
  expect((await send(job, "DELETE", "shop/issues/4/sub_issue", gone)).status).toBe(200);
  expect(repository.issues.map((one) => one.subIssues)).toEqual([[documentation], [], [], []]);
  expect(events.filter((one) => one.event === "sub_issues").map((one) => one.action)).toEqual([
    "sub_issue_added",
    "sub_issue_added",
    "sub_issue_removed",
    "sub_issue_added",
    "sub_issue_removed",
  ]);
});

test("sub-issues are of the same owner, no pull requests, and only seen by who may see them", async () => {
  const docs = github.addRepository({ owner: "acme", name: "docs", private: true });
  const foreign = github.addRepository({ owner: "other", name: "shop" });
  repository.openIssue({ title: "release", by: "ada" });
  const [page, stranger] = [docs, foreign].map((one) => one.openIssue({ title: "t", by: "ada" }));
  const main = repository.ref("refs/heads/main") ?? "";
  repository.commit({
    branch: "work",
    message: "m",
    author: "ada",
    files: { b: "b" },
    parents: [main],
  });
  const pull = repository.openPullRequest({ title: "p", head: "work", by: "ada" });
  const add = (bearer: string, id: number | undefined) =>
    send(bearer, "POST", "shop/issues/1/sub_issues", { sub_issue_id: id });
  expect((await add(job, page?.id)).status).toBe(404);
  expect((await add(job, stranger?.id)).status).toBe(404);
  expect((await add(job, pull.id)).status).toBe(404);
  const both = token("user", "ada", { issues: "write" }, ["acme/shop", "acme/docs"]);
  docs.addCollaborator("ada", "read");
  expect((await add(both, page?.id)).status).toBe(201);
  const query = `{ repository(owner: "acme", name: "shop") { issue(number: 1) { subIssues(first: 5) { totalCount } } } }`;
  expect(JSON.stringify(await ask(job, query))).toContain('"totalCount":0');
  expect(JSON.stringify(await ask(both, query))).toContain('"totalCount":1');
  expect(await send(job, "GET", "shop/issues/1/sub_issues")).toMatchObject({ body: [] });
});

test("people link issues and set milestones too", () => {
  repository.openIssue({ title: "release", by: "ada" });
  repository.openIssue({ title: "notes", by: "ada" });
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  repository.addSubIssue({ issue: 1, child: 2, by: "ada" });
  repository.setMilestone({ issue: 1, milestone: 1, by: "ada" });
  repository.assign({ issue: 1, assignees: ["bob"], by: "ada" });
  repository.closeMilestone(1, "ada");
  expect(repository.issues[0]).toMatchObject({ milestone: 1, assignees: ["bob"] });
  expect(repository.issues[0]?.subIssues).toEqual([repository.issues[1]?.id]);
  expect(repository.milestones).toMatchObject([{ state: "closed" }]);
  expect(() => repository.assign({ issue: 1, assignees: ["eve"], by: "ada" })).toThrow(
    "Validation Failed",
  );
  repository.removeSubIssue({ issue: 1, child: 2, by: "ada" });
  repository.reopenMilestone(1, "ada");
  repository.setMilestone({ issue: 1, by: "ada" });
  expect(repository.issues).toMatchObject([{ subIssues: [] }, {}]);
  expect(repository.issues[0]?.milestone).toBeUndefined();
});

test("a milestone is closed whatever it holds, and says what that is", async () => {
  repository.createMilestone({ title: "1.0.0", by: "ada" });
  repository.openIssue({ title: "open", by: "ada", milestone: 1 });
  repository.openIssue({ title: "done", by: "ada", milestone: 1 });
  repository.closeIssue(2, "ada");
  const query = `{ repository(owner: "acme", name: "shop") {
    milestones(first: 5, states: [OPEN]) { nodes { title } }
    issue(number: 1) { milestone { number title state issues(states: [OPEN], first: 9) { nodes { number title } } } } } }`;
  expect(await ask(job, query)).toMatchObject({
    data: {
      repository: {
        milestones: { nodes: [{ title: "1.0.0" }] },
        issue: {
          milestone: {
            number: 1,
            state: "OPEN",
            issues: { nodes: [{ number: 1, title: "open" }] },
          },
        },
      },
    },
  });
  const reader = token("job", "ada", { issues: "read" });
  expect((await send(reader, "PATCH", "shop/milestones/1", { state: "closed" })).status).toBe(403);
  expect((await send(job, "PATCH", "shop/milestones/9", { state: "closed" })).status).toBe(404);
  expect(await send(job, "PATCH", "shop/milestones/1", { state: "closed" })).toMatchObject({
    status: 200,
    body: { state: "closed", open_issues: 1, closed_issues: 1, closed_at: "2026-03-02T09:00:00Z" },
  });
  expect(await send(job, "GET", "shop/milestones")).toMatchObject({ body: [] });
  expect(await send(job, "GET", "shop/milestones?state=all")).toMatchObject({
    body: [{ number: 1 }],
  });
  expect(await send(job, "POST", "shop/milestones", { title: "1.0.0" })).toMatchObject({
    status: 422,
    body: { errors: [{ resource: "Milestone", field: "title", code: "already_exists" }] },
  });
});

test("GraphQL reads issues and milestones only with the permission to", async () => {
  repository.openIssue({ title: "release", by: "ada" });
  const none = token("job", "ada", { contents: "read" });
  for (const field of [
    "issue(number: 1) { body subIssues(first: 1) { totalCount } }",
    "milestones(first: 1) { totalCount }",
  ]) {
    const answer = await ask(none, `{ repository(owner: "acme", name: "shop") { ${field} } }`);
    expect(answer.errors).toMatchObject([{ type: "FORBIDDEN" }]);
  }
  const id = repository.issues[0]?.nodeId ?? "";
  const link = `mutation { addSubIssue(input: { issueId: "${id}", subIssueId: "${id}" }) { issue { number } } }`;
  const reader = token("job", "ada", { issues: "read" });
  expect((await ask(reader, link)).errors).toMatchObject([{ type: "FORBIDDEN" }]);
  expect((await ask(job, link)).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
});

test("a person's comment is told as GitHub tells it, and a job's starts nothing", async () => {
  repository.openIssue({ title: "release", by: "ada", labels: ["release"] });
  events.length = 0;
  const { id } = repository.comment({ issue: 1, body: "/approve 1.0.0", by: "bob" });
  await send(job, "POST", "shop/issues/1/comments", { body: "seen" });
  expect(events).toMatchObject([
    {
      event: "issue_comment",
      action: "created",
      ref: "refs/heads/main",
      startsWorkflows: true,
      payload: {
        action: "created",
        issue: { number: 1, labels: [{ name: "release" }], user: { login: "ada", type: "User" } },
        comment: { id, body: "/approve 1.0.0", user: { login: "bob", type: "User" } },
        repository: { full_name: "acme/shop" },
        sender: { login: "bob", type: "User" },
      },
    },
    {
      event: "issue_comment",
      startsWorkflows: false,
      payload: { comment: { user: { login: "github-actions[bot]", type: "Bot" } } },
    },
  ]);
  expect(events[0]?.payload["issue"]).not.toHaveProperty("pull_request");

  const main = repository.ref("refs/heads/main") ?? "";
  repository.commit({
    branch: "work",
    message: "m",
    author: "ada",
    files: { b: "b" },
    parents: [main],
  });
  repository.openPullRequest({ title: "p", head: "work", by: "ada" });
  repository.comment({ issue: 2, body: "/approve 1.0.0", by: "bob" });
  expect(events.at(-1)).toMatchObject({
    event: "issue_comment",
    ref: "refs/heads/main",
    payload: { issue: { pull_request: { url: expect.stringContaining("/pulls/2") as string } } },
  });
});

test("a comment is not empty, not endless, and changed only by who wrote it or has a role", async () => {
  repository.openIssue({ title: "release", by: "ada" });
  const { id } = repository.comment({ issue: 1, body: "ada's", by: "ada" });
  for (const body of [" ", "x".repeat(65_537)]) {
    expect((await send(job, "POST", "shop/issues/1/comments", { body })).status).toBe(422);
    expect((await send(job, "PATCH", `shop/issues/comments/${id}`, { body })).status).toBe(422);
  }
  const bob = token("user", "bob", { issues: "write" });
  const change = { body: "bob's" };
  expect((await send(bob, "PATCH", `shop/issues/comments/${id}`, change)).status).toBe(403);
  expect((await send(bob, "GET", `shop/issues/comments/${id + 99}`)).status).toBe(404);
  expect(repository.comments).toMatchObject([{ body: "ada's" }]);
});
