import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@release-actions/codes";
import { seconds, type Screen } from "../report/timeline.ts";
import type { Scenario } from "../world/language.ts";
import { createPasts, type Pasts } from "../world/pasts.ts";
import { loadPipeline, type Pipeline } from "../world/pipeline.ts";
import { together } from "../together.ts";
import { play, type ScenarioResult } from "../world/scenario.ts";
import type { Machine } from "../world/world.ts";
import { readBugs, scenariosOf, type Bug } from "./bugs.ts";
import { keep, plant, uproot, type Stage } from "./plant.ts";
import { isWhole, toTable } from "./table.ts";
import { judgeBug, type Verdict } from "./verdict.ts";

/** Where the pipeline, what is built, and the folder for copies and table are. */
export type Ground = {
  /** Of the repository whose packages the actions are built from. */
  root: string;
  actions: Record<string, string>;
  /** A folder with a rehearsal.yml and planted bugs. */
  pipeline: string;
  /** Copies with bugs; taken away when they were played. */
  copies: string;
  /** The Markdown table. */
  table: string;
  /** Milliseconds that a scenario with a bug may take; one that only waits would wait as long as the gate lets it. */
  longest: number;
};

/**
 * Plays the scenarios of each bug's line with that bug in the product or among its people, and expects exactly that line
 * red. `only`: ids of lines; none = all. Returns the exit code: 0 only if every line has a bug and every bug was caught.
 */
export async function planted(
  only: readonly string[],
  ground: Ground,
  screen: Screen,
): Promise<number> {
  try {
    return await sow(only, ground, screen);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    screen.line(`${error.code} ${error.saw}\n${error.next}`);
    return 1;
  } finally {
    uproot(ground.copies);
  }
}

async function sow(only: readonly string[], ground: Ground, screen: Screen): Promise<number> {
  const pipeline = loadPipeline(ground.pipeline);
  const bugs = readBugs(pipeline).filter(({ line }) => only.length === 0 || only.includes(line));
  const lines = pipeline.file.requirements.map(({ id }) => id);
  const wanted = only.length === 0 ? lines : only;
  const unknown = wanted.filter((id) => !lines.includes(id));
  if (unknown.length > 0) {
    screen.line(
      `${unknown.join(", ")}: no line of ${pipeline.name}. There are: ${lines.join(", ")}`,
    );
    return 1;
  }
  const stage = keep({ pipeline, actions: ground.actions }, join(ground.copies, "kept"));
  const names = [...new Set(bugs.flatMap((bug) => scenariosOf(bug, pipeline)))];
  if (!(await isGreen(stage, names, screen))) return 1;

  const verdicts = await together(bugs, async (bug, index) => {
    const began = Date.now();
    const verdict = await tryBug(bug, stage, ground, join(ground.copies, String(index)));
    const says = verdict.caught ? "caught" : `MISSED, ${verdict.why ?? ""}`;
    screen.line(`${bug.line} ${bug.bug}: ${says} (${seconds(Date.now() - began)})`);
    return verdict;
  });
  const harvest = {
    verdicts,
    without: wanted.filter((id) => !bugs.some(({ line }) => line === id)),
  };
  const table = toTable(harvest);
  mkdirSync(dirname(ground.table), { recursive: true });
  writeFileSync(ground.table, `# Planted bugs of ${pipeline.name}\n\n${table}\n`);
  screen.line(`\n${table}`);
  return isWhole(harvest) ? 0 : 1;
}

/** Without a bug every scenario has to pass: what is red then is no finding of a bug. */
async function isGreen(stage: Stage, names: readonly string[], screen: Screen): Promise<boolean> {
  const pasts = pastsOf(stage, names);
  const results = await together(names, (name) => playNamed(stage, name, pasts)).finally(
    pasts.forget,
  );
  const red = results.filter(({ passed }) => !passed);
  if (red.length === 0) {
    screen.line(`Without a bug ${names.length} scenarios pass.`);
    return true;
  }
  screen.line(
    `Nothing was planted: without a bug these scenarios fail: ${red.map(({ name }) => name).join(", ")}.`,
  );
  for (const { fault, checks } of red) {
    if (fault) screen.line(`  ${fault.code} ${fault.saw}`);
    for (const { name, holds, saw } of checks) if (!holds) screen.line(`  ${name}: ${saw}`);
  }
  return false;
}

async function tryBug(bug: Bug, stage: Stage, ground: Ground, folder: string): Promise<Verdict> {
  const missed = (why: string): Verdict => ({ bug, caught: false, why, red: [], others: [] });
  const after = [() => uproot(folder)];
  uproot(folder);
  try {
    const planted = plant(bug, stage, ground.root, folder);
    if ("stale" in planted) return missed(`it is stale: ${planted.stale}`);
    const results: ScenarioResult[] = [];
    const names = scenariosOf(bug, planted.pipeline);
    const pasts = pastsOf(planted, names);
    after.push(pasts.forget);
    for (const name of names) {
      const result = await within(ground.longest, playNamed(planted, name, pasts));
      if (result === undefined)
        return missed(`"${name}" did not end in ${seconds(ground.longest)}`);
      results.push(result);
    }
    return judgeBug(bug, planted.pipeline, results);
  } catch (error) {
    // A bug that breaks the rehearsal itself has shown nothing, and the others are still to be tried.
    return missed(error instanceof Error ? error.message : String(error));
  } finally {
    for (const tidy of after) tidy();
  }
}

function scenarioCalled(name: string, pipeline: Pipeline): Scenario {
  const scenario = pipeline.file.scenarios.find((one) => one.name === name);
  if (!scenario) throw new Fault("RA9028", { saw: `${pipeline.name} has no scenario "${name}".` });
  return scenario;
}

const machineOf = ({ actions }: Stage): Machine => ({ actions, nodeBinary: process.execPath });

function pastsOf(stage: Stage, names: readonly string[]): Pasts {
  const scenarios = names.map((name) => scenarioCalled(name, stage.pipeline));
  return createPasts(stage.pipeline, scenarios, machineOf(stage));
}

function playNamed(stage: Stage, name: string, pasts: Pasts): Promise<ScenarioResult> {
  const { pipeline } = stage;
  const tell = (): void => undefined;
  return play(pipeline, scenarioCalled(name, pipeline), { machine: machineOf(stage), tell, pasts });
}

/** What is promised, or undefined when it takes longer. */
async function within<Value>(
  milliseconds: number,
  work: Promise<Value>,
): Promise<Value | undefined> {
  const ended = new AbortController();
  const limit = sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
  return Promise.race([work.finally(() => ended.abort()), limit]);
}
