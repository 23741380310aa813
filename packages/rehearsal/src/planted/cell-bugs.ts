import { join } from "node:path";
import { playCell, type Cell } from "../faults/grid.ts";
import { describePlace } from "../faults/place.ts";
import { undisturbAll } from "../faults/play-faults.ts";
import { seconds, type Screen } from "../report/timeline.ts";
import { together } from "../together.ts";
import type { CellBug } from "./bugs.ts";
import { cellOf, judgeCell, type CellToPlay, type CellVerdict } from "./cell-verdict.ts";
import { machineOf, within, type Ground, type Harvest } from "./ground.ts";
import { plant, uproot, type Stage } from "./plant.ts";
import { cellsTable } from "./table.ts";

/**
 * Plays the cell of each bug twice from the same moment, without the bug and with it, and expects it right and then wrong.
 * What an undisturbed run leaves behind is found once, without any bug.
 */
export async function tryCellBugs(
  bugs: readonly CellBug[],
  stage: Stage,
  ground: Ground,
  screen: Screen,
): Promise<Harvest> {
  const names = [...new Set(bugs.map(({ act }) => act))];
  const tell = ({ name, places }: { name: string; places: unknown[] }): void =>
    screen.line(`Without a bug and undisturbed "${name}" sends ${places.length} writes.`);
  const { acts, forget } = await undisturbAll(stage.pipeline, machineOf(stage), tell, names);
  try {
    const soundCells = new Map<string, Promise<Cell>>();
    const playSound = (cell: CellToPlay): Promise<Cell> => {
      const key = `${cell.of.name} ${describePlace(cell.place)} ${cell.kind.name}`;
      const played = soundCells.get(key) ?? play(cell, stage);
      soundCells.set(key, played);
      return played;
    };
    const verdicts = await together(bugs, async (bug, index) => {
      const began = Date.now();
      const cell = cellOf(bug, acts);
      const verdict =
        "stale" in cell
          ? missed(bug, `it is stale: ${cell.stale}`)
          : await tryBug(bug, cell, playSound, stage, ground, join(ground.copies, `cell-${index}`));
      const says = verdict.caught ? "caught" : `MISSED, ${verdict.why ?? ""}`;
      screen.line(`${bug.bug}: ${says} (${seconds(Date.now() - began)})`);
      return verdict;
    });
    return {
      table: cellsTable(verdicts),
      whole: verdicts.length > 0 && verdicts.every(({ caught }) => caught),
    };
  } finally {
    forget();
  }
}

async function tryBug(
  bug: CellBug,
  cell: CellToPlay,
  playSound: (cell: CellToPlay) => Promise<Cell>,
  stage: Stage,
  { root, longest }: Ground,
  folder: string,
): Promise<CellVerdict> {
  try {
    const planted = plant(bug, stage, root, folder);
    if ("stale" in planted) return missed(bug, `it is stale: ${planted.stale}`);
    const without = await playSound(cell);
    const played = await within(longest, play(cell, planted));
    if (played === undefined) return missed(bug, `the cell did not end in ${seconds(longest)}`);
    return judgeCell(bug, without, played);
  } catch (error) {
    // A bug that breaks the rehearsal itself has shown nothing, and the others are still to be tried.
    return missed(bug, error instanceof Error ? error.message : String(error));
  } finally {
    uproot(folder);
  }
}

const play = ({ of, place, kind }: CellToPlay, stage: Stage): Promise<Cell> =>
  playCell(stage.pipeline, machineOf(stage), of, place, kind);

const missed = (bug: CellBug, why: string): CellVerdict => ({ bug, caught: false, why, wrong: [] });
