import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import type { parseReference } from "@release-actions/registry";
import type { Entry, Release } from "@release-actions/ledger";
import { runStep } from "@release-actions/plan";
import { createGitHub, listen, movableClock } from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { findCandidate } from "./candidate.ts";
import { environmentOf, readPipeline } from "./configuration/pipeline-file.ts";
import { connect, type World } from "./connect.ts";
import { judgeTag } from "./gate/rules.ts";
import type { History } from "./history.ts";
import type { Job } from "./job.ts";
import {
  judgeRepositoryTags,
  openSources,
  plannedTags,
  repositoriesOf,
  tagsOfRelease,
  tagSteps,
  type PlannedTag,
  type Sources,
} from "./release-tags.ts";
import type { Request } from "./request.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const names = ["cdc", "cdc.indexer", "cdc.aggregator"] as const;
const image = (name: string) => `registry.example.org/cdc/${name}`;
const digestOf = (name: string, commit: string) => `sha256:${name}-${commit}`;
const file = `product: CDC
tag: {scheme: semver, branch: main}
components:
  - {name: searcher, image: ${image("searcher")}}
  - {name: indexer, image: ${image("indexer")}, repository: cessda/cdc.indexer}
  - {name: aggregator, image: ${image("aggregator")}, repository: cessda/CDC.aggregator}
environments: {staging: {}, production: {from: staging}}
`;

type Wish = {
  app?: "write" | "read" | "none" | "one";
  event?: "workflow_dispatch" | "push";
  missingTags?: Sources["missingTags"];
  version?: string;
  latest?: Release;
  isPrivate?: boolean;
};

/** Three repositories of one product, each with a few commits on main and one beside it. */
async function start(more: { isPrivate?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "tags-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const github = createGitHub({ clock: movableClock(new Date("2026-01-06T10:00:00Z")), directory });
  github.addUser({ login: "pia" });
  const server = await listen(github);
  closers.push(server.close);
  const repositories = names.map((name) =>
    github.addRepository({
      owner: "cessda",
      name,
      private: more.isPrivate === true && name !== "cdc",
    }),
  );
  const heads = repositories.map((repository, index) => {
    for (let n = 0; n <= index; n += 1)
      repository.commit({
        branch: "main",
        message: `Work ${n}`,
        author: "pia",
        files: { "a.txt": `${repository.name} ${n}` },
      });
    return repository.log("main")[0] ?? "";
  });
  const [own, indexer, aggregator] = repositories;
  if (!own || !indexer || !aggregator) throw new Error("three repositories");

  const ask = async (wish: Wish = {}) => {
    const job = jobOf(server.url, directory, wish.event ?? "workflow_dispatch");
    const token = github.issueToken({
      kind: "job",
      repositories: ["cessda/cdc"],
      actor: "pia",
      permissions: { contents: "write" },
    });
    const app = wish.app ?? "write";
    const appToken =
      app === "none"
        ? undefined
        : github.issueToken({
            kind: "app",
            repositories: [
              "cessda/cdc.indexer",
              ...(app === "one" ? [] : ["cessda/cdc.aggregator"]),
            ],
            actor: "pia",
            permissions: { contents: app === "read" ? "read" : "write" },
          });
    const connection = connect({ token }, job);
    const sources = openSources(
      connection,
      { token, ...(appToken ? { appToken } : {}) },
      wish.missingTags ?? "make",
    );
    const asked: string[] = [];
    const registry = {
      resolve: async (reference: ReturnType<typeof parseReference>) => {
        asked.push(`${reference.repository}:${reference.tag ?? ""}`);
        return digestOf(reference.repository, reference.tag ?? "");
      },
    } as unknown as World["registry"];
    const pipeline = { ...readPipeline("file.yml", file), defaultBranch: "main" };
    const environment = environmentOf(pipeline, "staging");
    const request: Request = {
      environment: "staging",
      action: "release",
      version: wish.version ?? "1.2.3",
      dryRun: false,
      actor: "pia",
      run: { id: 1, url: "" },
      resumed: false,
    };
    const history = {
      head: { commit: undefined, files: {} },
      current: wish.latest ? { latest: { release: wish.latest } as Entry, passed: [] } : undefined,
      from: undefined,
      own: undefined,
      lock: { state: "free" },
    } satisfies History;
    const world = { ...connection, registry, sources };
    const candidate = await findCandidate(world, pipeline, environment, request, history);
    return {
      candidate,
      asked,
      sources,
      own: judgeTag({ pipeline, environment, request, history, candidate }),
      finding: judgeRepositoryTags(candidate),
      planned: plannedTags(candidate.tags ?? []),
    };
  };
  const writes = () => github.requests.filter(({ wrote }) => wrote).length;
  const tags = () => repositories.map((repository) => repository.ref("refs/tags/1.2.3"));
  return { github, own, indexer, aggregator, heads, ask, writes, tags };
}

function jobOf(url: string, temp: string, eventName: string): Job {
  const nothing = () => {};
  return {
    env: {
      repository: { owner: "cessda", name: "cdc" },
      ref: "refs/heads/main",
      refName: "main",
      refType: "branch",
      eventName,
      event: {},
      triggeringActor: "pia",
      runId: 1,
      runAttempt: 1,
      serverUrl: url,
      apiUrl: `${url}/api/v3`,
      workspace: undefined,
      temp,
    },
    variables: {},
    say: nothing,
    debug: nothing,
    warn: nothing,
    mask: nothing,
  };
}

async function make(sources: Sources, planned: PlannedTag[]): Promise<unknown> {
  for (const step of tagSteps(sources, planned)) {
    const by = { now: () => 0, sleep: async () => {}, resuming: false };
    const outcome = await runStep(step, by);
    if ("refusal" in outcome) return outcome.refusal.code;
  }
  return "made";
}

describe("a version that has no tag yet", () => {
  test("is planned at the head of the branch of every repository, and made there", async () => {
    const { heads, ask, writes, tags } = await start();
    const { candidate, own, finding, planned, asked, sources } = await ask();
    expect([own.holds, finding?.holds, writes()]).toEqual([true, true, 0]);
    expect(finding?.saw).toContain(
      `1.2.3 will be made in cessda/cdc.indexer at ${heads[1]?.slice(0, 7)}`,
    );
    expect(planned).toEqual([
      { repository: "cessda/cdc", tag: "1.2.3", commit: heads[0] },
      { repository: "cessda/cdc.indexer", tag: "1.2.3", commit: heads[1] },
      { repository: "cessda/CDC.aggregator", tag: "1.2.3", commit: heads[2] },
    ]);
    // Each image is asked for by the commit of its own repository, and recorded with it.
    expect(asked).toEqual(
      ["searcher", "indexer", "aggregator"].map((name, index) => `cdc/${name}:${heads[index]}`),
    );
    expect(candidate.release?.commit).toBe(heads[0]);
    expect(
      candidate.release?.components.map(({ name, repository, commit }) => [
        name,
        repository,
        commit,
      ]),
    ).toEqual([
      ["searcher", undefined, undefined],
      ["indexer", "cessda/cdc.indexer", heads[1]],
      ["aggregator", "cessda/CDC.aggregator", heads[2]],
    ]);
    expect(await make(sources, planned)).toBe("made");
    expect(tags()).toEqual(heads);
    expect(writes()).toBe(3);

    const again = await ask();
    expect([again.own.holds, again.finding?.holds, again.planned]).toEqual([true, true, []]);
    const release = again.candidate.release;
    expect(release && tagsOfRelease(release, "cessda/cdc")).toEqual(planned);
    expect(await make(again.sources, planned)).toBe("made");
    expect(writes()).toBe(3);
  });

  test("is made by the tag event in the other repositories only", async () => {
    const { own, heads, ask, tags } = await start();
    expect((await ask({ event: "push" })).own).toMatchObject({ holds: false, code: "RA1303" });
    own.createTag("1.2.3", heads[0] ?? "", "pia");
    const { finding, planned, sources } = await ask({ event: "push" });
    expect(finding?.holds).toBe(true);
    expect(planned.map(({ repository }) => repository)).toEqual([
      "cessda/cdc.indexer",
      "cessda/CDC.aggregator",
    ]);
    expect(await make(sources, planned)).toBe("made");
    expect(tags()).toEqual(heads);
  });

  test("v1.2.3 is refused under the scheme semver, and nothing is planned", async () => {
    const { ask, writes } = await start();
    const { own, planned } = await ask({ version: "v1.2.3" });
    expect([own.holds, own.code, planned, writes()]).toEqual([false, "RA1302", [], 0]);
  });

  test("an action that makes no tags finds none", async () => {
    const { own, heads, ask } = await start();
    expect((await ask({ missingTags: "leave" })).own.code).toBe("RA1303");
    own.createTag("1.2.3", heads[0] ?? "", "pia");
    const { finding, planned } = await ask({ missingTags: "leave" });
    expect([finding?.code, planned]).toEqual(["RA1303", []]);
  });
});

describe("what the token needs is said before anything is written", () => {
  test.each([
    ["no app-token", "none", /cdc\.indexer has no tag.*`app-token` is not given/],
    ["a token that may only read", "read", /cdc\.indexer .*not accessible by integration/],
    ["a token that reaches one of two", "one", /cdc\.aggregator .*not accessible by integration/i],
  ] as const)("%s", async (_, app, saw) => {
    const { ask, writes, tags } = await start();
    const { finding } = await ask({ app });
    expect(finding).toMatchObject({ holds: false, code: "RA1308" });
    expect(finding?.warning).toBeUndefined();
    expect(finding?.saw).toMatch(saw);
    expect(finding?.next).toContain(
      "repositories: 'cdc.indexer,CDC.aggregator', permission-contents: write",
    );
    expect(finding?.next).toContain("app-token: ${{ steps.app.outputs.token }}");
    expect([writes(), tags()]).toEqual([0, [undefined, undefined, undefined]]);
  });

  test("the gate, which makes none itself, only warns", async () => {
    const { ask } = await start();
    const { finding } = await ask({ app: "none", missingTags: "plan" });
    expect(finding).toMatchObject({ holds: false, warning: true, code: "RA1308" });
    expect((await ask({ app: "read", missingTags: "plan" })).finding?.holds).toBe(true);
  });

  test("a private repository that no token reaches", async () => {
    const { ask, writes } = await start({ isPrivate: true });
    const { finding, candidate } = await ask({ app: "none" });
    expect(finding).toMatchObject({ holds: false, code: "RA1309" });
    expect(candidate.release).toBeUndefined();
    expect(writes()).toBe(0);
  });
});

describe("a tag that is there", () => {
  test("beside the release branch is refused", async () => {
    const { indexer, heads, ask } = await start();
    const aside = indexer.commit({
      branch: "aside",
      message: "Aside",
      author: "pia",
      files: { "b.txt": "1" },
      parents: [heads[1] ?? ""],
    });
    indexer.createTag("1.2.3", aside, "pia", "annotated");
    const { finding } = await ask();
    expect(finding).toMatchObject({ holds: false, code: "RA1304" });
    expect(finding?.saw).toContain("cessda/cdc.indexer is not on main");
  });

  test("at another commit than the ledger's is refused, never moved", async () => {
    const { aggregator, ask, tags, writes } = await start();
    const [newest = "", older = ""] = aggregator.log("main");
    aggregator.createTag("1.2.3", older, "pia");
    const before = tags();
    const release: Release = {
      version: "1.2.3",
      tag: "1.2.3",
      commit: "0".repeat(40),
      components: [
        {
          name: "aggregator",
          image: image("aggregator"),
          digest: "sha256:1",
          repository: "cessda/cdc.aggregator",
          commit: newest,
        },
      ],
    };
    const { finding } = await ask({ latest: release });
    expect(finding).toMatchObject({ holds: false, code: "RA1307" });
    expect(tags()).toEqual(before);
    const sources = (await ask()).sources;
    const planned = [{ repository: "cessda/cdc.aggregator", tag: "1.2.3", commit: newest }];
    expect(await make(sources, planned)).toBe("RA1307");
    expect([tags(), writes()]).toEqual([before, 0]);
  });
});

test("ended at any request while tags are made, and run again: every tag once, at the planned commit", async () => {
  const whole = await start();
  const first = await whole.ask();
  const before = whole.github.requests.length;
  await make(first.sources, first.planned);
  const requests = whole.github.requests.length - before;
  for (const when of ["before", "after"] as const) {
    for (const does of [{ status: 401 }, { status: 502 }, "reset"] as const) {
      for (let at = 1; at <= requests; at += 1) {
        const { github, ask, heads, tags, writes } = await start();
        const { sources, planned } = await ask();
        let seen = 0;
        github.faults.push({
          matches: () => {
            seen += 1;
            return seen === at;
          },
          when,
          does,
        });
        await make(sources, planned).catch((error: unknown) => {
          if (!(error instanceof Fault)) throw error;
        });
        expect(await make(sources, planned)).toBe("made");
        expect(tags(), `${when} ${at}`).toEqual(heads);
        expect(writes(), `${when} ${at}`).toBe(3);
      }
    }
  }
}, 120_000);

test("this repository comes first where no component is in it; names have no case", () => {
  expect(repositoriesOf([{ repository: "a/b" }, { repository: "A/B" }], "o/r")).toEqual([
    "o/r",
    "a/b",
  ]);
  expect(repositoriesOf([{ repository: "a/b" }, {}], "o/r")).toEqual(["a/b", "o/r"]);
});
