import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "@release-actions/codes";
import { isWrong } from "./faults/grid.ts";
import { describePlace } from "./faults/place.ts";
import { playFaults } from "./faults/play-faults.ts";
import { faultsAsTheyGo, faultsTable, sumOfFaults } from "./faults/report.ts";
import { toMarkdown } from "./report/markdown.ts";
import { printPipeline, printScenario } from "./report/outcome.ts";
import { painter, timeline, type Screen } from "./report/timeline.ts";
import { judge, toJson, type PipelineResult } from "./report/verdict.ts";
import { fileName, loadPipeline, type Pipeline } from "./world/pipeline.ts";
import type { Scenario } from "./world/language.ts";
import { createPasts } from "./world/pasts.ts";
import { play, type ScenarioResult } from "./world/scenario.ts";

/** Where the rehearsed actions and the shipped pipelines are, and where the report goes. */
export type Place = {
  /** Built trees of actions by `owner/repo`. */
  actions: Record<string, string>;
  /** A pipeline, or a folder whose folders are pipelines that can be called by name. */
  pipelines: string;
  /** Folder for the Markdown reports. */
  reports: string;
};

const usage = `rehearse [<pipeline>|all] [--scenario NAME] [--report FILE.json] [--list]
rehearse [<pipeline>|all] --kill [--fault NAME] [--place TEXT]

<pipeline>   a folder with a ${fileName}, or the name of a shipped one; default: all shipped ones
--scenario   only the scenario of that name
--report     write results and evidence as JSON
--list       print the names of pipelines and scenarios, and run nothing
--kill       disturb the acts that faults: names, at every write of their runs: the process is killed, the answer is lost …
--fault      with --kill: only faults whose name contains this, such as "kill after"
--place      with --kill: only writes whose line contains this, such as "POST /repos"`;

/** The command. Returns the exit code: 0 only if every scenario passed and every requirement holds. */
export async function rehearse(
  args: readonly string[],
  place: Place,
  screen: Screen,
): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scenario: { type: "string" },
        report: { type: "string" },
        list: { type: "boolean" },
        kill: { type: "boolean" },
        fault: { type: "string" },
        place: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      screen.line(usage);
      return 0;
    }
    const pipelines = find(positionals[0] ?? "all", place.pipelines).map(loadPipeline);
    if (values.list) {
      for (const pipeline of pipelines) list(screen, pipeline);
      return 0;
    }
    checkActions(place.actions);
    if (values.kill) return await disturb(pipelines, values, place, screen);
    const results: PipelineResult[] = [];
    for (const pipeline of pipelines) {
      const result = await rehearsePipeline(pipeline, values.scenario, place, screen);
      results.push(result);
      mkdirSync(place.reports, { recursive: true });
      const path = join(place.reports, `${pipeline.name}.md`);
      writeFileSync(path, toMarkdown(result));
      screen.line(`The whole story is in ${path}`);
    }
    if (values.report !== undefined) {
      mkdirSync(dirname(resolve(values.report)), { recursive: true });
      writeFileSync(values.report, toJson(results));
    }
    return results.every(({ passed }) => passed) ? 0 : 1;
  } catch (error) {
    if (error instanceof Fault) screen.line(`${error.code} ${error.saw}\n${error.next}`);
    else if (error instanceof TypeError && "code" in error)
      screen.line(`${error.message}\n\n${usage}`);
    else throw error;
    return 1;
  }
}

/** Plays every fault of the pipelines that name acts for it. Returns the exit code: 0 only if no cell is wrong. */
async function disturb(
  all: readonly Pipeline[],
  only: { fault?: string | undefined; place?: string | undefined },
  place: Place,
  screen: Screen,
): Promise<number> {
  const machine = { actions: place.actions, nodeBinary: process.execPath };
  let wrong = 0;
  for (const pipeline of all) {
    const began = Date.now();
    const grid = await playFaults(
      pipeline,
      machine,
      faultsAsTheyGo(screen),
      (at, kind) =>
        kind.name.includes(only.fault ?? "") && describePlace(at).includes(only.place ?? ""),
    );
    mkdirSync(place.reports, { recursive: true });
    const path = join(place.reports, `${pipeline.name}-faults.md`);
    writeFileSync(path, `# Faults of ${pipeline.name}\n\n${faultsTable(grid)}`);
    wrong += grid.cells.filter(isWrong).length;
    screen.line(`The table is in ${path}`);
    screen.line(sumOfFaults(pipeline.name, grid, Date.now() - began));
  }
  return wrong === 0 ? 0 : 1;
}

async function rehearsePipeline(
  pipeline: Pipeline,
  only: string | undefined,
  place: Place,
  screen: Screen,
): Promise<PipelineResult> {
  const paint = painter(screen.colour);
  const scenarios = pipeline.file.scenarios.filter(
    ({ name }) => only === undefined || name === only,
  );
  if (scenarios.length === 0) {
    throw new Fault("RA9028", { saw: `${pipeline.name} has no scenario "${only ?? ""}".` });
  }
  const machine = { actions: place.actions, nodeBinary: process.execPath };
  const pasts = createPasts(pipeline, scenarios, machine);
  const results = await inOrder(
    scenarios,
    async (scenario, own) => {
      own.line(`\n${paint.bold(`${pipeline.name}: ${scenario.name}`)}`);
      if (scenario.about) own.line(paint.dim(scenario.about));
      const result = await play(pipeline, scenario, {
        machine,
        tell: timeline(own),
        pasts,
      });
      printScenario(own, result);
      return result;
    },
    screen,
  ).finally(pasts.forget);
  const result = judge(pipeline, results);
  printPipeline(screen, result);
  return result;
}

/** As many scenarios at a time as there are processors, at most four; the first of them is seen live, the others after it. */
async function inOrder(
  scenarios: readonly Scenario[],
  work: (scenario: Scenario, screen: Screen) => Promise<ScenarioResult>,
  screen: Screen,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const held: string[][] = scenarios.map(() => []);
  const ended = scenarios.map(() => false);
  const state = { next: 0, shown: 0 };
  const show = (): void => {
    for (const line of held[state.shown]?.splice(0) ?? []) screen.line(line);
    if (!ended[state.shown] || state.shown >= scenarios.length) return;
    state.shown += 1;
    show();
  };
  const worker = async (): Promise<void> => {
    for (let index = state.next++; index < scenarios.length; index = state.next++) {
      const scenario = scenarios[index];
      if (!scenario) return;
      const line = (text: string): void => {
        held[index]?.push(text);
        if (index === state.shown) show();
      };
      results[index] = await work(scenario, { line, colour: screen.colour });
      ended[index] = true;
      if (index === state.shown) show();
    }
  };
  const workers = Math.min(availableParallelism(), 4, scenarios.length);
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}

function find(name: string, shipped: string): string[] {
  if (name === "all") {
    if (existsSync(join(shipped, fileName))) return [shipped];
    const names = existsSync(shipped) ? readdirSync(shipped).toSorted() : [];
    return names
      .map((one) => join(shipped, one))
      .filter((folder) => existsSync(join(folder, fileName)));
  }
  const places = [resolve(name), join(shipped, name)];
  const folder = places.find((one) => existsSync(join(one, fileName)));
  if (!folder)
    throw new Fault("RA9028", {
      saw: `${name} is no folder with a ${fileName} and no shipped pipeline.`,
    });
  return [folder];
}

function list(screen: Screen, pipeline: Pipeline): void {
  screen.line(`${pipeline.name}: ${pipeline.file.title}`);
  for (const { name } of pipeline.file.scenarios) screen.line(`  ${name}`);
}

function checkActions(actions: Record<string, string>): void {
  for (const [name, folder] of Object.entries(actions)) {
    if (!existsSync(join(folder, "action.yml"))) {
      throw new Fault("RA9027", {
        saw: `There is no action.yml in ${folder}, where ${name} is expected.`,
      });
    }
  }
}
