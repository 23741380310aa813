import type { Pass } from "@release-actions/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPipeline } from "../configuration/pipeline-file.ts";
import { issueBody, markOf, refreshedBody, type BodyFacts } from "./body.ts";

const pipeline = readPipeline(
  "release-pipeline.yml",
  `
product: Shop
components: [{name: web, image: registry.example.org/shop/web}]
roles: {owner: [olga]}
environments:
  staging: {}
  production: {from: staging, gate: {approvals: [owner]}}
`,
);
const mark = markOf(
  "issue",
  { serverUrl: "https://github.com", repository: { owner: "example", name: "shop" } },
  "Shop",
  "1.0.0",
);
const digest = `sha256:${"4be7a90f1d22".padEnd(64, "0")}`;
const candidate: Pass = {
  environment: "staging",
  entry: "staging-1",
  at: "2026-01-06T10:00:00.000Z",
  release: {
    version: "1.0.0",
    tag: "1.0.0",
    commit: "c",
    components: [{ name: "web", image: "registry.example.org/shop/web", digest }],
  },
};
const machine = (done: boolean) => [{ key: "passed-staging", text: "Passed in staging", done }];
const facts: BodyFacts = {
  pipeline,
  version: { text: "1.0.0", tag: "1.0.0" } as BodyFacts["version"],
  purpose: "Sell more",
  mark,
  candidate: undefined,
  changes: { pullRequests: [], directCommits: [], previousTag: undefined },
  toResolve: [],
  milestone: undefined,
  items: ["Backups taken"],
  machine: machine(false),
  notes: undefined,
  report: "https://example.org/report",
};
const passed = { ...facts, candidate, machine: machine(true) };
const isOurs = (line: string): boolean =>
  /ra:passed-staging|^\*\*Candidate:\*\* (1\.0\.0|web)|`\/approve 1\.0\.0/.test(line);

/** What people write between our lines; the last ones look like ours. */
const words = fc.constantFrom(
  "Dear all, $& $1 $$",
  "- [x] Ask Tess",
  "- [ ] Ask Tess",
  "**Candidate:** the red one",
  "",
  "<b>|`",
  "/approve 1.0.0",
  "<!-- ra:mine -->",
);

test("a refreshed body has the ledger's facts, and every line of a person as it was", () => {
  const clean = issueBody("", facts).split("\n");
  // Blocks that only the machine writes are written anew.
  const free = clean.flatMap((line, index) => {
    const before = clean.slice(0, index).join("\n");
    const inBlock = ["head", "changes", "decide"].some(
      (name) => before.includes(`<!-- ra:${name} -->`) && !before.includes(`<!-- /ra:${name} -->`),
    );
    return inBlock || line === "" ? [] : [index];
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...free), words), { maxLength: 8 }), (added) => {
      const people = clean.flatMap((line, index) => [
        ...added.filter(([at]) => at === index).map(([, text]) => text),
        line,
      ]);
      const after = refreshedBody(people.join("\n"), passed);
      const lines = after.split("\n");
      expect(lines.filter((line) => !isOurs(line))).toEqual(people.filter((line) => !isOurs(line)));
      expect(after).toContain("- [x] Passed in staging <!-- ra:passed-staging -->");
      expect(after).toContain("**Candidate:** web `sha256:4be7a90f1d22`, passed in staging");
      expect(after).toContain("`/approve 1.0.0 sha256:4be7a90f1d22`");
      expect(refreshedBody(after, passed)).toBe(after);
      expect(refreshedBody(after, facts)).toBe(people.join("\n"));
    }),
  );
});

test("a body of another version, or without our mark, stays as it is to the last byte", () => {
  const body = issueBody("Hello\r\n", { ...facts, mark: mark.replace("1.0.0", "2.0.0") });
  expect(refreshedBody(`${body}\r\n`, passed)).toBe(`${body}\r\n`);
  expect(refreshedBody("", passed)).toBe("");
});

test("line ends of a web form do not hide our lines", () => {
  const body = issueBody("", facts).replaceAll("\n", "\r\n");
  expect(refreshedBody(body, passed)).toBe(refreshedBody(issueBody("", facts), passed));
});
