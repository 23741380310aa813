import { describe, expect, test } from "vitest";
import { compare, describeDifference } from "./difference.ts";
import type { EndState } from "./end-state.ts";
import { shape } from "./shape.ts";

const record = (state: string, more: object = {}): string =>
  shape({ notices: [{ key: "staging-1 passed", state, ...more }], passes: [1] }, new Set());
const clean: EndState = {
  "git main": "a",
  "ledger versions/1.json": record("sent"),
  "mail to a@example.org: Passed": "text",
};
const without = (place: string, state: EndState): EndState =>
  Object.fromEntries(Object.entries(state).filter(([key]) => key !== place));
const mail = "mail to a@example.org: Passed";

describe("an end state", () => {
  test("that is the same has no differences", () => {
    expect(compare(clean, { ...clean })).toEqual({ differences: [], unknown: [] });
  });

  test("that lacks something, has more, or has another text is told place by place", () => {
    const other = { ...without(mail, clean), "git main": "b", "release 1": "{}" };
    expect(compare(clean, other).differences).toEqual([
      { place: "git main", clean: "a", saw: "b" },
      { place: mail, clean: "text", saw: undefined },
      { place: "release 1", clean: undefined, saw: "{}" },
    ]);
  });

  test("may have a notice that is marked unknown, and then lack its mail", () => {
    const marked = { ...clean, "ledger versions/1.json": record("unknown", { said: "reset" }) };
    const unknown = ["staging-1 passed"];
    expect(compare(clean, marked)).toEqual({ differences: [], unknown });
    expect(compare(clean, without(mail, marked))).toEqual({ differences: [], unknown });
  });

  test.each([
    ["a mail is missing, and the ledger says that it was sent", without(mail, clean)],
    ["a notice that nobody settled", { ...clean, "ledger versions/1.json": record("sending") }],
    [
      "a notice marked unknown, and something else in the record",
      {
        ...clean,
        "ledger versions/1.json": record("unknown").replace('"passes":[1]', '"passes":[]'),
      },
    ],
    [
      "a mail that came twice, though the notice is marked unknown",
      { ...clean, "ledger versions/1.json": record("unknown"), [`${mail} (2)`]: "text" },
    ],
  ])("%s is a difference", (_, other) => {
    expect(compare(clean, other).differences).toHaveLength(1);
  });

  test("two unknown mails of which one record tells are one too many", () => {
    const two = { ...clean, "mail to b@example.org: Passed": "text" };
    const other = { "git main": "a", "ledger versions/1.json": record("unknown") };
    expect(compare(two, other).differences).toHaveLength(1);
  });
});

test("what tells only when and in which attempt is left out, what tells what is not", () => {
  const known = "a".repeat(40);
  const written = (time: string, sha: string, attempt: number): unknown => ({
    b: [`at ${time}`, sha],
    a: { url: `https://github.com/o/r/actions/runs/7/attempts/${attempt}`, uid: time },
  });
  const first = shape(written("2026-03-02T08:00:00.123Z", "b".repeat(40), 1), new Set([known]));
  const second = shape(written("2026-03-02 08:01 UTC", "c".repeat(40), 2), new Set([known]));
  expect(first).toBe(second);
  expect(first).toBe(
    '{"a":{"url":"https://github.com/o/r/actions/runs/7"},"b":["at <time>","<commit>"]}',
  );
  expect(shape(written("2026-03-02T08:00:00Z", known, 1), new Set([known]))).toContain(known);
  expect(shape({ digest: `sha256:${"d".repeat(64)}` }, new Set())).toContain("d".repeat(64));
});

test("a difference is described by the place where the texts part", () => {
  const says = (clean: string | undefined, saw: string | undefined): string =>
    describeDifference({ place: "release 1", clean, saw });
  expect(says("one two", "one three")).toBe("release 1: one three, and after a clean run one two");
  expect(says(undefined, "{}")).toBe("release 1 is there, and a clean run leaves none: {}");
  expect(says("{}", undefined)).toBe("release 1 is missing; a clean run leaves {}");
});
