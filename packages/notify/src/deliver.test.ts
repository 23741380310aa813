import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createTransport } from "@release-actions/net";
import {
  createChatStandIn,
  createSmtpStandIn,
  listen,
  movableClock,
  type PlannedFault,
  type SmtpFault,
} from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { deliver, type Letter } from "./deliver.ts";
import { readReceiver, receiverKey, type Receiver } from "./receiver.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const paths = {
  slack: "/services/T01ABCDEF/B01ABCDEF/abcdefghijklmnop",
  teams:
    "/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sig=Zm9vYmFyYmF6",
  webhook: "/events/abcdefghijkl",
};
const kinds = ["slack", "teams", "webhook"] as const;

async function start(...faults: PlannedFault[]) {
  const chat = createChatStandIn({
    clock: movableClock(new Date("2026-01-06T10:00:00Z")),
    hooks: Object.fromEntries(Object.entries(paths).map(([name, path]) => [path, name])),
  });
  chat.faults.push(...faults);
  const served = await listen(chat);
  const traced: string[] = [];
  const transport = createTransport({
    env: {},
    userAgent: "test",
    sleep: async () => {},
    trace: (line) => traced.push(line),
  });
  closers.push(served.close, () => transport.close());
  const receiver = (kind: (typeof kinds)[number], path: string = paths[kind]): Receiver => ({
    kind,
    url: served.url + path,
  });
  return { chat, transport, receiver, options: { transport, env: {} } };
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const gone = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => gone.once("listening", resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  return port;
}

const any = { matches: () => true } as const;
const letter: Letter = {
  id: "production-3 passed slack:USERS",
  event: "passed",
  source: "https://github.example.org/cessda/cdc",
  at: "2026-01-06T10:00:00Z",
  title: "CDC 2.4.1 is live in production <!channel>",
  lines: [
    { label: "Version", text: "2.4.0 → 2.4.1" },
    {
      label: "Run",
      text: "run 7",
      url: "https://github.example.org/cessda/cdc/actions/runs/7?a=1&b=2",
    },
  ],
};

describe.each(kinds)("%s", (kind) => {
  test("delivers one message with one request", async () => {
    const { chat, options, receiver } = await start();
    expect(await deliver(letter, receiver(kind), options)).toMatchObject({ outcome: "sent" });
    expect(chat.posts.map(({ hook }) => hook)).toEqual([kind]);
    expect(chat.requests).toHaveLength(1);
    expect(chat.unshown).toEqual([]);
  });

  test.each<[string, PlannedFault["does"], PlannedFault["when"], string, number]>([
    ["500 before delivery", { status: 500, body: "internal_error" }, "before", "unknown", 0],
    ["500 after delivery", { status: 500 }, "after", "unknown", 1],
    [
      "503 with Retry-After",
      { status: 503, headers: { "retry-after": "1" } },
      "before",
      "unknown",
      0,
    ],
    ["a reset after delivery", "reset", "after", "unknown", 1],
    ["a reset before delivery", "reset", "before", "unknown", 0],
    [
      "429",
      { status: 429, headers: { "retry-after": "1" }, body: "rate_limited" },
      "before",
      "refused",
      0,
    ],
    [
      "a redirect",
      { status: 302, headers: { location: "https://other.example.org/" } },
      "before",
      "refused",
      0,
    ],
  ])("%s is never repeated", async (_name, does, when, outcome, delivered) => {
    const { chat, options, receiver } = await start({ ...any, when, does });
    expect(await deliver(letter, receiver(kind), options)).toMatchObject({ outcome });
    expect(chat.requests).toHaveLength(1);
    expect(chat.posts).toHaveLength(delivered);
  });

  test("a refusal has the receiver's words", async () => {
    const { chat, options, receiver } = await start();
    const said = await deliver(letter, receiver(kind, `${paths[kind].slice(0, 12)}wrong`), options);
    expect(said.outcome).toBe("refused");
    expect(said.said).toMatch(/^40[134] \S/);
    expect(chat.posts).toEqual([]);
  });

  test("the address is in nothing that is said, not even by the receiver", async () => {
    const echo = `<b>no\u0000 such\nhook</b> ${paths[kind]} ${decodeURIComponent(paths[kind])} ${"x".repeat(500)}`;
    for (const does of [
      { status: 404, body: echo },
      { status: 500, body: echo },
      "reset",
    ] as const) {
      const { options, receiver } = await start({ ...any, when: "before", does });
      const { said } = await deliver(letter, receiver(kind), options);
      expect(said.length).toBeLessThanOrEqual(210);
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(said).not.toMatch(/[\u0000-\u001f]/);
      for (const secret of ["abcdefghijkl", "T01ABCDEF", "0123456789abcdef", "Zm9vYmFyYmF6"])
        expect(said).not.toContain(secret);
    }
  });

  test("a server that is not there is a refusal without the address", async () => {
    const { options } = await start();
    const url = `http://127.0.0.1:${await closedPort()}${paths[kind]}`;
    const { outcome, said } = await deliver(letter, { kind, url }, options);
    expect({ outcome, said }).toEqual({
      outcome: "refused",
      said: "The server could not be reached (ECONNREFUSED).",
    });
    expect(options.transport.sent).toHaveLength(1);
  });

  test("an address that is none is a refusal", async () => {
    const { options } = await start();
    for (const url of ["hooks", "file:///etc/passwd"]) {
      const { outcome, said } = await deliver(letter, { kind, url }, options);
      expect(outcome).toBe("refused");
      expect(said).not.toContain(url);
    }
    expect(options.transport.sent).toEqual([]);
  });
});

test("Slack gets header, fields and context", async () => {
  const { chat, options, receiver } = await start();
  await deliver(letter, receiver("slack"), options);
  expect(chat.posts[0]?.payload).toMatchObject({
    text: "CDC 2.4.1 is live in production &lt;!channel&gt; · Version: 2.4.0 → 2.4.1 · Run: run 7",
    blocks: [
      { type: "header", text: { type: "plain_text", emoji: false } },
      {
        type: "section",
        fields: [
          { type: "mrkdwn", text: "*Version*\n2.4.0 → 2.4.1", verbatim: true },
          {
            text: "*Run*\n<https://github.example.org/cessda/cdc/actions/runs/7?a=1&amp;b=2|run 7>",
          },
        ],
      },
      { type: "context" },
    ],
  });
});

test("Teams gets a card of text blocks", async () => {
  const { chat, options, receiver } = await start();
  await deliver(letter, receiver("teams"), options);
  expect(chat.posts[0]?.payload).toMatchObject({
    attachments: [
      {
        content: {
          version: "1.4",
          body: [
            { text: "CDC 2.4.1 is live in production &lt;!channel&gt;" },
            { text: "**Version:** 2.4.0 → 2.4.1" },
            {
              text: "**Run:** [run 7](https://github.example.org/cessda/cdc/actions/runs/7?a=1&b=2)",
            },
            { text: "release-actions · production-3 passed slack:USERS" },
          ],
        },
      },
    ],
  });
});

test("a webhook gets an event, the same one for the same notice", async () => {
  const { chat, options, receiver } = await start();
  await deliver(letter, receiver("webhook"), options);
  await deliver(letter, receiver("webhook"), options);
  expect(chat.requests).toHaveLength(2);
  expect(chat.posts.map(({ payload }) => payload)).toEqual([
    {
      specversion: "1.0",
      id: letter.id,
      source: letter.source,
      type: "org.release-actions.passed",
      time: letter.at,
      datacontenttype: "application/json",
      data: { title: letter.title, lines: letter.lines },
    },
  ]);
});

test("long letters stay within the limits of each receiver", async () => {
  const { chat, options, receiver } = await start();
  const lines = Array.from({ length: 120 }, () => ({
    label: "<*&".repeat(200),
    text: "<&*_`".repeat(2000),
    url: `https://example.org/${"a|<>".repeat(300)}`,
  }));
  for (const kind of kinds) {
    const long = { ...letter, id: "&".repeat(3000), title: "&<".repeat(2000), lines };
    expect(await deliver(long, receiver(kind), options)).toMatchObject({ outcome: "sent" });
  }
  expect(chat.posts).toHaveLength(3);
});

describe("mail", () => {
  const to: Receiver = { kind: "mail", address: "Olga Owner <olga@example.org>" };

  async function withServer(...faults: SmtpFault[]) {
    const world = await start();
    const clock = movableClock(new Date("2026-01-06T10:00:00Z"));
    const smtp = createSmtpStandIn({ clock, accounts: {}, domains: ["example.org"], faults });
    const { port, close } = await smtp.listen();
    closers.push(close);
    const mail = {
      server: `smtp://127.0.0.1:${port}`,
      from: "CDC releases <releases@example.org>",
    };
    return { smtp, options: { ...world.options, mail } };
  }

  test("is plain text by a machine, with the same Message-ID for the same notice", async () => {
    const { smtp, options } = await withServer();
    expect(await deliver(letter, to, options)).toMatchObject({ outcome: "sent" });
    expect(await deliver(letter, to, options)).toMatchObject({ outcome: "sent" });
    const [mail, again] = smtp.mails;
    expect(mail).toMatchObject({
      from: "releases@example.org",
      to: ["olga@example.org"],
      subject: letter.title,
      headers: { "auto-submitted": "auto-generated" },
    });
    expect(mail?.text.trimEnd().split("\n")).toEqual([
      letter.title,
      "",
      "Version: 2.4.0 → 2.4.1",
      "Run: run 7",
      "  https://github.example.org/cessda/cdc/actions/runs/7?a=1&b=2",
      "",
      "-- ",
      "Sent by release-actions (production-3 passed slack:USERS).",
    ]);
    expect(mail?.headers["message-id"]).toMatch(/^<[0-9a-f]{40}@example\.org>$/);
    expect(again?.headers["message-id"]).toBe(mail?.headers["message-id"]);
  });

  test("a hostile text makes no header, no receiver and no line", async () => {
    const { smtp, options } = await withServer();
    const evil = "x\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<a@b>";
    const hostile = {
      ...letter,
      title: evil,
      lines: [{ label: evil, text: evil, url: "javascript:alert(1)" }],
    };
    expect(await deliver(hostile, to, options)).toMatchObject({ outcome: "sent" });
    expect(smtp.mails).toHaveLength(1);
    expect(smtp.mails[0]?.to).toEqual(["olga@example.org"]);
    expect(smtp.mails[0]?.headers["bcc"]).toBeUndefined();
    expect(smtp.mails[0]?.text.trimEnd().split("\n")).toHaveLength(6);
  });

  test("to a receiver that the server does not take is refused in its words", async () => {
    const { smtp, options } = await withServer();
    const elsewhere: Receiver = { kind: "mail", address: "a@other.example.net" };
    const { outcome, said } = await deliver(letter, elsewhere, options);
    expect(outcome).toBe("refused");
    expect(said).toMatch(/\b5\d\d\b/);
    expect(smtp.mails).toEqual([]);
  });

  test("without a server is refused", async () => {
    const { options } = await start();
    expect(await deliver(letter, to, options)).toEqual({
      outcome: "refused",
      said: "No mail server is configured.",
    });
  });

  test("to a server that is not there is refused", async () => {
    const { options } = await start();
    const server = `smtp://127.0.0.1:${await closedPort()}`;
    const mail = { server, from: "releases@example.org", password: "s3cret-word" };
    const { outcome, said } = await deliver(letter, to, { ...options, mail });
    expect(outcome).toBe("refused");
    expect(said).not.toContain("s3cret-word");
  });
});

describe("a receiver", () => {
  const contacts = { "service-owner": "Olga Owner <Olga@example.org>" };
  const env = { USERS: " https://hooks.example.org/x ", EMPTY: "" };

  test.each<[string, Receiver | undefined]>([
    ["service-owner", { kind: "mail", address: "Olga Owner <Olga@example.org>" }],
    ["mail:users@example.org", { kind: "mail", address: "users@example.org" }],
    ["slack:USERS", { kind: "slack", url: "https://hooks.example.org/x" }],
    ["teams:USERS", { kind: "teams", url: "https://hooks.example.org/x" }],
    ["webhook:USERS", { kind: "webhook", url: "https://hooks.example.org/x" }],
    ["slack:EMPTY", undefined],
    ["slack:MISSING", undefined],
    ["tester", undefined],
    ["constructor", undefined],
  ])("%s", (to, receiver) => {
    expect(readReceiver(to, { contacts, env })).toEqual(receiver);
  });

  test("has one key, however it is named", () => {
    expect(receiverKey("service-owner", contacts)).toBe("mail:olga@example.org");
    expect(receiverKey("mail:OLGA@example.org", contacts)).toBe("mail:olga@example.org");
    expect(receiverKey("slack:USERS", contacts)).toBe("slack:USERS");
    expect(receiverKey("tester", contacts)).toBeUndefined();
  });
});

test("a proxy that refuses is said, and the address is not", async () => {
  const proxy = createHttpServer();
  proxy.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Login wanted\r\n\r\n"));
  proxy.listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  const address = `http://me:s3cret@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const transport = createTransport({ env: { https_proxy: address }, userAgent: "test" });
  closers.push(
    () => proxy.close(),
    () => transport.close(),
  );
  const slack = { kind: "slack", url: `https://hooks.slack.com${paths.slack}` } as const;
  expect(await deliver(letter, slack, { transport, env: {} })).toEqual({
    outcome: "refused",
    said: "The runner's proxy did not let the message through.",
  });
});
