import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeEntry, nextId, type Current, type VersionRecord } from "@release-actions/ledger";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { acceptedRelease } from "../accepted.ts";
import { connect, loadPipeline } from "../connect.ts";
import type { Job } from "../job.ts";
import { accept } from "./accept.ts";
import { releaseIssue, type ReleaseIssueInputs } from "./release-issue.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const config = ".github/release-pipeline.yml";
const digest = `sha256:${"4be7a90f1d22".padEnd(64, "0")}`;
const ledger = "release-ledger";
const file = (more: Record<string, unknown> = {}) => ({
  product: "CDC",
  tag: { branch: "main" },
  components: [{ name: "searcher", image: "registry.example.org/cdc/searcher" }],
  roles: { "service-owner": ["Olga"], "platform-maintainer": ["pia"] },
  environments: {
    staging: { deploy: { manifests: "k8s" } },
    production: {
      from: "staging",
      deploy: { manifests: "k8s" },
      gate: {
        approvals: ["service-owner"],
        "run-by": ["platform-maintainer"],
        checklist: [
          { item: "Backups taken" },
          { item: "Dependencies upgraded", "if-changed": ["**/package-lock.json"] },
          { item: "User documentation updated", "sub-issue": true },
        ],
      },
      "accept-by": "service-owner",
    },
  },
  issue: {
    title: "Release version ${version} of ${product}",
    labels: ["release"],
    assignees: ["service-owner"],
    milestone: "${version}",
    links: { "Release checklist": "https://docs.example.org/checklist" },
  },
  ...more,
});

/** A repository with 2.4.0, a merged pull request that closes an issue, and an open issue in the milestone 2.4.1. */
async function start(options: { more?: Record<string, unknown>; lockfile?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "issue-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const clock = movableClock(new Date("2026-01-06T10:00:00Z"));
  const standIn = createGitHub({ clock, directory });
  for (const login of ["ada", "olga", "pia", "bob"]) standIn.addUser({ login });
  const repository = standIn.addRepository({ owner: "cessda", name: "cdc" });
  for (const login of ["ada", "olga", "pia"]) repository.addCollaborator(login, "write");
  const first = repository.commit({
    branch: "main",
    message: "Begin",
    author: "ada",
    files: { [config]: JSON.stringify(file(options.more)), "package-lock.json": "1" },
  });
  repository.createTag("2.4.0", first, "ada");
  const slow = repository.openIssue({ title: "Search is slow @bob", by: "olga" }).number;
  repository.createBranch("fast", first, "ada");
  repository.commit({
    branch: "fast",
    message: "work",
    author: "ada",
    files: { "a.txt": "1", ...(options.lockfile ? { "app/package-lock.json": "2" } : {}) },
  });
  const pull = repository.openPullRequest({
    title: "Faster <b>facets</b>",
    head: "fast",
    by: "ada",
    body: `Closes #${slow}`,
  }).number;
  repository.mergePullRequest({ pull, by: "olga", method: "squash" });
  const milestone = repository.createMilestone({ title: "2.4.1", by: "ada" }).number;
  const todo = repository.openIssue({ title: "Mend the index", by: "ada", milestone }).number;
  const server = await listen(standIn);
  closers.push(server.close);
  const token = standIn.issueToken({
    kind: "job",
    repositories: ["cessda/cdc"],
    actor: "pia",
    permissions: { contents: "write", issues: "write", "pull-requests": "read", actions: "read" },
  });

  let run = 0;
  const job = (event: Partial<Job["env"]> = {}): Job => ({
    env: {
      repository: { owner: "cessda", name: "cdc" },
      ref: "refs/heads/main",
      refName: "main",
      refType: "branch",
      eventName: "workflow_dispatch",
      event: { inputs: {} },
      triggeringActor: "pia",
      runId: (run += 1),
      runAttempt: 1,
      serverUrl: server.url,
      apiUrl: `${server.url}/api/v3`,
      workspace: undefined,
      temp: directory,
      ...event,
    },
    variables: {},
    say: () => {},
    debug: () => {},
    warn: () => {},
    mask: () => {},
  });
  const act = (inputs: Partial<ReleaseIssueInputs>, event: Partial<Job["env"]> = {}) =>
    releaseIssue({ step: "open", config, token, ...inputs }, job(event));
  const open = (purpose = "faster search", event: Partial<Job["env"]> = {}) =>
    act({ step: "open", version: "2.4.1", purpose }, event);
  const say = (issue: number, by: string, body: string) => {
    clock.advance(60_000);
    return repository.comment({ issue, by, body });
  };
  const command = (comment: { id: number; body: string }) =>
    act(
      { step: "command" },
      { eventName: "issue_comment", event: { comment: { id: comment.id, body: comment.body } } },
    );
  const writes = () => standIn.requests.filter(({ wrote }) => wrote).length;
  const read = <T>(path: string): T | undefined => {
    if (!repository.ref(`refs/heads/${ledger}`)) return undefined;
    const text = repository.file(`cdc/${path}`, ledger);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  const record = () => read<VersionRecord>("versions/2.4.1.json");
  const issueOf = (number: number) => {
    const issue = repository.issues.find((one) => one.number === number);
    if (issue === undefined) throw new Error(`no issue ${number}`);
    return issue;
  };
  const titled = (title: string, state?: "open" | "closed") =>
    repository.issues.filter((one) => one.title === title && (!state || one.state === state));
  /** What a run of promote leaves in the ledger. */
  const pass = (environment: string) => {
    const at = clock.now().toISOString();
    const release = {
      version: "2.4.1",
      tag: "2.4.1",
      commit: repository.log("main")[0] ?? "",
      components: [{ name: "searcher", image: "registry.example.org/cdc/searcher", digest }],
    };
    const before = read<Current>(`${environment}/current.json`);
    const latest = {
      id: nextId(environment, before),
      environment,
      action: "release" as const,
      actor: "pia",
      run: { id: 1, url: "https://github.com/cessda/cdc/actions/runs/1" },
      release,
      verdict: { holds: true, findings: [], at },
      approvals: [],
      openedAt: at,
      result: "running" as const,
    };
    const end = { result: "passed", at, runs: release } as const;
    const { message, files } = closeEntry("CDC", { latest, passed: before?.passed ?? [] }, end, {
      released: record(),
      replaced: undefined,
    });
    repository.commit({ branch: ledger, message, author: "ada", files });
  };
  /** Everything between a passed production and a release issue that can be closed. */
  const finish = (number: number) => {
    repository.editIssue({
      issue: number,
      body: issueOf(number).body.replace("[ ] Backups taken", "[x] Backups taken"),
      by: "pia",
    });
    repository.closeIssue(record()?.issue?.subIssues[0]?.number ?? 0, "olga");
    repository.closeIssue(todo, "ada");
    repository.createTag("2.4.1", repository.log("main")[0] ?? "", "ada");
    repository.createRelease({ tag: "2.4.1", by: "ada", name: "2.4.1" });
  };
  return {
    standIn,
    repository,
    clock,
    job,
    token,
    act,
    open,
    say,
    command,
    writes,
    record,
    issueOf,
    titled,
    pass,
    finish,
    pull,
    slow,
    todo,
    milestone,
  };
}

const title = "Release version 2.4.1 of CDC";
const notesTitle = "Release notes of CDC 2.4.1";

describe("open", () => {
  test("makes the issue, its sub-issues and one comment, and records them last; again it writes nothing", async () => {
    const world = await start();
    const { outputs } = await world.open();
    const [issue, ...more] = world.titled(title);
    expect(more).toEqual([]);
    expect(outputs).toMatchObject({ number: String(issue?.number), state: "open", command: "" });
    expect(issue).toMatchObject({ labels: ["release"], assignees: ["olga"] });
    const body = issue?.body ?? "";
    expect(body).toContain("**Purpose:** faster search");
    expect(body).toContain(`- #${world.pull} Faster &lt;b&gt;facets`);
    expect(body).toMatch(new RegExp(`Closed: .*${world.slow}.* Search is slow @\u2060bob`));
    expect(body).toContain(`- #${world.todo} Mend the index`);
    expect(body).toContain("https://docs.example.org/checklist");
    expect(body).toContain("/blob/release-ledger/cdc/versions/2.4.1.json");
    expect(body).toContain("- [ ] Backups taken\n");
    expect(body).not.toContain("Dependencies upgraded");
    expect(body).toContain("`/approve 2.4.1`");
    expect(body).toContain("- [ ] Passed in staging <!-- ra:passed-staging -->");

    const [notes] = world.titled(notesTitle);
    expect(notes?.body.match(new RegExp(`#${world.pull}\\b`, "g"))).toHaveLength(1);
    const [docs] = world.titled("User documentation updated");
    expect(issue?.subIssues).toEqual([notes?.id, docs?.id]);
    expect(issue?.comments).toHaveLength(1);
    expect(world.record()?.issue).toMatchObject({
      number: issue?.number,
      state: "open",
      purpose: "faster search",
      notes: notes?.number,
      subIssues: [{ item: "User documentation updated", number: docs?.number }],
      comment: issue?.comments[0]?.id,
      by: "pia",
    });
    const before = world.writes();
    await world.open();
    expect(world.writes()).toBe(before);
  });

  test("without a purpose writes nothing", async () => {
    const world = await start();
    await expect(world.open(" ")).rejects.toMatchObject({ code: "RA5501" });
    expect(world.writes()).toBe(0);
  });

  test("adopts the open issue of that title, keeps a person's text, and an item that a change brings is added", async () => {
    const world = await start({ lockfile: true });
    const mine = world.repository.openIssue({
      title,
      by: "olga",
      body: "My own words.\r\n\r\n- [x] Backups taken\r\n- [ ] Tell the press",
    });
    await world.open();
    expect(world.titled(title)).toHaveLength(1);
    const body = world.issueOf(mine.number).body;
    expect(body.startsWith("My own words.\n\n- [x] Backups taken\n- [ ] Tell the press")).toBe(
      true,
    );
    expect(body.match(/Backups taken/g)).toHaveLength(1);
    expect(body).toContain("- [ ] Dependencies upgraded\n");
    expect(world.issueOf(mine.number).labels).toEqual(["release"]);
  });

  test("a second one ticks the machine's lines and leaves people's alone", async () => {
    const world = await start();
    const { outputs } = await world.open();
    const number = Number(outputs.number);
    const edited = world
      .issueOf(number)
      .body.replace("- [ ] Backups taken", "- [x] Backups taken\n- [ ] Our own line");
    world.repository.editIssue({ issue: number, body: edited, by: "olga" });
    world.pass("staging");
    await world.open("");
    const { body } = world.issueOf(number);
    expect(body).toContain("- [x] Backups taken\n- [ ] Our own line\n");
    expect(body).toMatch(/- \[x\] Passed in staging \(staging-1, .*\) <!-- ra:passed-staging -->/);
    expect(body).toContain("`/approve 2.4.1 sha256:4be7a90f1d22`");
    expect(body).toContain("**Purpose:** faster search");
  });

  test.each([0, 3])("two at once, lists %i requests late, end with one of each", async (late) => {
    const world = await start();
    world.standIn.staleReads = late;
    await Promise.all([world.open(), world.open()]);
    world.standIn.staleReads = 0;
    await world.open();
    expect(world.titled(title, "open")).toHaveLength(1);
    expect(world.titled(notesTitle, "open")).toHaveLength(1);
    expect(world.titled("User documentation updated", "open")).toHaveLength(1);
    const [issue] = world.titled(title, "open");
    expect(world.record()?.issue?.number).toBe(issue?.number);
    expect(issue?.comments).toHaveLength(1);
    expect(issue?.subIssues).toHaveLength(2);
  });

  test("a write whose answer is lost, at any place, is found and not repeated", async () => {
    const isWrite = ({ method, path }: { method: string; path: string }): boolean =>
      ["POST", "PATCH"].includes(method) && !path.endsWith("/graphql");
    const clean = await start();
    await clean.open();
    const writes = clean.standIn.requests.filter(({ wrote, ...one }) => wrote && isWrite(one));
    expect(writes.length).toBeGreaterThan(6);
    for (let at = 1; at <= writes.length; at += 1) {
      for (const does of [{ status: 502 }, "reset"] as const) {
        const world = await start();
        let seen = 0;
        world.standIn.faults.push({
          matches: (request) => isWrite(request) && (seen += 1) === at,
          when: "after",
          does,
        });
        await world.open().catch(() => {});
        expect(world.standIn.faults, `write ${at}`).toEqual([]);
        await world.open();
        expect(world.titled(title, "open"), `write ${at}`).toHaveLength(1);
        expect(world.titled(notesTitle, "open")).toHaveLength(1);
        expect(world.titled("User documentation updated", "open")).toHaveLength(1);
        const [issue] = world.titled(title, "open");
        expect(issue?.comments).toHaveLength(1);
        expect(issue?.subIssues).toHaveLength(2);
        expect(world.record()?.issue?.number).toBe(issue?.number);
      }
    }
  }, 120_000);
});

describe("command", () => {
  const opened = async (where: string[] = ["staging"]) => {
    const world = await start();
    const number = Number((await world.open()).outputs.number);
    for (const environment of where) world.pass(environment);
    const answer = () =>
      world.issueOf(number).comments.find(({ author }) => author.endsWith("[bot]"))?.body ?? "";
    return { ...world, number, answer };
  };

  test("an approval is recorded once and answered in the one comment", async () => {
    const world = await opened();
    const comment = world.say(world.number, "olga", "/approve 2.4.1 sha256:4be7a90f1d22");
    const { outputs } = await world.command(comment);
    expect(outputs).toMatchObject({ command: "approve", state: "approved" });
    expect(world.record()?.decisions).toMatchObject([
      {
        kind: "approve",
        login: "olga",
        role: "service-owner",
        comment: comment.id,
        digest: "sha256:4be7a90f1d22",
      },
    ]);
    expect(world.answer()).toContain("@\u2060olga");
    const before = world.writes();
    expect((await world.command(comment)).outputs.command).toBe("approve");
    expect(world.writes()).toBe(before);
  });

  test.each([
    ["the wrong person", "bob", "/approve 2.4.1", /not allowed: .*bob.* Ask service-owner .*Olga/],
    ["another version", "olga", "/approve 2.4.0", /this issue is about 2\.4\.1/],
    ["another digest", "olga", "/approve 2.4.1 sha256:1234567", /no tested build/],
    ["a bare refusal", "pia", "/refuse 2.4.1", /reason needed/],
    ["a refusal by nobody", "bob", "/refuse 2.4.1 it is bad", /not allowed/],
    ["a rollback of what does not run", "pia", "/rollback it burns", /does not run in production/],
    ["an acceptance of what does not run", "olga", "/accept 2.4.1", /does not run in production/],
    ["an override of no refusal", "olga", "/approve 2.4.1 despite #12", /no refusal/],
  ])("%s is answered and not recorded", async (_, by, body, said) => {
    const world = await opened();
    const { ok, outputs } = await world.command(world.say(world.number, by, body));
    expect(ok).toBe(true);
    expect(outputs.command).toBe("");
    expect(world.record()?.decisions).toBeUndefined();
    expect(world.answer()).toMatch(said);
  });

  test("a refusal stands until an approval names it", async () => {
    const world = await opened();
    const refusal = world.say(world.number, "pia", "/refuse 2.4.1 it loses <b>data</b>");
    expect((await world.command(refusal)).outputs).toMatchObject({
      command: "refuse",
      state: "refused",
    });
    expect(world.answer()).toContain("&lt;b&gt;data");
    expect(
      (await world.command(world.say(world.number, "olga", "/approve 2.4.1"))).outputs.state,
    ).toBe("refused");
    const despite = world.say(world.number, "olga", `/approve 2.4.1 despite #${refusal.id}`);
    expect((await world.command(despite)).outputs.state).toBe("approved");
  });

  test("who is to know is told by a job that can: here nothing is lost", async () => {
    const messages = [{ to: "slack:USERS", on: ["requested", "refused", "accepted", "published"] }];
    const world = await start({ more: { notify: { messages } } });
    const number = Number((await world.open()).outputs.number);
    world.pass("staging");
    const refusal = world.say(number, "pia", "/refuse 2.4.1 it loses data");
    await world.command(refusal);
    await world.command(refusal);
    expect(world.record()?.notices).toMatchObject([
      { key: `issue-${number} requested slack:USERS`, state: "due" },
      { key: `comment-${refusal.id} refused slack:USERS`, state: "due", environment: "production" },
    ]);
  });

  test("edited, by a bot, in another issue, or no command at all: nothing is decided", async () => {
    const world = await opened();
    const edited = world.say(world.number, "olga", "/approve 2.4.1");
    world.clock.advance(60_000);
    world.repository.editComment({ id: edited.id, body: "/approve 2.4.1 ", by: "olga" });
    expect((await world.command(edited)).outputs.command).toBe("");
    expect(world.answer()).toContain("the comment was edited");
    const other = world.repository.openIssue({
      title,
      by: "olga",
      body: world.issueOf(world.number).body,
    });
    const before = world.writes();
    for (const comment of [
      world.say(world.number, "github-actions[bot]", "/approve 2.4.1"),
      world.say(other.number, "olga", "/approve 2.4.1"),
      world.say(world.number, "olga", "I like it"),
    ])
      expect((await world.command(comment)).outputs.command).toBe("");
    expect(world.writes()).toBe(before);
    expect(world.record()?.decisions).toBeUndefined();
  });

  test("an event without a comment is a fault", async () => {
    const world = await start();
    await expect(world.act({ step: "command" })).rejects.toMatchObject({ code: "RA5504" });
  });

  test("acceptance is of the entry that passed, and publication waits for it", async () => {
    const world = await opened(["staging", "production"]);
    const connection = connect({ token: world.token }, world.job());
    const pipeline = await loadPipeline(connection, config);
    for (const version of [undefined, "2.4.1"])
      await expect(acceptedRelease(connection, pipeline, undefined, version)).rejects.toMatchObject(
        { code: "RA5510" },
      );
    const comment = world.say(world.number, "olga", "/accept 2.4.1");
    expect((await world.command(comment)).outputs).toMatchObject({
      command: "accept",
      state: "accepted",
    });
    expect(world.record()?.accepted).toMatchObject([
      {
        environment: "production",
        entry: "production-1",
        login: "olga",
        role: "service-owner",
        comment: comment.id,
      },
    ]);
    for (const version of [undefined, "2.4.1"])
      expect(
        (await acceptedRelease(connection, pipeline, undefined, version)).release.version,
      ).toBe("2.4.1");
    const before = world.writes();
    expect((await world.command(comment)).outputs.command).toBe("accept");
    expect(await accept(connection, pipeline, { version: undefined, login: "olga" })).toMatchObject(
      { fresh: false },
    );
    expect(await accept(connection, pipeline, { version: undefined, login: "pia" })).toMatchObject({
      refusal: { code: "RA1218" },
    });
    expect(world.writes()).toBe(before);
    // A later pass is accepted anew.
    world.clock.advance(60_000);
    world.pass("production");
    await expect(acceptedRelease(connection, pipeline, undefined, "2.4.1")).rejects.toMatchObject({
      code: "RA5510",
    });
  });

  test("a rollback is asked for by who may run it", async () => {
    const world = await opened(["staging", "production"]);
    expect(
      (await world.command(world.say(world.number, "olga", "/rollback it burns"))).outputs.command,
    ).toBe("");
    const { outputs } = await world.command(world.say(world.number, "pia", "/rollback it burns"));
    expect(outputs.command).toBe("rollback");
    expect(world.record()?.decisions).toMatchObject([
      { kind: "rollback", environment: "production", reason: "it burns" },
    ]);
  });
});

describe("close", () => {
  test("says everything that is open, and writes nothing", async () => {
    const world = await start({ more: { zenodo: {} } });
    const number = Number((await world.open()).outputs.number);
    world.pass("staging");
    world.pass("production");
    const before = world.writes();
    const { ok, outputs, failure } = await world.act({ step: "close", version: "2.4.1" });
    expect(ok).toBe(false);
    const reasons = JSON.parse(outputs.reasons ?? "[]") as { rule: string; saw: string }[];
    expect(reasons.map(({ rule }) => rule)).toEqual([
      "accepted",
      "release",
      "zenodo",
      "sub-issue",
      "checklist",
      "milestone",
    ]);
    expect(reasons.at(-1)?.saw).toContain(`#${world.todo}`);
    expect(failure?.message).toContain("RA5502");
    expect(outputs.state).toBe("passed");
    expect(world.issueOf(number).state).toBe("open");
    expect(world.writes()).toBe(before);
  });

  test("closes the notes, the issue and the milestone, with the links in the comment; again it writes nothing", async () => {
    const world = await start();
    const number = Number((await world.open()).outputs.number);
    world.pass("staging");
    world.pass("production");
    await world.command(world.say(number, "olga", "/accept 2.4.1"));
    world.finish(number);
    // The publication is started by the comment: no version is given.
    const { ok, outputs } = await world.act({ step: "close" }, { eventName: "issue_comment" });
    expect([ok, outputs.state, outputs.reasons]).toEqual([true, "closed", "[]"]);
    expect(world.issueOf(number)).toMatchObject({ state: "closed", stateReason: "completed" });
    expect(world.titled(notesTitle)[0]?.state).toBe("closed");
    expect(world.repository.milestones[0]?.state).toBe("closed");
    expect(
      world.issueOf(number).comments.some(({ body }) => body.includes("/releases/tag/2.4.1")),
    ).toBe(true);
    expect(world.record()?.issue?.state).toBe("closed");
    const before = world.writes();
    expect((await world.act({ step: "close", version: "2.4.1" })).ok).toBe(true);
    expect((await world.open()).outputs.state).toBe("closed");
    expect(world.writes()).toBe(before);
  });

  test("without a release issue is a fault", async () => {
    const world = await start();
    await expect(world.act({ step: "close", version: "2.4.1" })).rejects.toMatchObject({
      code: "RA5503",
    });
  });
});
