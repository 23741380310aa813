import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  closeEntry,
  ledgerPaths,
  type Entry,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import type { Job } from "./job.ts";
import { publishRelease } from "./publish-release.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const file = `product: CDC
components: [{name: web, image: registry.example.org/cdc/web}]
environments: {production: {}}
`;

/** 1.2.0 passed in production; its release issue has a sub-issue for the notes, with a person's text in it. */
async function start() {
  const directory = mkdtempSync(join(tmpdir(), "publish-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const github = createGitHub({ clock: movableClock(new Date("2026-01-06T10:00:00Z")), directory });
  github.addUser({ login: "ada" });
  const repository = github.addRepository({ owner: "cessda", name: "cdc" });
  repository.addCollaborator("ada", "write");
  const server = await listen(github);
  closers.push(server.close);
  const first = repository.commit({
    branch: "main",
    message: "Begin",
    author: "ada",
    files: { ".github/release-pipeline.yml": file },
  });
  repository.createTag("1.0.0", first, "ada");
  const commit = repository.commit({
    branch: "main",
    message: "Faster search",
    author: "ada",
    files: { "a.txt": "1" },
  });
  repository.createTag("1.2.0", commit, "ada");
  const issue = repository.openIssue({
    title: "Notes",
    by: "ada",
    body: "Known trouble: none.\n\n<!-- ra:notes -->\n- Half of it\n<!-- /ra:notes -->\n",
  });
  passed(repository, commit, issue.number);

  const run = async (issues: "read" | "write" = "write") => {
    const warnings: string[] = [];
    const token = github.issueToken({
      kind: "job",
      repositories: ["cessda/cdc"],
      actor: "ada",
      permissions: { contents: "write", issues, "pull-requests": "read" },
    });
    const job = jobOf(server.url, directory, warnings);
    const wish = {
      latest: "auto",
      version: "1.2.0",
      config: ".github/release-pipeline.yml",
    } as const;
    const end = await publishRelease({ ...wish, token }, job);
    return { end, warnings };
  };
  const writes = () => github.requests.filter(({ wrote }) => wrote).length;
  const notes = () => repository.issues.find(({ number }) => number === issue.number);
  return { repository, run, writes, notes };
}

type Repository = ReturnType<ReturnType<typeof createGitHub>["addRepository"]>;

function passed(repository: Repository, commit: string, notes: number): void {
  const at = "2026-01-06T09:00:00Z";
  const release: Release = {
    version: "1.2.0",
    tag: "1.2.0",
    commit,
    components: [
      { name: "web", image: "registry.example.org/cdc/web", digest: `sha256:${"a".repeat(64)}` },
    ],
  };
  const entry: Entry = {
    id: "production-1",
    environment: "production",
    action: "release",
    actor: "pia",
    run: { id: 1, url: "https://github.example.org/cessda/cdc/actions/runs/1" },
    release,
    verdict: { holds: true, findings: [], at },
    approvals: [],
    openedAt: at,
    result: "running",
  };
  const closed = closeEntry(
    "CDC",
    { latest: entry, passed: [] },
    { result: "passed", at, runs: release },
    { released: undefined, replaced: undefined },
  );
  const path = ledgerPaths("CDC", "").version("1.2.0");
  const record: VersionRecord = {
    ...(JSON.parse(closed.files[path] ?? "") as VersionRecord),
    issue: {
      number: 99,
      url: "https://github.example.org/cessda/cdc/issues/99",
      state: "open",
      purpose: "Search",
      notes,
      subIssues: [],
    },
  };
  repository.commit({
    branch: "release-ledger",
    message: closed.message,
    author: "ada",
    parents: [],
    files: { ...closed.files, [path]: JSON.stringify(record) },
  });
}

function jobOf(url: string, temp: string, warnings: string[]): Job {
  return {
    env: {
      repository: { owner: "cessda", name: "cdc" },
      ref: "refs/heads/main",
      refName: "main",
      refType: "branch",
      eventName: "workflow_dispatch",
      event: {},
      triggeringActor: "ada",
      runId: 2,
      runAttempt: 1,
      serverUrl: url,
      apiUrl: `${url}/api/v3`,
      workspace: undefined,
      temp,
    },
    variables: {},
    say: () => {},
    debug: () => {},
    warn: (title, text) => void warnings.push(`${title}: ${text}`),
    mask: () => {},
  };
}

describe("the sub-issue of the notes", () => {
  test("gets the final list, keeps what a person wrote, and is closed; again, nothing is written", async () => {
    const { run, writes, notes, repository } = await start();
    const { end, warnings } = await run();
    expect([end.ok, warnings, repository.releases.length]).toEqual([true, [], 1]);
    expect(notes()?.state).toBe("closed");
    expect(notes()?.body).toMatch(/^Known trouble: none\.\n\n/);
    expect(notes()?.body).toContain("Faster search");
    expect(notes()?.body).not.toContain("Half of it");
    expect(notes()?.body).toContain(end.outputs.url);
    expect(writes()).toBe(3);
    await run();
    expect(writes()).toBe(3);
  });

  test("stays open with a warning where the token may not write issues; the release is out", async () => {
    const { run, notes, repository } = await start();
    const { end, warnings } = await run("read");
    expect([end.ok, repository.releases.length, notes()?.state]).toEqual([true, 1, "open"]);
    expect(warnings.join()).toMatch(/was not closed: .*not accessible.*`issues: write`/);
  });
});
