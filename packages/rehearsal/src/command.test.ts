import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rehearse } from "./command.ts";
import { writeExamplePipeline } from "./world/example-pipeline.ts";

const example = writeExamplePipeline();
const reports = mkdtempSync(join(tmpdir(), "reports-"));
afterAll(() => {
  example.remove();
  rmSync(reports, { recursive: true });
});

const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
  const lines: string[] = [];
  const place = { actions: example.actions, pipelines: dirname(example.pipeline), reports };
  const code = await rehearse(args, place, { line: (line) => lines.push(line), colour: false });
  return { code, text: lines.join("\n") };
};

describe("rehearse", () => {
  test("lists names and runs nothing", async () => {
    const { code, text } = await run("--list");
    expect(code).toBe(0);
    expect(text).toMatch(/^small: Small\n {2}a tag starts its workflow\n/);
  });

  test("a green scenario ends with 0, on the screen, in Markdown and in JSON", async () => {
    const report = join(reports, "deep/report.json");
    const { code, text } = await run(
      "small",
      "--scenario",
      "effects that are there",
      "--report",
      report,
    );
    expect(code).toBe(0);
    expect(text).toContain("ann    tags 1.0.0 at first");
    expect(text).toMatch(/github starts Tag #1 \(push\)/);
    expect(text).toContain("small: 1 of 1 scenarios passed");
    expect(JSON.parse(readFileSync(report, "utf8"))).toEqual({
      pipelines: [
        {
          name: "small",
          passed: true,
          scenarios: [{ name: "effects that are there", passed: true, failures: [] }],
          requirements: [
            {
              id: "S-1",
              holds: true,
              evidence: [expect.stringMatching(/^effects that are there: registry: team\/web:/)],
            },
          ],
        },
      ],
    });
    const markdown = readFileSync(join(reports, "small.md"), "utf8");
    expect(markdown).toContain("| S-1 | yes |");
    expect(markdown).toContain(
      "Asked https://api.github.com/repos/team/product/git/ref/heads/main",
    );
  });

  test("a red scenario ends with 1 and says what was seen, what to do, and the end of the log", async () => {
    const { code, text } = await run("small", "--scenario", "a permission is lacking");
    expect(code).toBe(1);
    expect(text).toContain("✗ green: GitHub: Issue #1: failure");
    expect(text).toContain("RA9024 Job write lacks `issues: write`");
    expect(text).toContain(
      "Add `issues: write` under permissions: of job write in .github/workflows/issue.yml.",
    );
    expect(text).toMatch(/The end of the log of Issue #1:\n {4}write \/ /);
  });

  test.each([
    [["nowhere"], "RA9028 nowhere is no folder"],
    [["small", "--scenario", "x"], 'RA9028 small has no scenario "x".'],
    [["small", "--scenaro", "x"], "rehearse [<pipeline>|all]"],
  ])("%j is refused in plain words", async (args, sentence) => {
    const { code, text } = await run(...args);
    expect(code).toBe(1);
    expect(text).toContain(sentence);
  });

  test("without the built actions nothing is run", async () => {
    const lines: string[] = [];
    const place = { actions: { "org/x": reports }, pipelines: dirname(example.pipeline), reports };
    expect(
      await rehearse(["small"], place, { line: (line) => lines.push(line), colour: false }),
    ).toBe(1);
    expect(lines.join("\n")).toContain("RA9027 There is no action.yml in");
  });
});
