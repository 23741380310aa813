import {
  createSmtpStandIn,
  movableClock,
  type SmtpFault,
  type SmtpPoint,
  type SmtpStandIn,
  type SmtpStandInOptions,
} from "@release-actions/stand-ins";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { makeCertificate } from "./test-certificate.ts";
import { sendMail, type Mail } from "./smtp.ts";

const tls = makeCertificate();
const trusted = getCACertificates("default");
setDefaultCACertificates([...trusted, tls.cert]);

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const password = "s3cret & wörd";

async function serve(options: Partial<SmtpStandInOptions> & { secure?: boolean } = {}) {
  const { secure, ...rest } = options;
  const standIn = createSmtpStandIn({
    clock: movableClock(new Date("2026-03-02T10:00:00Z")),
    accounts: { "release-bot": password },
    tls,
    ...rest,
  });
  const { port } = await standIn.listen({ secure: secure ?? false });
  closers.push(() => standIn.close());
  return { standIn, port };
}

function mail(port: number, more: Partial<Mail> = {}): Mail {
  return {
    server: `smtp://release-bot@127.0.0.1:${port}`,
    password,
    from: "Releases <releases@example.org>",
    to: "Zoë Müller <zoe@example.org>",
    subject: "catalogue 2.4.1 läuft in production – now",
    text: "Version: 2.4.1\n.\n..two dots\nGrüße = ok, and a line that is a good deal longer than seventy-six characters, so it is folded\n",
    messageId: "<abc123@example.org>",
    ...more,
  };
}

function commands(standIn: SmtpStandIn): string[] {
  return standIn.commands.map(({ command }) => command.split(" ")[0] ?? "");
}

describe("a message arrives as it was written", () => {
  test.each([
    ["STARTTLS", false, "smtp", "127.0.0.1"],
    ["TLS from the start", true, "smtps", "127.0.0.1"],
    ["TLS with a name", true, "smtps", "localhost"],
  ])("%s", async (_, secure, scheme, host) => {
    const { standIn, port } = await serve({ secure });
    const written = mail(port, {
      server: `${scheme}://release-bot@${host}:${port}`,
      headers: { "Auto-Submitted": "auto-generated" },
    });

    const result = await sendMail(written, { env: {} });

    expect(result).toEqual({ outcome: "sent", said: expect.stringMatching(/^250 /) });
    expect(standIn.mails).toHaveLength(1);
    expect(standIn.mails[0]).toMatchObject({
      from: "releases@example.org",
      to: ["zoe@example.org"],
      subject: written.subject,
      text: written.text,
      user: "release-bot",
    });
    expect(standIn.mails[0]?.headers).toMatchObject({
      to: "Zoë Müller <zoe@example.org>",
      "message-id": "<abc123@example.org>",
      "auto-submitted": "auto-generated",
    });
  });

  test("the login is the sender's address where none is named, and nobody logs in without a password", async () => {
    const named = await serve({ accounts: { "releases@example.org": password } });
    const server = `smtp://127.0.0.1:${named.port}`;
    await sendMail(mail(named.port, { server }), { env: {} });
    expect(named.standIn.mails[0]?.user).toBe("releases@example.org");

    const open = await serve({ accounts: {} });
    const { password: _, ...without } = mail(open.port);
    expect(await sendMail(without, { env: {} })).toMatchObject({ outcome: "sent" });
    expect(commands(open.standIn)).not.toContain("AUTH");
  });
});

describe("what was not delivered is refused, and said in the server's words", () => {
  test("wrong login, foreign receiver, too large a message", async () => {
    const { standIn, port } = await serve({ domains: ["example.org"], limit: 2000 });
    const outcomes = [
      await sendMail(mail(port, { password: "wrong" }), { env: {} }),
      await sendMail(mail(port, { to: "x@elsewhere.example.com" }), { env: {} }),
      await sendMail(mail(port, { text: "x".repeat(3000) }), { env: {} }),
    ];
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["refused", "refused", "refused"]);
    expect(outcomes[0]?.said).toContain("535 Authentication failed");
    expect(outcomes[1]?.said).toContain("550 Invalid recipient");
    expect(outcomes[2]?.said).toContain("size larger than allowed 2000");
    expect(standIn.mails).toEqual([]);
  });

  test("nobody listens, no TLS on the way, an unknown certificate", async () => {
    const gone = await serve();
    await gone.standIn.close();
    expect(await sendMail(mail(gone.port), { env: {} })).toEqual({
      outcome: "refused",
      said: expect.stringContaining("ECONNREFUSED"),
    });

    const { standIn, port } = await serve();
    setDefaultCACertificates(trusted);
    try {
      for (const scheme of ["smtp", "smtps"]) {
        const served = scheme === "smtps" ? (await serve({ secure: true })).port : port;
        const server = `${scheme}://127.0.0.1:${served}`;
        expect(await sendMail(mail(served, { server }), { env: {} })).toEqual({
          outcome: "refused",
          said: expect.stringContaining("self-signed certificate"),
        });
      }
    } finally {
      setDefaultCACertificates([...trusted, tls.cert]);
    }
    expect(commands(standIn)).not.toContain("AUTH");
  });

  test("a server without TLS gets nothing through a proxy, and on a loopback address no password", async () => {
    const { tls: _, ...plain } = { tls, accounts: {} };
    const bare = createSmtpStandIn({ clock: movableClock(), ...plain });
    const { port } = await bare.listen();
    closers.push(() => bare.close());
    const tunnel = await proxy(() => port);

    const far = mail(25, { server: "smtp://mail.example.org" });
    const { password: _password, ...without } = mail(port);
    expect(await sendMail(far, { env: { https_proxy: tunnel.url } })).toMatchObject({
      outcome: "refused",
    });
    expect(tunnel.asked).toEqual(["mail.example.org:587"]);
    expect(await sendMail(mail(port), { env: {} })).toEqual({
      outcome: "refused",
      said: expect.stringContaining("offers no login"),
    });
    expect(await sendMail(without, { env: {} })).toMatchObject({ outcome: "sent" });
    expect(bare.mails).toHaveLength(1);
  });

  test("a server that repeats the password is masked, and its lines are one", async () => {
    const { port } = await serve({
      faults: [{ at: "AUTH", when: "after", does: { reply: `535-no\n535 to ${password}` } }],
    });
    expect((await sendMail(mail(port), { env: {} })).said).toMatch(/535-no 535 to \*\*\*$/);
  });
});

describe("refused before a byte is sent", () => {
  test.each<[string, Partial<Mail>]>([
    ["subject", { subject: "hello\r\nBcc: all@example.org" }],
    ["subject with a lone line feed", { subject: "hello\nBcc: all@example.org" }],
    ["sender's name", { from: "Releases\r\nBcc: all@example.org <releases@example.org>" }],
    ["receiver's name", { to: "Zoe\nBcc: x@example.org <zoe@example.org>" }],
    ["receiver's address", { to: "zoe@example.org>\r\nRCPT TO:<all@example.org" }],
    ["two receivers", { to: "zoe@example.org, all@example.org" }],
    ["two receivers in brackets", { to: "<zoe@example.org> <all@example.org>" }],
    ["quoted local part", { to: '"all@example.com x"@example.org' }],
    ["no receiver", { to: "" }],
    ["header's value", { headers: { "X-Note": "a\r\nBcc: all@example.org" } }],
    ["header's name", { headers: { "X-Note: a\r\nBcc": "all@example.org" } }],
    ["a header of its own", { headers: { bcc: "all@example.org" } }],
    ["Message-ID", { messageId: "<a@b>\r\nBcc: all@example.org" }],
    ["user name", { username: "a\r\nb" }],
    ["another protocol", { server: "http://127.0.0.1" }],
    ["a password in the address", { server: "smtps://a:b@127.0.0.1" }],
    ["no host", { server: "smtps://" }],
    ["not an address", { server: "127.0.0.1:25" }],
  ])("%s", async (_, wrong) => {
    const { standIn, port } = await serve();
    const result = await sendMail(mail(port, wrong), { env: {} });
    expect(result.outcome).toBe("refused");
    expect(result.said).not.toBe("");
    expect(standIn.commands).toEqual([]);
  });
});

describe("the border between refused and unknown", () => {
  const points: SmtpPoint[] = [
    "CONNECT",
    "EHLO",
    "STARTTLS",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "DOT",
  ];
  const cuts = points.flatMap((at) =>
    (["before", "after", "answered"] as const).map((when) => ({ at, when })),
  );

  /** Behind 354 the whole message goes out, so from then on a cut may have come after its last byte. */
  function expected({ at, when }: { at: SmtpPoint; when: SmtpFault["when"] }) {
    if (at === "DOT") return when === "answered" ? "sent" : "unknown";
    return at === "DATA" && when === "answered" ? "unknown" : "refused";
  }

  test.each(cuts)("the connection is cut: $at, $when its answer", async (cut) => {
    const { standIn, port } = await serve({ faults: [{ ...cut, does: "reset" }] });
    const { outcome } = await sendMail(mail(port), { env: {}, timeout: 5000 });
    expect(standIn.faults).toEqual([]);
    expect(outcome).toBe(expected(cut));
    const delivered = cut.at === "DOT" && cut.when !== "before";
    expect(standIn.mails).toHaveLength(delivered ? 1 : 0);
    // Once, whatever happened.
    expect(commands(standIn).filter((command) => command === "").length).toBeLessThanOrEqual(1);
  });

  test.each(points.flatMap((at) => (["before", "after"] as const).map((when) => ({ at, when }))))(
    "the server falls silent: $at, $when it took effect",
    async (cut) => {
      const { standIn, port } = await serve({ faults: [{ ...cut, does: "hang" }] });
      const result = await sendMail(mail(port), { env: {}, timeout: 400 });
      expect(result.outcome).toBe(cut.at === "DOT" ? "unknown" : "refused");
      expect(result.said).toContain("no outcome within");
      expect(standIn.mails).toHaveLength(cut.at === "DOT" && cut.when === "after" ? 1 : 0);
    },
  );

  test.each(
    points.flatMap((at) =>
      ["421 4.3.2 closing", "451 4.7.1 later", "554 5.7.1 no"].map((reply) => ({ at, reply })),
    ),
  )("$reply to $at is a refusal", async ({ at, reply }) => {
    const { standIn, port } = await serve({ faults: [{ at, when: "before", does: { reply } }] });
    const result = await sendMail(mail(port), { env: {}, timeout: 5000 });
    expect(result.outcome).toBe("refused");
    // Behind a refused EHLO the client tries HELO, and a refused STARTTLS is told in its own words.
    if (at !== "STARTTLS" && at !== "EHLO") expect(result.said).toContain(reply);
    expect(standIn.mails).toEqual([]);
  });

  test("an answer to the final dot that is none leaves it open", async () => {
    for (const reply of ["hello", "354 more", "25"]) {
      const { standIn, port } = await serve({
        faults: [{ at: "DOT", when: "after", does: { reply } }],
      });
      const result = await sendMail(mail(port), { env: {}, timeout: 500 });
      expect(result.outcome, reply).toBe("unknown");
      expect(standIn.mails).toHaveLength(1);
    }
  });

  test("a large message that is cut in its middle was surely not delivered", async () => {
    const { standIn, port } = await serve({
      accounts: {},
      faults: [{ at: "BODY", when: "before", does: "reset" }],
    });
    const { password: _, ...large } = mail(port, { text: "0123456789\n".repeat(1_000_000) });
    expect(await sendMail(large, { env: {} })).toMatchObject({ outcome: "refused" });
    expect(standIn.mails).toEqual([]);
  });

  test("a server that is silent after QUIT holds nobody up", async () => {
    const { standIn, port } = await serve({
      faults: [{ at: "QUIT", when: "before", does: "hang" }],
    });
    const started = performance.now();
    expect(await sendMail(mail(port), { env: {} })).toMatchObject({ outcome: "sent" });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(standIn.mails).toHaveLength(1);
  });
});

/** A proxy that leads every tunnel to a port of this machine. */
async function proxy(portOf: (target: string) => number | undefined) {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const server = createServer((_request, response) => response.writeHead(500).end());
  server.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    logins.push(request.headers["proxy-authorization"]);
    const port = portOf(request.url ?? "");
    if (port === undefined) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const target = connect(port, "127.0.0.1", () => {
      // The greeting comes in one piece with the proxy's answer.
      target.once("data", (greeting) => {
        socket.write(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), greeting]));
        target.pipe(socket);
      });
      socket.pipe(target);
    });
    for (const end of [socket, target]) end.on("error", () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked, logins };
}

describe("through a proxy", () => {
  test("a tunnel, with the greeting in the same packet, and the proxy's login", async () => {
    const { standIn, port } = await serve();
    const tunnel = await proxy(() => port);
    const env = { HTTPS_PROXY: `http://us%40er:pass@${tunnel.host}` };
    const there = mail(port, { server: "smtp://release-bot@mail.example.org:2525" });

    expect(await sendMail(there, { env })).toMatchObject({ outcome: "sent" });
    expect(tunnel.asked).toEqual(["mail.example.org:2525"]);
    expect(tunnel.logins).toEqual([`Basic ${Buffer.from("us@er:pass").toString("base64")}`]);
    expect(standIn.mails).toHaveLength(1);
  });

  test("a proxy that refuses or is not there", async () => {
    const refusing = await proxy(() => undefined);
    const there = mail(1, { server: "smtps://mail.example.org" });
    expect(await sendMail(there, { env: { https_proxy: refusing.url } })).toEqual({
      outcome: "refused",
      said: expect.stringContaining("answered 403 to CONNECT"),
    });
    expect(refusing.asked).toEqual(["mail.example.org:465"]);
    const secret = "s3cret-of-the-proxy";
    const unreachable = { https_proxy: `http://me:${secret}@127.0.0.1:1` };
    expect(await sendMail(there, { env: unreachable })).toEqual({
      outcome: "refused",
      said: "mail.example.org:465: the proxy 127.0.0.1:1 could not be reached (ECONNREFUSED)",
    });
    const unusable = await sendMail(there, { env: { https_proxy: `socks5://me:${secret}@p` } });
    expect(unusable).toEqual({
      outcome: "refused",
      said: expect.stringContaining("RA8007"),
    });
    expect(unusable.said).not.toContain(secret);
  });

  test("a proxy that says nothing is given up when the time is over", async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(() => void silent.close());
    const env = { https_proxy: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const there = mail(1, { server: "smtps://mail.example.org" });
    expect(await sendMail(there, { env, timeout: 200 })).toEqual({
      outcome: "refused",
      said: expect.stringContaining("could not be reached (no answer)"),
    });
  });
});
