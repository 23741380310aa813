import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createGitHub, type GitHub, type GitHubEvent, type GitHubRepository } from "./index.ts";

const run = promisify(execFile);
let folder: string;
let github: GitHub;
let repository: GitHubRepository;
let url: string;
let close: () => Promise<void>;
let events: GitHubEvent[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
  github = createGitHub({
    clock: movableClock(new Date("2026-03-02T09:00:00Z")),
    directory: join(folder, "repositories"),
  });
  github.addUser({ login: "ada", name: "Ada", email: "ada@example.org" });
  repository = github.addRepository({
    owner: "acme",
    name: "shop",
    private: true,
    defaultBranch: "main",
  });
  repository.addCollaborator("ada", "write");
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

test("a commit is a real commit, and git finds nothing wrong with the repository", async () => {
  const first = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "one\n", "dir/b.txt": "two\n", "dir.txt": "x", "dir/sub/c": "c" },
  });
  repository.commit({
    branch: "main",
    message: "second",
    author: "ada",
    files: { "dir/b.txt": null, "dir/sub/c": null },
  });
  repository.createTag("1.0.0", first, "ada", "release 1.0.0");
  expect((await repository.git(["fsck", "--strict", "--no-dangling"])).toString()).toBe("");
  expect((await repository.git(["ls-tree", "-r", "--name-only", "main"])).toString()).toBe(
    "a.txt\ndir.txt\n",
  );
  expect((await repository.git(["log", "--format=%an <%ae> %s", "main"])).toString()).toBe(
    "Ada <ada@example.org> second\nAda <ada@example.org> first\n",
  );
  expect((await repository.git(["cat-file", "-t", "1.0.0"])).toString()).toBe("tag\n");
  expect(repository.file("dir/b.txt", "1.0.0")).toBe("two\n");
  expect(repository.file("dir/b.txt")).toBeUndefined();
  expect(events.map(({ event, ref }) => [event, ref])).toEqual([
    ["create", "refs/heads/main"],
    ["push", "refs/heads/main"],
    ["push", "refs/heads/main"],
    ["create", "refs/tags/1.0.0"],
    ["push", "refs/tags/1.0.0"],
  ]);
  expect(events.at(-1)).toMatchObject({
    sha: first,
    actor: "ada",
    startsWorkflows: true,
    payload: { created: true },
  });
  expect(events[2]?.payload["commits"]).toMatchObject([
    { message: "second", removed: ["dir/b.txt", "dir/sub/c"] },
  ]);
});

async function filesOf(archive: Buffer): Promise<Record<string, string>> {
  const unpack = extract();
  unpack.end(gunzipSync(archive));
  const files: Record<string, string> = {};
  for await (const entry of unpack) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (entry.header.type === "file") files[entry.header.name] = Buffer.concat(chunks).toString();
  }
  return files;
}

const clone = (token: string | undefined, target: string) =>
  run("git", ["clone", "--quiet", withToken(token), target], {
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
  });
const withToken = (token: string | undefined) =>
  `${token ? url.replace("http://", `http://x-access-token:${token}@`) : url}/acme/shop.git`;

test("git clones with a token that may read, and nobody else does", async () => {
  const sha = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "one\n" },
  });
  await clone(job({ contents: "read" }), join(folder, "clone"));
  expect((await run("git", ["-C", join(folder, "clone"), "rev-parse", "HEAD"])).stdout.trim()).toBe(
    sha,
  );
  await expect(clone(undefined, join(folder, "nobody"))).rejects.toThrow("could not read Username");
  await expect(clone(job({ issues: "write" }), join(folder, "other"))).rejects.toThrow("403");
  const revoked = job({ contents: "read" });
  github.revokeToken(revoked);
  await expect(clone(revoked, join(folder, "revoked"))).rejects.toThrow("Authentication failed");
});

test("a push moves the branch, tells it, and may not bring new workflow files with a job's token", async () => {
  repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { ".github/workflows/ci.yml": "on: push\n" },
  });
  const work = join(folder, "clone");
  const token = job({ contents: "write" });
  await clone(token, work);
  const git = (...args: string[]) =>
    run("git", ["-C", work, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args]);
  await run("sh", ["-c", `echo two > ${work}/b.txt`]);
  await git("add", "-A");
  await git("commit", "--quiet", "-m", "second");
  events.length = 0;
  await git("push", "--quiet", "origin", "HEAD:main", "HEAD:refs/tags/1.0.0");
  const head = (await git("rev-parse", "HEAD")).stdout.trim();
  expect(repository.ref("refs/heads/main")).toBe(head);
  expect(events.map(({ event, ref, startsWorkflows }) => [event, ref, startsWorkflows])).toEqual([
    ["push", "refs/heads/main", false],
    ["create", "refs/tags/1.0.0", false],
    ["push", "refs/tags/1.0.0", false],
  ]);

  await run("sh", ["-c", `echo 'on: pull_request' > ${work}/.github/workflows/ci.yml`]);
  await git("commit", "--quiet", "-am", "workflow");
  const refusal =
    "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml`";
  await expect(git("push", "origin", "HEAD:refs/tags/2.0.0")).rejects.toThrow(refusal);
  await expect(git("push", "origin", "HEAD:main")).rejects.toThrow(refusal);
  expect(repository.ref("refs/tags/2.0.0")).toBeUndefined();

  const person = github.issueToken({
    kind: "user",
    repositories: ["acme/shop"],
    actor: "ada",
    permissions: { contents: "write" },
  });
  events.length = 0;
  await git("push", "--quiet", withToken(person), "HEAD:main");
  expect(events).toMatchObject([{ event: "push", actor: "ada", startsWorkflows: true }]);
  await expect(
    git("push", withToken(job({ contents: "read" })), "HEAD:refs/heads/x"),
  ).rejects.toThrow("denied to github-actions[bot]");
});

test("a tarball of a private commit comes through codeload", async () => {
  const sha = repository.commit({
    branch: "main",
    message: "first",
    author: "ada",
    files: { "a.txt": "one\n" },
  });
  const authorization = `Bearer ${job({ contents: "read" })}`;
  const answer = await fetch(`${url}/api/v3/repos/acme/shop/tarball/${sha}`, {
    headers: { authorization },
  });
  expect(answer.status).toBe(200);
  expect(answer.url).toContain("/_codeload/acme/shop/legacy.tar.gz/");
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(await filesOf(bytes)).toEqual({ [`acme-shop-${sha.slice(0, 7)}/a.txt`]: "one\n" });
  const missing = await fetch(`${url}/_codeload/acme/shop/legacy.tar.gz/${sha}`);
  expect(missing.status).toBe(404);
});
