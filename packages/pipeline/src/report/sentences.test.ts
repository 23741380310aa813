import type { Finding } from "@release-actions/codes";
import { expect, test } from "vitest";
import { oneLine, reasonsOf } from "./sentences.ts";

const finding = (saw: string): Finding => ({ rule: "tag", holds: false, code: "RA1302", saw });

test("every character of the output `reasons` can be seen, and reading it gives the text back", () => {
  const saw = "a\u202eb\u007f\u0085\u2028\u200f\u2066\n🚑";
  const text = reasonsOf([finding(saw)]);
  expect(text).not.toMatch(/[^\x20-\x7e🚑]/u);
  expect(JSON.parse(text)).toEqual([finding(saw)]);
});

test("a finding that quotes too much is cut, its next step is not", () => {
  const long = finding("9".repeat(1e6));
  expect(reasonsOf([long]).length).toBeLessThan(2000);
  expect(oneLine([long])).toMatch(/^RA1302 9{1500}…\. Next: \S/);
});
