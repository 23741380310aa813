import type { RunRecord } from "../world/runs.ts";
import type { ScenarioResult } from "../world/scenario.ts";
import { failuresOf, type PipelineResult } from "./verdict.ts";

/** The report for people: requirements first, then each scenario with the runs' own summaries and the issues' texts. */
export function toMarkdown(pipeline: PipelineResult): string {
  return [
    `# Rehearsal of ${cell(pipeline.title)}`,
    "",
    pipeline.passed ? "Everything that was rehearsed holds." : "**Something does not hold.**",
    "",
    ...requirementTable(pipeline),
    "## Scenarios",
    "",
    ...table(
      ["Scenario", "Result", "Runs"],
      pipeline.scenarios.map((one) => [
        one.name,
        one.passed ? "passed" : "**failed**",
        String(one.runs.length),
      ]),
    ),
    ...pipeline.scenarios.flatMap(scenarioSection),
  ].join("\n");
}

function requirementTable({ requirements }: PipelineResult): string[] {
  if (requirements.length === 0) return [];
  return [
    "## Requirements",
    "",
    ...table(
      ["Line", "Holds", "Requirement", "Seen"],
      requirements.map(({ id, text, holds, evidence }) => [
        id,
        holds ? "yes" : "**no**",
        text,
        evidence.join("; "),
      ]),
    ),
  ];
}

function scenarioSection(scenario: ScenarioResult): string[] {
  const failures = failuresOf(scenario);
  return [
    `## ${cell(scenario.name)}`,
    "",
    ...table(
      ["Effect", "Holds", "Seen"],
      scenario.checks.map(({ name, holds, saw }) => [name, holds ? "yes" : "**no**", saw]),
    ),
    ...(failures.length > 0
      ? [
          "Failures:",
          "",
          ...failures.map(
            ({ code, says, next }) => `- ${code} ${cell(says)}${next ? ` ${cell(next)}` : ""}`,
          ),
          "",
        ]
      : []),
    "What runs where at the end:",
    "",
    ...table(
      ["Where", "What"],
      scenario.standing.map(({ where, what }) => [where, what]),
    ),
    ...scenario.issues
      .filter(({ body, comments }) => body !== "" || comments.length > 0)
      .flatMap((issue) =>
        folded(
          `${issue.kind} ${issue.reference} (${issue.state}): ${issue.title}`,
          [
            issue.body,
            ...issue.comments.map(({ author, body }) => `**${cell(author)}** wrote:\n\n${body}`),
          ],
          issue.automatic,
        ),
      ),
    ...scenario.messages.flatMap(({ at, to, title, text }) =>
      folded(`Message to ${to} at ${at.toISOString()}${title === "" ? "" : `: ${title}`}`, [
        fenced(text),
      ]),
    ),
    ...scenario.runs.flatMap((run) => runSection(run, isLast(run, scenario.runs))),
  ];
}

/** The last run of a workflow is what a person looks at; those before it stay folded. */
const isLast = (run: RunRecord, all: readonly RunRecord[]): boolean =>
  all.findLast((one) => one.path === run.path && one.repository === run.repository) === run;

/** Foreign text as it is, in a fence that it cannot close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

function runSection(run: RunRecord, open: boolean): string[] {
  const summaries = Object.values(run.result?.jobs ?? {})
    .map(({ summary }) => summary)
    .filter(Boolean);
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : "";
  const title = `Run ${run.name} #${run.number}${attempt} (${run.act ?? run.event.event}): ${run.result?.conclusion ?? "waiting"}`;
  return summaries.length === 0 ? [`${cell(title)}`, ""] : folded(title, summaries, open);
}

function folded(title: string, parts: readonly string[], open = false): string[] {
  return [
    `<details${open ? " open" : ""}><summary>${cell(title)}</summary>`,
    "",
    ...parts.flatMap((part) => [part.trim(), ""]),
    "</details>",
    "",
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((one) => cell(one, true)).join(" | ")} |`;
  return [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...rows.map(line), ""];
}

/** Text of others in Markdown: one line, no markup but the bold that a table sets itself. */
function cell(text: string, bold = false): string {
  const plain = text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`|<&[\]]/g, (sign) =>
      sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`,
    );
  return bold ? plain : plain.replaceAll("*", "\\*");
}
