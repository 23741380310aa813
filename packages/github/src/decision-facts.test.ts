import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport } from "@release-actions/net";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { readChangedFiles } from "./changed-files.ts";
import { openGitHub, type GitHub } from "./client.ts";
import { readEnvironmentReviews } from "./environment-reviews.ts";
import { readReleaseIssue } from "./issue-facts.ts";
import { readTagFacts } from "./release-facts.ts";
import { resolveRoles } from "./teams.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Permissions = Parameters<ReturnType<typeof createGitHub>["issueToken"]>[0]["permissions"];

async function start() {
  const directory = mkdtempSync(join(tmpdir(), "decisions-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const clock = movableClock(new Date("2026-03-02T12:00:00Z"));
  const standIn = createGitHub({ clock, directory });
  const people = ["olga", "otto", "tom", "pia"];
  for (const login of people) standIn.addUser({ login });
  const repository = standIn.addRepository({ owner: "cessda", name: "cdc" });
  for (const login of people) repository.addCollaborator(login, "write");
  const server = await listen(standIn);
  closers.push(server.close);
  const client = (kind: "job" | "app", permissions: Permissions): GitHub => {
    const transport = createTransport({ env: {}, userAgent: "test", sleep: async () => {} });
    closers.push(() => transport.close());
    const token = standIn.issueToken({
      kind,
      repositories: ["cessda/cdc"],
      actor: "tom",
      permissions,
    });
    return openGitHub({
      transport,
      token,
      repository: { owner: "cessda", name: "cdc" },
      apiUrl: `${server.url}/api/v3`,
      serverUrl: server.url,
    });
  };
  const commit = (files: Record<string, string | null>, branch = "main"): string =>
    repository.commit({ branch, message: "Work", author: "tom", files });
  return { standIn, repository, clock, client, commit };
}

describe("the release issue", () => {
  const all = { contents: "read", issues: "read" } as const;

  test("comes with state, body and who wrote what", async () => {
    const { repository, client, commit } = await start();
    repository.createTag("2.4.1", commit({ "a.txt": "1" }), "tom");
    const { number } = repository.openIssue({
      title: "Release version 2.4.1 of CDC",
      by: "tom",
      body: "- [ ] Backups taken",
      labels: ["release"],
    });
    const first = repository.comment({ issue: number, body: "/approve 2.4.1", by: "olga" });
    repository.comment({ issue: number, body: "/refuse 2.4.1 no", by: "tom" });
    repository.editComment({ id: first.id, body: "/approve 2.4.2", by: "olga" });
    const facts = await readTagFacts(client("job", all), {
      tag: "2.4.1",
      branches: ["main"],
      checks: false,
      issueLabels: ["release"],
      files: [],
    });
    expect(facts.issues).toMatchObject([
      {
        number,
        state: "open",
        body: "- [ ] Backups taken",
        author: "tom",
        authorType: "User",
        commentCount: 2,
        comments: [
          { id: first.id, login: "olga", body: "/approve 2.4.2", edited: true },
          { login: "tom", edited: false },
        ],
      },
    ]);
  });

  test("is read whole by its number, closed and with more comments than a list holds", async () => {
    const { repository, client } = await start();
    const { number } = repository.openIssue({ title: "Another title", by: "tom" });
    repository.comment({ issue: number, body: "/refuse 2.4.1 it is broken", by: "tom" });
    for (let count = 0; count < 210; count += 1)
      repository.comment({ issue: number, body: `noise ${count}`, by: "pia" });
    repository.closeIssue(number, "tom");
    const issue = await readReleaseIssue(client("job", all), number);
    expect(issue).toMatchObject({ title: "Another title", state: "closed", commentCount: 211 });
    expect(issue?.comments.map(({ body }) => body).filter((body) => body.startsWith("/"))).toEqual([
      "/refuse 2.4.1 it is broken",
    ]);
    expect(new Set(issue?.comments.map(({ id }) => id)).size).toBe(211);
  });

  test("that does not exist is not there", async () => {
    const { client } = await start();
    expect(await readReleaseIssue(client("job", all), 4711)).toBeUndefined();
  });
});

describe("changed files", () => {
  const read = { contents: "read" } as const;

  test("are those between two commits, old and new names", async () => {
    const { client, commit } = await start();
    const base = commit({ "pom.xml": "1", "old.txt": "the same text\n".repeat(20) });
    commit({ "src/a.ts": "1" });
    const head = commit({
      "pom.xml": "2",
      "old.txt": null,
      "new.txt": "the same text\n".repeat(20),
    });
    const changed = await readChangedFiles(client("job", read), base, head);
    expect(changed.complete).toBe(true);
    expect(new Set(changed.paths)).toEqual(new Set(["pom.xml", "src/a.ts", "old.txt", "new.txt"]));
    expect(await readChangedFiles(client("job", read), head, head)).toEqual({
      paths: [],
      complete: true,
    });
  });

  test("are incomplete when there are too many", async () => {
    const { client, commit } = await start();
    const base = commit({ "a.txt": "1" });
    const many = Array.from({ length: 301 }, (_, index) => [`files/${index}.txt`, "1"] as const);
    const changed = await readChangedFiles(
      client("job", read),
      base,
      commit(Object.fromEntries(many)),
    );
    expect([changed.paths.length, changed.complete]).toEqual([300, false]);
  });

  test("are incomplete when one commit does not follow from the other, or is unknown", async () => {
    const { repository, client, commit } = await start();
    const fork = commit({ "a.txt": "1" });
    repository.createBranch("hotfix", fork, "tom");
    const running = commit({ "pom.xml": "hotfix" }, "hotfix");
    const head = commit({ "b.txt": "1" });
    expect(await readChangedFiles(client("job", read), running, head)).toEqual({
      paths: ["b.txt"],
      complete: false,
    });
    expect(await readChangedFiles(client("job", read), "f".repeat(40), head)).toEqual({
      paths: [],
      complete: false,
    });
  });
});

describe("reviews of an environment", () => {
  async function reviewed() {
    const world = await start();
    const { standIn, repository, commit } = world;
    repository.setEnvironment({ name: "production", reviewers: ["olga"], deploymentBranches: [] });
    repository.setEnvironment({ name: "staging", reviewers: ["otto"], deploymentBranches: [] });
    const id = standIn.createRun({
      repository: "cessda/cdc",
      workflowPath: ".github/workflows/production.yml",
      event: "workflow_dispatch",
      headSha: commit({ "a.txt": "1" }),
      headBranch: "main",
      actor: "pia",
    });
    const review = (state: "approved" | "rejected", user: string, environment: string) => ({
      state,
      user,
      comment: "go",
      environments: [environment],
    });
    standIn.setRunState(id, {
      approvals: [
        review("approved", "olga", "production"),
        review("rejected", "tom", "production"),
        review("approved", "otto", "staging"),
      ],
    });
    return { ...world, id };
  }

  test("are who let this environment's job go on", async () => {
    const { client, id } = await reviewed();
    expect(
      await readEnvironmentReviews(client("job", { actions: "read" }), id, "Production"),
    ).toEqual({ reviews: [{ login: "olga", authorType: "User", comment: "go" }] });
  });

  test("need a permission, and what is to be added is said", async () => {
    const { client, id } = await reviewed();
    expect(
      await readEnvironmentReviews(client("job", { contents: "read" }), id, "production"),
    ).toEqual({ lacks: expect.stringContaining("`actions: read`") });
  });
});

describe("teams in roles", () => {
  const roles = { owners: ["@cessda/owners", "pia"], qa: ["tom"] };

  test("are read with the app token, page by page", async () => {
    const { standIn, client } = await start();
    const crowd = Array.from({ length: 120 }, (_, index) => `member-${index}`);
    for (const login of crowd) standIn.addUser({ login });
    standIn.addTeam({
      organization: "cessda",
      slug: "owners",
      members: ["olga", "otto", ...crowd],
    });
    const resolved = await resolveRoles(client("app", { members: "read" }), roles);
    expect(resolved).toEqual({
      roles: { owners: expect.arrayContaining(["olga", "otto", "pia", ...crowd]), qa: ["tom"] },
    });
  });

  test("need it only where the role is asked for", async () => {
    expect(await resolveRoles(undefined, { qa: ["tom"] })).toEqual({ roles: { qa: ["tom"] } });
    expect(await resolveRoles(undefined, roles, ["qa"])).toEqual({ roles });
    expect(await resolveRoles(undefined, roles)).toEqual({
      refusal: {
        code: "RA1219",
        saw: "the role owners names @cessda/owners, and without `app-token` nobody can be asked who is in a team",
        next: expect.stringContaining("app-token: ${{ steps.app.outputs.token }}"),
      },
    });
  });

  test("that cannot be read are named with their role", async () => {
    const { standIn, client } = await start();
    expect(await resolveRoles(client("app", { members: "read" }), roles)).toMatchObject({
      refusal: { code: "RA1219", saw: expect.stringContaining("GitHub knows no such team") },
    });
    standIn.addTeam({ organization: "cessda", slug: "owners", members: ["olga"] });
    expect(await resolveRoles(client("app", { contents: "read" }), roles)).toMatchObject({
      refusal: {
        code: "RA1219",
        saw: "@cessda/owners of the role owners: the app token may not read its members",
        next: expect.stringContaining("permission-members: read"),
      },
    });
  });
});
