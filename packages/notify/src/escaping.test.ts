import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloudEvent } from "./cloud-event.ts";
import type { Letter } from "./deliver.ts";
import { mailMessage } from "./mail-message.ts";
import { escapedLine, plainLine } from "./plain-line.ts";
import { slackMessage, slackText } from "./slack-message.ts";
import { teamsCard, teamsText } from "./teams-card.ts";

const gap = "\u200b";
const pieces = [
  ..."`*_~[](){}<>&@#|\\\n\r\u2028\u0000\u202e\u200b \ud800a1.-+:/!\"'".split(""),
  "<!channel>",
  "<@U012AB3CD>",
  "@here",
  "<http://evil.example.org|ok>",
  "[ok](javascript:alert(1))",
  "{{DATE(2026-01-06T10:00:00Z)}}",
  ":boom:",
  "https://evil.example.org",
  "www.evil.example.org",
  "\r\nBcc: all@example.org",
  "<at>all</at>",
  "&lt;",
  "😀",
];
const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom("<", "&", "*", "x"), minLength: 1500, maxLength: 3000 }),
);
const letters: fc.Arbitrary<Letter> = fc.record(
  {
    id: hostile,
    title: hostile,
    event: hostile,
    source: fc.oneof(fc.webUrl(), hostile),
    lines: fc.array(
      fc.record(
        {
          label: hostile,
          text: hostile,
          url: fc.oneof(fc.webUrl({ withQueryParameters: true }), hostile),
        },
        { requiredKeys: ["label", "text"] },
      ),
      { maxLength: 25 },
    ),
  },
  { requiredKeys: ["id", "title", "lines"] },
);
const runs = { numRuns: 300 };

/** All texts in a payload. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function bodyOf(card: Record<string, unknown>): { type: string; text: string }[] {
  const [attachment] = card["attachments"] as {
    content: { body: { type: string; text: string }[] };
  }[];
  return attachment?.content.body ?? [];
}

describe("a line", () => {
  test("has no control, hidden or lone character, and is not longer than allowed", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 100 }), (text, limit) => {
        const line = plainLine(text, limit);
        expect(line.length).toBeLessThanOrEqual(limit);
        expect(line.isWellFormed()).toBe(true);
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200b\u202e]/);
      }),
      runs,
    );
  });

  test("is shortened without cutting an escape", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 200 }), (text, limit) => {
        const escaped = escapedLine(text, limit, slackText);
        expect(escaped.length).toBeLessThanOrEqual(limit);
        expect(escaped.replaceAll(/&(amp|lt|gt);/g, "")).not.toContain("&");
      }),
      runs,
    );
  });
});

describe("Slack", () => {
  /** Between the dead forms there must be no mark at all. */
  const live = (text: string): string =>
    text
      .replaceAll(/&(amp|lt|gt);/g, "·")
      .replaceAll(new RegExp(`${gap}[*_~\`]${gap}`, "g"), "·")
      .replaceAll(new RegExp(`[@#:]${gap}`, "g"), "·");

  test("no text comes alive, and undoing the escapes gives it back", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plainLine(text, 4000);
        const escaped = slackText(line);
        expect(live(escaped)).not.toMatch(/[*_~`<>&@#]|:\/\/|:[\w+'-]+:/);
        expect(
          escaped
            .replaceAll(gap, "")
            .replaceAll("&lt;", "<")
            .replaceAll("&gt;", ">")
            .replaceAll("&amp;", "&"),
        ).toBe(line);
      }),
      runs,
    );
  });

  test("a message holds our own mark-up and no other, within the limits", () => {
    fc.assert(
      fc.property(letters, (letter) => {
        const message = slackMessage(letter) as {
          text: string;
          blocks: { type: string; text?: { text: string }; fields?: { text: string }[] }[];
        };
        expect(live(message.text)).not.toMatch(/[*_~`<>&@#]/);
        expect(message.text.length).toBeLessThanOrEqual(3000);
        expect(message.blocks.length).toBeLessThanOrEqual(50);
        const fields = message.blocks.flatMap((block) => block.fields ?? []);
        expect(fields).toHaveLength(letter.lines.length);
        for (const block of message.blocks)
          expect(block.fields?.length ?? 1).toBeLessThanOrEqual(10);
        for (const { text } of fields) {
          expect(text.length).toBeLessThanOrEqual(2000);
          // Our own: a bold label, and at most one link to a web address around the whole text.
          const own = /^\*([^\n]+)\*\n(?:<(https?:\/\/[^<>|\s]+)\|([^<>|]+)>|([^<>]*))$/.exec(text);
          expect(own).not.toBeNull();
          for (const part of [own?.[1], own?.[3], own?.[4]])
            expect(live(part ?? "")).not.toMatch(/[*_~`<>&@#]|:\/\//);
        }
        const header = message.blocks[0]?.text?.text ?? "";
        expect(header.length).toBeGreaterThan(0);
        expect(header.length).toBeLessThanOrEqual(150);
      }),
      runs,
    );
  });

  test.each(["<!channel>", "<@U012AB3CD>", "@here", "<!here|here>", "<!subteam^S1>"])(
    "%s is dead",
    (mention) => {
      const message = slackMessage({
        id: "1",
        title: mention,
        lines: [{ label: mention, text: mention }],
      });
      for (const text of texts(message)) {
        expect(text).not.toContain(mention);
        expect(text).not.toMatch(/<[!@]|@(here|channel|everyone)/);
      }
    },
  );
});

describe("Teams", () => {
  const live = (text: string): string =>
    text
      .replaceAll(/&(amp|lt|gt);/g, "·")
      .replaceAll(/\\[\\`*_~[\]|()]/g, "·")
      .replaceAll(new RegExp(`([@:{]|www)${gap}`, "gi"), "·");

  test("no text comes alive, and undoing the escapes gives it back", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plainLine(text, 4000);
        const escaped = teamsText(line);
        expect(live(escaped)).not.toMatch(/[\\`*_~[\]|()<>&@]|:\/\/|\{\{|www\./i);
        expect(escaped).not.toMatch(/^\s*(#|[-+=](\s|$|[-+=])|\d+\\?[.)](\s|$))/);
        expect(
          escaped
            .replaceAll(gap, "")
            .replaceAll("&lt;", "<")
            .replaceAll("&gt;", ">")
            .replaceAll("&amp;", "&")
            .replaceAll(/\\([\\`*_~[\]|()])/g, "$1"),
        ).toBe(line);
      }),
      runs,
    );
  });

  test("a card holds our own mark-up and no other, within the limit", () => {
    fc.assert(
      fc.property(letters, (letter) => {
        const card = teamsCard(letter);
        expect(Buffer.byteLength(JSON.stringify(card))).toBeLessThan(28 * 1024);
        const [title, ...rest] = bodyOf(card);
        expect(live(title?.text ?? "")).not.toMatch(/[\\`*_~[\]|()<>&@]/);
        for (const { type, text } of rest.slice(0, -1)) {
          expect(type).toBe("TextBlock");
          const own =
            /^\*\*(.+?):\*\* (?:\[((?:\\.|[^\]\\])+)\]\((https?:\/\/[^()<>\\\s]+)\)|(.*))$/s.exec(
              text,
            );
          expect(own).not.toBeNull();
          for (const part of [own?.[1], own?.[2], own?.[4]])
            expect(live(part ?? "")).not.toMatch(/[\\`*_~[\]|()<>&@]|\{\{/);
        }
      }),
      runs,
    );
  });
});

describe("mail", () => {
  test("no text makes a line, a header or an address of its own", () => {
    fc.assert(
      fc.property(letters, (letter) => {
        const mail = mailMessage(letter, "Releases <releases@example.org>");
        expect(mail.subject).toMatch(/^[^\r\n]+$/);
        expect(mail.messageId).toMatch(/^<[0-9a-f]{40}@example\.org>$/);
        expect(Object.keys(mail.headers)).toEqual(["Auto-Submitted"]);
        const links = letter.lines.filter(({ url }) => {
          const parsed = url === undefined ? null : URL.parse(url);
          return (
            /^https?:$/.test(parsed?.protocol ?? "") &&
            parsed?.username === "" &&
            parsed.password === ""
          );
        }).length;
        // Title, blank, lines with their links, blank, the signature's two lines, and the last line end.
        expect(mail.text.split("\n")).toHaveLength(2 + letter.lines.length + links + 1 + 2 + 1);
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(mail.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
      }),
      runs,
    );
  });

  test("the same notice has the same Message-ID, another one another", () => {
    const id = (of: string) =>
      mailMessage({ id: of, title: "t", lines: [] }, "r@example.org").messageId;
    expect(id("a")).toBe(id("a"));
    expect(id("a")).not.toBe(id("b"));
  });
});

test("an event has the attributes of CloudEvents and plain texts", () => {
  fc.assert(
    fc.property(letters, (letter) => {
      const event = cloudEvent(letter);
      expect(event).toMatchObject({ specversion: "1.0", datacontenttype: "application/json" });
      expect(event["type"]).toMatch(/^org\.release-actions\.[a-z0-9-]+$/);
      expect(event["source"]).toMatch(/^(https?:\/\/|release-actions$)/);
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      for (const text of texts(event)) expect(text).not.toMatch(/[\u0000-\u001f\u202e]/);
    }),
    runs,
  );
});
