import { afterAll, describe, expect, test } from "vitest";
import { writeExamplePipeline } from "./example-pipeline.ts";
import type { Happening } from "./happening.ts";
import { loadPipeline } from "./pipeline.ts";
import { play, type ScenarioResult } from "./scenario.ts";

const example = writeExamplePipeline();
afterAll(example.remove);

const told: Happening[] = [];
const playScenario = async (name: string): Promise<ScenarioResult> => {
  const pipeline = loadPipeline(example.pipeline);
  const scenario = pipeline.file.scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario ${name}`);
  told.length = 0;
  return play(pipeline, scenario, {
    machine: { actions: example.actions, nodeBinary: process.execPath },
    tell: (happening) => told.push(happening),
  });
};
const missed = (result: ScenarioResult): string[] =>
  result.checks.filter(({ holds }) => !holds).map(({ name, saw }) => `${name}: ${saw}`);

describe("a rehearsed world", () => {
  test("a tag starts the workflow that waits for it, and only that", async () => {
    const result = await playScenario("a tag starts its workflow");
    expect(missed(result)).toEqual([]);
    expect(result).toMatchObject({ passed: true, gaps: [], violations: [] });
    expect(told.map(({ kind }) => kind)).toEqual(
      ["act", "act", "run-started", "step-ended", "job-ended", "run-ended", "act"].map((kind) =>
        expect.stringMatching(kind),
      ),
    );
  });

  test("a token's missing permission is named with the line to add", async () => {
    const result = await playScenario("a permission is lacking");
    expect(result.passed).toBe(false);
    expect(result.gaps).toEqual([
      {
        code: "RA9024",
        saw: "Job write lacks `issues: write` (GitHub answered 403 to POST /repos/team/product/issues).",
        next: "Add `issues: write` under permissions: of job write in .github/workflows/issue.yml.",
        lacks: {
          workflow: ".github/workflows/issue.yml",
          job: "write",
          permission: "issues",
          level: "write",
        },
      },
    ]);
  });

  test("all permissions that a job lacks are named at once", async () => {
    const result = await playScenario("two permissions are lacking");
    expect(result.gaps.map(({ next }) => next)).toEqual([
      "Add `issues: write` under permissions: of job both in .github/workflows/two.yml.",
      "Add `deployments: write` under permissions: of job both in .github/workflows/two.yml.",
    ]);
  });

  test("a workflow file that GitHub would refuse is named with its line", async () => {
    const result = await playScenario("a file that GitHub refuses");
    expect(missed(result)).toEqual([]);
    expect(result.passed).toBe(false);
    expect(result.gaps.map(({ code, saw }) => `${code} ${saw}`).join("\n")).toMatch(
      /^RA9001 \.github\/workflows\/broken\.yml:7:\d+: .*stepps/m,
    );
  });

  test("a red run that no expectation speaks of is a failure", async () => {
    expect(missed(await playScenario("a run that nobody speaks of"))).toEqual([
      "Foreign #1 is green, since no expectation says otherwise: GitHub: Foreign #1: failure",
    ]);
  });

  test("a secret reaches the jobs of its environment and no others, and its absence is named", async () => {
    const result = await playScenario("a secret of an environment");
    expect(missed(result)).toEqual([]);
    expect(result.gaps.map(({ code, saw }) => `${code} ${saw}`)).toEqual([
      "RA9025 Job outside in .github/workflows/secret.yml uses the secret KEY, which the repository does not have.",
    ]);
  });

  test("an undeclared host is refused and named with the line to add", async () => {
    const result = await playScenario("a foreign host");
    expect(missed(result)).toEqual([]);
    expect(result.passed).toBe(false);
    expect(result.gaps[0]).toMatchObject({
      code: "RA9026",
      next: expect.stringContaining("Add `api.example.com: <stand-in>` under hosts:"),
    });
  });

  test("an environment's rule keeps other branches out", async () => {
    expect(missed(await playScenario("an environment's rule"))).toEqual([]);
  });

  test("a run that is run again is the next attempt", async () => {
    expect(missed(await playScenario("a run is run again"))).toEqual([]);
  });

  test("comments start the default branch's workflow", async () => {
    expect(missed(await playScenario("comments"))).toEqual([]);
  });

  test("what GitHub refuses a person is a fault of the scenario", async () => {
    const result = await playScenario("somebody may not");
    expect(result.fault).toMatchObject({
      code: "RA9022",
      saw: expect.stringMatching(/^bob: starts issue.yml: GitHub answered 40[34]/),
    });
  });

  test("effects that are not there are said with what is there", async () => {
    const result = await playScenario("effects that are not there");
    expect(missed(result)).toEqual([
      "tag: registry: team/web:production is not there",
      expect.stringMatching(
        /^commit tag: registry: team\/web:[0-9a-f]{40} is sha256:[0-9a-f]{12} \(built\)$/,
      ),
      "release: GitHub has no release 1.0.0",
      "record: Zenodo has no record of version 1.0.0",
      "file: git: there is no absent.json on main",
      expect.stringMatching(/^answers: https:\/\/zenodo.org\/api\/records\/1000002 answered 200 /),
      "deployment: GitHub: 0 deployments into production",
      "requests: github saw 1 requests GET /git/ref/",
      'message: Tag: "never said" is not in it',
      "run: GitHub: Tag #1: success",
    ]);
  });

  test("effects that are there are found", async () => {
    const result = await playScenario("effects that are there");
    expect(missed(result)).toEqual([]);
    expect(result.passed).toBe(true);
  });
});
