import { markdownText } from "@release-actions/markdown";
import { describe, expect, test } from "vitest";
import { pathMatches } from "../glob.ts";
import { itemApplies, judgeChecklist, type ChecklistFacts } from "./checklist.ts";

const judgeWith = (body: string, more: Partial<ChecklistFacts> = {}) =>
  judgeChecklist({
    items: [{ item: "Backups taken" }],
    issue: { number: 7, state: "open", body },
    title: "Release version 2.4.1 of CDC",
    version: "2.4.1",
    changed: undefined,
    subIssues: [],
    recorded: [],
    ...more,
  });

test.each([
  ["- [x] Backups taken"],
  ["- [X] backups TAKEN  "],
  ["* [x] Backups taken"],
  ["+ [x] Backups taken"],
  ["1. [x] Backups taken"],
  ["  - [x] Backups taken"],
  ["text\r\n- [x] Backups taken\r\ntext"],
  ["- [x] Backups taken <!-- release-actions: item -->"],
  ["- [x] <!-- a --> Backups  taken"],
])("%j is ticked", (body) => {
  expect(judgeWith(body)?.holds).toBe(true);
});

test.each([
  ["- [ ] Backups taken", "Backups taken"],
  ["", "Backups taken (not in the issue's checklist)"],
  ["Backups taken", "Backups taken (not in the issue's checklist)"],
  ["- [x] Backups taken and tested", "Backups taken (not in the issue's checklist)"],
  ["- [x]Backups taken", "Backups taken (not in the issue's checklist)"],
  ["- [v] Backups taken", "Backups taken (not in the issue's checklist)"],
  ["> - [x] Backups taken", "Backups taken (not in the issue's checklist)"],
  ["<!-- \n- [x] Backups taken\n-->", "Backups taken (not in the issue's checklist)"],
  ["<!-- \n- [x] Backups taken", "Backups taken (not in the issue's checklist)"],
  ["```\n- [x] Backups taken\n```", "Backups taken (not in the issue's checklist)"],
  ["- [x] Backups taken\n- [ ] Backups taken", "Backups taken"],
  ["- [ ] Backups taken\n- [x] Backups taken", "Backups taken"],
])("%j is open", (body, said) => {
  expect(judgeWith(body)).toMatchObject({
    holds: false,
    code: "RA1215",
    saw: `open in #7: ${said}`,
  });
});

test("an item may stand in the body as Markdown writes it", () => {
  const items = [{ item: "Run `db_migrate` & check <prod>" }];
  expect(judgeWith("- [x] Run `db_migrate` & check <prod>", { items })?.holds).toBe(true);
  const escaped = markdownText(items[0]?.item ?? "");
  expect(escaped).toContain("db\\_migrate");
  expect(judgeWith(`- [x] ${escaped}`, { items })?.holds).toBe(true);
});

test("one finding names all that is open", () => {
  const finding = judgeWith("- [ ] Backups taken", {
    items: [
      { item: "Backups taken" },
      { item: "Translations done" },
      { item: "User documentation updated", "sub-issue": true },
    ],
    subIssues: [{ number: 9, title: "user documentation updated", state: "open" }],
  });
  expect(finding?.saw).toBe(
    "open in #7: Backups taken; Translations done (not in the issue's checklist); documentation open: #9 (User documentation updated)",
  );
});

describe("a sub-issue", () => {
  const items = [{ item: "User documentation updated", "sub-issue": true }];
  const title = "User documentation updated";
  test.each<[string, Partial<ChecklistFacts>, boolean, string]>([
    ["closed", { subIssues: [{ number: 9, title, state: "closed" }] }, true, ""],
    ["open", { subIssues: [{ number: 9, title, state: "open" }] }, false, "documentation open: #9"],
    ["missing", {}, false, "no sub-issue has this title"],
    [
      "one of two open",
      {
        subIssues: [
          { number: 9, title, state: "closed" },
          { number: 10, title, state: "open" },
        ],
      },
      false,
      "documentation open: #10",
    ],
    [
      "that the record names, whatever its title",
      {
        subIssues: [
          { number: 9, title, state: "closed" },
          { number: 10, title: "Docs", state: "open" },
        ],
        recorded: [{ item: title, number: 10 }],
      },
      false,
      "documentation open: #10",
    ],
    [
      "that the record names and that is gone",
      {
        subIssues: [{ number: 9, title, state: "closed" }],
        recorded: [{ item: title, number: 10 }],
      },
      false,
      "its sub-issue #10 is gone",
    ],
  ])("%s", (_, more, holds, said) => {
    const finding = judgeWith(`- [x] ${title}`, { items, ...more });
    expect(finding?.holds).toBe(holds);
    expect(finding?.saw).toContain(said);
  });
});

describe("if-changed", () => {
  const item = { item: "Dependencies upgraded", "if-changed": ["**/pom.xml", "go.mod"] };
  test.each([
    ["nothing known", undefined, true],
    ["nothing changed", { paths: [], complete: true }, false],
    ["other files", { paths: ["src/pom.xml.md", "a/go.mod"], complete: true }, false],
    ["a file at the root", { paths: ["pom.xml"], complete: true }, true],
    ["a file below", { paths: ["a/b/pom.xml"], complete: true }, true],
    ["the other pattern", { paths: ["go.mod"], complete: true }, true],
    ["an incomplete list", { paths: ["README.md"], complete: false }, true],
  ])("%s", (_, changed, applies) => {
    expect(itemApplies(item, changed)).toBe(applies);
    expect(judgeWith("", { items: [item], changed })?.holds).toBe(!applies);
  });

  test.each([
    ["**/pom.xml", "pom.xml", true],
    ["**/pom.xml", "xpom.xml", false],
    ["**", "a/b", true],
    ["src/**", "src/a/b", true],
    ["src/**/x", "src/x", true],
    ["src/*.ts", "src/a/b.ts", false],
    ["a.c", "abc", false],
    ["*.lock", "evil\n.lock", true],
  ])("%s matches %j: %s", (glob, path, expected) => {
    expect(pathMatches(glob, path)).toBe(expected);
  });
});

test("without items there is nothing to say; without an open issue nothing is done", () => {
  expect(judgeWith("", { items: [] })).toBeUndefined();
  expect(judgeWith("", { issue: undefined })).toMatchObject({ holds: false, code: "RA1211" });
  expect(
    judgeWith("", { issue: { number: 7, state: "closed", body: "- [x] Backups taken" } }),
  ).toMatchObject({ holds: false, code: "RA1214" });
});

test.each([
  ["comments without an end", "<!--".repeat(16_000)],
  ["blanks", `- [x]${" ".repeat(65_000)}`],
  ["boxes", "- [x] a\n".repeat(8000)],
  ["fences", "```".repeat(20_000)],
])("a hostile body of %s takes no time", (_, body) => {
  const from = performance.now();
  for (let round = 0; round < 10; round += 1) judgeWith(body);
  expect(performance.now() - from).toBeLessThan(1000);
});
