import { relative } from "node:path";

/** A file in vitest's JSON report. */
export type TestedFile = {
  name: string;
  status: string;
  assertionResults: {
    status: string;
    fullName: string;
    ancestorTitles: string[];
    failureMessages?: string[];
  }[];
};

/** How many cases each action has of each kind: `12`, or `11 + 1 failed`. The kind is the outermost title of a case. */
export function caseTable(root: string, files: readonly TestedFile[]): string {
  const cases = files.flatMap(({ name, assertionResults }) => {
    const path = relative(root, name).split("/");
    const isAction = path[0] === "actions";
    return assertionResults.map(({ status, ancestorTitles }) => ({
      of: isAction ? (path[1] ?? "") : "the file alone",
      kind: isAction ? (ancestorTitles[0] ?? "") : "configuration",
      passed: status === "passed",
    }));
  });
  const kinds = [...new Set(cases.map(({ kind }) => kind))].toSorted();
  const groups = [...new Set(cases.map(({ of }) => of))].toSorted();
  const cell = (chosen: typeof cases): string => {
    const failed = chosen.filter(({ passed }) => !passed).length;
    const rest = chosen.length - failed;
    return failed === 0 ? (rest === 0 ? "" : String(rest)) : `${rest} + ${failed} failed`;
  };
  const row = (title: string, chosen: typeof cases): string[] => [
    title,
    ...kinds.map((kind) => cell(chosen.filter((one) => one.kind === kind))),
    cell(chosen),
  ];
  return aligned([
    ["", ...kinds, "sum"],
    ...groups.map((of) =>
      row(
        of,
        cases.filter((one) => one.of === of),
      ),
    ),
    row("sum", cases),
  ]);
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
