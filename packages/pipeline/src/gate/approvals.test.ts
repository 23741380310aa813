import type { IssueComment } from "@release-actions/github";
import { describe, expect, test } from "vitest";
import { judgeApprovals, type ApprovalFacts } from "./approvals.ts";

const digest = `sha256:${"4b".repeat(32)}`;
const comment = (login: string, body: string, more: Partial<IssueComment> = {}): IssueComment => ({
  id: 1,
  url: "https://github.com/o/r/issues/7#issuecomment-1",
  login,
  authorType: "User",
  body,
  createdAt: "2026-03-02T12:00:00Z",
  edited: false,
  ...more,
});
const judgeWith = (comments: IssueComment[], more: Partial<ApprovalFacts> = {}) =>
  judgeApprovals({
    required: [{ role: "service-owner", count: 1 }],
    roles: { "service-owner": ["olga"], qa: ["quentin", "olga"], lead: ["lena"] },
    issue: { number: 7, state: "open", comments },
    title: "Release 2.4.1 of CDC",
    version: "2.4.1",
    digests: [digest],
    environment: "production",
    notBefore: "2026-03-02T11:00:00Z",
    ...more,
  });

test.each([
  ["/approve 2.4.1"],
  ["/approve 2.4.1  "],
  [`/approve 2.4.1 ${digest}`],
  [`/approve 2.4.1 ${digest.slice(0, 19)}`],
  ["/approve 2.4.1 for production"],
  ["/approve 2.4.1\nLooks good to me."],
])("%j by the owner approves", (body) => {
  const { finding, approvals } = judgeWith([comment("Olga", body)]);
  expect(finding.holds).toBe(true);
  expect(approvals).toMatchObject([
    { role: "service-owner", login: "Olga", comment: 1, at: "2026-03-02T12:00:00Z" },
  ]);
});

test.each([
  ["no comment", []],
  ["another version", [comment("olga", "/approve 2.4.0")]],
  ["another digest", [comment("olga", `/approve 2.4.1 sha256:${"00".repeat(32)}`)]],
  ["another environment", [comment("olga", "/approve 2.4.1 for staging")]],
  ["somebody without the role", [comment("eve", "/approve 2.4.1")]],
  ["an edited comment", [comment("olga", "/approve 2.4.1", { edited: true })]],
  ["a bot", [comment("olga", "/approve 2.4.1", { authorType: "Bot" })]],
  [
    "a comment older than the test",
    [comment("olga", "/approve 2.4.1", { createdAt: "2026-03-02T10:59:59Z" })],
  ],
  ["words before the command", [comment("olga", "please /approve 2.4.1")]],
  ["words after the command", [comment("olga", "/approve 2.4.1 if the tests pass")]],
  ["a quoted command", [comment("olga", "> /approve 2.4.1")]],
  ["a longer version", [comment("olga", "/approve 2.4.10")]],
])("%s does not approve", (_, comments) => {
  const { finding, approvals } = judgeWith(comments);
  expect(finding).toMatchObject({ holds: false, code: "RA1212" });
  expect(approvals).toEqual([]);
});

test("the reason names who is asked, and why an attempt did not count", () => {
  expect(judgeWith([comment("eve", "/approve 2.4.1")]).finding.saw).toBe(
    "version 2.4.1 is not approved by service-owner (@olga) in #7; @eve has not the role service-owner",
  );
});

test("without the issue it says which title is missing", () => {
  expect(judgeWith([], { issue: undefined }).finding).toMatchObject({
    holds: false,
    code: "RA1211",
    saw: 'there is no open issue with the title "Release 2.4.1 of CDC"',
  });
});

describe("several roles", () => {
  const required = [
    { role: "service-owner", count: 1 },
    { role: "qa", count: 1 },
  ];
  test("need different people", () => {
    expect(
      judgeWith([comment("olga", "/approve 2.4.1"), comment("olga", "/approve 2.4.1", { id: 2 })], {
        required,
      }).finding.holds,
    ).toBe(false);
  });
  test("a person with two roles takes the one that nobody else has", () => {
    const { finding, approvals } = judgeWith(
      [comment("olga", "/approve 2.4.1"), comment("quentin", "/approve 2.4.1", { id: 2 })],
      { required: required.toReversed() },
    );
    expect(finding.holds).toBe(true);
    expect(approvals.map(({ role, login }) => `${role}:${login}`)).toEqual([
      "qa:quentin",
      "service-owner:olga",
    ]);
  });
  test("a count asks for so many people of one role", () => {
    const twice = [{ role: "qa", count: 2 }];
    expect(judgeWith([comment("olga", "/approve 2.4.1")], { required: twice }).finding.holds).toBe(
      false,
    );
    expect(
      judgeWith([comment("olga", "/approve 2.4.1"), comment("quentin", "/approve 2.4.1")], {
        required: twice,
      }).finding.holds,
    ).toBe(true);
  });
});

describe("a review of the environment", () => {
  const reviewed = (login: string) => ({
    reviews: [{ login, authorType: "User" }],
    at: "2026-03-02T13:00:00Z",
    url: "https://github.com/o/r/actions/runs/5",
  });

  test("is the approval of its reviewer's role", () => {
    const { finding, approvals } = judgeWith([], { reviews: reviewed("olga") });
    expect(finding).toMatchObject({
      holds: true,
      saw: "approved by @olga as service-owner by a review of the environment",
    });
    expect(approvals).toMatchObject([{ login: "olga", comment: 0, at: "2026-03-02T13:00:00Z" }]);
    expect(judgeWith([], { issue: undefined, reviews: reviewed("olga") }).finding.holds).toBe(true);
    expect(judgeWith([], { reviews: reviewed("eve") }).finding.holds).toBe(false);
  });

  test("that cannot be read is said", () => {
    const { finding } = judgeWith([], { reviews: { lacks: "Add `actions: read`." } });
    expect(finding.next).toContain("Add `actions: read`.");
  });
});

test("an approval in a closed issue does not count", () => {
  expect(
    judgeWith([], {
      issue: { number: 7, state: "closed", comments: [comment("olga", "/approve 2.4.1")] },
    }).finding,
  ).toMatchObject({ holds: false, code: "RA1214", next: expect.stringContaining("Open #7 again") });
});

test("an approval may name the refusal that it overrides", () => {
  expect(judgeWith([comment("olga", "/approve 2.4.1 despite #5")]).finding.holds).toBe(true);
});

test("an approval that the ledger has and that now says something else is named as edited", () => {
  const now = comment("olga", "/approve 2.4.1, but not before Monday", { edited: true });
  const { finding } = judgeWith([now], { recorded: [1] });
  expect(finding).toMatchObject({ holds: false, code: "RA1212" });
  expect(finding.saw).toContain("the approval by @olga does not count: it was edited afterwards");
  // A person's edited prose that never was an approval is not spoken of.
  expect(judgeWith([now]).finding.saw).not.toContain("edited");
});
