import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rehearse } from "../command.ts";
import { writeExamplePipeline } from "../world/example-pipeline.ts";
import { loadPipeline } from "../world/pipeline.ts";
import { isWrong } from "./grid.ts";
import { describePlace } from "./place.ts";
import { playFaults, type Grid } from "./play-faults.ts";
import { faultsTable } from "./report.ts";

const example = writeExamplePipeline();
const reports = mkdtempSync(join(tmpdir(), "reports-"));
afterAll(() => {
  example.remove();
  rmSync(reports, { recursive: true });
});

const file = join(example.pipeline, "rehearsal.yml");
const written = readFileSync(file, "utf8");
const workflow = (inputs: string): string => `
name: Writes
on: workflow_dispatch
permissions: {}
jobs:
  write:
    runs-on: ubuntu-latest
    permissions: {issues: write}
    steps:
      - uses: tools/probe@v1
        with: {${inputs}}
`;
const api = "https://api.github.com/repos/team/product";
writeFileSync(
  join(example.pipeline, ".github/workflows/blind.yml"),
  workflow(`url: '${api}/issues', method: POST, body: '{"title":"x"}'`),
);
writeFileSync(
  join(example.pipeline, ".github/workflows/same.yml"),
  workflow(`url: '${api}/issues/1', method: PATCH, body: '{"title":"Went"}'`),
);
const faults = (named: string): string =>
  written.replace(
    "requirements:",
    `  - name: writes
    acts:
      - {issue: {title: Go}, by: bob, as: issue}
      - {dispatch: {workflow: same.yml}, by: ann, as: the same again}
      - {dispatch: {workflow: blind.yml}, by: ann, as: blind}
    expect: []
faults: [${named}]
requirements:`,
  );
const both = "{scenario: writes, acts: [the same again, blind]}";

const machine = { actions: example.actions, nodeBinary: process.execPath };
// The probe waits for ever where nothing is answered.
const answered = (_: unknown, { does }: { does: unknown }): boolean => does !== "hang";

describe("disturbed runs", () => {
  test("a write that changes nothing when it is sent again is right everywhere, a blind one is not", async () => {
    writeFileSync(file, faults(both));
    const pipeline = loadPipeline(example.pipeline);
    const told: string[] = [];
    const grid: Grid = await playFaults(
      pipeline,
      machine,
      {
        undisturbed: ({ name, places, requests }) =>
          told.push(`${name} ${requests} ${places.map(describePlace).join()}`),
        place: () => undefined,
      },
      answered,
    );
    expect(told).toEqual([
      "the same again 1 github PATCH /repos/team/product/issues/1",
      "blind 1 github POST /repos/team/product/issues",
    ]);
    const ends = (act: string): Record<string, unknown> =>
      Object.fromEntries(
        grid.cells
          .filter((cell) => cell.act === act)
          .map((cell) => [
            cell.kind.name,
            isWrong(cell) ? cell.differences.map(({ place }) => place) : cell.attempts,
          ]),
      );
    expect(ends("the same again")).toEqual({
      "kill before": 2,
      "kill after": 2,
      "kill after, lists stale for 1 read": 2,
      "kill after, lists stale for 3 reads": 2,
      "502 after": 2,
      "reset after": 2,
    });
    const double = ["github team/product issue #3"];
    expect(ends("blind")).toEqual({
      "kill before": 2,
      "kill after": double,
      "kill after, lists stale for 1 read": double,
      "kill after, lists stale for 3 reads": double,
      "502 after": double,
      "reset after": double,
    });
    const table = faultsTable(grid);
    expect(table).toContain(
      "| `github PATCH /repos/team/product/issues/1` | 2 | 2 | 2 | 2 | 2 | 2 |  |",
    );
    expect(table).toContain(
      "| `github POST /repos/team/product/issues` | 2 | **wrong** | **wrong** | **wrong** | **wrong** | **wrong** |  |",
    );
  });

  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const lines: string[] = [];
    const place = { actions: example.actions, pipelines: dirname(example.pipeline), reports };
    const code = await rehearse(args, place, { line: (line) => lines.push(line), colour: false });
    return { code, text: lines.join("\n") };
  };

  test("the command says what is wrong, where, and counts", async () => {
    writeFileSync(file, faults(both));
    const wrong = await run("small", "--kill", "--fault", "kill", "--place", "POST");
    expect(wrong.code).toBe(1);
    expect(wrong.text).toContain("writes: blind: 1 requests undisturbed, 1 of them write");
    expect(wrong.text).toContain("  ✗ blind: github POST /repos/team/product/issues: 4 cells\n");
    expect(wrong.text).toContain("issue #3 is there, and a clean run leaves none");
    expect(wrong.text).toMatch(/small: 2 places, 4 cells, 3 wrong, 0 with a notice marked unknown/);
    const right = await run("small", "--kill", "--fault", "502", "--place", "PATCH");
    expect(right.code).toBe(0);
    expect(readFileSync(join(reports, "small-faults.md"), "utf8")).toContain("| 2 |");
  });

  test.each([
    ["", "The rehearsal.yml of small has no faults:."],
    ["{scenario: none, acts: [blind]}", 'small has no scenario "none".'],
    ["{scenario: writes, acts: [blond]}", '"writes" has no act called blond.'],
  ])("faults: [%s] is refused in plain words", async (named, sentence) => {
    writeFileSync(file, faults(named));
    const { code, text } = await run("small", "--kill");
    expect(code).toBe(1);
    expect(text).toContain(`RA9029 ${sentence}`);
  });
});
