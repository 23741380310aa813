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
  first = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "a\n", "old.txt": "stays\n", "gone.txt": "x\n" },
  });
  events = [];
  github.onEvent((event) => events.push(event));
  job = github.issueToken({
    kind: "job",
    repositories: ["acme/shop"],
    actor: "ada",
    permissions: { contents: "write", "pull-requests": "write", actions: "read" },
  });
  ({ url, close } = await listen(github));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
  expect(github.violations.filter((one) => one.startsWith("answer"))).toEqual([]);
});

async function send(method: string, path: string, body?: unknown, bearer = job) {
  const answer = await fetch(`${url}/api/v3/repos/acme/shop${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}` },
    redirect: "manual",
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: JSON.parse(text || "null") as never,
  };
}

/** A branch with one commit on top of main, made as a job makes it. */
async function changelog(branch: string): Promise<void> {
  const ref = { ref: `refs/heads/${branch}`, sha: repository.ref("refs/heads/main") };
  expect((await send("POST", "/git/refs", ref)).status).toBe(201);
  const input = {
    branch: { repositoryNameWithOwner: "acme/shop", branchName: branch },
    expectedHeadOid: ref.sha,
    message: { headline: "Changelog" },
    fileChanges: {
      additions: [{ path: "CHANGELOG.md", contents: Buffer.from("# 1.0.0\n").toString("base64") }],
    },
  };
  const query =
    "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
  const answer = await fetch(`${url}/api/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${job}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  expect(await answer.json()).not.toHaveProperty("errors");
}

test("a job makes a branch, a commit on it and a pull request, and a person merges it", async () => {
  await changelog("changelog/1.0.0");
  const wish = { title: "Changelog", head: "changelog/1.0.0", base: "main", body: "why" };
  expect(await send("POST", "/pulls", wish)).toMatchObject({
    status: 201,
    body: { number: 1, state: "open", user: { login: "github-actions[bot]" }, changed_files: 1 },
  });
  const lists: [string, number][] = [
    ["head=acme:changelog/1.0.0", 1],
    ["head=acme:other", 0],
    ["head=eve:changelog/1.0.0", 0],
    // A branch without its owner is no filter.
    ["head=other", 1],
    ["base=next", 0],
    ["state=closed", 0],
  ];
  for (const [query, count] of lists)
    expect((await send("GET", `/pulls?${query}`)).body).toHaveLength(count);
  const merged = repository.mergePullRequest({ pull: 1, by: "ada" });
  expect(repository.file("CHANGELOG.md")).toBe("# 1.0.0\n");
  expect(await send("GET", "/pulls?state=all&head=acme:changelog/1.0.0")).toMatchObject({
    body: [{ state: "closed", merge_commit_sha: merged, merged_at: "2026-03-02T09:00:00Z" }],
  });
  expect(
    events
      .filter((one) => one.event === "pull_request")
      .map((one) => [one.action, one.startsWorkflows]),
  ).toEqual([
    ["opened", false],
    ["closed", true],
  ]);
});

test("a pull request is refused twice, without commits, and without its branches", async () => {
  await changelog("one");
  await send("POST", "/git/refs", { ref: "refs/heads/same", sha: first });
  const open = (head: string, base = "main", bearer = job) =>
    send("POST", "/pulls", { title: "t", head, base }, bearer);
  expect((await open("one")).status).toBe(201);
  const refused: [string, string, object][] = [
    ["one", "main", { message: "A pull request already exists for acme:one." }],
    ["acme:one", "main", { message: "A pull request already exists for acme:one." }],
    ["same", "main", { message: "No commits between main and same" }],
    ["none", "main", { field: "head", code: "invalid" }],
    ["eve:one", "main", { field: "head", code: "invalid" }],
    ["one", "none", { field: "base", code: "invalid" }],
  ];
  for (const [head, base, error] of refused) {
    expect(await open(head, base)).toMatchObject({
      status: 422,
      body: { message: "Validation Failed", errors: [{ resource: "PullRequest", ...error }] },
    });
  }
  const reader = github.issueToken({
    kind: "job",
    repositories: ["acme/shop"],
    actor: "ada",
    permissions: { "pull-requests": "read" },
  });
  expect((await open("same", "main", reader)).status).toBe(403);
  expect(repository.issues).toHaveLength(1);
});

test("a pull request is changed, closed and opened again, but not after it was merged", async () => {
  await changelog("one");
  await send("POST", "/pulls", { title: "t", head: "one", base: "main" });
  expect(await send("PATCH", "/pulls/1", { title: "u", body: "v", state: "closed" })).toMatchObject(
    {
      status: 200,
      body: { title: "u", body: "v", state: "closed" },
    },
  );
  expect((await send("POST", "/pulls", { title: "t", head: "one", base: "main" })).status).toBe(
    201,
  );
  expect((await send("PATCH", "/pulls/1", { state: "open" })).status).toBe(422);
  repository.createBranch("next", first, "ada");
  const moved = { title: "moved", base: "next" };
  expect((await send("PATCH", "/pulls/1", moved)).status).toBe(422);
  expect(repository.issues[0]?.title).toBe("u");
  expect(await send("PATCH", "/pulls/2", moved)).toMatchObject({ body: { base: { ref: "next" } } });
  expect((await send("PATCH", "/pulls/2", { base: "main" })).status).toBe(200);
  repository.closePullRequest(2, "ada");
  expect(await send("PATCH", "/pulls/1", { state: "open" })).toMatchObject({
    body: { state: "open" },
  });
  expect((await send("PATCH", "/pulls/1", { base: "none" })).status).toBe(422);
  expect((await send("PATCH", "/pulls/1", { title: "" })).status).toBe(422);
  expect((await send("PATCH", "/pulls/9", { title: "x" })).status).toBe(404);
  repository.mergePullRequest({ pull: 1, by: "ada" });
  expect((await send("PATCH", "/pulls/1", { state: "open" })).status).toBe(422);
  repository.deleteRef("refs/heads/one", "ada");
  expect((await send("PATCH", "/pulls/2", { state: "open" })).status).toBe(422);
});

test("a comparison names the files, moved ones with where they were, and at most 300", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 310 }, (_, index) => [`many/${index}.txt`, `${index}`]),
  );
  repository.commit({
    branch: "main",
    message: "second",
    author: "ada",
    files: {
      "a.txt": "b\n",
      "old.txt": null,
      "new.txt": "stays\n",
      "gone.txt": null,
      "package-lock.json": "{}",
    },
  });
  expect(await send("GET", `/compare/${first}...main`)).toMatchObject({
    status: 200,
    body: {
      status: "ahead",
      ahead_by: 1,
      files: [
        { filename: "a.txt", status: "modified" },
        { filename: "gone.txt", status: "removed" },
        { filename: "new.txt", status: "renamed", previous_filename: "old.txt", changes: 0 },
        { filename: "package-lock.json", status: "added" },
      ],
    },
  });
  repository.commit({ branch: "main", message: "third", author: "ada", files: many });
  const { body } = await send("GET", `/compare/${first}...main?per_page=1&page=1`);
  expect((body as { files: unknown[] }).files).toHaveLength(300);
  const next = await send("GET", `/compare/${first}...main?per_page=1&page=2`);
  expect(next.body).toMatchObject({ commits: [{ commit: { message: "third" } }] });
  expect(next.body).not.toHaveProperty("files");
  for (const range of [`${first}...none`, `none...${first}`])
    expect((await send("GET", `/compare/${range}`)).status).toBe(404);
});

test("an archive is at codeload, where the files are those of the commit", async () => {
  const answer = await send("GET", `/tarball/${first}`);
  expect([answer.status, answer.headers.get("location")]).toEqual([
    302,
    `${url}/_codeload/acme/shop/legacy.tar.gz/${first}`,
  ]);
  const archive = await fetch(answer.headers.get("location") ?? "");
  expect([archive.status, archive.headers.get("content-type")]).toEqual([
    200,
    "application/x-gzip",
  ]);
  expect((await send("GET", "/tarball/none")).status).toBe(404);
});

test("a run's reviews are recorded by its environment's reviewers, alone or by a team", async () => {
  github.addTeam({ organization: "acme", slug: "owners", members: ["eve"] });
  repository.setEnvironment({
    name: "production",
    reviewers: ["ada", "acme/owners"],
    preventSelfReview: true,
  });
  const run = github.createRun({
    repository: "acme/shop",
    workflowPath: ".github/workflows/release.yml",
    event: "push",
    headSha: first,
    headBranch: "main",
    actor: "ada",
  });
  const review = (by: string, environment = "production") =>
    github.reviewRun({ run, environment, by, state: "approved", comment: "go" });
  expect(() => review("bob")).toThrow("bob is no reviewer");
  expect(() => review("ada")).toThrow("may not review it");
  expect(() => review("eve", "staging")).toThrow("no such environment");
  expect(await send("GET", `/actions/runs/${run}/approvals`)).toMatchObject({ body: [] });
  review("eve");
  expect(await send("GET", `/actions/runs/${run}/approvals`)).toMatchObject({
    status: 200,
    body: [
      {
        state: "approved",
        comment: "go",
        user: { login: "eve" },
        environments: [{ name: "production" }],
      },
    ],
  });
  expect(events.at(-1)).toMatchObject({ event: "deployment_review", action: "approved" });
  expect(await send("GET", "/environments/production")).toMatchObject({
    body: {
      protection_rules: [
        {
          reviewers: [
            { type: "User", reviewer: { login: "ada" } },
            { type: "Team", reviewer: { slug: "owners" } },
          ],
        },
      ],
    },
  });
  expect((await send("GET", "/actions/runs/1/approvals")).status).toBe(404);
});
