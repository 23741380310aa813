import { expect, test } from "vitest";
import { isDisguised, sentenceIn } from "./legible.ts";

test.each([
  ["Prices are wrong", "Prices are wrong"],
  ["  الأسعار خاطئة 🚑 ", "الأسعار خاطئة 🚑"],
  ["a\n::error::b\u2028c\u001b[2J", "a ::error::b c [2J"],
  ["abc\u202egpj.exe\u200b", "abcgpj.exe"],
  [`${"x".repeat(999)}🚑y`, `${"x".repeat(999)}🚑`],
  [" \u200b\n", undefined],
  ["?!", undefined],
])("%j is the sentence %j", (text, sentence) => expect(sentenceIn(text)).toBe(sentence));

test("a line that hides something is disguised, a tab hides nothing", () => {
  expect(isDisguised("/approve\t1.0.0")).toBe(false);
  expect(isDisguised("/approve 1.0.0\u200b")).toBe(true);
});
