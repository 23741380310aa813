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
let first: string;

type Result = {
  data?: Record<string, unknown>;
  errors?: { type?: string; message: string; path?: string[]; extensions?: object }[];
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
  github = createGitHub({
    clock: movableClock(new Date("2026-03-02T09:00:00Z")),
    directory: folder,
  });
  github.addUser({ login: "ada", name: "Ada", email: "ada@example.org" });
  repository = github.addRepository({ owner: "acme", name: "shop", private: true });
  repository.addCollaborator("ada", "write");
  first = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "one\n", "old.txt": "x" },
  });
  events = [];
  github.onEvent((event) => events.push(event));
  ({ url, close } = await listen(github));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const job = (permissions: Record<string, "read" | "write">) =>
  github.issueToken({ kind: "job", repositories: ["acme/shop"], actor: "ada", permissions });

async function ask(
  token: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Result> {
  const answer = await fetch(`${url}/api/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()) as Result;
}

const append = `mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) {
  commit { oid signature { isValid wasSignedByGitHub } author { name email } committer { name } parents(first: 1) { nodes { oid } } } ref { name } } }`;

const input = (head: string) => ({
  branch: { repositoryNameWithOwner: "acme/shop", branchName: "main" },
  expectedHeadOid: head,
  message: { headline: "append", body: "why" },
  fileChanges: {
    additions: [{ path: "ledger/1.json", contents: Buffer.from("{}").toString("base64") }],
    deletions: [{ path: "old.txt" }],
  },
});

test("createCommitOnBranch is a compare and set: of two writers one wins, the other is told", async () => {
  const token = job({ contents: "write" });
  const answers = await Promise.all([
    ask(token, append, { input: input(first) }),
    ask(token, append, { input: input(first) }),
  ]);
  const [won, lost] = answers[0]?.errors ? [answers[1], answers[0]] : answers;
  expect(won).toMatchObject({
    data: {
      createCommitOnBranch: {
        commit: {
          signature: { isValid: true, wasSignedByGitHub: true },
          author: {
            name: "github-actions[bot]",
            email: "41898282+github-actions[bot]@users.noreply.github.com",
          },
          committer: { name: "GitHub" },
          parents: { nodes: [{ oid: first }] },
        },
        ref: { name: "main" },
      },
    },
  });
  expect(lost).toMatchObject({
    data: { createCommitOnBranch: null },
    errors: [
      {
        type: "STALE_DATA",
        path: ["createCommitOnBranch"],
        message: `Expected branch to point to "${first}" but it did not. Pull and try again.`,
      },
    ],
  });
  expect(repository.log()).toHaveLength(2);
  expect(repository.file("ledger/1.json")).toBe("{}");
  expect(repository.file("old.txt")).toBeUndefined();
  expect((await repository.git(["log", "-1", "--format=%B", "main"])).toString().trim()).toBe(
    "append\n\nwhy",
  );
  expect(events).toMatchObject([{ event: "push", ref: "refs/heads/main", startsWorkflows: false }]);
  expect(
    github.requests.map((request) => request.wrote).sort((a, b) => Number(a) - Number(b)),
  ).toEqual([false, true]);
});

test("one query reads files, refs, tags and comparisons of the real repository", async () => {
  repository.createTag("1.0.0", first, "ada", "one");
  const second = repository.commit({
    branch: "main",
    message: "second\n\nbody",
    author: "ada",
    files: { "a.txt": "two\n" },
  });
  const answer = await ask(
    job({ contents: "read" }),
    `query($o: String!, $n: String!, $e: String!) { repository(owner: $o, name: $n) {
      file: object(expression: $e) { ... on Blob { text byteSize } }
      none: object(expression: "main:nothing") { oid }
      tag: ref(qualifiedName: "refs/tags/1.0.0") { target { __typename ... on Tag { tagger { name } target { oid } } }
        compare(headRef: "main") { status aheadBy behindBy commits(first: 5) { totalCount nodes { oid messageHeadline } } } }
      refs(refPrefix: "refs/tags/", last: 5) { nodes { name } }
      defaultBranchRef { name target { ... on Commit { history(first: 1) { totalCount nodes { oid message } pageInfo { hasNextPage } } } } }
    } viewer { login } rateLimit { cost remaining } }`,
    { o: "acme", n: "shop", e: `${first}:a.txt` },
  );
  expect(answer).toEqual({
    data: {
      repository: {
        file: { text: "one\n", byteSize: 4 },
        none: null,
        tag: {
          target: { __typename: "Tag", tagger: { name: "Ada" }, target: { oid: first } },
          compare: {
            status: "AHEAD",
            aheadBy: 1,
            behindBy: 0,
            commits: { totalCount: 1, nodes: [{ oid: second, messageHeadline: "second" }] },
          },
        },
        refs: { nodes: [{ name: "1.0.0" }] },
        defaultBranchRef: {
          name: "main",
          target: {
            history: {
              totalCount: 2,
              nodes: [{ oid: second, message: "second\n\nbody" }],
              pageInfo: { hasNextPage: true },
            },
          },
        },
      },
      viewer: { login: "github-actions[bot]" },
      rateLimit: { cost: 1, remaining: 4999 },
    },
  });
});

test("merged pull requests lead from commits to the issues they close", async () => {
  repository.createMilestone({ title: "1.0", by: "ada" });
  const issue = repository.openIssue({
    title: "It hurts",
    by: "ada",
    labels: ["bug"],
    milestone: 1,
  });
  repository.createBranch("fix", first, "ada");
  repository.commit({ branch: "fix", message: "try", author: "ada", files: { "fix.txt": "1" } });
  const pull = repository.openPullRequest({
    title: "Fix it",
    head: "fix",
    by: "ada",
    body: `Fixes #${issue.number}`,
    labels: ["fix"],
  });
  const merged = repository.mergePullRequest({ pull: pull.number, by: "ada" });
  const answer = await ask(
    job({ contents: "read", issues: "read", "pull-requests": "read" }),
    `{ repository(owner: "acme", name: "shop") {
      p0: pullRequest(number: ${pull.number}) { ...P }
      c0: object(oid: "${merged}") { ... on Commit { associatedPullRequests(first: 5) { nodes { number } } } }
      milestones(first: 20, states: OPEN) { nodes { title issues(first: 5) { nodes { number } } } } } }
     fragment P on PullRequest { number title state mergedAt baseRefName mergeCommit { oid } author { login __typename }
       labels(first: 20) { nodes { name } }
       closingIssuesReferences(first: 10) { nodes { number title state labels(first: 10) { nodes { name } } author { login } } } }`,
  );
  expect(answer.errors).toBeUndefined();
  expect(answer.data?.["repository"]).toMatchObject({
    p0: {
      state: "MERGED",
      baseRefName: "main",
      mergeCommit: { oid: merged },
      author: { login: "ada", __typename: "User" },
      labels: { nodes: [{ name: "fix" }] },
      closingIssuesReferences: {
        nodes: [
          {
            number: issue.number,
            title: "It hurts",
            state: "CLOSED",
            labels: { nodes: [{ name: "bug" }] },
          },
        ],
      },
    },
    c0: { associatedPullRequests: { nodes: [{ number: pull.number }] } },
    milestones: { nodes: [{ title: "1.0", issues: { nodes: [{ number: issue.number }] } }] },
  });
  expect(repository.file("fix.txt")).toBe("1");
  expect((await repository.git(["log", "-1", "--format=%s", "main"])).toString()).toBe(
    `Fix it (#${pull.number})\n`,
  );
});

test("a draft is found by its tag here, though REST never shows it", async () => {
  const draft = repository.createRelease({ tag: "1.0.0", by: "ada", draft: true });
  const query = `{ repository(owner: "acme", name: "shop") { release(tagName: "1.0.0") { databaseId isDraft } latestRelease { tagName } } }`;
  expect((await ask(job({ contents: "write" }), query)).data?.["repository"]).toEqual({
    release: { databaseId: draft.id, isDraft: true },
    latestRelease: null,
  });
  // Who may only read sees no drafts.
  expect((await ask(job({ contents: "read" }), query)).data?.["repository"]).toEqual({
    release: null,
    latestRelease: null,
  });
});

test("a comment tells who changed it and when", async () => {
  const issue = repository.openIssue({ title: "Release", by: "ada" });
  const comment = repository.comment({ issue: issue.number, body: "/approve", by: "ada" });
  const query = `{ repository(owner: "acme", name: "shop") { issue(number: 1) { comments(first: 9) { nodes { body lastEditedAt editor { login } author { login } } } } } }`;
  const read = async () => (await ask(job({ issues: "read" }), query)).data?.["repository"];
  const author = { login: "ada" };
  expect(await read()).toEqual({
    issue: {
      comments: { nodes: [{ body: "/approve", lastEditedAt: null, editor: null, author }] },
    },
  });
  repository.editComment({ id: comment.id, body: "/reject", by: "ada" });
  expect(await read()).toEqual({
    issue: {
      comments: {
        nodes: [
          {
            body: "/reject",
            lastEditedAt: "2026-03-02T09:00:00Z",
            editor: { login: "ada" },
            author,
          },
        ],
      },
    },
  });
});

test("wrong queries fail as on GitHub", async () => {
  const token = job({ contents: "read" });
  const of = async (fields: string) =>
    (await ask(token, `{ repository(owner: "acme", name: "shop") { ${fields} } }`)).errors;
  expect(await of("nonsense")).toMatchObject([
    {
      message: "Field 'nonsense' doesn't exist on type 'Repository'",
      extensions: { code: "undefinedField", typeName: "Repository", fieldName: "nonsense" },
    },
  ]);
  expect(await of('refs(refPrefix: "refs/tags/") { totalCount }')).toMatchObject([
    { type: "MISSING_PAGINATION_BOUNDARIES" },
  ]);
  expect(await of('refs(refPrefix: "refs/tags/", first: 101) { totalCount }')).toMatchObject([
    { type: "EXCESSIVE_PAGINATION" },
  ]);
  expect(await of("object(expression: 5) { oid }")).toHaveLength(1);
  expect(
    (await ask(token, `{ repository(owner: "acme", name: "none") { id } }`)).errors,
  ).toMatchObject([
    {
      type: "NOT_FOUND",
      path: ["repository"],
      message: "Could not resolve to a Repository with the name 'acme/none'.",
    },
  ]);
});

const fields: [field: string, permission: string][] = [
  ['object(expression: "main") { oid }', "contents"],
  ['ref(qualifiedName: "main") { name }', "contents"],
  ["latestRelease { id }", "contents"],
  ["issues(first: 1) { totalCount }", "issues"],
  ["issue(number: 1) { title }", "issues"],
  ["pullRequests(first: 1) { totalCount }", "pull-requests"],
  ["deployments(first: 1) { totalCount }", "deployments"],
];

test.each(fields)("%s needs %s", async (field, permission) => {
  repository.openIssue({ title: "one", by: "ada" });
  const query = `{ repository(owner: "acme", name: "shop") { name ${field} } }`;
  expect((await ask(job({ [permission]: "read" }), query)).errors).toBeUndefined();
  const others = {
    contents: "read",
    issues: "read",
    "pull-requests": "read",
    deployments: "read",
    checks: "read",
  } as Record<string, "read">;
  delete others[permission];
  expect((await ask(job(others), query)).errors).toMatchObject([
    { type: "FORBIDDEN", message: "Resource not accessible by integration" },
  ]);
});

test("mutations need their permission", async () => {
  const refused = await ask(job({ contents: "read" }), append, { input: input(first) });
  expect(refused).toMatchObject({
    data: { createCommitOnBranch: null },
    errors: [{ type: "FORBIDDEN" }],
  });
  const workflow = {
    ...input(first),
    fileChanges: { additions: [{ path: ".github/workflows/a.yml", contents: "" }] },
  };
  expect(await ask(job({ contents: "write" }), append, { input: workflow })).toMatchObject({
    errors: [{ type: "FORBIDDEN" }],
  });
  const issue = repository.openIssue({ title: "one", by: "ada" });
  const say = `mutation($id: ID!) { addComment(input: { subjectId: $id, body: "hello" }) { commentEdge { node { databaseId body } } } }`;
  expect(await ask(job({ issues: "read" }), say, { id: issue.nodeId })).toMatchObject({
    errors: [{ type: "FORBIDDEN" }],
  });
  expect((await ask(job({ issues: "write" }), say, { id: issue.nodeId })).errors).toBeUndefined();
  expect(repository.comments).toMatchObject([{ body: "hello", author: "github-actions[bot]" }]);
});
