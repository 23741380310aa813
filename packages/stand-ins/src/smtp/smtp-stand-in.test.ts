import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { movableClock } from "../stand-in.ts";
import type { SmtpFault } from "./fault.ts";
import { readMessage } from "./message.ts";
import { createSmtpStandIn } from "./smtp-stand-in.ts";

/** Says these lines on a connection that the stand-in was given, each after the answer to the one before. */
async function say(lines: string[], faults: SmtpFault[] = []) {
  const standIn = createSmtpStandIn({
    clock: movableClock(new Date("2026-03-02T10:00:00Z")),
    accounts: {},
    faults,
  });
  const [client, server] = duplexPair();
  standIn.accept(server);
  const answers: string[] = [];
  let wake = (): void => undefined;
  client.on("data", (text) => {
    answers.push(String(text).trimEnd());
    wake();
  });
  for (const event of ["end", "close", "error"]) client.on(event, () => wake());
  const heard = () => new Promise<void>((resolve) => (wake = resolve));
  await heard();
  for (const line of lines) {
    if (client.readableEnded || client.destroyed) break;
    client.write(`${line}\r\n`);
    await heard();
  }
  await standIn.close();
  return { standIn, answers };
}

const envelope = ["EHLO me", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"];

test("a mail is recorded with its envelope, its time and without the dots of the transfer", async () => {
  const { standIn, answers } = await say([
    ...envelope,
    "From: A <a@example.org>\r\nSubject: hi\r\n\r\n..one\r\ntwo\r\n.",
    "QUIT",
  ]);
  expect(answers.map((answer) => answer.slice(0, 3))).toEqual([
    "220",
    "250",
    "250",
    "250",
    "354",
    "250",
    "221",
  ]);
  expect(standIn.mails).toEqual([
    {
      from: "a@example.org",
      to: ["b@example.org"],
      subject: "hi",
      text: ".one\ntwo\n",
      headers: { from: "A <a@example.org>", subject: "hi" },
      at: expect.any(Date),
      raw: expect.any(Buffer),
    },
  ]);
  expect(standIn.mails[0]?.at.toISOString()).toMatch(/^2026-03-02T10:00:0/);
});

test("a fault fires once, where and for whom it was planned", async () => {
  const later = { reply: "451 4.7.1 later" };
  const { standIn, answers } = await say(
    [...envelope.slice(0, 3), "RCPT TO:<c@example.org>", "RCPT TO:<c@example.org>", "QUIT"],
    [
      { at: "RCPT", when: "after", does: later, to: "c@example.org" },
      { at: "DOT", when: "before", does: "reset" },
    ],
  );
  expect(answers.slice(3, 6)).toEqual([
    expect.stringMatching(/^250 /),
    later.reply,
    expect.stringMatching(/^250 /),
  ]);
  expect(standIn.faults).toHaveLength(1);
});

test("a fault before the final dot keeps the mail out, one after it lets it in", async () => {
  const message = "Subject: x\r\n\r\nhi\r\n.";
  for (const when of ["before", "after"] as const) {
    const { standIn, answers } = await say(
      [...envelope, message],
      [{ at: "DOT", when, does: () => "gone" }],
    );
    expect(answers).toHaveLength(5);
    expect(standIn.mails).toHaveLength(when === "before" ? 0 : 1);
  }
});

test.each([
  ["Subject: =?utf-8?Q?l=C3=A4uft_jetzt?= =?UTF-8?B?w7xiZXI=?=\r\n\r\nx", "läuft jetztüber", "x"],
  [
    "Subject: a\r\n  folded\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQo=",
    "a  folded",
    "Grüße\n",
  ],
  [
    "Subject: q\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=\r\nn\r\n",
    "q",
    "Grün\n",
  ],
  [
    'Content-Type: multipart/alternative; boundary="b"\r\n\r\npre\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n',
    "",
    "plain",
  ],
  ["Subject: only a head", "only a head", ""],
])("%j is read", (raw, subject, text) => {
  expect(readMessage(Buffer.from(raw))).toMatchObject({ subject, text });
});
