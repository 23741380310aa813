import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import { ledgerPaths } from "@release-actions/ledger";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import type { Job } from "./job.ts";
import { publishRelease, type PublishReleaseInputs } from "./publish-release.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const doi = "10.5281/zenodo.7";
const day = 24 * 60 * 60 * 1000;
const settings = `product: CDC
timezone: Europe/Oslo
components: [{name: web, image: registry.example.org/cdc/web}]
environments: {staging: {}}
`;
const files = {
  "CHANGELOG.md": "# Changelog\n\n## 1.0.0 - 2025-11-04\n\n- First\n",
  "CITATION.cff": "cff-version: 1.2.0\nversion: 1.0.0\n",
  "package.json": '{"version": "1.2.0"}\n',
};

/** CDC with 1.0.0 released, one merged pull request since, and a DOI reserved for 1.2.0. */
async function start(more = "", options: { deposit?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "prepare-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const clock = movableClock(new Date("2026-01-06T10:00:00Z"));
  const github = createGitHub({ clock, directory });
  github.addUser({ login: "ada" });
  const repository = github.addRepository({ owner: "cessda", name: "cdc" });
  repository.addCollaborator("ada", "write");
  const server = await listen(github);
  closers.push(server.close);
  const configuration =
    more ||
    `release: {changelog: CHANGELOG.md, pull-request: true}
zenodo: {write-to: [CHANGELOG.md, CITATION.cff]}
tag: {manifests: [package.json]}
`;
  const first = repository.commit({
    branch: "main",
    message: "Begin",
    author: "ada",
    files: { ...files, ".github/release-pipeline.yml": settings + configuration },
  });
  repository.createTag("1.0.0", first, "ada");
  if (options.deposit !== false)
    repository.commit({
      branch: "release-ledger",
      message: "DOI",
      author: "ada",
      parents: [],
      files: {
        [ledgerPaths("CDC", "").deposit("1.2.0")]: JSON.stringify({
          doi,
          conceptDoi: "",
          url: "https://zenodo.example.org/deposit/7",
          state: "reserved",
          depositionId: "7",
        }),
      },
    });
  const merge = (branch: string, title: string): void => {
    repository.createBranch(branch, repository.log("main")[0] ?? "", "ada");
    repository.commit({ branch, message: title, author: "ada", files: { [`${branch}.txt`]: "1" } });
    const pull = repository.openPullRequest({ title, head: branch, by: "ada" }).number;
    repository.mergePullRequest({ pull, by: "ada", method: "squash" });
  };
  merge("fast", "Faster search");

  const tokenOf = (kind: "job" | "app", pulls: "read" | "write") =>
    github.issueToken({
      kind,
      repositories: ["cessda/cdc"],
      actor: "ada",
      permissions: { contents: "write", issues: "read", "pull-requests": pulls },
    });
  const warnings: string[] = [];
  const run = (given: Partial<PublishReleaseInputs> = {}) =>
    publishRelease(
      {
        step: "prepare",
        latest: "auto",
        version: "1.2.0",
        config: ".github/release-pipeline.yml",
        token: tokenOf("job", "read"),
        appToken: tokenOf("app", "write"),
        ...given,
      },
      jobOf(server.url, directory, warnings),
    );
  const writes = () => github.requests.filter(({ wrote }) => wrote).length;
  const pulls = () =>
    repository.issues.filter(({ pull, title }) => pull && title.startsWith("Release "));
  return { github, repository, clock, merge, run, writes, pulls, warnings, tokenOf };
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
      runId: 1,
      runAttempt: 1,
      serverUrl: "https://github.example.org",
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

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "passed",
    (error: unknown) => (error instanceof Fault ? error.code : error),
  );

/** The changelog on the branch, but for the stand-in's port. */
const written = (repository: { file(path: string, at: string): string | undefined }) =>
  repository.file("CHANGELOG.md", "release/1.2.0")?.replaceAll(/127\.0\.0\.1:\d+/g, "");

describe("the release pull request", () => {
  test("brings changelog, DOI and version in one commit; again, on any day, nothing is written", async () => {
    const { repository, clock, run, writes, pulls, warnings } = await start();
    const end = await run();
    const [pull, ...more] = pulls();
    expect(more).toEqual([]);
    expect(pull).toMatchObject({ title: "Release 1.2.0", state: "open" });
    expect(pull?.pull).toMatchObject({ head: "release/1.2.0", base: "main" });
    expect(pull?.body).toContain(doi);
    expect(end.outputs).toMatchObject({ pullRequest: String(pull?.number), previousTag: "1.0.0" });
    expect(pull?.pull?.commits).toHaveLength(1);
    expect(writes()).toBe(3);
    expect(warnings).toEqual([]);

    const changelog = repository.file("CHANGELOG.md", "release/1.2.0") ?? "";
    expect(changelog).toContain("## 1.2.0 - 2026-01-06\n");
    expect(changelog).toContain("Faster search");
    expect(changelog).toContain(doi);
    expect(changelog.indexOf("## 1.2.0")).toBeLessThan(changelog.indexOf("## 1.0.0"));
    expect(repository.file("CITATION.cff", "release/1.2.0")).toBe(
      `cff-version: 1.2.0\nversion: "1.2.0"\ndate-released: 2026-01-06\ndoi: ${doi}\n`,
    );
    expect(repository.file("CHANGELOG.md", "main")).toBe(files["CHANGELOG.md"]);

    clock.advance(3 * day);
    const again = await run();
    expect(again.outputs.pullRequest).toBe(end.outputs.pullRequest);
    expect(writes()).toBe(3);
  });

  test("what is merged meanwhile comes into the same branch and pull request; merged, nothing is left to do", async () => {
    const { repository, merge, run, writes, pulls } = await start();
    await run();
    merge("fix", "No crash");
    const before = writes();
    const end = await run();
    expect(writes()).toBe(before + 1);
    expect(pulls()).toHaveLength(1);
    const changelog = repository.file("CHANGELOG.md", "release/1.2.0") ?? "";
    expect(changelog.match(/^## 1\.2\.0/gm)).toHaveLength(1);
    expect(changelog.match(/Faster search|No crash/g)).toHaveLength(2);

    const number = Number(end.outputs.pullRequest);
    repository.mergePullRequest({ pull: number, by: "ada", method: "squash" });
    const merged = writes();
    expect((await run()).outputs.pullRequest).toBe(String(number));
    expect(writes()).toBe(merged);
    expect(repository.file("CHANGELOG.md", "main")).toBe(changelog);

    merge("late", "Too late");
    expect(await codeOf(run())).toBe("RA6013");
    repository.deleteRef("refs/heads/release/1.2.0", "ada");
    await run();
    expect(pulls().map(({ state }) => state)).toEqual(["closed", "open"]);
    expect(repository.file("CHANGELOG.md", "release/1.2.0")).toContain("Too late");
  });

  test("a pull request that somebody opened for the branch is taken, with its own text", async () => {
    const { repository, run, pulls } = await start();
    repository.createBranch("release/1.2.0", repository.log("main")[0] ?? "", "ada");
    repository.commit({
      branch: "release/1.2.0",
      message: "By hand",
      author: "ada",
      files: { "notes.txt": "1" },
    });
    repository.openPullRequest({
      title: "Release soon",
      head: "release/1.2.0",
      by: "ada",
      body: "B",
    });
    await run();
    expect(pulls()).toMatchObject([{ title: "Release soon", body: "B" }]);
    expect(repository.file("notes.txt", "release/1.2.0")).toBe("1");
    expect(repository.file("CHANGELOG.md", "release/1.2.0")).toContain("Faster search");
  });

  test("ended at any request, before or after its effect, and run again: one branch, one commit, one pull request", async () => {
    const whole = await start();
    await whole.run();
    const requests = whole.github.requests.length;
    expect(requests).toBeGreaterThan(10);
    for (const when of ["before", "after"] as const) {
      for (let at = 1; at <= requests; at += 1) {
        const { github, repository, run, pulls, writes } = await start();
        let seen = 0;
        github.faults.push({
          matches: () => {
            seen += 1;
            return seen === at;
          },
          when,
          does: { status: 401, body: '{"message": "killed"}' },
        });
        expect(await codeOf(run()), `${when} ${at}`).not.toBe("passed");
        await run();
        expect(pulls(), `${when} ${at}`).toHaveLength(1);
        expect(pulls()[0]?.pull?.commits, `${when} ${at}`).toHaveLength(1);
        expect(written(repository)).toBe(written(whole.repository));
        expect(writes(), `${when} ${at}`).toBe(3);
      }
    }
  }, 120_000);
});

describe("it refuses before it writes", () => {
  test.each([
    ["no DOI is reserved", "", { deposit: false }, {}, "RA6011"],
    ["the file asks for nothing", "release: {}\n", {}, {}, "RA6010"],
    [
      "the file wants no pull request",
      "release: {changelog: CHANGELOG.md, pull-request: false}\n",
      {},
      {},
      "RA6010",
    ],
    ["the version is none of the scheme", "", {}, { version: "v1.2.0" }, "RA1302"],
    ["a file has no place for the DOI", "zenodo: {write-to: [package.json]}\n", {}, {}, "RA6012"],
    ["a file does not exist", "zenodo: {write-to: [none.txt]}\n", {}, {}, "RA5004"],
  ])("%s", async (_, more, options, inputs, code) => {
    const { run, writes } = await start(more, options);
    expect(await codeOf(run(inputs))).toBe(code);
    expect(writes()).toBe(0);
  });

  test("a tagged version, where no DOI is needed", async () => {
    const { run, writes } = await start("release: {changelog: CHANGELOG.md}\n");
    expect(await codeOf(run({ version: "1.0.0" }))).toBe("RA6010");
    expect(writes()).toBe(0);
  });
});

test("without app-token it warns that no checks start; a manifest of another version is named", async () => {
  const { run, tokenOf, warnings, pulls } = await start(
    "release: {changelog: CHANGELOG.md}\ntag: {manifests: [CITATION.cff, package.json]}\n",
  );
  await run({ appToken: "", token: tokenOf("job", "write"), version: "1.3.0" });
  expect(pulls()).toHaveLength(1);
  expect(warnings).toHaveLength(2);
  expect(warnings.join("\n")).toContain("package.json: 1.2.0. Raise it to 1.3.0");
  expect(warnings.join("\n")).toContain("checks will not start");
});
