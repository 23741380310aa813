import type { IssueComment } from "@release-actions/github";
import type { Decision } from "@release-actions/ledger";
import { describe, expect, test } from "vitest";
import { judgeRefused, type RefusalFacts } from "./refusals.ts";

let lastId = 0;
/** Comments in the order of their writing, a minute apart. */
const comment = (login: string, body: string, more: Partial<IssueComment> = {}): IssueComment => {
  const id = (lastId += 1);
  return {
    id,
    url: `https://github.com/o/r/issues/7#issuecomment-${id}`,
    login,
    authorType: "User",
    body,
    createdAt: new Date(Date.UTC(2026, 2, 2, 12, id)).toISOString(),
    edited: false,
    ...more,
  };
};
const judgeWith = (comments: IssueComment[], more: Partial<RefusalFacts> = {}) =>
  judgeRefused({
    required: [{ role: "service-owner", count: 1 }],
    roles: { "service-owner": ["olga"], "technical-maintainer": ["tom"] },
    issue: { number: 7, state: "open", comments },
    title: "Release version 2.4.1 of CDC",
    version: "2.4.1",
    digests: [`sha256:${"4b".repeat(32)}`],
    environment: "production",
    notBefore: undefined,
    decisions: [],
    ...more,
  });
/** A refusal by Tom, and what is written after it. */
const afterRefusal = (write: (refusal: number) => IssueComment[], more?: Partial<RefusalFacts>) => {
  const refusal = comment("tom", "/refuse 2.4.1 the search is broken");
  return judgeWith([refusal, ...write(refusal.id)], more);
};

test("says who refuses, why, and what to type", () => {
  const refusal = comment("Tom", "/refuse 2.4.1 the search is broken");
  expect(judgeWith([comment("olga", "/approve 2.4.1"), refusal])).toEqual({
    rule: "refused",
    holds: false,
    code: "RA1213",
    saw: '@Tom (technical-maintainer) refused 2.4.1 in #7: "the search is broken"',
    next: `Mend it and release a new version. If 2.4.1 is to be released all the same, service-owner (@olga) comments \`/approve 2.4.1 despite #${refusal.id}\` in the release issue.`,
  });
});

describe("does not block", () => {
  test.each([
    ["without a reason", "tom", "/refuse 2.4.1", {}, "reason needed"],
    ["edited afterwards", "tom", "/refuse 2.4.1 broken", { edited: true }, "edited afterwards"],
    ["by a bot", "tom", "/refuse 2.4.1 broken", { authorType: "Bot" }, "not a person"],
    ["by anybody", "eve", "/refuse 2.4.1 broken", {}, "has no role"],
    ["of another version", "tom", "/refuse 2.4.0 broken", {}, 'it is for "2.4.0"'],
  ])("a refusal %s, and the finding says why", (_, login, body, more, why) => {
    const finding = judgeWith([comment(login, body, more)]);
    expect(finding?.holds).toBe(true);
    expect(finding?.saw).toMatch(/^nobody refuses 2\.4\.1 in #7; the refusal by @/);
    expect(finding?.saw).toContain(why);
  });

  test("a later approval that names it", () => {
    for (const form of ["#", "#issuecomment-", "https://github.com/o/r/issues/7#issuecomment-"])
      expect(
        afterRefusal((id) => [comment("olga", `/approve 2.4.1 despite ${form}${id}`)])?.holds,
      ).toBe(true);
  });
});

test.each<[string, (refusal: number) => IssueComment[]]>([
  ["does not name it", () => [comment("olga", "/approve 2.4.1")]],
  ["names another comment", (id) => [comment("olga", `/approve 2.4.1 despite #${id + 5000}`)]],
  ["is for another version", (id) => [comment("olga", `/approve 2.4.0 despite #${id}`)]],
  [
    "is for another environment",
    (id) => [comment("olga", `/approve 2.4.1 for staging despite #${id}`)],
  ],
  [
    "is for another digest",
    (id) => [comment("olga", `/approve 2.4.1 sha256:0000000 despite #${id}`)],
  ],
  ["is by another role", (id) => [comment("tom", `/approve 2.4.1 despite #${id}`)]],
  [
    "is by a bot",
    (id) => [comment("olga", `/approve 2.4.1 despite #${id}`, { authorType: "Bot" })],
  ],
  ["was edited", (id) => [comment("olga", `/approve 2.4.1 despite #${id}`, { edited: true })]],
  [
    "was written before it",
    (id) => [
      comment("olga", `/approve 2.4.1 despite #${id}`, {
        id: id - 1,
        createdAt: "2026-03-02T11:00:00Z",
      }),
    ],
  ],
])("an approval that %s leaves it standing", (_, write) => {
  expect(afterRefusal(write)).toMatchObject({ holds: false, code: "RA1213" });
});

test("of two comments in one second the ids say which came first", () => {
  const createdAt = "2026-03-02T12:00:00Z";
  const refusal = comment("tom", "/refuse 2.4.1 the search is broken", { id: 50, createdAt });
  const approval = (id: number) => comment("olga", "/approve 2.4.1 despite #50", { id, createdAt });
  expect(judgeWith([approval(49), refusal])?.holds).toBe(false);
  expect(judgeWith([refusal, approval(51)])?.holds).toBe(true);
});

test("each refusal needs its own approval", () => {
  const first = comment("tom", "/refuse 2.4.1 the search is broken");
  const second = comment("olga", "/refuse 2.4.1 the texts are wrong");
  const override = comment("olga", `/approve 2.4.1 despite #${first.id}`);
  const half = judgeWith([first, second, override]);
  expect(half?.saw).toBe('@olga (service-owner) refused 2.4.1 in #7: "the texts are wrong"');
  expect(
    judgeWith([first, second, override, comment("olga", `/approve 2.4.1 despite #${second.id}`)])
      ?.holds,
  ).toBe(true);
});

describe("what the ledger took down", () => {
  const recorded = (more: Partial<Decision> = {}): Decision => ({
    kind: "refuse",
    login: "tom",
    role: "technical-maintainer",
    at: "2026-03-02T12:00:00Z",
    url: "u",
    comment: 3,
    reason: "the search is broken",
    ...more,
  });
  const override = recorded({
    kind: "approve",
    login: "olga",
    role: "service-owner",
    at: "2026-03-02T13:00:00Z",
    comment: 4,
    despite: 3,
  });

  test("blocks where the issue is not read, and is overridden there", () => {
    const unread = { issue: undefined };
    expect(judgeWith([], { ...unread, decisions: [recorded()] })?.holds).toBe(false);
    expect(judgeWith([], { ...unread, decisions: [recorded(), override] })?.holds).toBe(true);
    expect(judgeWith([], unread)).toBeUndefined();
  });

  test("blocks when the comment was deleted or edited since", () => {
    expect(judgeWith([], { decisions: [recorded()] })).toMatchObject({
      holds: false,
      saw: expect.stringContaining("the comment was changed or removed since"),
    });
    const edited = comment("tom", "/refuse 2.4.1 never mind", { id: 3, edited: true });
    expect(judgeWith([edited], { decisions: [recorded()] })?.holds).toBe(false);
  });

  test("an override counts only as long as its comment stands", () => {
    expect(judgeWith([], { decisions: [recorded(), override] })?.holds).toBe(false);
  });
});

test("a flood of void refusals is counted, not told", () => {
  const finding = judgeWith(
    Array.from({ length: 50 }, () => comment("eve", "/refuse 2.4.1 I do not like it")),
  );
  expect(finding?.holds).toBe(true);
  expect(finding?.saw).toContain("45 more do not count either");
});

test("a reason is quoted short and cannot break out of its line", () => {
  const finding = judgeWith([comment("tom", `/refuse 2.4.1 "${"x".repeat(2000)}`)]);
  expect(finding?.saw).toContain('"\\"xxx');
  expect(finding?.saw.length).toBeLessThan(400);
});
