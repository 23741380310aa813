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
  const grid: Grid = { undisturbed: [], cells: [] };
  const wishes = pipeline.file.faults.map(({ scenario: name, acts }) => {
    const scenario = pipeline.file.scenarios.find((one) => one.name === name);
    if (!scenario)
      throw new Fault("RA9029", { saw: `${pipeline.name} has no scenario "${name}".` });
    return { scenario, acts };
  });
  const pasts = createPasts(
    pipeline,
    wishes.map(({ scenario }) => scenario),
    machine,
  );
  try {
    for (const { scenario, acts } of wishes) {
      for (const one of await undisturb(scenario, acts, pasts)) {
        tell.undisturbed(one);
        grid.undisturbed.push(one);
      }
    }
    const cells = grid.undisturbed.flatMap((of) =>
      of.places.flatMap((place) =>
        faultKinds
          .filter((kind) => canStrike(kind, place) && wanted(place, kind))
          .map((kind) => ({ of, place, kind })),
      ),
    );
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
    for (const { moment } of grid.undisturbed) moment.forget();
    pasts.forget();
  }
}
