import { createSmtpStandIn, movableClock } from "@release-actions/stand-ins";
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "./test-certificate.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../../.ci/peers/opensmtpd", import.meta.url));

/** What the script says of its server. */
type Peer = Record<"port" | "tlsPort" | "plainPort", number> &
  Record<"ca" | "maildir" | "user" | "password" | "domain", string>;

// Unpacking takes its time, once; where the server cannot be had, that is a skip on a laptop and a failure in CI.
const installed = spawnSync(script, ["install"], { encoding: "utf8", timeout: 120_000 });
const absent = installed.status !== 0 && process.env["CI"] !== "true";
if (absent) console.warn(`SKIPPED: ${installed.stderr || "OpenSMTPD cannot be installed"}`);

describe.skipIf(absent)("the real OpenSMTPD", () => {
  let child: ChildProcess;
  let peer: Peer;
  beforeAll(async () => {
    const started = spawn(script, ["serve"], { stdio: ["pipe", "pipe", "pipe"] });
    child = started;
    let said = "";
    started.stderr.on("data", (text) => (said += String(text)));
    const line = await new Promise<string>((resolve, reject) => {
      started.stdout.once("data", (text) => resolve(String(text)));
      started.once("exit", (code) => reject(new Error(`OpenSMTPD ended with ${code}: ${said}`)));
    });
    peer = JSON.parse(line) as Peer;
  });
  afterAll(async () => {
    // The script ends its server when its input ends.
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child?.stdin?.end();
    if (child?.exitCode === null) await ended;
  });

  /** Sends from a process of its own: Node reads NODE_EXTRA_CA_CERTS at its start. */
  async function send(mail: Record<string, unknown>) {
    const source = `
      import { sendMail } from ${JSON.stringify(new URL("./smtp.ts", import.meta.url).href)};
      console.log(JSON.stringify(await sendMail(JSON.parse(process.env.MAIL), { env: {} })));
    `;
    const { stdout } = await run(
      process.execPath,
      ["--conditions=source", "--input-type=module", "--eval", source],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: peer.ca, MAIL: JSON.stringify(mail) } },
    );
    return JSON.parse(stdout) as { outcome: string; said: string };
  }

  /** The mails of the Maildir that hold a Message-ID, awaited until there is one. */
  async function delivered(messageId: string): Promise<string[]> {
    for (let round = 0; ; round += 1) {
      const folder = join(peer.maildir, "new");
      const names = await readdir(folder).catch(() => []);
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
      const found = texts.filter((text) => text.includes(messageId));
      if (found.length > 0 || round > 100) return found;
      await pause(50);
    }
  }

  test.each([
    ["STARTTLS", "smtp", "port"],
    ["TLS from the start", "smtps", "tlsPort"],
    ["neither, on the loopback address", "smtp", "plainPort"],
  ] as const)("takes a mail once and as it was written: %s", async (_, scheme, port) => {
    const text = "Version: 2.4.1\n.\n..two dots\nGrüße = ok\n";
    const mail = {
      server: `${scheme}://${peer.user}@127.0.0.1:${peer[port]}`,
      ...(port === "plainPort" ? {} : { password: peer.password }),
      from: "Releases <releases@example.org>",
      to: `Zoë <zoe@${peer.domain}>`,
      subject: "catalogue 2.4.1 läuft",
      text,
      messageId: `<${port}@example.org>`,
    };

    expect(await send(mail)).toEqual({ outcome: "sent", said: expect.stringMatching(/^250 /) });

    const mails = await delivered(mail.messageId);
    expect(mails).toHaveLength(1);
    const [head = "", body = ""] = (mails[0] ?? "").split(/\n\n([\s\S]*)/);
    expect(Buffer.from(unquoted(body), "latin1").toString("utf8")).toBe(text);
    expect(head).toContain("Subject: =?UTF-8?Q?catalogue_2=2E4=2E1_l=C3=A4uft?=");
    expect(head).toContain(`Return-Path: <releases@example.org>`);
  });

  test("refuses a wrong login, a foreign receiver and too large a message", async () => {
    const mail = {
      server: `smtps://${peer.user}@127.0.0.1:${peer.tlsPort}`,
      password: peer.password,
      from: "releases@example.org",
      to: `zoe@${peer.domain}`,
      subject: "no",
      text: "no",
      messageId: "<refused@example.org>",
    };
    for (const [wrong, said] of [
      [{ password: "wrong" }, "535 "],
      [{ to: "zoe@elsewhere.example.com" }, "550 "],
      [{ text: "x".repeat(110_000) }, "size larger than allowed"],
    ] as const) {
      expect(await send({ ...mail, ...wrong })).toEqual({
        outcome: "refused",
        said: expect.stringContaining(said),
      });
    }
    const names = await readdir(join(peer.maildir, "new")).catch(() => []);
    for (const name of names)
      expect(await readFile(join(peer.maildir, "new", name), "utf8")).not.toContain("<refused@");
  });

  test("an unknown certificate is refused", async () => {
    const { stdout } = await run(process.execPath, [
      "--conditions=source",
      "--input-type=module",
      "--eval",
      `import { sendMail } from ${JSON.stringify(new URL("./smtp.ts", import.meta.url).href)};
       console.log(JSON.stringify(await sendMail({ server: "smtps://127.0.0.1:${peer.tlsPort}", from: "a@example.org",
         to: "b@${peer.domain}", subject: "", text: "", messageId: "<a@example.org>" }, { env: {} })));`,
    ]);
    expect(stdout).toMatch(/"refused".*self-signed certificate/);
  });

  test("answers every line of these conversations as the stand-in does", async () => {
    const plain = createSmtpStandIn({
      clock: movableClock(),
      accounts: {},
      domains: [peer.domain],
      limit: 102_400,
    });
    const secured = createSmtpStandIn({
      clock: movableClock(),
      accounts: { [peer.user]: peer.password },
      tls: makeCertificate(),
      domains: [peer.domain],
      limit: 102_400,
    });
    try {
      const plainHere = await plain.listen();
      const tlsHere = await secured.listen();
      for (const lines of plainConversations(peer.domain))
        expect(await talk(plainHere.port, lines)).toEqual(await talk(peer.plainPort, lines));
      for (const lines of tlsConversations(peer))
        expect(await talk(tlsHere.port, lines)).toEqual(await talk(peer.port, lines));
    } finally {
      await plain.close();
      await secured.close();
    }
  });
});

function plainConversations(domain: string): string[][] {
  const to = `RCPT TO:<x@${domain}>`;
  return [
    ["MAIL FROM:<a@b.org>", "NOOP", "RSET", "EHLO", "EHLO me", "EHLO again", to, "DATA"],
    ["HELO me", "AUTH PLAIN AAAA", "STARTTLS", "MAIL FROM:a@b.org", "MAIL FROM:<a b>", "QUIT"],
    ["EHLO me", "MAIL FROM:<>", "MAIL FROM:<>", "DATA", "RCPT TO:x", "RCPT TO:<x>", "NOOP"],
    ["EHLO me", "MAIL FROM:<a@b.org> SIZE=99999999", "RCPT TO:<x@elsewhere.org>", to, to, "DATA"],
    ["EHLO me", "MAIL FROM:<a@b.org>", to, "DATA", "no header\r\n.", "VRFY x", "XYZZY", "", "QUIT"],
    ["EHLO me", "MAIL FROM:<a@b.org>", to, "RSET", to, "DATA", "QUIT"],
    [
      "ehlo me",
      "mail from:<a@b.org>",
      to.toLowerCase(),
      "data",
      "Subject: x\r\n\r\n..dot\r\n.",
      "DATA",
    ],
    [
      "EHLO me",
      "MAIL FROM:<a@b.org>",
      to,
      `DATA`,
      `S: x\r\n\r\n${"y".repeat(900)}\r\n`.repeat(200) + ".",
      "DATA",
    ],
    ["EHLO me", "MAIL FROM:<a@b.org>\r\nRCPT TO:<x@b.org>"],
  ];
}

function tlsConversations({ user, password, domain }: Peer): string[][] {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const login = base64(`\0${user}\0${password}`);
  const mail = [
    "MAIL FROM:<a@b.org>",
    `RCPT TO:<x@${domain}>`,
    "DATA",
    "Subject: x\r\n\r\nhi\r\n.",
  ];
  return [
    ["STARTTLS", "EHLO me", "MAIL FROM:<a@b.org>", `AUTH PLAIN ${login}`, "STARTTLS x", "QUIT"],
    ["EHLO me", "STARTTLS", "MAIL FROM:<a@b.org>", "EHLO me", "STARTTLS", "MAIL FROM:<a@b.org>"],
    ["EHLO me", "STARTTLS", "EHLO me", "AUTH FOO", "AUTH", "AUTH PLAIN", "*", "AUTH PLAIN !!!"],
    ["EHLO me", "STARTTLS", "EHLO me", "AUTH PLAIN", login, ...mail, "QUIT"],
    [
      "EHLO me",
      "STARTTLS",
      "EHLO me",
      `AUTH PLAIN ${base64(`\0${user}\0wrong`)}`,
      "AUTH LOGIN",
      base64(user),
      base64("wrong"),
      "AUTH LOGIN",
      base64(user),
      base64(password),
      "AUTH LOGIN",
      ...mail,
      ...mail,
    ],
  ];
}

/** The answers to these lines, the first being the greeting; without what differs from message to message. */
async function talk(port: number, lines: string[]): Promise<string[]> {
  let socket: Socket = connect(port, "127.0.0.1");
  const answers: string[] = [await answer(socket)];
  for (const line of lines) {
    socket.write(`${line}\r\n`);
    answers.push(`${line.slice(0, 60)} -> ${await answer(socket)}`);
    if (line === "STARTTLS" && answers.at(-1)?.includes("-> 220")) {
      const plain = socket;
      plain.removeAllListeners("data");
      socket = connectTls({ socket: plain, rejectUnauthorized: false });
      await new Promise((resolve, reject) => {
        socket.once("secureConnect", resolve);
        socket.once("error", reject);
      });
    }
  }
  socket.destroy();
  return answers;
}

function answer(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const done = (text: string): void => {
      for (const event of ["data", "close", "error"]) socket.removeAllListeners(event);
      socket.on("error", () => undefined);
      resolve(text.trim().replace(/250 2\.0\.0 [0-9a-f]{8} /, "250 2.0.0 … "));
    };
    socket.on("data", (text) => {
      said += String(text);
      if (/^\d{3} [^\r]*\r\n$/m.test(said.split(/(?<=\r\n)/).at(-1) ?? "")) done(said);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => done(`${said}(closed)`));
  });
}

function unquoted(text: string): string {
  return text
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
}
