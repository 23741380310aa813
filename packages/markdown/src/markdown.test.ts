import fc from "fast-check";
import { expect, test } from "vitest";
import { markdownBlock, markdownCode, markdownLink, markdownText } from "./index.ts";

test.each([
  ["2.4.1", "2.4.1"],
  ["Faster search (#12)", "Faster search (#\u206012)"],
  ["see cessda/cdc#3, GH-4 and gh-5", "see cessda/cdc#\u20603, GH\u2060-4 and gh\u2060-5"],
  ["ping @cessda/owners and @olga", "ping @\u2060cessda/owners and @\u2060olga"],
  ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
  ["![x](https://evil.example.org/x.png)", "!\\[x\\](https:\u2060//evil.example.org/x.png)"],
  ["<img src=x>", "&lt;img src=x&gt;"],
  ["--> <!-- release-actions", "\\--&gt; &lt;!-- release-actions"],
  ["a | b", "a \\| b"],
  ["*a* _b_ ~~c~~ `d` |e| $f$ \\", "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\|e\\| \\$f\\$ \\\\"],
  ["www.evil.example.org", "www\u2060.evil.example.org"],
  ["a@evil.example.org", "a@\u2060evil.example.org"],
  ["a\nb\r\n# c", "a b # c"],
  ["# heading", "\\# heading"],
  ["## heading", "\\## heading"],
  ["#12", "#\u206012"],
  ["1. list", "1\u2060. list"],
  ["- list", "\\- list"],
  ["---", "\\---"],
  ["abc\u202egpj.exe\u200b", "abcgpj.exe"],
  ["&lt;", "&amp;lt;"],
])("%j as text is %j", (text, expected) => {
  expect(markdownText(text)).toBe(expected);
});

const hostile = fc.string({
  unit: fc.constantFrom(..."`*_[]()<>&@#|~$\\\n\r\u2028\u202e a1.-+=:/!".split(""), "www", "GH"),
  maxLength: 40,
});

test("no text has live mark-up, and undoing the escapes gives it back", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const escaped = markdownText(text);
      expect(escaped).not.toMatch(/[\n\r\u2028\u202e<>]/);
      // Every character that formats has its backslash; what names or links has its joiner.
      expect(escaped.replaceAll(/\\[!-/:-@[-`{-~]/g, "")).not.toMatch(/[\\`*_[\]|~$]/);
      expect(escaped).not.toMatch(/@(?!\u2060)|#[A-Za-z0-9]|:\/\/|\bGH-\d|\bwww\./i);
      expect(escaped).not.toMatch(/^\s*(?:#+(?:\s|$)|[-+=](?:\s|$|[-=])|\d+[.)](?:\s|$))/);
      const plain = escaped
        .replaceAll("\u2060", "")
        .replaceAll(/\\([!-/:-@[-`{-~])/g, "$1")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&amp;", "&");
      expect(plain).toBe(text.replaceAll(/[\n\r\u2028]+/g, " ").replaceAll("\u202e", ""));
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

test("every line of a block is a line to every reader", () => {
  expect(markdownBlock("a\r\nb\rc\u2028d\u2029e\u0085f")).toBe("```text\na\nb\nc\nd\ne f\n```");
});

test("only web addresses are linked", () => {
  expect(markdownLink("x", "javascript:alert(1)")).toBe("x");
  expect(markdownLink("a]b", "https://example.org/a b>c")).toBe(
    "[a\\]b](<https://example.org/a%20b%3Ec>)",
  );
});
