import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import { createTransport, type Transport } from "@release-actions/net";
import { runStep } from "@release-actions/plan";
import { createGitHub, listen, movableClock, type PlannedFault } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { openGitHub, type GitHub } from "./client.ts";
import { readReleaseFacts } from "./release-changes.ts";
import { renderNotes } from "./release-notes.ts";
import { publicationSteps, type PublishedRelease, type ReleasePublication } from "./releases.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Ends a run as `kill -9` would. */
class Killed extends Error {}

async function start() {
  const directory = mkdtempSync(join(tmpdir(), "releases-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const standIn = createGitHub({
    clock: movableClock(new Date("2026-01-06T10:00:00Z")),
    directory,
  });
  for (const login of ["ada", "rita"]) standIn.addUser({ login });
  const repository = standIn.addRepository({ owner: "cessda", name: "cdc" });
  for (const login of ["ada", "rita"]) repository.addCollaborator(login, "write");
  const server = await listen(standIn);
  closers.push(server.close);
  const token = standIn.issueToken({
    kind: "job",
    repositories: ["cessda/cdc"],
    actor: "ada",
    permissions: { contents: "write", issues: "read", "pull-requests": "read" },
  });

  const client = (options: { killAt?: number; when?: "before" | "after" } = {}): GitHub => {
    const real = createTransport({ env: {}, userAgent: "test", sleep: async () => {} });
    closers.push(() => real.close());
    let sent = 0;
    const transport: Transport = {
      ...real,
      send: async (request) => {
        sent += 1;
        if (sent === options.killAt && options.when === "before") throw new Killed();
        const answer = await real.send(request);
        if (sent === options.killAt) throw new Killed();
        return answer;
      },
    };
    return openGitHub({
      transport,
      token,
      repository: { owner: "cessda", name: "cdc" },
      apiUrl: `${server.url}/api/v3`,
      serverUrl: server.url,
    });
  };
  const writes = (): string[] =>
    standIn.requests.filter(({ wrote }) => wrote).map(({ method, path }) => `${method} ${path}`);
  return { standIn, repository, client, writes };
}

type World = Awaited<ReturnType<typeof start>>;

/** A repository with a released 1.0.0, then a squash, a merge, a direct push and an unmerged pull request, tagged 2.0.0. */
async function withHistory(): Promise<World & { commit: string }> {
  const world = await start();
  const { repository } = world;
  const first = repository.commit({
    branch: "main",
    message: "Begin",
    author: "ada",
    files: { "a.txt": "1" },
  });
  repository.createTag("1.0.0", first, "ada");
  repository.openIssue({ title: "It is slow @rita", by: "rita" });
  const change = (branch: string, title: string, labels: string[], body = ""): number => {
    repository.createBranch(branch, repository.log("main")[0] ?? "", "ada");
    repository.commit({
      branch,
      message: `work on ${branch}`,
      author: "ada",
      files: { [`${branch}.txt`]: branch },
    });
    return repository.openPullRequest({ title, head: branch, by: "ada", labels, body }).number;
  };
  repository.mergePullRequest({
    pull: change("fast", "Faster search", ["enhancement"], "Closes #1"),
    by: "rita",
    method: "squash",
  });
  repository.mergePullRequest({
    pull: change("fix", "Do not crash on `<b>`", ["bug"]),
    by: "rita",
    method: "merge",
  });
  repository.commit({
    branch: "main",
    message: "Fix a typo\n\nand more",
    author: "ada",
    files: { "b.txt": "1" },
  });
  change("open", "Not merged", []);
  const commit = repository.log("main")[0] ?? "";
  repository.createTag("2.0.0", commit, "ada", "annotated");
  return { ...world, commit };
}

function wantedOf(commit: string, more: Partial<ReleasePublication> = {}): ReleasePublication {
  return {
    tag: "2.0.0",
    commit,
    name: "2.0.0",
    body: "The notes",
    assets: [],
    latest: true,
    prerelease: false,
    key: "entry-7",
    ...more,
  };
}

const assets = [
  { name: "cdc.jar", mediaType: "application/java-archive", bytes: Buffer.from("jar") },
  { name: "sbom.json", mediaType: "application/json", bytes: Buffer.from("{}") },
];

async function run(
  github: GitHub,
  wanted: ReleasePublication,
  resuming = false,
): Promise<PublishedRelease> {
  const { steps, result } = publicationSteps(github, wanted);
  for (const step of steps) {
    const outcome = await runStep(step, { now: () => 0, sleep: async () => {}, resuming });
    if ("refusal" in outcome) throw new Fault(outcome.refusal.code, outcome.refusal);
  }
  return result();
}

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "passed",
    (error: unknown) => (error instanceof Fault ? error.code : error),
  );

describe("what changed", () => {
  test("merged pull requests once each with the issues they close, direct commits, one request", async () => {
    const { standIn, client, commit } = await withHistory();
    const facts = await readReleaseFacts(client(), { tag: "2.0.0", previousTag: "1.0.0" });
    expect(standIn.requests).toHaveLength(1);
    expect(standIn.violations).toEqual([]);
    expect(facts).toMatchObject({ commit, release: null, previousTag: "1.0.0" });
    expect(
      facts.pullRequests.map(({ number, title, author, labels, closes }) => ({
        number,
        title,
        author,
        labels,
        closes: closes.map((one) => one.number),
      })),
    ).toEqual([
      {
        number: 2,
        title: "Faster search",
        author: { login: "ada", bot: false },
        labels: ["enhancement"],
        closes: [1],
      },
      {
        number: 3,
        title: "Do not crash on `<b>`",
        author: { login: "ada", bot: false },
        labels: ["bug"],
        closes: [],
      },
    ]);
    expect(facts.directCommits.map(({ headline }) => headline)).toEqual(["Fix a typo"]);
    const { body } = renderNotes(facts);
    expect(body).toContain("### Features\n\n- Faster search by [ada]");
    expect(body).toContain("- Do not crash on \\`&lt;b&gt;\\` by");
    expect(body).toContain("It is slow @\u2060rita, reported by [rita]");
    expect(body).not.toContain("Not merged");
  });

  test("more than a page, and more than GraphQL's thousand: counted against aheadBy and read by REST", async () => {
    const { standIn, repository, client } = await start();
    const first = repository.commit({
      branch: "main",
      message: "Begin",
      author: "ada",
      files: { "a.txt": "0" },
    });
    repository.createTag("1.0.0", first, "ada");
    for (let number = 1; number <= 1010; number += 1) {
      repository.commit({
        branch: "main",
        message: `Change ${number}`,
        author: "ada",
        files: { "a.txt": String(number) },
      });
    }
    repository.createTag("2.0.0", repository.log("main")[0] ?? "", "ada");
    const facts = await readReleaseFacts(client(), { tag: "2.0.0", previousTag: "1.0.0" });
    expect(facts.commits).toBe(1010);
    expect(new Set(facts.directCommits.map(({ headline }) => headline)).size).toBe(1010);
    expect(standIn.requests.filter(({ path }) => path.includes("/compare/"))).toHaveLength(11);
    expect(standIn.violations).toEqual([]);
  }, 60_000);

  test("a number in a commit's message proves nothing", async () => {
    const { standIn, repository, client } = await withHistory();
    repository.createTag(
      "3.0.0",
      repository.commit({
        branch: "main",
        message: "Faster search (#2)",
        author: "ada",
        files: { "c.txt": "1" },
      }),
      "ada",
    );
    const facts = await readReleaseFacts(client(), { tag: "3.0.0", previousTag: "2.0.0" });
    expect(facts.pullRequests).toEqual([]);
    expect(facts.directCommits.map(({ headline }) => headline)).toEqual(["Faster search (#2)"]);
    expect(standIn.requests).toHaveLength(2);
  });

  test("a previous tag that is not there is named; without one there is no range", async () => {
    const { client } = await withHistory();
    expect(await codeOf(readReleaseFacts(client(), { tag: "2.0.0", previousTag: "0.9.0" }))).toBe(
      "RA6001",
    );
    const facts = await readReleaseFacts(client(), { tag: "2.0.0" });
    expect([facts.commits, facts.pullRequests]).toEqual([0, []]);
  });
});

describe("requests of a clean run", () => {
  test("two without assets, one when it is run again", async () => {
    const { standIn, repository, client, commit, writes } = await withHistory();
    const facts = await readReleaseFacts(client(), { tag: "2.0.0", previousTag: "1.0.0" });
    const wanted = wantedOf(commit, { body: renderNotes(facts).body, seen: facts });
    const published = await run(client(), wanted);
    expect(standIn.requests).toHaveLength(2);
    expect(published.findings).toEqual([]);
    expect(repository.releases).toHaveLength(1);
    expect(repository.releases[0]).toMatchObject({
      tag: "2.0.0",
      draft: false,
      latest: "true",
      id: published.id,
    });

    standIn.requests.length = 0;
    const again = await readReleaseFacts(client(), { tag: "2.0.0", previousTag: "1.0.0" });
    expect(await run(client(), { ...wanted, seen: again }, true)).toEqual(published);
    expect(standIn.requests).toHaveLength(1);
    expect(writes()).toEqual([]);
    expect(standIn.violations).toEqual([]);
  });

  test("three and one for each asset, SHA256SUMS among them", async () => {
    const { standIn, repository, client, commit } = await withHistory();
    const published = await run(client(), wantedOf(commit, { assets }));
    expect(standIn.requests).toHaveLength(3 + assets.length + 1);
    const [release] = repository.releases;
    expect(release?.draft).toBe(false);
    expect(release?.assets.map(({ name }) => name)).toEqual(["cdc.jar", "sbom.json", "SHA256SUMS"]);
    const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
    expect(release?.assets[2]?.content.toString()).toBe(
      `${sum("jar")}  cdc.jar\n${sum("{}")}  sbom.json\n`,
    );

    standIn.requests.length = 0;
    expect(await run(client(), wantedOf(commit, { assets }), true)).toEqual(published);
    expect(standIn.requests).toHaveLength(1);
    expect(standIn.violations).toEqual([]);
  });
});

describe("exactly once, whatever breaks", () => {
  const faults: [name: string, fault: Pick<PlannedFault, "when" | "does">][] = [
    ["reset before", { when: "before", does: "reset" }],
    ["reset after", { when: "after", does: "reset" }],
    ["500 after", { when: "after", does: { status: 500 } }],
    ["502 after", { when: "after", does: { status: 502 } }],
  ];
  const cases = [
    { what: "no assets", files: [], requests: 2 },
    { what: "two assets", files: assets, requests: 6 },
  ];

  test.each(cases.flatMap((one) => faults.map(([name, fault]) => ({ ...one, name, fault }))))(
    "$what, $name, at every request",
    async ({ files, requests, fault }) => {
      for (let at = 1; at <= requests; at += 1) {
        const world = await withHistory();
        let seen = 0;
        world.standIn.faults.push({ ...fault, matches: () => (seen += 1) === at });
        await runToTheEnd(world, files);
        expectOneRelease(world, files, `fault at request ${at}`);
      }
    },
  );

  test.each(
    cases.flatMap((one) => (["before", "after"] as const).map((when) => ({ ...one, when }))),
  )("$what, killed $when every request", async ({ files, requests, when }) => {
    for (let killAt = 1; killAt <= requests; killAt += 1) {
      const world = await withHistory();
      // Octokit wraps what the transport throws: whatever ends the first run, it ends.
      await run(world.client({ killAt, when }), wantedOf(world.commit, { assets: files })).then(
        () => expect.fail("the run was not killed"),
        () => {},
      );
      await runToTheEnd(world, files);
      expectOneRelease(world, files, `killed at request ${killAt}`);
    }
  });

  async function runToTheEnd(
    world: World & { commit: string },
    files: typeof assets,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await run(
          world.client(),
          wantedOf(world.commit, { assets: files }),
          attempt > 1 || world.standIn.requests.length > 0,
        );
        return;
      } catch (error) {
        if (!(error instanceof Fault) || error.outcome !== "unknown" || attempt >= 4) throw error;
      }
    }
  }

  function expectOneRelease(
    { repository, standIn }: World,
    files: typeof assets,
    where: string,
  ): void {
    expect(
      repository.releases.map(({ tag, draft }) => [tag, draft]),
      where,
    ).toEqual([["2.0.0", false]]);
    const names = files.length > 0 ? [...files.map(({ name }) => name), "SHA256SUMS"] : [];
    expect(repository.releases[0]?.assets.map(({ name }) => name).toSorted(), where).toEqual(
      names.toSorted(),
    );
    expect(repository.releases[0]?.body, where).toMatch(
      /^The notes\n\n<!-- release-actions [0-9a-f]{64} [0-9a-f]{64} -->/,
    );
    expect(standIn.violations, where).toEqual([]);
  }

  test("two drafts of ours: the lowest stays, the other goes before publication", async () => {
    const { repository, client, commit } = await withHistory();
    const interrupted = async (): Promise<void> => {
      const { steps } = publicationSteps(
        client(),
        wantedOf(commit, { assets, seen: { release: null, commit } }),
      );
      const [draft] = steps;
      if (draft) await runStep(draft, { now: () => 0, sleep: async () => {}, resuming: false });
    };
    await interrupted();
    await interrupted();
    const lowest = Math.min(...repository.releases.map(({ id }) => id));
    expect(repository.releases).toHaveLength(2);
    const published = await run(client(), wantedOf(commit, { assets }), true);
    expect(published.id).toBe(lowest);
    expect(repository.releases.map(({ draft }) => draft)).toEqual([false]);
  });

  test("a half upload and one with other bytes are replaced in our draft", async () => {
    const { repository, client, commit } = await withHistory();
    const { steps } = publicationSteps(client(), wantedOf(commit, { assets }));
    for (const step of steps.slice(0, 3))
      await runStep(step, { now: () => 0, sleep: async () => {}, resuming: false });
    const [release] = repository.releases;
    const [half, other] = release?.assets ?? [];
    if (!release || !half || !other) throw new Error("no assets");
    half.state = "starter";
    other.digest = `sha256:${"0".repeat(64)}`;
    await run(client(), wantedOf(commit, { assets }), true);
    expect(release.assets.map(({ name, state }) => [name, state])).toEqual([
      ["cdc.jar", "uploaded"],
      ["sbom.json", "uploaded"],
      ["SHA256SUMS", "uploaded"],
    ]);
    expect(release.assets.map(({ id }) => id)).not.toContain(half.id);
    expect(release.assets.map(({ id }) => id)).not.toContain(other.id);
  });
});

describe("what is not ours is left alone", () => {
  test("somebody's draft of the tag is refused", async () => {
    const { repository, client, commit, writes } = await withHistory();
    repository.createRelease({ tag: "2.0.0", by: "rita", body: "by hand", draft: true });
    expect(await codeOf(run(client(), wantedOf(commit, { assets })))).toBe("RA6002");
    expect(writes()).toEqual([]);
  });

  test("a published release is reported and not touched", async () => {
    const { repository, client, commit, writes } = await withHistory();
    repository.createRelease({ tag: "2.0.0", by: "rita", name: "Two", body: "by hand" });
    const published = await run(client(), wantedOf(commit, { assets }));
    expect(published.findings).toHaveLength(1);
    expect(published.findings[0]).toMatchObject({ code: "RA6008", warning: true, holds: true });
    expect(published.findings[0]?.saw).toMatch(
      /not published by this release's run; its text is another; its name is another; its assets are none/,
    );
    expect(writes()).toEqual([]);
  });

  test("an asset that people added to the draft stops the publication", async () => {
    const { repository, client, commit } = await withHistory();
    const { steps } = publicationSteps(client(), wantedOf(commit, { assets }));
    for (const step of steps.slice(0, -1))
      await runStep(step, { now: () => 0, sleep: async () => {}, resuming: false });
    const [release] = repository.releases;
    const [first] = release?.assets ?? [];
    if (!release || !first) throw new Error("no assets");
    release.assets.push({ ...first, id: first.id + 1000, name: "extra.txt" });
    expect(await codeOf(run(client(), wantedOf(commit, { assets }), true))).toBe("RA6004");
    expect(release.draft).toBe(true);
  });

  test("a tag that moved, or is not there, is not released", async () => {
    const { client, repository, writes, commit } = await withHistory();
    expect(await codeOf(run(client(), wantedOf("f".repeat(40))))).toBe("RA6003");
    expect(await codeOf(run(client(), wantedOf(commit, { tag: "3.0.0" })))).toBe("RA6003");
    expect(writes()).toEqual([]);
    expect(repository.releases).toEqual([]);
  });
});

describe("what is said of the release", () => {
  test("a prerelease is never the latest, a backport neither", async () => {
    const { repository, client, commit } = await withHistory();
    await run(client(), wantedOf(commit, { prerelease: true }));
    expect(repository.releases[0]).toMatchObject({ prerelease: true, latest: "false" });
    repository.createTag("1.0.1", commit, "ada");
    await run(client(), wantedOf(commit, { tag: "1.0.1", latest: false }));
    expect(repository.releases.find(({ tag }) => tag === "1.0.1")).toMatchObject({
      latest: "false",
    });
  });

  test.each([
    [
      "a name that GitHub would change",
      [{ name: "a b.jar", mediaType: "x/y", bytes: Buffer.from("1") }],
    ],
    ["a path", [{ name: "../a", mediaType: "x/y", bytes: Buffer.from("1") }]],
    ["our own checksum file", [{ name: "SHA256SUMS", mediaType: "x/y", bytes: Buffer.from("1") }]],
    ["a name twice", [assets[0], assets[0]].flatMap((asset) => asset ?? [])],
    ["an empty file", [{ name: "a", mediaType: "x/y", bytes: Buffer.alloc(0) }]],
  ])("%s is refused before anything is asked", async (_, files) => {
    const { client, standIn, commit } = await withHistory();
    await expect(async () => run(client(), wantedOf(commit, { assets: files }))).rejects.toThrow(
      "RA6005",
    );
    expect(standIn.requests).toEqual([]);
  });

  test("notes beyond GitHub's limit are refused before anything is asked", async () => {
    const { client, standIn, commit } = await withHistory();
    await expect(async () =>
      run(client(), wantedOf(commit, { body: "x".repeat(125_000) })),
    ).rejects.toThrow("RA6007");
    expect(standIn.requests).toEqual([]);
  });
});
