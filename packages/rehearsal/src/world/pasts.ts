import { perform } from "./acts.ts";
import type { Happening } from "./happening.ts";
import type { Act, Scenario } from "./language.ts";
import type { Pipeline } from "./pipeline.ts";
import { openWorld, type Machine, type Moment, type World } from "./world.ts";

/** The first acts of a scenario, what was told of them, and the moment after them. */
type Past = { acts: readonly Act[]; told: readonly Happening[]; moment: Moment };
type Tell = (happening: Happening) => void;

/** Opens worlds for scenarios. What several of them begin with is played once, and each goes on from there. */
export type Pasts = {
  /**
   * A world in which the history and the common beginning of the scenario have happened, and the acts that are left.
   * @param options.before acts, by their names, that must be left
   */
  open(
    scenario: Scenario,
    options: { tell: Tell; before?: readonly string[] },
  ): Promise<{ world: World; acts: Act[] }>;
  /** Removes the files of all pasts. */
  forget(): void;
};

/** @param scenarios those that will be opened */
export function createPasts(
  pipeline: Pipeline,
  scenarios: readonly Scenario[],
  machine: Machine,
): Pasts {
  const common = commonBeginnings(pipeline, scenarios);
  const kept = new Map<string, Promise<Past>>();
  const moments: Moment[] = [];

  /** A world after the longest common beginning of at most `most` acts, and those that are left. */
  const goOn = async (acts: readonly Act[], most: number, tell: Tell) => {
    for (let length = most; length >= 0; length--) {
      const key = keyOf(acts.slice(0, length));
      if (!common.has(key)) continue;
      const promise = kept.get(key) ?? play(acts.slice(0, length));
      kept.set(key, promise);
      const { told, moment } = await promise;
      for (const happening of told) tell(happening);
      const world = await openWorld(pipeline, { machine, tell, from: moment });
      return { world, left: acts.slice(length) };
    }
    const world = await openWorld(pipeline, { machine, tell });
    await playHistory(world);
    return { world, left: [...acts] };
  };

  const play = async (acts: readonly Act[]): Promise<Past> => {
    const told: Happening[] = [];
    const { world, left } = await goOn(acts, acts.length - 1, (one) => told.push(one));
    try {
      for (const act of left) await perform(world, act, "now");
      await world.calm();
      const moment = world.save();
      moments.push(moment);
      return { acts, told, moment };
    } finally {
      await world.close();
    }
  };

  return {
    open: async (scenario, { tell, before = [] }) => {
      const acts = pipeline.actsOf(scenario);
      const first = acts.findIndex(({ as }) => as !== undefined && before.includes(as));
      const { world, left } = await goOn(acts, first < 0 ? acts.length : first, tell);
      return { world, acts: left };
    },
    forget: () => {
      for (const moment of moments) moment.forget();
    },
  };
}

/** Plays what nobody is told of: no workflow starts on it. */
export async function playHistory(world: World): Promise<void> {
  for (const act of world.pipeline.file.history) await perform(world, act, "history");
}

/** The beginnings that end with a prelude and are those of two scenarios at least. */
function commonBeginnings(pipeline: Pipeline, scenarios: readonly Scenario[]): Set<string> {
  const found = new Set<string>();
  const twice = new Set<string>();
  for (const scenario of scenarios) {
    const acts = pipeline.actsOf(scenario);
    const keys = pipeline.preludeEndsOf(scenario).map((length) => keyOf(acts.slice(0, length)));
    for (const key of new Set(keys)) (found.has(key) ? twice : found).add(key);
  }
  return twice;
}

const keyOf = (acts: readonly Act[]): string => JSON.stringify(acts);
