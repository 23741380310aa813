import type { Current, Entry, Release } from "@release-actions/ledger";
import { expect, test } from "vitest";
import { judgeAcceptable, type AcceptFacts } from "./accept.ts";

const release = (version: string): Release => ({
  version,
  tag: version,
  commit: "a".repeat(40),
  components: [],
});
const at = "2026-03-02T12:00:00Z";
const entry = (version: string, result: Entry["result"], id = "production-3"): Entry => ({
  id,
  environment: "production",
  action: "release",
  actor: "pia",
  run: { id: 1, url: "u" },
  release: release(version),
  verdict: { holds: true, findings: [], at },
  approvals: [],
  openedAt: at,
  result,
});
const runs = (version: string): Current => ({
  latest: entry(version, "passed"),
  passed: [{ entry: "production-3", at, release: release(version) }],
});
const facts = (more: Partial<AcceptFacts> = {}): AcceptFacts => ({
  environment: { name: "production", "accept-by": "service-owner" },
  roles: { "service-owner": ["olga"], qa: ["quentin"] },
  version: "2.4.1",
  actor: "Olga",
  current: runs("2.4.1"),
  record: { passes: [], withdrawn: [] },
  ...more,
});
const acceptance = (id: string) => ({
  environment: "production",
  entry: id,
  login: "olga",
  role: "service-owner",
  at,
});

test("the owner accepts what runs", () => {
  expect(judgeAcceptable(facts())).toEqual({
    finding: {
      rule: "accept",
      holds: true,
      saw: "@Olga is service-owner, and 2.4.1 runs in production (production-3)",
    },
    accepts: { environment: "production", entry: "production-3", role: "service-owner" },
  });
});

test.each<[string, Partial<AcceptFacts>, string, string]>([
  ["without the role", { actor: "quentin" }, "RA1218", "@quentin has not the role service-owner"],
  ["nothing passed", { current: undefined }, "RA1217", "nothing has passed there yet"],
  ["another version runs", { current: runs("2.4.0") }, "RA1217", "2.4.0 runs there"],
  [
    "somebody is replacing it",
    { current: { ...runs("2.4.1"), latest: entry("2.4.2", "running", "production-4") } },
    "RA1217",
    "production-4 (release 2.4.2) works on production",
  ],
  [
    "it was taken back",
    {
      record: {
        passes: [],
        withdrawn: [
          {
            environment: "production",
            entry: "production-4",
            at: "2026-03-02T13:00:00Z",
            reason: "empty index",
          },
        ],
      },
    },
    "RA1217",
    "was rolled back in production after it had passed (production-4: empty index)",
  ],
  ["nobody is asked", { environment: { name: "production" } }, "RA1217", "no `accept-by`"],
])("%s: refused, and says why", (_, more, code, said) => {
  const { finding, accepts } = judgeAcceptable(facts(more));
  expect(finding).toMatchObject({ holds: false, code });
  expect(finding.saw).toContain(said);
  expect(accepts).toBeUndefined();
});

test("a failed release that was rolled back leaves the version before it to be accepted", () => {
  const current = { ...runs("2.4.1"), latest: entry("2.4.2", "rolled-back", "production-4") };
  expect(judgeAcceptable(facts({ current })).finding.holds).toBe(true);
});

test("the same entry is accepted once; a later pass anew", () => {
  const accepted = (id: string) =>
    judgeAcceptable(facts({ record: { passes: [], withdrawn: [], accepted: [acceptance(id)] } }));
  expect(accepted("production-3").already).toEqual(acceptance("production-3"));
  expect(accepted("production-2").already).toBeUndefined();
});
