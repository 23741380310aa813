import { afterAll, describe, expect, test } from "vitest";
import { toMarkdown } from "../report/markdown.ts";
import { judge } from "../report/verdict.ts";
import type { Happening } from "./happening.ts";
import { loadPipeline } from "./pipeline.ts";
import { play, type ScenarioResult } from "./scenario.ts";
import { withTick } from "./subjects.ts";
import { writeWholePipeline } from "./whole-pipeline.ts";

const written = writeWholePipeline();
const pipeline = loadPipeline(written.pipeline);
afterAll(() => written.remove());

const told: Happening[] = [];
const playScenario = async (name: string): Promise<ScenarioResult> => {
  const scenario = pipeline.file.scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario ${name}`);
  told.length = 0;
  return play(pipeline, scenario, {
    machine: { actions: {}, nodeBinary: process.execPath },
    tell: (happening) => told.push(happening),
  });
};
const wrong = (result: ScenarioResult): string[] => [
  ...result.checks.filter(({ holds }) => !holds).map(({ name, saw }) => `${name}: ${saw}`),
  ...result.gaps.map(({ saw }) => saw),
  ...result.violations,
  ...(result.fault ? [result.fault.saw] : []),
];

describe("a whole procedure", () => {
  test.each([
    "several repositories",
    "commands",
    "the issue is worked on",
    "an app",
    "a pull request of a workflow",
    "an app that asks for too much",
    "messages",
    "messages with faults",
    "a review",
    "a review that says no",
  ])("%s", async (name) => {
    expect(wrong(await playScenario(name))).toEqual([]);
  });

  test("a command's comment by a job starts nothing", async () => {
    const result = await playScenario("commands");
    expect(result.runs.map(({ act }) => act)).toEqual(["accepted", "elsewhere", "words"]);
  });

  test("a tick of an item that is not there is a fault of the scenario", async () => {
    const result = await playScenario("an item that is not there");
    expect(result.fault?.saw).toContain(
      'no item of the checklist says "Docs"; the items are "- [ ] Backups"',
    );
  });

  test("a run that waits for people is waiting at the end, and red unless it is spoken of", async () => {
    const result = await playScenario("nobody reviews");
    expect(wrong(result)).toEqual([]);
    expect(result.runs.map((run) => run.result)).toEqual([undefined]);
  });

  test("acts at once meet in their concurrency group", async () => {
    expect(wrong(await playScenario("at once"))).toEqual([]);
    const marks = told.flatMap((one) =>
      one.kind === "run-started" || one.kind === "run-ended" ? [`${one.kind} ${one.run.act}`] : [],
    );
    expect(marks).toEqual(["run-started one", "run-started two", "run-ended one", "run-ended two"]);
  });

  test("the report shows issues, messages and the last runs as a person reads them", async () => {
    const scenarios = [await playScenario("commands"), await playScenario("messages")];
    const markdown = toMarkdown(judge(pipeline, scenarios));
    expect(markdown).toContain("<details open><summary>Issue #1 (open): Release 1.0.0</summary>");
    expect(markdown).toContain("**github-actions\\[bot\\]** wrote:\n\n/seen");
    expect(markdown).toMatch(/Message to u@example.org at 2026-03-02T08:0[^<]*: Released/);
    expect(markdown).toContain("```text\nVersion 1.0.0 is out\n```");
  });
});

describe("a checklist", () => {
  const body = "Text\n- [ ] Backups taken\n1. [x] Docs";
  test.each([
    ["Backups", true, "Text\n- [x] Backups taken\n1. [x] Docs"],
    ["Docs", false, "Text\n- [ ] Backups taken\n1. [ ] Docs"],
  ])("%s becomes %s", (item, ticked, after) => {
    expect(withTick(body, item, ticked)).toBe(after);
  });
  test("refuses what changes nothing, what is not there, and what is not clear", () => {
    expect(() => withTick(body, "Docs", true)).toThrow("is ticked already");
    expect(() => withTick(body, "Text", true)).toThrow("no item");
    expect(() => withTick(body, "]", true)).toThrow("more than one item");
  });
});
