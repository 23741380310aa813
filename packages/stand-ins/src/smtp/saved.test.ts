import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { movableClock } from "../stand-in.ts";
import { createSmtpStandIn, type SavedSmtp, type SmtpStandIn } from "./smtp-stand-in.ts";

const clock = movableClock(new Date("2026-03-02T10:00:00Z"));
const start = (saved?: SavedSmtp): SmtpStandIn => {
  const standIn = createSmtpStandIn({ clock, accounts: {}, saved });
  onTestFinished(() => standIn.close());
  return standIn;
};

/** Sends a mail over a real connection. */
async function send(standIn: SmtpStandIn, subject: string): Promise<void> {
  const { port } = await standIn.listen();
  const socket = connect(port, "127.0.0.1");
  const lines = [
    "EHLO me",
    "MAIL FROM:<a@example.org>",
    "RCPT TO:<b@example.org>",
    "DATA",
    `Subject: ${subject}\r\n\r\nhello\r\n.`,
    "QUIT",
  ];
  for await (const answer of socket) {
    expect(String(answer)).toMatch(/^[23]/);
    const line = lines.shift();
    if (line === undefined) break;
    socket.write(`${line}\r\n`);
  }
}

const subjects = (standIn: SmtpStandIn) => standIn.mails.map(({ subject }) => subject);

test("a mail server goes on from its saved mails, twice and apart", async () => {
  const original = start();
  await send(original, "first");
  const saved = original.save();
  const asSaved = structuredClone(original.mails);
  await send(original, "second");
  original.mails[0]!.headers["subject"] = "changed";
  original.mails[0]!.to.push("c@example.org");

  const [one, other] = [start(saved), start(saved)];
  expect(structuredClone(one.mails)).toEqual(asSaved);
  expect(one.mails[0]?.raw).toBeInstanceOf(Buffer);
  await send(one, "third");
  expect(subjects(one)).toEqual(["first", "third"]);
  expect(structuredClone(other.mails)).toEqual(asSaved);
  expect([one.faults, other.commands]).toEqual([[], []]);
});
