import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Fault } from "@release-actions/codes";
import type { Screen } from "../report/timeline.ts";
import { together } from "../together.ts";
import { runWorkflow, type RunWorkflow } from "../workflow/index.ts";
import { loadPipeline, type Pipeline } from "../world/pipeline.ts";
import type { RunRecord } from "../world/runs.ts";
import { play } from "../world/scenario.ts";
import { actRunner } from "./act.ts";
import { compareRuns, type Difference } from "./comparison.ts";
import { deviationOf, deviations, missesOf } from "./deviations.ts";
import { fileOf, runProbe, type Probe } from "./probes.ts";
import { createRecorder, type RecordedRun } from "./record.ts";
import {
  failuresOf,
  printDeviations,
  printProbe,
  printScenario,
  toMarkdown,
  type ComparedProbe,
  type ComparedScenario,
  type Outcome,
} from "./table.ts";

/** Where the pipeline, the actions and the second runner are, and where the report goes. */
export type Bench = {
  /** Built trees of actions by `owner/repo`. */
  actions: Record<string, string>;
  /** A folder with a rehearsal.yml. */
  pipeline: string;
  /** The program `act`. */
  act: string;
  /** Names of the scenarios. */
  scenarios: readonly string[];
  /** A folder of probes, with their actions in `actions`. */
  probes: string;
  /** The Markdown report, with every write. */
  report: string;
};

/**
 * Plays scenarios with the rehearsal's own runner and with act, and runs probes with both. Returns the exit code: 0 only
 * if jobs and writes are the same, but for the listed deviations, and each of those is still seen.
 */
export async function compareRunners(bench: Bench, screen: Screen): Promise<number> {
  try {
    const pipeline = loadPipeline(bench.pipeline);
    const scenarios = await compareScenarios(pipeline, bench, screen);
    const { probes, refused } = await compareProbes(bench);
    for (const probe of probes) printProbe(screen, probe);
    const found = Object.fromEntries(probes.map((probe) => [probe.title, probe.differences]));
    const seen = deviations.map((deviation) => ({
      ...deviation,
      misses: missesOf(deviation, found, refused),
    }));
    printDeviations(screen, seen);
    return conclude({ scenarios, probes, deviations: seen }, bench, screen);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    screen.line(`FAILED: ${error.code} ${error.saw}\n${error.next}`);
    screen.line("0 passed, 1 failed, 0 skipped");
    return 1;
  }
}

function conclude(outcome: Outcome, bench: Bench, screen: Screen): number {
  mkdirSync(dirname(bench.report), { recursive: true });
  writeFileSync(bench.report, toMarkdown(outcome));
  screen.line(`\nEvery write is in ${bench.report}`);
  const { passed, failures } = failuresOf(outcome);
  for (const failure of failures) screen.line(`FAILED: ${failure}`);
  screen.line(`${passed} passed, ${failures.length} failed, 0 skipped`);
  return failures.length === 0 ? 0 : 1;
}

type Played = { runs: RecordedRun[]; problems: string[]; milliseconds: number };

/** Plays each scenario with both runners, and prints it as soon as both have. */
async function compareScenarios(
  pipeline: Pipeline,
  bench: Bench,
  screen: Screen,
): Promise<ComparedScenario[]> {
  const runners = [runWorkflow, actRunner(bench.act)];
  const plays = bench.scenarios.flatMap((name, at) =>
    runners.map((runner, which) => ({ name, at, runner, which })),
  );
  const played = bench.scenarios.map((): Played[] => []);
  const compared: ComparedScenario[] = [];
  await together(plays, async ({ name, at, runner, which }) => {
    const both = played[at] ?? [];
    both[which] = await playWith(runner, pipeline, name, bench);
    const [ours, theirs] = both;
    if (!ours || !theirs) return;
    const scenario = compareScenario(name, ours, theirs);
    compared[at] = scenario;
    printScenario(screen, scenario);
  });
  return compared;
}

function compareScenario(name: string, ours: Played, theirs: Played): ComparedScenario {
  return {
    name,
    milliseconds: [ours.milliseconds, theirs.milliseconds],
    problems: [...ours.problems, ...theirs.problems.map((problem) => `with act: ${problem}`)],
    runs: compareRuns(ours.runs, theirs.runs),
  };
}

/** Plays a scenario as the rehearsal does, expectations and all, and records what each run leaves. */
async function playWith(
  runner: RunWorkflow,
  pipeline: Pipeline,
  name: string,
  bench: Bench,
): Promise<Played> {
  const scenario = pipeline.file.scenarios.find((one) => one.name === name);
  if (!scenario) throw new Fault("RA9028", { saw: `${pipeline.name} has no scenario "${name}".` });
  const recorder = createRecorder();
  const result = await play(pipeline, scenario, {
    machine: { actions: bench.actions, nodeBinary: process.execPath, runner },
    opened: recorder.opened,
    tell: recorder.tell,
  });
  return {
    runs: recorder.runs(),
    milliseconds: result.milliseconds,
    problems: [
      ...(result.fault ? [`${result.fault.code} ${result.fault.saw}`] : []),
      ...result.gaps.map(({ code, saw }) => `${code} ${saw}`),
      ...result.violations,
      ...result.checks.filter(({ holds }) => !holds).map((check) => `${check.name}: ${check.saw}`),
      ...(result.passed ? [] : result.runs.flatMap(errorsOf)),
    ],
  };
}

/** What a run itself says of its failure: without it nobody knows why the other runner did better. */
const errorsOf = (run: RunRecord): string[] =>
  Object.values(run.result?.jobs ?? {})
    .flatMap(({ annotations }) => annotations)
    .filter(({ level }) => level === "error")
    .map(({ message }) => `${run.name} #${run.number} says: ${message}`);

async function compareProbes(
  bench: Bench,
): Promise<{ probes: ComparedProbe[]; refused: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), "second-runner-"));
  try {
    const run = (probe: Probe, name: string, runner: RunWorkflow) =>
      runProbe(probe, runner, {
        directory: join(directory, `${probe.name}-${name}`),
        nodeBinary: process.execPath,
        actions: join(bench.probes, "actions"),
      });
    const probes: Probe[] = readdirSync(bench.probes)
      .filter((name) => name.endsWith(".yml"))
      .map((name) => ({
        name: name.replace(".yml", ""),
        text: readFileSync(join(bench.probes, name), "utf8"),
      }));
    const compared = await together(probes, async (probe) => {
      const runners = { ours: runWorkflow, act: actRunner(bench.act) };
      const runs = await Promise.all(
        Object.entries(runners).map(([name, runner]) => run(probe, name, runner)),
      );
      const [ours, theirs] = runs.map((one) => (one === undefined ? [] : [one]));
      return compareRuns(ours ?? [], theirs ?? []).map((one): ComparedProbe => ({
        ...one,
        unlisted: one.differences.filter((found) => isUnlisted(probe.name, found)),
      }));
    });
    const refusals = deviations.flatMap(({ id, refuses }) =>
      refuses === undefined ? [] : [{ name: id, text: fileOf(refuses) }],
    );
    const refused = await together(refusals, async (probe) => {
      const takes = await run(probe, "ours", runWorkflow);
      return takes !== undefined && !(await run(probe, "act", actRunner(bench.act, [])))
        ? [probe.name]
        : [];
    });
    return { probes: compared.flat(), refused: refused.flat() };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const isUnlisted = (probe: string, found: Difference): boolean =>
  deviationOf(probe, found) === undefined;
