import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import { seconds, type Screen } from "../report/timeline.ts";
import type { Scenario } from "../world/language.ts";
import { createPasts, type Pasts } from "../world/pasts.ts";
import type { Pipeline } from "../world/pipeline.ts";
import { play, type ScenarioResult } from "../world/scenario.ts";
import { together } from "../together.ts";
import { scenariosOf, type LineBug } from "./bugs.ts";
import { machineOf, within, type Ground, type Harvest } from "./ground.ts";
import { plant, uproot, type Stage } from "./plant.ts";
import { linesTable } from "./table.ts";
import { judgeBug, type Verdict } from "./verdict.ts";

/**
 * Plays the scenarios of each bug's line with that bug, and expects exactly that line red.
 * @param wanted ids of the lines that need a bug
 * @returns undefined when a scenario is red without any bug
 */
export async function tryLineBugs(
  bugs: readonly LineBug[],
  wanted: readonly string[],
  stage: Stage,
  ground: Ground,
  screen: Screen,
): Promise<Harvest | undefined> {
  const names = [...new Set(bugs.flatMap((bug) => scenariosOf(bug, stage.pipeline)))];
  if (!(await isGreen(stage, names, screen))) return undefined;
  const verdicts = await together(bugs, async (bug, index) => {
    const began = Date.now();
    const verdict = await tryBug(bug, stage, ground, join(ground.copies, String(index)));
    const says = verdict.caught ? "caught" : `MISSED, ${verdict.why ?? ""}`;
    screen.line(`${bug.line} ${bug.bug}: ${says} (${seconds(Date.now() - began)})`);
    return verdict;
  });
  const without = wanted.filter((id) => !bugs.some(({ line }) => line === id));
  return {
    table: linesTable(verdicts, without),
    whole: without.length === 0 && verdicts.every(({ caught }) => caught),
  };
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

async function tryBug(
  bug: LineBug,
  stage: Stage,
  ground: Ground,
  folder: string,
): Promise<Verdict> {
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

function pastsOf(stage: Stage, names: readonly string[]): Pasts {
  const scenarios = names.map((name) => scenarioCalled(name, stage.pipeline));
  return createPasts(stage.pipeline, scenarios, machineOf(stage));
}

function playNamed(stage: Stage, name: string, pasts: Pasts): Promise<ScenarioResult> {
  const { pipeline } = stage;
  const tell = (): void => undefined;
  return play(pipeline, scenarioCalled(name, pipeline), { machine: machineOf(stage), tell, pasts });
}
