import { execFile } from "node:child_process";
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createGitHub, type GitHub, type SavedGitHub } from "./index.ts";

const run = promisify(execFile);
const key = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = key.publicKey.export({ type: "spki", format: "pem" }).toString();
const clock = movableClock(new Date("2026-03-02T09:00:00Z"));
const dispatched = "on:\n  workflow_dispatch:\n";

let folder: string;
const closers: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** A GitHub in a folder of its own that listens. */
async function start(name: string, saved?: SavedGitHub) {
  const github = createGitHub({ clock, directory: join(folder, name), saved });
  const { url, close } = await listen(github);
  closers.push(close);
  const send = async (token: string, method: string, path: string, body?: object) => {
    const answer = await fetch(`${url}/api/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as never };
  };
  const remote = (token: string) => `${url.replace("//", `//x:${token}@`)}/acme/shop.git`;
  return { github, send, remote };
}

/** A GitHub with something of everything. */
async function lived() {
  const world = await start("original");
  const { github, send } = world;
  for (const login of ["ada", "bob"]) github.addUser({ login });
  const shop = github.addRepository({ owner: "acme", name: "shop", private: true });
  const docs = github.addRepository({ owner: "acme", name: "docs" });
  shop.addCollaborator("ada", "write");
  shop.addCollaborator("bob", "write");
  const files = { "a.txt": "one\n", ".github/workflows/release.yml": dispatched };
  const first = shop.commit({ branch: "main", message: "first", author: "ada", files });
  docs.commit({ branch: "main", message: "first", author: "ada", files: { "b.txt": "b" } });
  shop.createTag("1.0.0", first, "ada", "release 1.0.0");
  // Some refs are packed, and so changed in place when one is deleted.
  await shop.git(["pack-refs", "--all"]);
  shop.createBranch("topic", first, "ada");
  const topic = { branch: "topic", message: "topic", author: "ada", files: { "c.txt": "c" } };
  shop.commit(topic);
  const issue = shop.openIssue({ title: "one", by: "ada", labels: ["bug"] });
  shop.comment({ issue: issue.number, body: "yes", by: "bob" });
  shop.openPullRequest({ title: "two", head: "topic", by: "ada" });
  shop.createRelease({ tag: "1.0.0", by: "ada", draft: true });
  shop.setCheckRun({ sha: first, name: "ci", status: "completed" });
  shop.setEnvironment({ name: "production", reviewers: ["acme/owners"] });
  const app = github.addApp({
    id: 42,
    slug: "releaser",
    publicKey,
    installations: [
      { account: "acme", repositories: ["acme/shop"], permissions: { contents: "write" } },
    ],
  });
  github.addTeam({ organization: "acme", slug: "owners", members: ["bob"] });
  const workflowPath = ".github/workflows/release.yml";
  const at = { headSha: first, headBranch: "main", actor: "ada" };
  const id = github.createRun({ repository: "acme/shop", workflowPath, event: "push", ...at });
  const token = github.issueToken({
    kind: "user",
    repositories: ["acme/shop"],
    actor: "ada",
    permissions: {
      contents: "write",
      issues: "write",
      deployments: "write",
      actions: "write",
      "pull-requests": "write",
    },
  });
  const wish = { ref: "main", environment: "production", required_contexts: [], payload: { a: 1 } };
  const made = await send(token, "POST", "/repos/acme/shop/deployments", wish);
  expect(made.status).toBe(201);
  return { ...world, token, first, run: id, installation: app.installations[0]?.id ?? 0 };
}

/** All that a GitHub holds, by its own readers. */
const content = (github: GitHub) =>
  structuredClone({
    runs: github.runs,
    repositories: github.repositories.map((repository) => ({
      id: repository.id,
      name: repository.fullName,
      refs: repository.refs(),
      log: repository.log(),
      issues: repository.issues,
      comments: repository.comments,
      labels: repository.labels,
      environments: repository.environments,
      releases: repository.releases,
      deployments: repository.deployments,
      checkRuns: repository.checkRuns,
      statuses: repository.statuses,
    })),
  });

const appToken = () => {
  const now = clock.now().getTime() / 1000;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256" })}.${part({ iss: 42, iat: now - 10, exp: now + 300 })}`;
  const signature = createSign("RSA-SHA256").update(text).sign(key.privateKey, "base64url");
  return `${text}.${signature}`;
};

test("GitHub goes on from what was saved, twice and apart", async () => {
  const original = await lived();
  const { token, first } = original;
  const saved = original.github.save(join(folder, "saved"));
  const asSaved = content(original.github);
  expect(asSaved.repositories[0]).toMatchObject({
    issues: [{ comments: [{ body: "yes" }] }, { pull: { head: "topic" } }],
    deployments: [{ payload: { a: 1 } }],
  });

  // The original goes on: other commits, moved and packed refs, other settings, repacked objects, a revoked token.
  const shop = original.github.repository("acme/shop");
  shop.commit({ branch: "main", message: "second", author: "ada", files: { "a.txt": "two\n" } });
  shop.deleteRef("refs/tags/1.0.0", "ada");
  shop.comment({ issue: 1, body: "no", by: "bob" });
  shop.mergePullRequest({ pull: 2, by: "ada" });
  Object.assign(shop.deployments[0] ?? {}, { payload: "changed" });
  await shop.git(["pack-refs", "--all", "--prune"]);
  await shop.git(["config", "core.compression", "9"]);
  await shop.git(["gc", "--quiet", "--prune=now"]);
  original.github.revokeToken(token);

  const [one, other] = [await start("one", saved), await start("other", saved)];
  expect(content(one.github)).toEqual(asSaved);
  expect([one.github.requests, one.github.faults, one.github.violations]).toEqual([[], [], []]);
  for (const { github } of [one, other])
    expect((await github.repository("acme/shop").git(["fsck", "--strict"])).toString()).toBe("");

  // Ids and numbers go on; the token of then works; the App's key, the team and the run are known.
  const last = Math.max(
    ...asSaved.repositories.flatMap(({ deployments }) => deployments).map(({ id }) => id),
  );
  const opened = await one.send(token, "POST", "/repos/acme/shop/issues", { title: "three" });
  expect(opened).toMatchObject({ status: 201, body: { id: last + 1, number: 3 } });
  const installed = await one.send(
    appToken(),
    "POST",
    `/app/installations/${original.installation}/access_tokens`,
  );
  expect(installed.status).toBe(201);
  one.github.reviewRun({
    run: original.run,
    environment: "production",
    by: "bob",
    state: "approved",
  });
  expect(one.github.run(original.run).approvals).toHaveLength(1);
  expect(one.github.repository("acme/shop").mergePullRequest({ pull: 2, by: "ada" })).not.toBe(
    first,
  );

  one.github.repository("acme/shop").deleteRef("refs/tags/1.0.0", "ada");

  // Git over HTTP: what was saved is fetched, and a push stays in its own world.
  const work = join(folder, "work");
  await run("git", ["clone", "--quiet", other.remote(token), work]);
  const git = (...args: string[]) =>
    run("git", ["-C", work, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args]);
  expect((await git("rev-parse", "HEAD", "1.0.0^{commit}")).stdout).toBe(`${first}\n${first}\n`);
  await git("commit", "--quiet", "--allow-empty", "-m", "pushed");
  await git("push", "--quiet", other.remote(token), "HEAD:main");
  const pushed = (await git("rev-parse", "HEAD")).stdout.trim();
  expect(other.github.repository("acme/shop").ref("refs/heads/main")).toBe(pushed);

  const third = await start("third", saved);
  expect(content(third.github)).toEqual(asSaved);
  await expect(
    third.github.repository("acme/shop").git(["cat-file", "-e", pushed]),
  ).rejects.toThrow();
});

test("a restored GitHub can be saved again, and needs its own folder only", async () => {
  const original = await lived();
  const first = await start("one", original.github.save(join(folder, "saved")));
  const asSaved = content(original.github);
  rmSync(join(folder, "original"), { recursive: true });
  first.github.repository("acme/docs").openIssue({ title: "new", by: "bob" });
  const saved = first.github.save(join(folder, "again"));
  rmSync(join(folder, "one"), { recursive: true });
  rmSync(join(folder, "saved"), { recursive: true });
  const second = await start("two", saved);
  expect(content(second.github).repositories[0]).toEqual(asSaved.repositories[0]);
  expect(second.github.repository("acme/docs").issues).toMatchObject([{ title: "new" }]);
  expect(second.github.repository("acme/shop").file("a.txt", "1.0.0")).toBe("one\n");
  const fsck = await second.github.repository("acme/docs").git(["fsck", "--strict"]);
  expect(fsck.toString()).toBe("");
});

test("nothing is restored over a repository that is there", async () => {
  const original = await lived();
  const saved = original.github.save(join(folder, "saved"));
  await start("one", saved);
  expect(() => createGitHub({ clock, directory: join(folder, "one"), saved })).toThrow("EEXIST");
});
