import type { StatusCheck } from "@release-actions/github";
import { describe, expect, test } from "vitest";
import { branchMatches } from "../glob.ts";
import { compareManifests, judgeRunBy, judgeStatusChecks } from "./rules.ts";

const commit = "c".repeat(40);
const check = (name: string, state: StatusCheck["state"], said: string = state): StatusCheck => ({
  name,
  state,
  said,
});

describe("status-checks", () => {
  test.each<[string, StatusCheck[], boolean, boolean]>([
    ["all succeeded", [check("build", "success"), check("test", "success")], true, false],
    ["one failed", [check("build", "success"), check("test", "failed")], false, false],
    [
      "one pending",
      [check("build", "success"), check("test", "pending", "in progress")],
      false,
      true,
    ],
    ["one never ran", [check("build", "success")], false, true],
    ["none at all", [], false, true],
    ["one skipped", [check("build", "success"), check("test", "failed", "skipped")], false, false],
    [
      "one failed, another pending",
      [check("build", "failed"), check("test", "pending")],
      false,
      false,
    ],
    [
      "run twice, once failed",
      [check("build", "success"), check("test", "success"), check("test", "failed")],
      false,
      false,
    ],
    [
      "others do not matter",
      [check("build", "success"), check("test", "success"), check("lint", "failed")],
      true,
      false,
    ],
  ])("%s", (_, checks, holds, pending) => {
    const finding = judgeStatusChecks(["build", "test"], checks, commit);
    expect([finding?.holds, finding?.pending ?? false]).toEqual([holds, pending]);
  });

  test("are not asked where none are named", () => {
    expect(judgeStatusChecks([], [], commit)).toBeUndefined();
  });
});

test("run-by names who may", () => {
  const roles = { "platform-maintainer": ["pia", "@Pete"] };
  expect(judgeRunBy(["platform-maintainer"], roles, "PIA")?.holds).toBe(true);
  expect(judgeRunBy(["platform-maintainer"], roles, "pete")?.holds).toBe(true);
  expect(judgeRunBy(["platform-maintainer"], roles, "eve")).toMatchObject({
    holds: false,
    code: "RA1202",
    next: "platform-maintainer (@pia, @Pete) starts the workflow.",
  });
  expect(judgeRunBy([], roles, "eve")).toBeUndefined();
});

test("manifests must say the version", () => {
  const version = { text: "2.4.1", tag: "2.4.1", prerelease: false };
  expect(
    compareManifests(["package.json"], { "package.json": '{"version":"2.4.1"}' }, version).holds,
  ).toBe(true);
  expect(
    compareManifests(
      ["package.json", "a.json"],
      { "package.json": '{"version":"2.4.0"}' },
      version,
    ),
  ).toMatchObject({
    holds: false,
    code: "RA1306",
    saw: "package.json says 2.4.0, the tag says 2.4.1; a.json does not exist at the tag",
  });
});

test.each([
  ["main", "main", true],
  ["release/*", "release/2", true],
  ["release/*", "release/2/x", false],
  ["release/**", "release/2/x", true],
  ["v?", "v1", true],
  ["a.c", "abc", false],
  ["(a+)+$", "aaaa", false],
])("%s matches %s: %s", (glob, text, expected) => {
  expect(branchMatches(glob, text)).toBe(expected);
});
