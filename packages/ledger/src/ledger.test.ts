import { describe, expect, test } from "vitest";
import {
  closeEntry,
  lastPass,
  nextId,
  openEntry,
  isLater,
  lastBrought,
  releaseBefore,
  runningRelease,
  sameBuild,
} from "./append.ts";
import type { Current, Entry, Release } from "./entry.ts";
import { ledgerPaths } from "./paths.ts";
import { readCurrent, readVersionRecord } from "./read.ts";

const digestOf = (version: string) => `sha256:${version.replaceAll(".", "").padEnd(64, "0")}`;
const release = (version: string): Release => ({
  version,
  tag: version,
  commit: version.replaceAll(".", "").padEnd(40, "a"),
  components: [{ name: "web", image: "registry.example.org/web", digest: digestOf(version) }],
});
const at = "2026-03-02T09:00:00.000Z";

/** Runs one entry through the ledger and gives what is current afterwards. */
function pass(
  current: Current | undefined,
  version: string,
  more: Partial<Entry> = {},
  result: "passed" | "failed" | "rolled-back" = "passed",
) {
  const replaced = runningRelease(current);
  const entry: Entry = {
    id: nextId("production", current),
    environment: "production",
    action: "release",
    actor: "pia",
    run: { id: Number(nextId("production", current).slice(11)), url: "u" },
    release: release(version),
    ...(replaced ? { replaced } : {}),
    verdict: { holds: true, findings: [], at },
    approvals: [],
    openedAt: at,
    result: "running",
    ...more,
  };
  const opened = openEntry("CDC", current, entry);
  const open = readCurrent("current", opened.files["cdc/production/current.json"]);
  if (!open) throw new Error("not opened");
  return {
    opened,
    ...closeEntry("CDC", open, { result, at }, { released: undefined, replaced: undefined }),
  };
}

describe("an environment's file", () => {
  test("knows what runs and where a rollback goes", () => {
    const first = pass(undefined, "2.4.0").current;
    expect(first.latest.id).toBe("production-1");
    expect(runningRelease(first)?.version).toBe("2.4.0");
    expect(releaseBefore(first)).toBeUndefined();
    const second = pass(first, "2.4.1").current;
    expect([runningRelease(second)?.version, releaseBefore(second)?.version]).toEqual([
      "2.4.1",
      "2.4.0",
    ]);
    const back = pass(second, "2.4.0", { action: "rollback", reason: "broken" });
    expect([runningRelease(back.current)?.version, releaseBefore(back.current)]).toEqual([
      "2.4.0",
      undefined,
    ]);
    expect(back.current.latest.id).toBe("production-3");
  });

  test("keeps what ran when a release failed", () => {
    const first = pass(undefined, "2.4.0").current;
    const failed = pass(first, "2.4.1", {}, "rolled-back").current;
    expect(runningRelease(failed)?.version).toBe("2.4.0");
    expect(failed.latest.result).toBe("rolled-back");
  });

  test("stays small: ten releases are kept", () => {
    let current: Current | undefined;
    for (let patch = 0; patch < 15; patch += 1) current = pass(current, `1.0.${patch}`).current;
    expect(current?.passed).toHaveLength(10);
    expect(runningRelease(current)?.version).toBe("1.0.14");
  });
});

test("a pass is evidence for its version, a rollback withdraws the version that it replaced", () => {
  const first = pass(undefined, "2.4.0");
  expect(readVersionRecord("v", first.files["cdc/versions/2.4.0.json"])?.passes).toEqual([
    { environment: "production", entry: "production-1", at, release: release("2.4.0") },
  ]);
  expect(first.files).toHaveProperty([`cdc/digests/sha256=3a=${digestOf("2.4.0").slice(7)}.json`]);
  const second = pass(first.current, "2.4.1");
  const back = pass(second.current, "2.4.0", { action: "rollback", reason: "broken" });
  expect(readVersionRecord("v", back.files["cdc/versions/2.4.1.json"])?.withdrawn).toEqual([
    { environment: "production", entry: "production-3", at, reason: "broken" },
  ]);
});

test("a version that was built anew keeps its old passes with the old digests", () => {
  const first = pass(undefined, "2.4.0");
  const anew = {
    ...release("2.4.0"),
    components: [{ name: "web", image: "registry.example.org/web", digest: digestOf("9.9.9") }],
  };
  const opened = readCurrent(
    "c",
    openEntry("CDC", undefined, {
      ...first.entry,
      environment: "staging",
      id: "staging-1",
      release: anew,
      result: "running",
    }).files["cdc/staging/current.json"],
  );
  if (!opened) throw new Error("not opened");
  const before = readVersionRecord("v", first.files["cdc/versions/2.4.0.json"]);
  const closed = closeEntry(
    "CDC",
    opened,
    { result: "passed", at },
    { released: before, replaced: undefined },
  );
  const record = readVersionRecord("v", closed.files["cdc/versions/2.4.0.json"]);
  expect(lastPass(record, "production")?.release).toEqual(release("2.4.0"));
  expect(lastPass(record, "staging")?.release).toEqual(anew);
  expect(sameBuild(release("2.4.0"), anew)).toBe(false);
});

test("a failure is no evidence", () => {
  expect(Object.keys(pass(undefined, "2.4.0", {}, "failed").files)).toEqual([
    "cdc/production/current.json",
    "cdc/production/entries/production-1.json",
  ]);
});

test("an entry whose holder is gone is closed by who takes over", () => {
  const first = pass(undefined, "2.4.0");
  const open: Current = { ...first.current, latest: { ...first.entry, result: "running" } };
  const next = pass(open, "2.4.1");
  expect(
    JSON.parse(next.opened.files["cdc/production/entries/production-1.json"] ?? ""),
  ).toMatchObject({ result: "failed" });
});

test("names cannot leave their folder or meet", () => {
  const paths = ledgerPaths("a/../b", "..");
  expect(paths.current).toBe("a=2f=..=2f=b/=2e=./current.json");
  expect(ledgerPaths("A B", "x").current).not.toBe(ledgerPaths("A-B", "x").current);
});

test.each(["{", "[]", "{}", '{"latest":{},"passed":[]}'])(
  "a file that the ledger did not write is refused: %s",
  (text) => {
    expect(() => readCurrent("cdc/production/current.json", text)).toThrow("RA5010");
  },
);

const record = {
  passes: [],
  withdrawn: [],
  issue: {
    number: 4,
    url: "u",
    state: "open",
    purpose: "p",
    subIssues: [{ item: "i", number: 5 }],
  },
  decisions: [{ kind: "approve", login: "olga", role: "owner", at: "t", url: "u", comment: 1 }],
  accepted: [{ environment: "e", entry: "e-1", login: "olga", role: "owner", at: "t" }],
  notices: [
    {
      key: "k",
      event: "passed",
      to: "owner",
      state: "due",
      at: "t",
      title: "t",
      lines: [{ label: "l", text: "t" }],
    },
  ],
};

test("a version's record is read back as it was written", () => {
  expect(readVersionRecord("v.json", JSON.stringify(record))).toEqual(record);
});

test.each([
  { issue: { ...record.issue, state: "gone" } },
  { issue: { ...record.issue, subIssues: undefined } },
  { decisions: {} },
  { decisions: [{ ...record.decisions[0], kind: "like" }] },
  { decisions: [{ ...record.decisions[0], comment: "1" }] },
  { accepted: [{ ...record.accepted[0], login: undefined }] },
  { notices: [{ ...record.notices[0], state: "maybe" }] },
  { notices: [{ ...record.notices[0], lines: [{ label: "l" }] }] },
])("a version's record that somebody damaged is refused: %o", (damage) => {
  const text = JSON.stringify({ ...record, ...damage });
  expect(() => readVersionRecord("v.json", text)).toThrow("RA5010");
});

describe("what was brought last, and what is behind it", () => {
  const line = (version: string) => ({ entry: "e-1", at, release: release(version) });
  const seen = (latest: Partial<Entry>): [string | undefined, string | undefined] => {
    const current = {
      latest: { release: release("2.4.1"), action: "release", ...latest } as Entry,
      passed: [line("2.3.0"), line("2.4.0")],
    };
    return [lastBrought(current)?.version, releaseBefore(current)?.version];
  };

  test.each<[string, Partial<Entry>, [string, string]]>([
    [
      "it failed and was taken back",
      { result: "rolled-back", runs: release("2.4.0") },
      ["2.4.0", "2.3.0"],
    ],
    [
      "the cluster took nothing of it",
      { result: "failed", runs: release("2.4.0") },
      ["2.4.0", "2.3.0"],
    ],
    ["it failed and was left there", { result: "failed" }, ["2.4.1", "2.4.0"]],
    ["its run died half-way", { result: "running" }, ["2.4.1", "2.4.0"]],
    [
      "a rollback died half-way",
      { action: "rollback", result: "running", release: release("2.3.0") },
      ["2.4.0", "2.3.0"],
    ],
  ])("%s", (_, latest, expected) => {
    expect(seen(latest)).toEqual(expected);
  });

  test("nothing", () => {
    expect([lastBrought(undefined), releaseBefore(undefined)]).toEqual([undefined, undefined]);
  });
});

test("of two entries the one with the higher number came later", () => {
  expect(isLater("production-10", "production-9")).toBe(true);
  expect(isLater("production-9", "production-10")).toBe(false);
  expect(isLater("eu-1-2", "eu-1-2")).toBe(false);
});
