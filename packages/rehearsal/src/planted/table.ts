import type { Verdict } from "./verdict.ts";

/** What `npm run planted` found: the verdicts, and the lines that nothing was planted for. */
export type Harvest = { verdicts: Verdict[]; without: string[] };

/** True when every bug was caught and every line has one. */
export function isWhole({ verdicts, without }: Harvest): boolean {
  return without.length === 0 && verdicts.every(({ caught }) => caught);
}

/** The last line. */
export function countLine({ verdicts }: Harvest): string {
  const caught = verdicts.filter((verdict) => verdict.caught).length;
  return `${verdicts.length} planted bugs, ${caught} caught, ${verdicts.length - caught} missed`;
}

/** The table as Markdown, in the order of the lines, with the count below it. */
export function toTable({ verdicts, without }: Harvest): string {
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
      verdict.caught ? "caught" : `**missed**: ${verdict.why ?? ""}`,
    ]),
    ...without.map((id) => [id, "", "", "", "**no bug is planted for it**"]),
  ].toSorted(([a = ""], [b = ""]) => a.localeCompare(b, "en", { numeric: true }));
  return [
    "| line | bug | where | what went red | verdict |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
    "",
    countLine({ verdicts, without }),
  ].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
