import type { Letter } from "./deliver.ts";
import { escapedLine, plainLine, webAddress } from "./plain-line.ts";

/** Limits of Block Kit, in characters and pieces. */
const headerLimit = 150;
const fieldLimit = 2000;
const fieldsOfSection = 10;
const sections = 10;
const fallbackLimit = 3000;

/** Breaks a mark without being seen: on both sides Slack takes it neither for a letter nor for an end of a word. */
const gap = "\u200b";

/** Foreign text in mrkdwn: no formatting, link, mention or emoji comes out of it. Slack has no escape but these three entities. */
export function slackText(line: string): string {
  return line
    .replaceAll(/[*_~`]/g, `${gap}$&${gap}`)
    .replaceAll(/[@#]/g, `$&${gap}`)
    .replaceAll(/:(?=\/\/|[\w+'-]+:)/g, `:${gap}`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** The notice for an incoming webhook: header, fields, context, and a plain text for lists and screen readers. */
export function slackMessage(letter: Letter): Record<string, unknown> {
  const fields = letter.lines.slice(0, fieldsOfSection * sections).map((line) => ({
    type: "mrkdwn",
    text: field(line),
    // Names of channels and people in foreign text stay text.
    verbatim: true,
  }));
  const groups = Array.from({ length: Math.ceil(fields.length / fieldsOfSection) }, (_, index) =>
    fields.slice(index * fieldsOfSection, (index + 1) * fieldsOfSection),
  );
  return {
    text: escapedLine(
      [letter.title, ...letter.lines.map(({ label, text }) => `${label}: ${text}`)].join(" · "),
      fallbackLimit,
      slackText,
    ),
    blocks: [
      {
        type: "header",
        // Entities count as the character they stand for only after Slack has read them, so the escaped text is measured.
        text: {
          type: "plain_text",
          text: escapedLine(letter.title, headerLimit, slackText) || "Notice",
          emoji: false,
        },
      },
      ...groups.map((group) => ({ type: "section", fields: group })),
      {
        type: "context",
        elements: [
          {
            type: "mrkdwn",
            text: `release-actions · ${escapedLine(letter.id, 500, slackText)}`,
            verbatim: true,
          },
        ],
      },
    ],
  };
}

function field({ label, text, url }: Letter["lines"][number]): string {
  const address = webAddress(url);
  const head = `*${escapedLine(label, 200, slackText) || "-"}*\n`;
  const link = address === undefined ? undefined : slackAddress(address);
  // An address that leaves no room for its text is not worth a link.
  if (link === undefined || link.length > 1000)
    return head + escapedLine(text, fieldLimit - head.length, slackText);
  const room = fieldLimit - head.length - link.length - 3;
  return `${head}<${link}|${escapedLine(text, room, linkText) || slackText(plainLine(address?.host ?? "", 100))}>`;
}

/** In a link's text a bar would begin another part. */
function linkText(line: string): string {
  return slackText(line.replaceAll("|", "¦"));
}

function slackAddress(address: URL): string {
  return address.href
    .replaceAll("&", "&amp;")
    .replaceAll(/[<>|\s]/g, (character) => encodeURIComponent(character));
}
