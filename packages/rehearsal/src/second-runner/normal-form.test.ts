import { expect, test } from "vitest";
import { createNormalForm } from "./normal-form.ts";

const commit = "0fd5390e9cf1a4b9618b409ea18843c81eebc48d";
const digest = "eae0428410bc2283300cf398b32f2fd0b8a4ff9cf210b97e1d55c4e5f2ad20e5";
const known = { "commit first": commit, "image app of build": digest, "KEY of staging": "s3cret!" };

test("what is known has its name, shortened or whole", () => {
  const normal = createNormalForm(known);
  expect(normal(`${commit} ${commit.slice(0, 7)} sha256:${digest.slice(0, 12)} s3cret!`)).toBe(
    "<commit first> <commit first…> sha256:<image app of build…> <KEY of staging>",
  );
});

test("other hashes are numbered, the same one always alike", () => {
  const normal = createNormalForm(known);
  const [a, b] = ["a1".repeat(20), "b2".repeat(20)];
  expect(normal(`${a} ${b} ${a.slice(0, 8)}`)).toBe("<hash 1> <hash 2> <hash 1>");
  expect(normal(b)).toBe("<hash 2>");
});

test("one hash in the place of another is seen", () => {
  const [a, b] = ["a1".repeat(20), "b2".repeat(20)];
  const ours = createNormalForm({})(`${a} ${b} ${a}`);
  const theirs = createNormalForm({})(`${a} ${b} ${b}`);
  expect(ours).not.toBe(theirs);
});

test("times go, and so does the difference of two identifiers that are made anew", () => {
  const normal = createNormalForm({});
  expect(normal("at 2026-03-02T08:00:03.094Z, 2 Mar 09:00, Mon, 02 Mar 2026 08:00:03 +0000")).toBe(
    "at <time>, 2 Mar <clock>, <time>",
  );
  expect(normal("05380256-6618-4bbc-85ee-000000000001")).toBe("<uuid 1>");
});

test("numbers that systems give out stay, and so do versions and names", () => {
  const text = "PATCH /repos/acme/app/issues/4 run 9000001032 of 2.4.1, deployment 1033";
  expect(createNormalForm(known)(text)).toBe(text);
});
