import { Fault } from "@release-actions/codes";
import { together } from "../together.ts";
import type { Pipeline } from "../world/pipeline.ts";
import { createPasts } from "../world/pasts.ts";
import type { Machine } from "../world/world.ts";
import { canStrike, faultKinds, type FaultKind } from "./fault-kind.ts";
import { playCell, undisturb, type Cell, type Undisturbed } from "./grid.ts";
import type { Place } from "./place.ts";

/** What was disturbed in a pipeline, and how every cell ended. */
export type Grid = { undisturbed: Undisturbed[]; cells: Cell[] };

/** A fault that hangs costs half a minute of waiting and nothing else: many of them wait side by side. */
const waiting = 8;

/**
 * Disturbs the acts that `faults:` names, at every write of their runs with every kind of fault.
 * @param wanted which cells to play; all without it
 * @throws Fault RA9029 when the file names no acts
 */
export async function playFaults(
  pipeline: Pipeline,
  machine: Machine,
  tell: {
    undisturbed(of: Undisturbed): void;
    /** When every cell of a place has been played. */
    place(cells: readonly Cell[]): void;
  },
  wanted: (place: Place, kind: FaultKind) => boolean = () => true,
): Promise<Grid> {
  if (pipeline.file.faults.length === 0)
    throw new Fault("RA9029", { saw: `The rehearsal.yml of ${pipeline.name} has no faults:.` });
  const { acts, forget } = await undisturbAll(pipeline, machine, tell.undisturbed);
  try {
    const cells = acts.flatMap((of) =>
      of.places.flatMap((place) =>
        faultKinds
          .filter((kind) => canStrike(kind, place) && wanted(place, kind))
          .map((kind) => ({ of, place, kind })),
      ),
    );
    const grid: Grid = { undisturbed: acts, cells: [] };
    const wished = new Map(
      cells.map(({ place }) => [
        place,
        new Set(cells.filter((one) => one.place === place).map(({ kind }) => kind)),
      ]),
    );
    const play = async ({ of, place, kind }: (typeof cells)[number]): Promise<void> => {
      const cell = await playCell(pipeline, machine, of, place, kind);
      grid.cells.push(cell);
      const left = wished.get(place)?.delete(kind) && wished.get(place)?.size;
      if (left === 0) tell.place(grid.cells.filter((one) => one.place === place));
    };
    const hangs = cells.filter(({ kind }) => kind.does === "hang");
    const others = cells.filter(({ kind }) => kind.does !== "hang");
    await Promise.all([together(hangs, play, waiting), together(others, play)]);
    return grid;
  } finally {
    forget();
  }
}

/**
 * Plays the acts that `faults:` names with nothing in their way, and keeps the moments before them until they are forgotten.
 * @param only names of acts; all without it
 * @throws Fault RA9029 when a scenario or an act is not there
 */
export async function undisturbAll(
  pipeline: Pipeline,
  machine: Machine,
  tell: (of: Undisturbed) => void,
  only?: readonly string[],
): Promise<{ acts: Undisturbed[]; forget(): void }> {
  const wishes = pipeline.file.faults.flatMap(({ scenario: name, acts }) => {
    const scenario = pipeline.file.scenarios.find((one) => one.name === name);
    if (!scenario)
      throw new Fault("RA9029", { saw: `${pipeline.name} has no scenario "${name}".` });
    const names = acts.filter((act) => only?.includes(act) ?? true);
    return names.length === 0 ? [] : [{ scenario, names }];
  });
  const scenarios = wishes.map(({ scenario }) => scenario);
  const pasts = createPasts(pipeline, scenarios, machine);
  const acts: Undisturbed[] = [];
  const forget = (): void => {
    for (const { moment } of acts) moment.forget();
    pasts.forget();
  };
  try {
    for (const { scenario, names } of wishes) {
      for (const one of await undisturb(scenario, names, pasts)) {
        tell(one);
        acts.push(one);
      }
    }
    return { acts, forget };
  } catch (error) {
    forget();
    throw error;
  }
}
