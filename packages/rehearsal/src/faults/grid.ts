import { Fault } from "@release-actions/codes";
import { perform } from "../world/acts.ts";
import { crashIn } from "../world/crash.ts";
import type { Act, Scenario } from "../world/language.ts";
import type { Pipeline } from "../world/pipeline.ts";
import type { Pasts } from "../world/pasts.ts";
import { openWorld, type Machine, type Moment, type World } from "../world/world.ts";
import { compare, type Difference } from "./difference.ts";
import { commitsOf, endState, type EndState } from "./end-state.ts";
import { plantFault, type FaultKind } from "./fault-kind.ts";
import { placesSince, requestsSince, type Place } from "./place.ts";

/** An act whose runs are disturbed, the moment before it, and what it leaves behind when nothing is in its way. */
export type Undisturbed = {
  scenario: string;
  act: Act;
  name: string;
  moment: Moment;
  known: ReadonlySet<string>;
  end: EndState;
  /** Conclusion of each run of the act, by the path of its workflow. */
  conclusions: Record<string, string>;
  places: Place[];
  requests: number;
};

/** One place with one fault, and how it ended. */
export type Cell = {
  act: string;
  place: Place;
  kind: FaultKind;
  /** Attempts until every run ended as it does undisturbed. */
  attempts: number;
  differences: Difference[];
  /** Notices of which the ledger says that they may have arrived. */
  unknown: string[];
  /** Why the cell is wrong beside its differences. */
  broken?: string;
  /** What an action said that crashed in one of the attempts. */
  crashed?: string;
};

/** How often runs are run again at most. */
const mostAttempts = 4;

export const isWrong = ({ differences, broken }: Cell): boolean =>
  broken !== undefined || differences.length > 0;

/**
 * Plays a scenario undisturbed and keeps the moment before each of the named acts.
 * @throws Fault RA9029 when the scenario has no such act
 */
export async function undisturb(
  scenario: Scenario,
  names: readonly string[],
  pasts: Pasts,
): Promise<Undisturbed[]> {
  const { world, acts } = await pasts.open(scenario, { tell: () => undefined, before: names });
  const undisturbed: Undisturbed[] = [];
  try {
    for (const act of acts) {
      if (undisturbed.length === names.length) break;
      if (act.as === undefined || !names.includes(act.as)) await perform(world, act, "now");
      else undisturbed.push(await playUndisturbed(world, scenario.name, act, act.as));
    }
    const missing = names.filter((name) => !undisturbed.some((one) => one.name === name));
    if (missing.length > 0)
      throw new Fault("RA9029", {
        saw: `"${scenario.name}" has no act called ${missing.join(", ")}.`,
      });
    return undisturbed;
  } finally {
    await world.close();
  }
}

async function playUndisturbed(
  world: World,
  scenario: string,
  act: Act,
  name: string,
): Promise<Undisturbed> {
  await world.calm();
  const moment = world.save();
  const known = commitsOf(world.repositories);
  const before = world.marks();
  await perform(world, act, "now");
  await world.calm();
  return {
    scenario,
    act,
    name,
    moment,
    known,
    end: await endState(world, known),
    conclusions: conclusionsOf(world, name),
    places: placesSince(world, before),
    requests: requestsSince(world, before),
  };
}

/** Plays one act from the moment before it with one fault, and runs again what did not end as it should. */
export async function playCell(
  pipeline: Pipeline,
  machine: Machine,
  { act, name, moment, known, end, conclusions }: Undisturbed,
  place: Place,
  kind: FaultKind,
): Promise<Cell> {
  const world = await openWorld(pipeline, { machine, tell: () => undefined, from: moment });
  const cell: Cell = { act: name, place, kind, attempts: 1, differences: [], unknown: [] };
  try {
    const struck = plantFault(world, kind, place);
    await perform(world, act, "now");
    for (; cell.attempts < mostAttempts && unfinished(world, name, conclusions); cell.attempts++) {
      for (const run of unfinished(world, name, conclusions) ?? [])
        world.runs.again(run, run.event.actor, name);
      await world.runs.settled();
    }
    const crashed = crashIn(world.runs.all.filter((run) => run.act === name));
    if (crashed !== undefined) cell.crashed = crashed;
    const left = unfinished(world, name, conclusions);
    if (!struck()) return { ...cell, broken: "the write was not sent: the fault did not strike" };
    if (left) {
      const said = left.map(({ result }) => lastWords(result?.log ?? "")).join(" ");
      return { ...cell, broken: `not green after ${cell.attempts} attempts: ${said}` };
    }
    await world.calm();
    return { ...cell, ...compare(end, await endState(world, known)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...cell, broken: `${error.code} ${error.saw}` };
  } finally {
    await world.close();
  }
}

function conclusionsOf(world: World, act: string): Record<string, string> {
  const last = world.runs.all.filter((run) => run.act === act);
  return Object.fromEntries(last.map(({ path, result }) => [path, result?.conclusion ?? "none"]));
}

/** The last attempts of an act's runs that did not end as they do undisturbed; undefined when there are none. */
function unfinished(world: World, act: string, conclusions: Record<string, string>) {
  const own = world.runs.all.filter((run) => run.act === act);
  const last = Object.values(Object.fromEntries(own.map((run) => [run.id, run])));
  const found = last.filter((run) => run.result?.conclusion !== conclusions[run.path]);
  return found.length === 0 ? undefined : found;
}

/** The first error that a log names, else its last line. */
function lastWords(log: string): string {
  const lines = log.split("\n").filter(Boolean);
  return lines.find((line) => /\bRA\d{4}\b/.test(line)) ?? lines.at(-1) ?? "no word";
}
