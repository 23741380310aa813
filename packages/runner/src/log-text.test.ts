import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logText, logTitle } from "./log-text.ts";

/**
 * Finds a command as the runner's parser does, and more strictly: any name counts, characters without width are
 * skipped, and every separator that some reader takes for a line end is one.
 */
function commandIn(output: string): string | undefined {
  for (const line of output.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)) {
    for (const seen of [line, line.replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, "")]) {
      const trimmed = seen.replace(/^[\s\u0085]+/, "");
      if (trimmed.startsWith("::")) return line;
      if (seen.includes("##[")) return line;
    }
  }
  return undefined;
}

const piece = fc.constantFrom(
  "::",
  ":",
  "#",
  "##[",
  "[",
  "]",
  "error",
  "set-env name=PATH",
  "add-mask",
  "stop-commands",
  " ",
  "\t",
  "\n",
  "\r",
  "\r\n",
  "\u0085",
  "\u2028",
  "\u2029",
  "\v",
  "\f",
  "\u200b",
  "\u200d",
  "\ufeff",
  "\u00ad",
  "\u00a0",
  "\u202e",
  "\u001b",
  "\ud800",
  "%0A",
  "1.2.3",
);
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);

describe("logText", () => {
  test("leaves no command in any text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(commandIn(logText(text))).toBeUndefined();
      }),
      { numRuns: 5000 },
    );
  });

  test("leaves no control or bidirectional character but the tab and the line end", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(logText(text)).not.toMatch(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("is done once: a second pass changes nothing", () => {
    fc.assert(
      fc.property(hostile, (text) => void expect(logText(logText(text))).toBe(logText(text))),
    );
  });

  test.each([
    "1.2.3 is newer than 1.2.2",
    "std::string at a::b",
    "# Heading [link]",
    "https://example.org/x?y=1",
    "  indented",
    "🚀 Zürich",
  ])("leaves ordinary text as it is: %s", (text) => expect(logText(text)).toBe(text));

  test.each([
    ["::set-output name=x::1", ": :set-output name=x::1"],
    ["  \t::error::boo", "  \t: :error::boo"],
    ["a ##[error]b", "a # #[error]b"],
    ["###[error]", "## #[error]"],
    ["ok\r::error::boo", "ok\n: :error::boo"],
    ["ok\u2028::error::boo", "ok\n: :error::boo"],
    ["ok\u0085##[command]x", "ok\n# #[command]x"],
    ["\u001b[31mred", "\\u001b[31mred"],
    ["1.2\u202e3", "1.2\\u202e3"],
  ])("breaks %j", (text, safe) => expect(logText(text)).toBe(safe));

  test("the oracle of this test finds the runner's own commands", () => {
    for (const text of ["::error::x", " \u00a0::add-mask::x", "a ##[error]x", "a\u2028::error::x"])
      expect(commandIn(text)).toBeDefined();
  });
});

test("logTitle has one line", () => {
  fc.assert(
    fc.property(
      hostile,
      (text) => void expect(logTitle(text)).not.toMatch(/[\n\r\u0085\u2028\u2029]/),
    ),
  );
  expect(logTitle("a\n\n b\r\nc")).toBe("a b c");
});
