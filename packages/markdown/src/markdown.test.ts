import fc from "fast-check";
import { expect, test } from "vitest";
import { markdownBlock, markdownCode, markdownLink, markdownText } from "./index.ts";

test.each([
  ["2.4.1", "2.4.1"],
  ["Faster search (#12)", "Faster search (&#35;12)"],
  ["@olga", "&#64;olga"],
  ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
  ["<img src=x>", "&#60;img src=x&#62;"],
  ["a | b", "a \\| b"],
  ["see https://evil.example.org", "see https&#58;//evil.example.org"],
  ["www.evil.example.org", "www&#46;evil.example.org"],
  ["a\nb\r\n# c", "a b # c"],
  ["# heading", "\\# heading"],
  ["1. list", "1\\. list"],
  ["- list", "\\- list"],
  ["abc\u202egpj.exe", "abcgpj.exe"],
  ["&lt;", "&#38;lt;"],
  ["GH-12", "GH&#45;12"],
])("%j as text is %j", (text, expected) => {
  expect(markdownText(text)).toBe(expected);
});

const hostile = fc.string({
  unit: fc.constantFrom(..."`*_[]()<>&@#|~\\\n\r\u2028 a1.-+:/!".split(""), "www", "GH"),
  maxLength: 40,
});

test("no text has live mark-up, and undoing the escapes gives it back", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const escaped = markdownText(text);
      expect(escaped).not.toMatch(/[\n\r\u2028<>@]/);
      expect(escaped).not.toMatch(/(?<!\\)(?:\\\\)*[`*_[\]|~]/);
      const plain = escaped
        .replaceAll(/&#(\d+);/g, (_, code) => `\u0001${String.fromCodePoint(Number(code))}`)
        .replaceAll(/\\([^\u0001])/g, "$1")
        .replaceAll("\u0001", "");
      expect(plain).toBe(text.replaceAll(/[\n\r\u2028]+/g, " "));
    }),
    { numRuns: 5000 },
  );
});

test("no code span or block is ended by its text", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const span = markdownCode(text);
      const fence = /^`+/.exec(span)?.[0] ?? "";
      expect(
        span
          .slice(fence.length, -fence.length)
          .match(/`+/g)
          ?.every((run) => run.length !== fence.length) ?? true,
      ).toBe(true);
      const block = markdownBlock(text).split("\n");
      const mark = /^`+/.exec(block[0] ?? "")?.[0] ?? "";
      expect(block.slice(1, -1).some((line) => line.trim().startsWith(mark))).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test("only web addresses are linked", () => {
  expect(markdownLink("x", "javascript:alert(1)")).toBe("x");
  expect(markdownLink("a]b", "https://example.org/a b>c")).toBe(
    "[a\\]b](<https://example.org/a%20b%3Ec>)",
  );
});
