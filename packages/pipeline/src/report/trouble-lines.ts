import { codes } from "@release-actions/codes";
import { markdownBlock, markdownCode, markdownText } from "@release-actions/markdown";
import type { Trouble } from "../trouble.ts";
import { nextText } from "./sentences.ts";

/** Why it did not get through, in the cluster's words too, and what to do and to type. */
export function troubleLines(trouble: Trouble): string[] {
  return [
    `**Why:** ${markdownText(trouble.plain)} (${trouble.code}: ${codes[trouble.code].title})`,
    "",
    ...(trouble.said
      ? [
          `The cluster said: ${markdownCode(trouble.said.slice(0, 1000))}${trouble.object ? ` (${markdownText(trouble.object)})` : ""}`,
          "",
        ]
      : trouble.object
        ? [`**Where:** ${markdownText(trouble.object)}`, ""]
        : []),
    `**Next:** ${nextText(trouble.next)}`,
    "",
    ...(trouble.command ? [markdownBlock(trouble.command), ""] : []),
  ];
}

/** The logs and warnings, folded. */
export function evidenceLines({ log = [], otherLog = [], warnings = [] }: Trouble): string[] {
  return [
    ...folded("The last lines of the container", log),
    ...folded("The last lines of its other run", otherLog),
    ...folded("What the cluster warned of", warnings),
  ];
}

function folded(title: string, text: readonly string[]): string[] {
  if (text.length === 0) return [];
  return [
    `<details><summary>${title}</summary>`,
    "",
    markdownBlock(text.join("\n")),
    "",
    "</details>",
    "",
  ];
}

/** The next step as one line: the sentence, and the command where it has only one line. */
export function nextLine({
  next,
  command,
}: {
  next: string;
  command?: string | undefined;
}): string {
  return command && !command.includes("\n") ? `${next} ${command}` : next;
}
