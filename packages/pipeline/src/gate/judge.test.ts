import type { IssueComment, ReleaseIssue } from "@release-actions/github";
import type { Release } from "@release-actions/ledger";
import { describe, expect, test } from "vitest";
import { environmentOf, readPipeline } from "../configuration/pipeline-file.ts";
import { judge } from "./judge.ts";
import type { RuleFacts } from "./rules.ts";

const pipelineWith = (gate = "") => ({
  ...readPipeline(
    "release-pipeline.yml",
    `
product: CDC
components: [{ name: searcher, image: registry.example.org/cdc/searcher }]
roles: { service-owner: [olga], technical-maintainer: [tom], platform-maintainer: [pia, olga] }
environments:
  staging: {}
  production:
    from: staging
    gate:
      approvals: [service-owner]
      run-by: [platform-maintainer]
      checklist:
        - item: Backups taken
        - { item: Dependencies upgraded by their upgrade procedure, if-changed: ['**/pom.xml'] }
        - { item: User documentation updated, sub-issue: true }
${gate}
issue: { title: 'Release version \${version} of \${product}' }
`,
  ),
  defaultBranch: "main",
});
const release: Release = {
  version: "2.4.1",
  tag: "2.4.1",
  commit: "c".repeat(40),
  components: [
    {
      name: "searcher",
      image: "registry.example.org/cdc/searcher",
      digest: `sha256:${"4b".repeat(32)}`,
    },
  ],
};
const comment = (id: number, login: string, body: string): IssueComment => ({
  id,
  url: `https://github.com/o/r/issues/7#issuecomment-${id}`,
  login,
  authorType: "User",
  body,
  createdAt: `2026-03-02T12:0${id}:00Z`,
  edited: false,
});

type State = {
  backups: boolean;
  dependencies: boolean;
  documentation: boolean;
  approved: boolean;
  refused: boolean;
};

function factsOf(state: State, more: { gate?: string; actor?: string; author?: string } = {}) {
  const pipeline = pipelineWith(more.gate);
  const tick = (done: boolean) => (done ? "x" : " ");
  const issue: ReleaseIssue = {
    number: 7,
    title: "Release version 2.4.1 of CDC",
    url: "u",
    state: "open",
    author: more.author ?? "tom",
    authorType: "User",
    body: `- [${tick(state.backups)}] Backups taken\n- [${tick(state.dependencies)}] Dependencies upgraded by their upgrade procedure`,
    comments: [
      ...(state.approved ? [comment(1, "olga", "/approve 2.4.1")] : []),
      ...(state.refused ? [comment(2, "tom", "/refuse 2.4.1 the search is broken")] : []),
    ],
    commentCount: 0,
  };
  const facts: RuleFacts = {
    pipeline,
    environment: environmentOf(pipeline, "production"),
    request: {
      environment: "production",
      action: "release",
      dryRun: false,
      actor: more.actor ?? "pia",
      run: { id: 1, url: "u" },
      resumed: false,
    },
    history: {
      head: { files: {}, oid: "h" } as unknown as RuleFacts["history"]["head"],
      current: undefined,
      from: undefined,
      own: undefined,
      lock: { state: "free" },
    },
    candidate: {
      given: "2.4.1",
      version: { text: "2.4.1", tag: "2.4.1", prerelease: false },
      facts: {
        commit: release.commit,
        onBranch: { main: true },
        tags: ["2.4.1"],
        checks: undefined,
        issues: [issue],
        files: {},
      },
      branches: ["main"],
      release,
      missing: [],
      record: {
        passes: [
          { environment: "staging", entry: "staging-1", at: "2026-03-02T11:00:00Z", release },
        ],
        withdrawn: [],
      },
      gate: {
        title: issue.title,
        issue,
        requester: issue.author,
        subIssues: [
          {
            number: 9,
            title: "User documentation updated",
            state: state.documentation ? "closed" : "open",
          },
        ],
        changed: { paths: ["pom.xml"], complete: true },
        reviews: undefined,
      },
    },
  };
  return facts;
}

const now = new Date("2026-03-02T13:00:00Z");
const allDone: State = {
  backups: true,
  dependencies: true,
  documentation: true,
  approved: true,
  refused: false,
};

describe("of all states of the checklist, the sub-issue, the approval and a refusal", () => {
  const names = Object.keys(allDone) as (keyof State)[];
  const states = Array.from({ length: 2 ** names.length }, (_, bits) =>
    Object.fromEntries(names.map((name, index) => [name, (bits & (1 << index)) !== 0])),
  ) as State[];

  test.each(states)("%j", (state) => {
    const { verdict } = judge(factsOf(state), now);
    const open = verdict.findings.filter(({ holds }) => !holds).map(({ rule }) => rule);
    const expected = [
      ...(state.approved ? [] : ["approvals"]),
      ...(state.refused ? ["refused"] : []),
      ...(state.backups && state.dependencies && state.documentation ? [] : ["checklist"]),
    ];
    expect(open).toEqual(expected);
    expect(verdict.holds).toBe(expected.length === 0);
    const said = verdict.findings.map(({ saw }) => saw).join("\n");
    expect(said.includes("open in #7: Backups taken")).toBe(!state.backups);
    expect(said.includes("documentation open: #9")).toBe(!state.documentation);
  });

  test("only one passes: everything done, and nobody against it", () => {
    const passing = states.filter((state) => judge(factsOf(state), now).verdict.holds);
    expect(passing).toEqual([allDone]);
  });
});

describe("what the environment before has to have accepted", () => {
  const judged = (more: object) => {
    const facts = factsOf(allDone);
    const [staging, ...others] = facts.pipeline.environments;
    const environments = [{ ...staging, name: "staging", "accept-by": "service-owner" }, ...others];
    const record = { ...facts.candidate.record, passes: facts.candidate.record?.passes ?? [] };
    return judge(
      {
        ...facts,
        pipeline: { ...facts.pipeline, environments },
        candidate: { ...facts.candidate, record: { ...record, withdrawn: [], ...more } },
      },
      now,
    ).verdict;
  };
  const accepted = { environment: "staging", login: "olga", role: "service-owner", at: "t" };

  test("nobody accepted it there: refused, and it says who does", () => {
    expect(judged({}).findings.find(({ rule }) => rule === "evidence")).toMatchObject({
      holds: false,
      code: "RA5510",
      next: expect.stringContaining("service-owner (@olga)"),
    });
  });

  test("another entry was accepted: refused", () => {
    expect(judged({ accepted: [{ ...accepted, entry: "staging-0" }] }).holds).toBe(false);
  });

  test("the entry that passed was accepted: goes on", () => {
    expect(judged({ accepted: [{ ...accepted, entry: "staging-1" }] }).holds).toBe(true);
  });
});

describe("four-eyes", () => {
  const gate = "      four-eyes: true";
  const judged = (more: Parameters<typeof factsOf>[1], text = gate) => {
    const { verdict } = judge(factsOf(allDone, { gate: text, ...more }), now);
    return verdict.findings.filter(({ holds }) => !holds).map(({ rule, saw }) => ({ rule, saw }));
  };

  test("three people pass", () => {
    expect(judged({})).toEqual([]);
  });

  test("who has the issue opened does not approve", () => {
    expect(judged({ author: "Olga" })).toEqual([
      {
        rule: "approvals",
        saw: "version 2.4.1 is not approved by service-owner (@olga) in #7; the approval by @olga does not count: this person had the release issue opened, and `four-eyes` is set",
      },
    ]);
  });

  test("who approves does not run it", () => {
    expect(judged({ actor: "olga" })).toEqual([
      {
        rule: "four-eyes",
        saw: "@olga has approved the release, and who approves it does not run it",
      },
    ]);
  });

  test("who has the issue opened does not run it", () => {
    expect(judged({ author: "pia" }).map(({ rule }) => rule)).toEqual(["four-eyes"]);
  });

  test("without the key all of this is allowed", () => {
    expect(judged({ author: "olga", actor: "olga" }, "")).toEqual([]);
  });

  test("a bot's issue needs a record that says for whom", () => {
    const facts = factsOf(allDone, { gate });
    if (facts.candidate.gate) facts.candidate.gate.requester = undefined;
    expect(judge(facts, now).verdict.findings.filter(({ holds }) => !holds)).toMatchObject([
      { rule: "four-eyes", code: "RA1216" },
    ]);
  });
});

test("a refusal blocks a rollback too, and an environment without approvals is unblocked by who approves elsewhere", () => {
  const facts = factsOf({ ...allDone, refused: true });
  const rollback = judge({ ...facts, request: { ...facts.request, action: "rollback" } }, now);
  expect(rollback.verdict.findings.find(({ rule }) => rule === "refused")).toMatchObject({
    holds: false,
    next: expect.stringContaining("service-owner (@olga) comments `/approve 2.4.1 despite #2`"),
  });
  expect(rollback.verdict.findings.some(({ rule }) => rule === "checklist")).toBe(false);
});

test("what was not read is not there", () => {
  const facts = factsOf(allDone);
  const { gate: _, ...candidate } = facts.candidate;
  expect(
    judge({ ...facts, candidate }, now)
      .verdict.findings.filter(({ holds }) => !holds)
      .map(({ rule, code }) => `${rule} ${code}`),
  ).toEqual(["approvals RA1211", "checklist RA1211"]);
});
