import type { CodeText, ReasonText } from "@release-actions/codes";
import type { Action, ActionInput } from "./action-files.ts";

/** Areas of codes by their first two digits. */
const areas: Record<string, string> = {
  10: "What an action is given",
  11: "The configuration file",
  12: "The gate",
  13: "Tags and versions",
  20: "Registry and images",
  30: "Deployment",
  40: "Smoke tests",
  50: "GitHub",
  60: "Releases",
  70: "Zenodo",
  80: "Network",
  90: "Rehearsal",
};

export function inputsTable(action: Action): string {
  if (action.inputs.length === 0) return "This action has no inputs.";
  return table(
    ["input", "type", "default", "meaning"],
    action.inputs.map((input) => [
      code(input.name),
      inputType(input),
      inputDefault(input),
      input.description,
    ]),
  );
}

export function outputsTable(action: Action): string {
  if (action.outputs.length === 0) return "This action has no outputs.";
  return table(
    ["output", "meaning"],
    action.outputs.map((output) => [code(output.name), output.description]),
  );
}

/** The table of actions in README.md. */
export function actionsTable(actions: Action[]): string {
  return table(
    ["action", "does"],
    actions.map((action) => [
      `[${code(action.folder)}](actions/${action.folder}/README.md)`,
      action.description,
    ]),
  );
}

/** docs/reference/actions/<name>.md */
export function actionPage(action: Action): string {
  return `${notice}# ${action.folder}

${action.description}

Purpose, permissions and a workflow to copy: [README](../../../actions/${action.folder}/README.md).

## Inputs

${inputsTable(action)}

An empty input counts as not given.

## Outputs

${outputsTable(action)}
`;
}

/** docs/reference/errors.md: one heading, and so one anchor, for each code. */
export function errorsPage(codes: Record<string, CodeText>): string {
  const sections: string[] = [];
  let area = "";
  for (const [name, said] of Object.entries(codes).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const digits = name.slice(2, 4);
    if (digits !== area) {
      area = digits;
      sections.push(`## ${areas[digits] ?? `RA${digits}xx`}`);
    }
    sections.push(`### ${name}\n\n**${said.title}.** ${said.means}\n\nNext: ${said.next}`);
  }
  return `${notice}# Errors

Every refusal and failure has a code. The message says what is true now and what was seen; this page says what the code
means and what to do next.

${sections.join("\n\n")}
`;
}

/** docs/reference/reasons.md: why a deployment does not get through, in the cluster's words and in ours. */
export function reasonsPage(
  reasons: Record<string, ReasonText>,
  groups: readonly (readonly [heading: string, names: readonly string[]])[],
): string {
  const row = (name: string): string[] => {
    const reason = reasons[name];
    if (!reason) throw new Error(`there is no reason ${name}`);
    const { code: number, heals, word, said, because, command } = reason;
    return [
      `${word}: ${code(said)}`,
      `${because.replaceAll(/[{}]/g, "*")} ([${number}](errors.md#${number.toLowerCase()}))`,
      heals === "never" ? "at once" : "until the deadline",
      code(command.replaceAll("\n", " ")),
    ];
  };
  const sections = groups.map(
    ([heading, names]) =>
      `## ${heading}\n\n${table(["the cluster says", "in plain words", "waited for", "what to type"], names.map(row))}`,
  );
  return `${notice}# Reasons

Why a deployment did not get through: the summary of the job and its annotation say it in these words, with the names of the
case in place of what stands in braces or in italics here, and with the cluster's own sentence beside them. What cannot heal
ends the wait *at once*; what may heal is waited for *until the deadline* of \`timeout\`, is told in the log when it is first
seen, and again at the end. [How that is decided](../decisions/0017-what-can-heal.md).

Where a container ended, the summary also has the last 50 lines of its log, of the run that failed and of the one beside it, and
the cluster's last warnings; that costs three requests at most. Whatever others wrote stands escaped, and quoted for a shell.

${sections.join("\n\n")}
`;
}

/** The page of an action that has none yet; its author goes on from here. */
export function newReadme(action: Action): string {
  return `# ${action.folder}

${action.description}

## Inputs

<!-- inputs -->
<!-- /inputs -->

## Outputs

<!-- outputs -->
<!-- /outputs -->
`;
}

/**
 * The text with what stands between two markers replaced.
 * @throws Error where a marker is missing
 */
export function fillMarkers(page: string, path: string, marker: string, content: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`${path} has no ${open} … ${close}`);
  return `${page.slice(0, start + open.length)}\n${content}\n${page.slice(end)}`;
}

/** A Markdown table; bars and line ends in cells are escaped. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}

const notice = "<!-- Written by `npm run generate`. -->\n\n";

function inputType(input: ActionInput): string {
  if (input.type === "enum") return (input.values ?? []).map(code).join(", ");
  if (input.type === "boolean") return "true, false";
  if (input.type === "integer") return "whole number";
  if (input.type === "list")
    return input.separator === "\n"
      ? "list, one a line"
      : `list, separated by ${code(input.separator ?? "")}`;
  return "text";
}

function inputDefault(input: ActionInput): string {
  if (input.default !== undefined) return code(input.default);
  return input.required ? "required" : "";
}

function code(text: string): string {
  return `\`${text}\``;
}
