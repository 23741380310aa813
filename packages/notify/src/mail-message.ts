import { createHash } from "node:crypto";
import type { Letter } from "./deliver.ts";
import { plainLine, webAddress } from "./plain-line.ts";
import { bareAddress } from "./receiver.ts";

export type MailMessage = {
  subject: string;
  text: string;
  messageId: string;
  headers: Record<string, string>;
};

/** The notice as plain text. The Message-ID comes from the notice's id, so that mailboxes that saw it drop a second one. */
export function mailMessage(letter: Letter, from: string): MailMessage {
  const title = plainLine(letter.title, 200) || "Notice";
  const lines = letter.lines.map(({ label, text, url }) => {
    const address = webAddress(url);
    const said = `${plainLine(label, 100)}: ${plainLine(text, 2000)}`;
    return address === undefined ? said : `${said}\n  ${address.href}`;
  });
  return {
    subject: title,
    text: `${[title, "", ...lines, "", `-- `, `Sent by release-actions (${plainLine(letter.id, 300)}).`].join("\n")}\n`,
    messageId: messageId(letter.id, from),
    // Holiday answers to a machine help nobody.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function messageId(id: string, from: string): string {
  const domain = /@([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/.exec(bareAddress(from))?.[1];
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 40);
  return `<${hash}@${domain ?? "release-actions.invalid"}>`;
}
