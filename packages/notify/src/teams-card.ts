import type { Letter } from "./deliver.ts";
import { escapedLine, webAddress } from "./plain-line.ts";

/** Teams refuses messages of more than 28 KB; a flow says so only to itself. */
const messageLimit = 24_000;
const textLimit = 2000;
const gap = "\u200b";

/** Foreign text in a TextBlock, which reads a part of Markdown: no formatting, link, list, date function or HTML comes out of it. */
export function teamsText(line: string): string {
  return (
    line
      .replaceAll(/[\\`*_~[\]|()]/g, "\\$&")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      // `{{DATE(…)}}` is filled in by the card; addresses become links without any mark.
      .replaceAll(/\{(?=\{)/g, `{${gap}`)
      .replaceAll(/:(?=\/\/)/g, `:${gap}`)
      .replaceAll(/www(?=\.)/gi, `$&${gap}`)
      .replaceAll("@", `@${gap}`)
      // Headings, lists and rules begin a line.
      .replace(/^(?=\s*(?:#|[-+=](?:\s|$|[-+=])|\d+(?:\.|\\\))(?:\s|$)))/, gap)
  );
}

/** The notice as an Adaptive Card for a Teams Workflows webhook. */
export function teamsCard(letter: Letter): Record<string, unknown> {
  const title = {
    type: "TextBlock",
    text: escapedLine(letter.title, 500, teamsText) || "Notice",
    size: "Large",
    weight: "Bolder",
    wrap: true,
  };
  const footer = {
    type: "TextBlock",
    text: `release-actions · ${escapedLine(letter.id, 500, teamsText)}`,
    size: "Small",
    isSubtle: true,
    wrap: true,
  };
  const lines: unknown[] = [];
  let size = bytes([title, footer]);
  for (const line of letter.lines) {
    const block = { type: "TextBlock", text: blockText(line), wrap: true };
    size += bytes(block);
    if (size > messageLimit) break;
    lines.push(block);
  }
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [title, ...lines, footer],
        },
      },
    ],
  };
}

function blockText({ label, text, url }: Letter["lines"][number]): string {
  const address = webAddress(url);
  const head = `**${escapedLine(label, 200, teamsText) || "-"}:** `;
  const said = escapedLine(text, textLimit, teamsText);
  if (address === undefined || address.href.length > 2000) return head + said;
  return `${head}[${said || escapedLine(address.host, 200, teamsText)}](${address.href.replaceAll(/[()<>\\\s]/g, percent)})`;
}

/** `encodeURIComponent` leaves parentheses alone. */
function percent(character: string): string {
  return `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
