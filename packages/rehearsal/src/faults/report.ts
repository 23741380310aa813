import { mark, painter, plain, seconds, type Screen } from "../report/timeline.ts";
import { describeDifference } from "./difference.ts";
import { faultKinds } from "./fault-kind.ts";
import { isWrong, type Cell, type Undisturbed } from "./grid.ts";
import { describePlace } from "./place.ts";
import type { Grid } from "./play-faults.ts";

/** Prints each act as it was played undisturbed, each place when it is done, and what is wrong there. */
export function faultsAsTheyGo(screen: Screen) {
  const paint = painter(screen.colour);
  return {
    undisturbed: ({ scenario, name, places, requests }: Undisturbed): void =>
      screen.line(
        `${scenario}: ${name}: ${requests} requests undisturbed, ${places.length} of them write`,
      ),
    place: (cells: readonly Cell[]): void => {
      const [first] = cells;
      if (!first) return;
      const result = cells.some(isWrong) ? "failure" : "success";
      screen.line(
        `  ${mark(paint, result)} ${first.act}: ${plain(describePlace(first.place))}: ${cells.length} cells`,
      );
      for (const line of cells.filter(isWrong).flatMap(wrongs)) screen.line(`    ${line}`);
    },
  };
}

function wrongs(cell: Cell): string[] {
  return [
    `${cell.act}: ${plain(describePlace(cell.place))}: ${cell.kind.name}`,
    ...(cell.broken === undefined ? [] : [`    ${plain(cell.broken)}`]),
    ...cell.differences.map((difference) => `    ${plain(describeDifference(difference))}`),
  ];
}

/** The sum in one line. */
export function sumOfFaults(
  name: string,
  { undisturbed, cells }: Grid,
  milliseconds: number,
): string {
  const places = undisturbed.reduce((sum, one) => sum + one.places.length, 0);
  const unknown = cells.filter((cell) => cell.unknown.length > 0).length;
  const wrong = cells.filter(isWrong).length;
  return `${name}: ${places} places, ${cells.length} cells, ${wrong} wrong, ${unknown} with a notice marked unknown, in ${seconds(milliseconds)}`;
}

/** The table: places down, kinds of fault across; a cell is the number of attempts, or what is wrong. */
export function faultsTable({ undisturbed, cells }: Grid): string {
  const rows = undisturbed.flatMap((act) => [
    `| **${act.name}**, ${act.requests} requests |${" |".repeat(faultKinds.length)}`,
    ...act.places.map((place) => {
      const marks = faultKinds.map((kind) => {
        const cell = cells.find(
          (one) => one.act === act.name && one.place === place && one.kind === kind,
        );
        if (!cell) return "";
        const unknown = cell.unknown.length > 0 ? ", a notice unknown" : "";
        return isWrong(cell) ? "**wrong**" : `${cell.attempts}${unknown}`;
      });
      return `| \`${describePlace(place).replaceAll("|", "\\|")}\` | ${marks.join(" | ")} |`;
    }),
  ]);
  const wrong = cells.filter(isWrong).flatMap(wrongs);
  return [
    "Attempts until the end state of the undisturbed run:",
    "",
    `| write | ${faultKinds.map(({ name }) => name).join(" | ")} |`,
    `| --- |${" ---: |".repeat(faultKinds.length)}`,
    ...rows,
    ...(wrong.length > 0 ? ["", "```", ...wrong, "```"] : []),
    "",
  ].join("\n");
}
