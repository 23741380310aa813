import type { GitHub, ReleaseIssue, TagFacts } from "@release-actions/github";
import type { Release } from "@release-actions/ledger";
import { expect, test } from "vitest";
import { environmentOf, readPipeline } from "../configuration/pipeline-file.ts";
import { issueLabelsOf, readGateFacts, type GateQuestion } from "./gate-facts.ts";

const pipeline = readPipeline(
  "release-pipeline.yml",
  `
product: CDC
components: [{ name: searcher, image: registry.example.org/cdc/searcher }]
roles: { service-owner: [olga] }
environments:
  staging: {}
  production:
    from: staging
    gate:
      approvals: [service-owner]
  listed:
    from: staging
    gate:
      four-eyes: true
      checklist:
        - { item: Dependencies upgraded, if-changed: '**/pom.xml' }
        - { item: Documentation updated, sub-issue: true }
`,
);
const release = (version: string, commit: string): Release => ({
  version,
  tag: version,
  commit: commit.repeat(40),
  components: [
    {
      name: "searcher",
      image: "registry.example.org/cdc/searcher",
      digest: `sha256:${"4b".repeat(32)}`,
    },
  ],
});
const issue = (number: number, more: Partial<ReleaseIssue> = {}): ReleaseIssue => ({
  number,
  title: "Release 2.4.1 of CDC",
  url: "u",
  state: "open",
  body: "",
  author: "tom",
  authorType: "User",
  comments: [],
  commentCount: 0,
  ...more,
});
const approval = {
  id: 11,
  url: "u#issuecomment-11",
  login: "olga",
  authorType: "User",
  body: "/approve 2.4.1",
  createdAt: "2026-03-02T12:00:00Z",
  edited: false,
};

/** GitHub as far as it is asked; every request is noted. */
function gitHub(answers: Record<string, unknown>) {
  const asked: string[] = [];
  const answer = (what: string): unknown => {
    asked.push(what);
    if (!Object.hasOwn(answers, what)) throw new Error(`nobody answers ${what}`);
    return answers[what];
  };
  const route = async (name: string, parameters: Record<string, unknown> = {}) =>
    answer(
      name
        .replace(/^GET \/repos\/\{owner\}\/\{repo\}/, "")
        .replaceAll(/\{(\w+)\}/g, (_, key: string) => String(parameters[key])),
    );
  const github = {
    repository: { owner: "cessda", name: "cdc" },
    query: async (_: string, variables: Record<string, unknown>) =>
      "parent" in variables
        ? answer(`sub-issues ${String(variables["parent"])}`)
        : answer(`issue ${String(variables["number"])}`),
    rest: route,
    find: route,
    now: () => new Date("2026-03-02T13:00:00Z"),
  } as unknown as GitHub;
  return { github, asked };
}

function question(
  environment: string,
  issues: ReleaseIssue[] | undefined,
  more: Partial<GateQuestion> & { given?: string } = {},
): GateQuestion {
  const { given, ...rest } = more;
  const facts: TagFacts = {
    commit: "c".repeat(40),
    onBranch: {},
    tags: [],
    checks: undefined,
    issues,
    files: {},
  };
  return {
    pipeline,
    environment: environmentOf(pipeline, environment),
    request: {
      action: "release",
      run: { id: 5, url: "https://github.com/cessda/cdc/actions/runs/5" },
      ...(given === undefined ? {} : { version: given }),
    },
    history: { current: undefined },
    version: { text: "2.4.1", tag: "2.4.1", prerelease: false },
    facts,
    record: undefined,
    tested: "staging",
    ...rest,
  };
}
const recordOf = (number: number, more = {}): GateQuestion["record"] => ({
  passes: [],
  withdrawn: [],
  issue: { number, url: "u", state: "open", purpose: "p", subIssues: [], ...more },
});
const answered = (number: number, state: string) => ({
  repository: {
    issue: {
      number,
      title: "Renamed",
      url: "u",
      state,
      body: "",
      author: { __typename: "Bot", login: "github-actions" },
      comments: { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } },
    },
  },
});

test("what the first query has is not asked again; of two issues with the title the older one counts", async () => {
  const { github, asked } = gitHub({});
  const facts = await readGateFacts(
    github,
    question("production", [
      issue(9),
      issue(7, { comments: [approval], commentCount: 1 }),
      issue(3, { title: "Release 2.4.0 of CDC" }),
    ]),
  );
  expect(facts.issue?.number).toBe(7);
  expect(facts.requester).toBe("tom");
  expect(asked).toEqual([]);
});

test("the issue that the ledger names is the one, renamed and closed too", async () => {
  const { github, asked } = gitHub({ "issue 8": answered(8, "CLOSED") });
  const facts = await readGateFacts(
    github,
    question("production", [issue(7)], { record: recordOf(8) }),
  );
  expect(facts.issue).toMatchObject({ number: 8, title: "Renamed", state: "closed" });
  // Nobody knows for whom the bot opened it, until the record says so.
  expect(facts.requester).toBeUndefined();
  expect(asked).toEqual(["issue 8"]);
  const named = gitHub({ "issue 8": answered(8, "OPEN") });
  const record = recordOf(8, { by: "tom" });
  expect(
    (await readGateFacts(named.github, question("production", [], { record }))).requester,
  ).toBe("tom");
});

test("an issue with more comments than were listed is read whole", async () => {
  const { github, asked } = gitHub({ "issue 7": answered(7, "OPEN") });
  await readGateFacts(github, question("production", [issue(7, { commentCount: 101 })]));
  expect(asked).toEqual(["issue 7"]);
});

test("reviews are read only where the run was given a version and comments do not suffice", async () => {
  const path = "/actions/runs/5/approvals";
  const reviews = [
    {
      state: "approved",
      comment: "go",
      user: { login: "olga", type: "User" },
      environments: [{ name: "production" }],
    },
  ];
  const asks = async (listed: ReleaseIssue[], given?: string) => {
    const { github, asked } = gitHub({ [path]: reviews });
    const facts = await readGateFacts(
      github,
      question("production", listed, given === undefined ? {} : { given }),
    );
    return { asked, reviews: facts.reviews };
  };
  expect(await asks([issue(7)], "2.4.1")).toEqual({
    asked: [path],
    reviews: {
      reviews: [{ login: "olga", authorType: "User", comment: "go" }],
      at: "2026-03-02T13:00:00.000Z",
      url: "https://github.com/cessda/cdc/actions/runs/5",
    },
  });
  expect((await asks([issue(7)])).asked).toEqual([]);
  expect(
    (await asks([issue(7, { comments: [approval], commentCount: 1 })], "2.4.1")).asked,
  ).toEqual([]);
});

test("files and sub-issues are read where an item asks for them", async () => {
  const { github, asked } = gitHub({
    [`/compare/${"a".repeat(40)}...${"c".repeat(40)}`]: {
      behind_by: 0,
      files: [{ filename: "pom.xml" }],
    },
    "sub-issues 7": {
      repository: {
        issue: {
          subIssues: { nodes: [{ number: 12, title: "Notes", state: "OPEN", author: null }] },
        },
      },
    },
    "/issues/13": { number: 13, title: "Docs", state: "closed", user: null },
  });
  const at = "2026-03-01T12:00:00Z";
  const facts = await readGateFacts(
    github,
    question("listed", [issue(7)], {
      record: recordOf(7, { subIssues: [{ item: "Documentation updated", number: 13 }] }),
      history: {
        current: {
          latest: {} as never,
          passed: [{ entry: "listed-1", at, release: release("2.4.0", "a") }],
        },
      },
    }),
  );
  expect(facts.changed).toEqual({ paths: ["pom.xml"], complete: true });
  expect(facts.subIssues).toMatchObject([
    { number: 12, state: "open" },
    { number: 13, state: "closed" },
  ]);
  expect(asked.length).toBe(3);
});

test("where no rule looks at the issue it is not asked for", async () => {
  const release = { action: "release" as const };
  expect(issueLabelsOf(pipeline, environmentOf(pipeline, "staging"), release)).toBeUndefined();
  expect(issueLabelsOf(pipeline, environmentOf(pipeline, "listed"), release)).toEqual(["release"]);
  expect(
    issueLabelsOf(pipeline, environmentOf(pipeline, "listed"), { action: "rollback" }),
  ).toBeUndefined();
  const { github, asked } = gitHub({});
  const facts = await readGateFacts(github, question("staging", undefined, { given: "2.4.1" }));
  expect([facts.issue, asked]).toEqual([undefined, []]);
});
