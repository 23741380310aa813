import { createHash } from "node:crypto";
import { get } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getOctokit } from "@actions/github";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createGitHub, type GitHub, type GitHubEvent, type GitHubRepository } from "./index.ts";

const here = { owner: "acme", repo: "shop" };
const everything = {
  actions: "write",
  checks: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  "pull-requests": "write",
  statuses: "write",
} as const;

let folder: string;
let github: GitHub;
let repository: GitHubRepository;
let url: string;
let close: () => Promise<void>;
let events: GitHubEvent[];
let first: string;
let octokit: ReturnType<typeof getOctokit>;
let clock: ReturnType<typeof movableClock>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
  clock = movableClock(new Date("2026-03-02T09:00:00Z"));
  github = createGitHub({ clock, directory: folder });
  github.addUser({ login: "ada", name: "Ada", email: "ada@example.org" });
  github.addUser({ login: "bob" });
  repository = github.addRepository({ owner: "acme", name: "shop", private: true });
  repository.addCollaborator("ada", "write");
  repository.addCollaborator("bob", "read");
  first = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "one\n", "docs/x.md": "# x\n", ".github/workflows/release.yml": workflow },
  });
  events = [];
  github.onEvent((event) => events.push(event));
  ({ url, close } = await listen(github));
  octokit = getOctokit(token(everything), { baseUrl: `${url}/api/v3` });
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
  expect(github.violations.filter((one) => one.startsWith("answer"))).toEqual([]);
});

const workflow = `name: Release
on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      action: { type: choice, options: [release, rollback], default: release }
jobs: {}
`;

const token = (permissions: Record<string, "read" | "write">) =>
  github.issueToken({ kind: "job", repositories: ["acme/shop"], actor: "ada", permissions });
const person = (actor: string, permissions: Record<string, "read" | "write"> = everything) =>
  github.issueToken({ kind: "user", repositories: ["acme/shop"], actor, permissions });

async function send(bearer: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/api/v3${path}`, {
    method,
    headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>),
  };
}

test("issues and comments through the real client", async () => {
  const { data: issue } = await octokit.rest.issues.create({
    ...here,
    title: "Release 1.0.0",
    body: "- [ ] notes",
    labels: ["release"],
  });
  expect(issue).toMatchObject({
    number: 1,
    state: "open",
    user: { login: "github-actions[bot]" },
    labels: [{ name: "release" }],
  });
  const { data: comment } = await octokit.rest.issues.createComment({
    ...here,
    issue_number: 1,
    body: "one",
  });
  clock.advance(5000);
  await octokit.rest.issues.updateComment({ ...here, comment_id: comment.id, body: "two" });
  const { data: comments } = await octokit.rest.issues.listComments({ ...here, issue_number: 1 });
  expect(comments).toMatchObject([
    {
      id: comment.id,
      body: "two",
      created_at: "2026-03-02T09:00:00Z",
      updated_at: "2026-03-02T09:00:05Z",
    },
  ]);
  await octokit.rest.issues.update({
    ...here,
    issue_number: 1,
    state: "closed",
    state_reason: "completed",
    labels: ["done"],
  });
  expect((await octokit.rest.issues.get({ ...here, issue_number: 1 })).data).toMatchObject({
    state: "closed",
    state_reason: "completed",
    closed_by: { login: "github-actions[bot]" },
    labels: [{ name: "done" }],
  });
  expect((await octokit.rest.issues.listForRepo(here)).data).toEqual([]);
  expect((await octokit.rest.issues.listForRepo({ ...here, state: "all" })).data).toHaveLength(1);
  await octokit.rest.issues.deleteComment({ ...here, comment_id: comment.id });
  expect(repository.comments).toEqual([]);
  expect(events.map(({ event, action }) => `${event} ${action}`)).toEqual([
    "issues opened",
    "issue_comment created",
    "issue_comment edited",
    "issues unlabeled",
    "issues labeled",
    "issues closed",
    "issue_comment deleted",
  ]);
  expect(events.every((event) => !event.startsWorkflows)).toBe(true);
});

test("people's comments start workflows, with the payload of the webhook", async () => {
  repository.openIssue({ title: "Release", by: "ada" });
  events.length = 0;
  await send(person("bob"), "POST", "/repos/acme/shop/issues/1/comments", {
    body: "/approve 1.0.0",
  });
  expect(events).toMatchObject([
    {
      event: "issue_comment",
      action: "created",
      repository: "acme/shop",
      ref: "refs/heads/main",
      sha: first,
      actor: "bob",
      startsWorkflows: true,
      payload: {
        action: "created",
        comment: { body: "/approve 1.0.0", user: { login: "bob" } },
        issue: { number: 1 },
        sender: { login: "bob" },
      },
    },
  ]);
});

test("a release goes from draft with assets to published, and makes its tag", async () => {
  const wish = { ...here, tag_name: "1.0.0", name: "1.0.0", draft: true, target_commitish: first };
  const { data: draft } = await octokit.rest.repos.createRelease(wish);
  const { data: twin } = await octokit.rest.repos.createRelease(wish);
  expect(twin.id).toBeGreaterThan(draft.id);
  await expect(octokit.rest.repos.getReleaseByTag({ ...here, tag: "1.0.0" })).rejects.toMatchObject(
    { status: 404 },
  );
  expect((await octokit.rest.repos.listReleases(here)).data.map((one) => one.id)).toEqual([
    twin.id,
    draft.id,
  ]);
  const content = Buffer.from("the bytes");
  const upload = () =>
    octokit.rest.repos.uploadReleaseAsset({
      ...here,
      release_id: draft.id,
      name: "sbom.json",
      data: content as unknown as string,
      url: draft.upload_url,
    });
  const { data: asset } = await upload();
  expect(asset).toMatchObject({
    size: 9,
    state: "uploaded",
    digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
  });
  await expect(upload()).rejects.toMatchObject({
    status: 422,
    response: { data: { errors: [{ code: "already_exists" }] } },
  });
  expect(repository.ref("refs/tags/1.0.0")).toBeUndefined();

  await octokit.rest.repos.updateRelease({
    ...here,
    release_id: draft.id,
    draft: false,
    make_latest: "true",
  });
  expect(repository.ref("refs/tags/1.0.0")).toBe(first);
  expect((await octokit.rest.repos.getReleaseByTag({ ...here, tag: "1.0.0" })).data).toMatchObject({
    id: draft.id,
    draft: false,
  });
  expect((await octokit.rest.repos.getLatestRelease(here)).data.id).toBe(draft.id);
  await expect(
    octokit.rest.repos.updateRelease({ ...here, release_id: twin.id, draft: false }),
  ).rejects.toMatchObject({ status: 422 });
  const raw = await octokit.rest.repos.getReleaseAsset({
    ...here,
    asset_id: asset.id,
    headers: { accept: "application/octet-stream" },
  });
  expect(Buffer.from(raw.data as unknown as ArrayBuffer).toString()).toBe("the bytes");
  await octokit.rest.repos.deleteReleaseAsset({ ...here, asset_id: asset.id });
  await octokit.rest.repos.deleteRelease({ ...here, release_id: twin.id });
  expect(repository.releases).toMatchObject([{ id: draft.id, assets: [] }]);
  expect(events.map(({ event, action, ref }) => `${event} ${action ?? ""} ${ref}`)).toContain(
    "release published refs/tags/1.0.0",
  );
});

test("deployments have no key, and a success makes the earlier ones of the environment inactive", async () => {
  const deploy = async () => {
    const { data } = await octokit.rest.repos.createDeployment({
      ...here,
      ref: first,
      environment: "staging",
      auto_merge: false,
      required_contexts: [],
      payload: { ra_key: "k" },
    });
    if (!("id" in data)) throw new Error("no deployment");
    return data.id;
  };
  const [one, two] = [await deploy(), await deploy()];
  for (const deployment_id of [one, two]) {
    await octokit.rest.repos.createDeploymentStatus({
      ...here,
      deployment_id,
      state: "success",
      log_url: "https://example.org/log",
    });
  }
  const { data: statuses } = await octokit.rest.repos.listDeploymentStatuses({
    ...here,
    deployment_id: one,
  });
  expect(statuses.map((status) => status.state)).toEqual(["inactive", "success"]);
  const { data: list } = await octokit.rest.repos.listDeployments({
    ...here,
    environment: "staging",
    sha: first,
  });
  expect(list.map((one) => [one.id, one.payload])).toEqual([
    [two, { ra_key: "k" }],
    [one, { ra_key: "k" }],
  ]);
  expect(events.map(({ event }) => event)).toEqual([
    "deployment",
    "deployment",
    "deployment_status",
    "deployment_status",
  ]);
});

test("a deployment is refused while the commit's checks are red, unless told which count", async () => {
  repository.setCheckRun({ sha: first, name: "build", status: "completed", conclusion: "failure" });
  const wish = { ...here, ref: "main", auto_merge: false };
  await expect(octokit.rest.repos.createDeployment(wish)).rejects.toMatchObject({ status: 409 });
  expect(
    (await octokit.rest.repos.createDeployment({ ...wish, required_contexts: [] })).status,
  ).toBe(201);
});

test("a deployment of what is behind the default branch merges first, or conflicts, unless told not to", async () => {
  repository.createBranch("old", first, "ada");
  repository.createTag("1.0.0", first, "ada");
  const main = repository.commit({
    branch: "main",
    message: "second",
    author: "ada",
    files: { "b.txt": "b" },
  });
  await expect(
    octokit.rest.repos.createDeployment({ ...here, ref: "1.0.0" }),
  ).rejects.toMatchObject({ status: 409 });
  expect(await octokit.rest.repos.createDeployment({ ...here, ref: "old" })).toMatchObject({
    status: 202,
    data: { message: "Auto-merged main into old on deployment." },
  });
  expect((await repository.git(["log", "-1", "--format=%P", "old"])).toString().trim()).toBe(
    `${first} ${main}`,
  );
  expect(repository.deployments).toEqual([]);
  expect(
    (await octokit.rest.repos.createDeployment({ ...here, ref: "1.0.0", auto_merge: false }))
      .status,
  ).toBe(201);
});

test("the git database: objects, and refs that are claimed once and moved only forward", async () => {
  const { data: blob } = await octokit.rest.git.createBlob({
    ...here,
    content: Buffer.from("two\n").toString("base64"),
    encoding: "base64",
  });
  const { data: base } = await octokit.rest.git.getCommit({ ...here, commit_sha: first });
  const { data: tree } = await octokit.rest.git.createTree({
    ...here,
    base_tree: base.tree.sha,
    tree: [
      { path: "a.txt", mode: "100644", type: "blob", sha: blob.sha },
      { path: "docs/x.md", mode: "100644", type: "blob", sha: null },
    ],
  });
  const { data: commit } = await octokit.rest.git.createCommit({
    ...here,
    message: "second",
    tree: tree.sha,
    parents: [first],
  });
  expect(commit).toMatchObject({
    verification: { verified: true, reason: "valid" },
    author: { name: "github-actions[bot]" },
  });
  const ref = "refs/heads/release-ledger";
  await octokit.rest.git.createRef({ ...here, ref, sha: first });
  await expect(octokit.rest.git.createRef({ ...here, ref, sha: first })).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining("Reference already exists"),
  });
  await octokit.rest.git.updateRef({ ...here, ref: "heads/release-ledger", sha: commit.sha });
  await expect(
    octokit.rest.git.updateRef({ ...here, ref: "heads/release-ledger", sha: first }),
  ).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining("Update is not a fast forward"),
  });
  const { data: tag } = await octokit.rest.git.createTag({
    ...here,
    tag: "1.0.0",
    message: "one",
    object: commit.sha,
    type: "commit",
  });
  await octokit.rest.git.createRef({ ...here, ref: "refs/tags/1.0.0", sha: tag.sha });
  expect((await octokit.rest.git.getTag({ ...here, tag_sha: tag.sha })).data).toMatchObject({
    object: { sha: commit.sha },
    verification: { verified: false, reason: "unsigned" },
  });
  expect((await octokit.rest.git.getRef({ ...here, ref: "tags/1.0.0" })).data.object).toMatchObject(
    { type: "tag", sha: tag.sha },
  );
  expect((await octokit.rest.git.listMatchingRefs({ ...here, ref: "tags/" })).data).toHaveLength(1);
  expect(
    (await octokit.rest.git.getTree({ ...here, tree_sha: tree.sha, recursive: "1" })).data.tree.map(
      (one) => one.path,
    ),
  ).toEqual([".github/workflows/release.yml", "a.txt"]);
  expect((await octokit.rest.git.getBlob({ ...here, file_sha: blob.sha })).data).toMatchObject({
    size: 4,
    encoding: "base64",
  });
  await octokit.rest.git.deleteRef({ ...here, ref: "tags/1.0.0" });
  expect(repository.refs("refs/tags/")).toEqual([]);
  expect((await repository.git(["fsck", "--strict", "--no-dangling"])).toString()).toBe("");
});

test("files, commits and comparisons", async () => {
  const second = repository.commit({
    branch: "main",
    message: "second",
    author: "ada",
    files: { "a.txt": "two\n", "b.txt": "b\n" },
  });
  const { data: file } = await octokit.rest.repos.getContent({
    ...here,
    path: "docs/x.md",
    ref: first,
  });
  expect(file).toMatchObject({
    type: "file",
    path: "docs/x.md",
    content: Buffer.from("# x\n").toString("base64"),
  });
  const { data: root } = await octokit.rest.repos.getContent({ ...here, path: "" });
  expect((root as { name: string }[]).map((one) => one.name)).toEqual([
    ".github",
    "a.txt",
    "b.txt",
    "docs",
  ]);
  const raw = await octokit.rest.repos.getContent({
    ...here,
    path: "a.txt",
    mediaType: { format: "raw" },
  });
  expect(raw.data).toBe("two\n");
  await expect(
    octokit.rest.repos.createOrUpdateFileContents({
      ...here,
      path: "a.txt",
      message: "m",
      content: "",
    }),
  ).rejects.toMatchObject({ status: 422 });
  const { data: put } = await octokit.rest.repos.createOrUpdateFileContents({
    ...here,
    path: "c.txt",
    message: "third",
    content: "Yw==",
  });
  expect(repository.file("c.txt")).toBe("c");
  const { data: comparison } = await octokit.rest.repos.compareCommitsWithBasehead({
    ...here,
    basehead: `${first}...main`,
  });
  expect(comparison).toMatchObject({
    status: "ahead",
    ahead_by: 2,
    behind_by: 0,
    total_commits: 2,
    commits: [{ sha: second }, { sha: put.commit.sha }],
  });
  expect(
    comparison.files?.map(({ filename, status, additions, deletions }) => [
      filename,
      status,
      additions,
      deletions,
    ]),
  ).toEqual([
    ["a.txt", "modified", 1, 1],
    ["b.txt", "added", 1, 0],
    ["c.txt", "added", 1, 0],
  ]);
  const { data: commits, headers } = await octokit.rest.repos.listCommits({ ...here, per_page: 1 });
  expect(commits).toMatchObject([
    { sha: put.commit.sha, commit: { message: "third", verification: { verified: true } } },
  ]);
  expect(headers.link).toContain('rel="next"');
  expect(
    (await octokit.paginate(octokit.rest.repos.listCommits, { ...here, per_page: 1 })).map(
      (one) => one.sha,
    ),
  ).toEqual([put.commit.sha, second, first]);
  expect((await octokit.rest.repos.getCommit({ ...here, ref: "main~1" })).data).toMatchObject({
    sha: second,
    author: { login: "ada" },
    stats: { total: 3 },
  });
  expect((await octokit.rest.repos.get(here)).data).toMatchObject({
    full_name: "acme/shop",
    default_branch: "main",
    private: true,
  });
  expect((await octokit.rest.repos.listBranches(here)).data).toHaveLength(1);
});

test("pull requests, reviews, checks and statuses", async () => {
  repository.createBranch("fix", first, "ada");
  const head = repository.commit({
    branch: "fix",
    message: "fix",
    author: "ada",
    files: { "a.txt": "fixed\n" },
  });
  repository.openIssue({ title: "Broken", by: "bob" });
  const { data: pull } = await octokit.rest.pulls.create({
    ...here,
    title: "Fix",
    head: "fix",
    base: "main",
    body: "closes #1",
  });
  expect(pull).toMatchObject({
    number: 2,
    mergeable: true,
    changed_files: 1,
    commits: 1,
    head: { sha: head },
  });
  await expect(
    octokit.rest.pulls.create({ ...here, title: "Fix", head: "fix", base: "main" }),
  ).rejects.toMatchObject({ status: 422 });
  repository.review({ pull: 2, by: "ada", state: "APPROVED" });
  expect((await octokit.rest.pulls.listReviews({ ...here, pull_number: 2 })).data).toMatchObject([
    { state: "APPROVED", user: { login: "ada" }, commit_id: head },
  ]);
  repository.setCheckRun({ sha: head, name: "build", status: "in_progress" });
  await octokit.rest.checks.create({
    ...here,
    name: "lint",
    head_sha: head,
    conclusion: "success",
  });
  await octokit.rest.repos.createCommitStatus({
    ...here,
    sha: head,
    state: "success",
    context: "ci/x",
  });
  expect(
    (await octokit.rest.checks.listForRef({ ...here, ref: head })).data.check_runs.map((one) => [
      one.name,
      one.conclusion,
    ]),
  ).toEqual([
    ["build", null],
    ["lint", "success"],
  ]);
  expect(
    (await octokit.rest.repos.getCombinedStatusForRef({ ...here, ref: "fix" })).data,
  ).toMatchObject({ state: "success", total_count: 1 });
  expect(
    (await octokit.rest.repos.listCommitStatusesForRef({ ...here, ref: "fix" })).data,
  ).toHaveLength(1);
  const { data: merged } = await octokit.rest.pulls.merge({
    ...here,
    pull_number: 2,
    merge_method: "merge",
  });
  expect(repository.log()[0]).toBe(merged.sha);
  expect((await repository.git(["log", "-1", "--format=%p %s", "main"])).toString()).toBe(
    `${first.slice(0, 7)} ${head.slice(0, 7)} Merge pull request #2 from acme/fix\n`,
  );
  expect(repository.issues[0]).toMatchObject({ state: "closed", closedBy: "github-actions[bot]" });
  expect(
    (await octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...here, commit_sha: head }))
      .data,
  ).toMatchObject([{ number: 2 }]);
  expect((await octokit.rest.pulls.list({ ...here, state: "all" })).data).toHaveLength(1);
  expect((await octokit.rest.pulls.listFiles({ ...here, pull_number: 2 })).data).toMatchObject([
    { filename: "a.txt", additions: 1, deletions: 1 },
  ]);
});

test("branches that changed the same file differently cannot be merged", async () => {
  repository.createBranch("fix", first, "ada");
  repository.commit({ branch: "fix", message: "fix", author: "ada", files: { "a.txt": "left\n" } });
  repository.commit({
    branch: "main",
    message: "main",
    author: "ada",
    files: { "a.txt": "right\n" },
  });
  repository.openPullRequest({ title: "Fix", head: "fix", by: "ada" });
  expect((await octokit.rest.pulls.get({ ...here, pull_number: 1 })).data.mergeable).toBe(false);
  await expect(octokit.rest.pulls.merge({ ...here, pull_number: 1 })).rejects.toMatchObject({
    status: 405,
  });
});

test("a dispatch starts a run of the named ref, and refuses inputs that the workflow does not declare", async () => {
  const path = "/repos/acme/shop/actions/workflows/release.yml/dispatches";
  const bearer = token({ actions: "write" });
  const dispatch = (inputs: object, ref = "main") => send(bearer, "POST", path, { ref, inputs });
  expect((await dispatch({ tag: "1.0.0", actoin: "release" })).body).toMatchObject({
    message: 'Unexpected inputs provided: ["actoin"]',
  });
  expect((await dispatch({})).body).toMatchObject({ message: "Required input 'tag' not provided" });
  expect((await dispatch({ tag: "1", action: "jump" })).status).toBe(422);
  expect((await dispatch({ tag: "1" }, "nowhere")).body).toMatchObject({
    message: "No ref found for: nowhere",
  });
  expect(
    (await send(bearer, "POST", path.replace("release.yml", "none.yml"), { ref: "main" })).status,
  ).toBe(404);
  expect(events).toEqual([]);
  expect((await dispatch({ tag: "1.0.0" })).status).toBe(204);
  const told = await send(bearer, "POST", path, {
    ref: "main",
    inputs: { tag: "1.0.1" },
    return_run_details: true,
  });
  expect(told.status).toBe(200);
  expect(events).toMatchObject([
    {
      event: "workflow_dispatch",
      ref: "refs/heads/main",
      sha: first,
      startsWorkflows: true,
      workflowPath: ".github/workflows/release.yml",
      payload: { inputs: { tag: "1.0.0", action: "release" } },
    },
    {
      event: "workflow_dispatch",
      runId: told.body?.["workflow_run_id"],
      payload: { inputs: { tag: "1.0.1" } },
    },
  ]);
  const run = Number(told.body?.["workflow_run_id"]);
  github.addUser({ login: "cto" });
  repository.setEnvironment({
    name: "production",
    reviewers: ["cto"],
    deploymentBranches: ["main"],
  });
  github.setRunState(run, {
    status: "completed",
    conclusion: "success",
    jobs: [
      {
        id: 7,
        name: "promote",
        status: "completed",
        conclusion: "success",
        startedAt: clock.now(),
      },
    ],
    approvals: [{ state: "approved", user: "cto", comment: "go", environments: ["production"] }],
  });
  const run_id = { ...here, run_id: run };
  expect((await octokit.rest.actions.getWorkflowRun(run_id)).data).toMatchObject({
    conclusion: "success",
    path: ".github/workflows/release.yml",
    run_attempt: 1,
  });
  expect((await octokit.rest.actions.listJobsForWorkflowRun(run_id)).data).toMatchObject({
    total_count: 1,
    jobs: [{ name: "promote" }],
  });
  expect((await octokit.rest.actions.getReviewsForRun(run_id)).data).toMatchObject([
    { state: "approved", user: { login: "cto" }, environments: [{ name: "production" }] },
  ]);
  expect(
    (
      await octokit.rest.actions.listWorkflowRuns({
        ...here,
        workflow_id: "release.yml",
        event: "workflow_dispatch",
      })
    ).data.total_count,
  ).toBe(2);
  expect(
    (await octokit.rest.repos.getEnvironment({ ...here, environment_name: "production" })).data,
  ).toMatchObject({
    protection_rules: [{ type: "required_reviewers" }, { type: "branch_policy" }],
  });
  await octokit.rest.repos.createDispatchEvent({
    ...here,
    event_type: "go",
    client_payload: { a: 1 },
  });
  expect(events.at(-1)).toMatchObject({
    event: "repository_dispatch",
    action: "go",
    startsWorkflows: true,
    payload: { client_payload: { a: 1 } },
  });
});

test("labels, milestones, people", async () => {
  await octokit.rest.issues.createLabel({ ...here, name: "bug", color: "ff0000" });
  await octokit.rest.issues.createMilestone({ ...here, title: "1.0" });
  await octokit.rest.issues.updateMilestone({ ...here, milestone_number: 1, state: "closed" });
  expect(
    (await octokit.rest.issues.listMilestones({ ...here, state: "closed" })).data,
  ).toMatchObject([{ title: "1.0" }]);
  expect((await octokit.rest.issues.listLabelsForRepo(here)).data).toMatchObject([
    { name: "bug", color: "ff0000" },
  ]);
  const level = async (username: string) =>
    (await octokit.rest.repos.getCollaboratorPermissionLevel({ ...here, username })).data;
  expect(await level("ada")).toMatchObject({ permission: "write", role_name: "write" });
  expect(await level("bob")).toMatchObject({ permission: "read" });
  expect((await octokit.rest.users.getByUsername({ username: "ada" })).data.name).toBe("Ada");
  expect((await send(person("ada"), "GET", "/user")).body).toMatchObject({ login: "ada" });
  expect((await send(token({}), "GET", "/user")).status).toBe(403);
  expect((await octokit.rest.rateLimit.get()).headers["x-ratelimit-limit"]).toBe("5000");
});

test("unknown properties and wrong types in requests are refused and remembered", async () => {
  const bearer = token(everything);
  const unknown = await send(bearer, "POST", "/repos/acme/shop/releases", {
    tag_name: "1.0.0",
    drafts: true,
  });
  expect(unknown.status).toBe(422);
  expect(unknown.body?.["message"]).toMatch(/^Invalid request\.\n\n.*drafts/s);
  const wrong = await send(bearer, "POST", "/repos/acme/shop/releases", {
    tag_name: "1.0.0",
    make_latest: true,
  });
  expect(wrong.body?.["message"]).toContain("make_latest");
  expect(
    (await send(bearer, "POST", "/repos/acme/shop/deployments", {})).body?.["message"],
  ).toContain("ref");
  expect(github.violations).toHaveLength(3);
  expect(github.violations[0]).toContain("request POST /repos/{owner}/{repo}/releases");
  expect(repository.releases).toEqual([]);
});

const needs: [method: string, path: string, permission: string, level: "read" | "write"][] = [
  ["GET", "/git/ref/heads/main", "contents", "read"],
  ["GET", "/contents/a.txt", "contents", "read"],
  ["GET", "/compare/main...main", "contents", "read"],
  ["GET", "/releases", "contents", "read"],
  ["POST", "/releases", "contents", "write"],
  ["POST", "/git/refs", "contents", "write"],
  ["POST", "/dispatches", "contents", "write"],
  ["GET", "/issues", "issues", "read"],
  ["POST", "/issues", "issues", "write"],
  ["POST", "/issues/1/comments", "issues", "write"],
  ["GET", "/pulls", "pull-requests", "read"],
  ["POST", "/deployments", "deployments", "write"],
  ["GET", "/deployments", "deployments", "read"],
  ["GET", "/commits/main/check-runs", "checks", "read"],
  ["GET", "/commits/main/status", "statuses", "read"],
  ["POST", "/actions/workflows/release.yml/dispatches", "actions", "write"],
  ["GET", "/environments/production", "actions", "read"],
];

test.each(needs)("%s %s needs %s=%s", async (method, path, permission, level) => {
  repository.openIssue({ title: "one", by: "ada" });
  const others: Record<string, "read" | "write"> = { ...everything };
  if (level === "write") others[permission] = "read";
  else delete others[permission];
  const refused = await send(
    token(others),
    method,
    `/repos/acme/shop${path}`,
    method === "GET" ? undefined : {},
  );
  expect(refused.status).toBe(403);
  expect(refused.body).toMatchObject({ message: "Resource not accessible by integration" });
  expect(refused.headers.get("x-accepted-github-permissions")).toBe(
    `${permission.replaceAll("-", "_")}=${level}`,
  );
  const allowed = await send(
    token({ [permission]: level }),
    method,
    `/repos/acme/shop${path}`,
    method === "GET" ? undefined : {},
  );
  expect(allowed.status).not.toBe(403);
  expect(github.requests.map((request) => request.wrote)).toEqual(
    [false, false].map((none, index) =>
      index === 1 ? allowed.status < 300 && method !== "GET" : none,
    ),
  );
});

test("who may not see a repository is told that there is none", async () => {
  const get = async (bearer: string) => (await send(bearer, "GET", "/repos/acme/shop")).status;
  github.addRepository({ owner: "acme", name: "other" });
  const stranger = github.issueToken({
    kind: "job",
    repositories: ["acme/other"],
    actor: "ada",
    permissions: everything,
  });
  expect(await get(stranger)).toBe(404);
  expect(await get("")).toBe(404);
  expect(await get("ghs_unknown")).toBe(401);
  expect((await send("", "GET", "/repos/acme/other")).status).toBe(200);
  expect((await send("", "POST", "/repos/acme/other/issues", { title: "x" })).status).toBe(401);
  expect(
    (await send(token(everything), "POST", "/repos/acme/other/issues", { title: "x" })).status,
  ).toBe(403);
  expect((await send(token(everything), "GET", "/repos/acme/shop/nonsense")).status).toBe(404);
});

test("a person's token ends where the person's role ends", async () => {
  repository.openIssue({ title: "one", by: "ada" });
  expect(
    (await send(person("bob"), "POST", "/repos/acme/shop/releases", { tag_name: "1" })).status,
  ).toBe(403);
  expect(
    (await send(person("ada"), "POST", "/repos/acme/shop/releases", { tag_name: "1" })).status,
  ).toBe(201);
  repository.lockIssue(1, "ada");
  const say = (who: string) =>
    send(person(who), "POST", "/repos/acme/shop/issues/1/comments", { body: "hi" });
  expect((await say("bob")).body).toMatchObject({
    message: "Unable to create comment because issue is locked.",
  });
  expect((await say("ada")).status).toBe(201);
});

test("people without a role change only their own words", async () => {
  repository.openIssue({ title: "one", by: "ada" });
  const comment = repository.comment({ issue: 1, body: "/approve", by: "ada" });
  const own = repository.comment({ issue: 1, body: "hm", by: "bob" });
  const edit = (who: string, id: number) =>
    send(person(who), "PATCH", `/repos/acme/shop/issues/comments/${id}`, { body: "changed" });
  expect((await edit("bob", comment.id)).status).toBe(403);
  expect(
    (await send(person("bob"), "DELETE", `/repos/acme/shop/issues/comments/${comment.id}`)).status,
  ).toBe(403);
  expect(
    (await send(person("bob"), "PATCH", "/repos/acme/shop/issues/1", { state: "closed" })).status,
  ).toBe(403);
  expect((await edit("bob", own.id)).status).toBe(200);
  expect((await edit("ada", own.id)).status).toBe(200);
  expect(repository.comments).toMatchObject([
    { body: "/approve" },
    { body: "changed", editor: "bob" },
  ]);
});

test("the ledger's branch is an orphan that only one of two makes", async () => {
  const { data: tree } = await octokit.rest.git.createTree({
    ...here,
    tree: [{ path: "README.md", mode: "100644", type: "blob", content: "# ledger" }],
  });
  const { data: commit } = await octokit.rest.git.createCommit({
    ...here,
    message: "ledger",
    tree: tree.sha,
    parents: [],
  });
  const claim = () =>
    octokit.rest.git.createRef({ ...here, ref: "refs/heads/release-ledger", sha: commit.sha }).then(
      () => "made",
      (error: { status: number }) => error.status,
    );
  expect((await Promise.all([claim(), claim()])).sort()).toEqual([422, "made"]);
  expect(repository.log("release-ledger")).toEqual([commit.sha]);
  expect(repository.file("README.md", "release-ledger")).toBe("# ledger");
});

test("a signature counts when GitHub knows its key", async () => {
  const tag_sha = repository.createTag("1.0.0", first, "ada", "one");
  const verified = async () =>
    (await octokit.rest.git.getTag({ ...here, tag_sha })).data.verification?.verified;
  expect(await verified()).toBe(false);
  repository.markVerified(tag_sha);
  expect(await verified()).toBe(true);
});

test("lists can lag behind writes", async () => {
  await octokit.rest.repos.createRelease({ ...here, tag_name: "1.0.0", draft: true });
  github.staleReads = 2;
  await octokit.rest.repos.createRelease({ ...here, tag_name: "1.0.0", draft: true });
  const count = async () => (await octokit.rest.repos.listReleases(here)).data.length;
  expect([await count(), await count(), await count(), await count()]).toEqual([1, 1, 2, 2]);
});

test("a tag of a commit with workflow files that no branch has: allowed by REST, or not, as was seen on GitHub", async () => {
  repository.createBranch("gone", first, "ada");
  const sha = repository.commit({
    branch: "gone",
    message: "ci",
    author: "ada",
    files: { ".github/workflows/new.yml": "on: push" },
  });
  repository.deleteRef("refs/heads/gone", "ada");
  const tag = (name: string) =>
    send(token({ contents: "write" }), "POST", "/repos/acme/shop/git/refs", {
      ref: `refs/${name}`,
      sha,
    });
  expect((await tag("heads/again")).status).toBe(403);
  github.restTagsCheckWorkflows = true;
  expect((await tag("tags/1.0.0")).status).toBe(403);
  github.restTagsCheckWorkflows = false;
  expect((await tag("tags/1.0.0")).status).toBe(201);
});

const ask = (host: string, path: string, authorization = `Bearer ${token(everything)}`) =>
  new Promise<{ status: number | undefined; text: string; date: string | undefined }>(
    (resolve, reject) => {
      const options = { headers: { host, authorization } };
      get(`${url}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            text: Buffer.concat(chunks).toString(),
            date: response.headers.date,
          }),
        );
      }).on("error", reject);
    },
  );

test("each of GitHub's hosts answers for itself, at the stand-in's time", async () => {
  const api = await ask("api.github.com", "/repos/acme/shop");
  expect(api).toMatchObject({ status: 200, date: "Mon, 02 Mar 2026 09:00:00 GMT" });
  expect(JSON.parse(api.text)).toMatchObject({
    url: "https://api.github.com/repos/acme/shop",
    clone_url: "https://github.com/acme/shop.git",
  });
  expect((await ask("github.com", "/repos/acme/shop")).status).toBe(404);
  expect((await ask("github.com", "/login")).status).toBe(404);
  expect((await ask("uploads.github.com", "/repos/acme/shop")).status).toBe(404);
  const refs = await ask("github.com", "/acme/shop.git/info/refs?service=git-upload-pack");
  expect(refs.text).toContain(`${first} refs/heads/main`);
  expect((await ask("codeload.github.com", `/acme/shop/zip/${first}`)).text).toMatch(/^PK/);
  expect((await ask("codeload.github.com", `/acme/shop/zip/${first}`, "")).status).toBe(404);
});

test("a finished asset and a half-uploaded one both block their name; a release's asset is downloaded by its tag", async () => {
  const { data: release } = await octokit.rest.repos.createRelease({ ...here, tag_name: "1.0.0" });
  const upload = () =>
    octokit.rest.repos.uploadReleaseAsset({
      ...here,
      release_id: release.id,
      name: "a b.txt",
      data: "text",
      url: release.upload_url,
    });
  const { data: asset } = await upload();
  expect(asset.name).toBe("a.b.txt");
  const download = () => ask("github.com", "/acme/shop/releases/download/1.0.0/a.b.txt");
  expect(await download()).toMatchObject({ status: 200, text: "text" });
  const kept = repository.releases[0]?.assets[0];
  if (kept) kept.state = "starter";
  expect((await download()).status).toBe(404);
  expect(
    (await octokit.rest.repos.listReleaseAssets({ ...here, release_id: release.id })).data,
  ).toMatchObject([{ state: "starter" }]);
  await expect(upload()).rejects.toMatchObject({ status: 422 });
});

test("a fault after the write leaves the write done", async () => {
  github.faults.push({
    matches: ({ method }) => method === "POST",
    when: "after",
    does: { status: 502, body: "bad gateway" },
  });
  await expect(octokit.rest.issues.create({ ...here, title: "one" })).rejects.toMatchObject({
    status: 502,
  });
  expect(repository.issues).toHaveLength(1);
  expect(github.requests.at(-1)).toMatchObject({ wrote: true });
});
