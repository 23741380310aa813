import { describeDifference } from "../faults/difference.ts";
import { faultKinds, type FaultKind } from "../faults/fault-kind.ts";
import { isWrong, type Cell, type Undisturbed } from "../faults/grid.ts";
import { describePlace, type Place } from "../faults/place.ts";
import type { CellBug } from "./bugs.ts";

export type CellVerdict = {
  bug: CellBug;
  caught: boolean;
  /** Why it does not count as caught. */
  why?: string;
  /** What was wrong in the cell with the bug; first what the bug names. */
  wrong: string[];
};

/** A cell before it is played. */
export type CellToPlay = { of: Undisturbed; place: Place; kind: FaultKind };

/** The one cell that a bug names, or why there is none. */
export function cellOf(
  { act, write, fault }: CellBug,
  acts: readonly Undisturbed[],
): CellToPlay | { stale: string } {
  const of = acts.find(({ name }) => name === act);
  const kind = faultKinds.find(({ name }) => name === fault);
  const form = new RegExp(`^${write.split("*").map(literally).join("[^/ ]+")}$`);
  const [place, ...others] = of?.places.filter((one) => form.test(describePlace(one))) ?? [];
  if (!of || !kind || !place) return { stale: `"${act}" has no write ${write}` };
  if (others.length > 0) return { stale: `"${act}" has ${others.length + 1} writes ${write}` };
  return { of, place, kind };
}

/** A text as a regular expression that matches only it. */
const literally = (text: string): string => text.replaceAll(/[^\w ]/g, String.raw`\$&`);

/**
 * Did the fault bring the bug to light, and this bug? The cell has to be wrong with what the bug names; a cell that is wrong
 * without the bug, or with an action that crashed, shows nothing.
 */
export function judgeCell(bug: CellBug, without: Cell, cell: Cell): CellVerdict {
  const isMeant = (text: string): boolean => text.includes(bug.wrong);
  const all = wrongsOf(cell);
  const wrong = [...all.filter(isMeant), ...all.filter((text) => !isMeant(text))];
  const why = isWrong(without)
    ? `the cell is wrong without the bug: ${wrongsOf(without).join("; ")}`
    : cell.crashed !== undefined
      ? `an action crashed: ${cell.crashed}`
      : wrong.length === 0
        ? `the cell stays right, after ${cell.attempts} attempts`
        : wrong.some(isMeant)
          ? undefined
          : `nothing of what is wrong says "${bug.wrong}"`;
  return { bug, wrong, caught: why === undefined, ...(why === undefined ? {} : { why }) };
}

function wrongsOf({ broken, differences }: Cell): string[] {
  return [...(broken === undefined ? [] : [broken]), ...differences.map(describeDifference)];
}
