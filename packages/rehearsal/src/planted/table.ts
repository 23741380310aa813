import type { CellVerdict } from "./cell-verdict.ts";
import type { Verdict } from "./verdict.ts";

/** The bugs of lines as Markdown, in the order of the lines, with the count below. `without`: lines that no bug is planted for. */
export function linesTable(verdicts: readonly Verdict[], without: readonly string[]): string {
  const rows = [
    ...verdicts.map((verdict): string[] => [
      verdict.bug.line,
      verdict.bug.bug,
      verdict.bug.module ?? `${verdict.bug.file ?? ""} of the pipeline`,
      [
        ...verdict.red.map(({ scenario, expectation }) => `${scenario}: ${expectation}`),
        ...verdict.others.map(
          (id) => `also ${id}${id in verdict.bug.also ? `: ${verdict.bug.also[id] ?? ""}` : ""}`,
        ),
      ].join("<br>"),
      judgement(verdict),
    ]),
    ...without.map((id) => [id, "", "", "", "**no bug is planted for it**"]),
  ].toSorted(([a = ""], [b = ""]) => a.localeCompare(b, "en", { numeric: true }));
  return table(["line", "bug", "where", "what went red", "verdict"], rows, verdicts);
}

/** The bugs of cells as Markdown, in the order of the file, with the count below. */
export function cellsTable(verdicts: readonly CellVerdict[]): string {
  const rows = verdicts.map((verdict) => [
    verdict.bug.bug,
    verdict.bug.module,
    `${verdict.bug.act}: ${verdict.bug.write}: ${verdict.bug.fault}`,
    // A bug may leave many places otherwise; the first is what it is caught by.
    (verdict.wrong[0] ?? "") +
      (verdict.wrong.length > 1 ? `<br>and ${verdict.wrong.length - 1} more` : ""),
    judgement(verdict),
  ]);
  return table(["bug", "where", "disturbed", "what was wrong", "verdict"], rows, verdicts);
}

type Judged = { caught: boolean; why?: string };

const judgement = ({ caught, why }: Judged): string =>
  caught ? "caught" : `**missed**: ${why ?? ""}`;

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  verdicts: readonly Judged[],
): string {
  const caught = verdicts.filter((verdict) => verdict.caught).length;
  return [
    `| ${head.join(" | ")} |`,
    `|${" --- |".repeat(head.length)}`,
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
    "",
    `${verdicts.length} planted bugs, ${caught} caught, ${verdicts.length - caught} missed`,
  ].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
