import { expect, test } from "vitest";
import { fill, unknownPlaceholders } from "./placeholders.ts";

test.each([
  ["${environment}", "production"],
  ["${environment}-${short-sha}", "production-c0ffee1"],
  ["v${version}", "v${version}"],
  ["${constructor}", "${constructor}"],
  ["${environment", "${environment"],
  ["$environment", "$environment"],
])("%s is filled as %s", (template, expected) => {
  expect(fill(template, { environment: "production", "short-sha": "c0ffee1" })).toBe(expected);
});

test("a value is text and never a template or a pattern", () => {
  expect(fill("${tag}", { tag: "${version}$&$1", version: "2.4.1" })).toBe("${version}$&$1");
});

test("names that do not exist are found", () => {
  expect(unknownPlaceholders("${environment}-${env}-${constructor}-${}")).toEqual([
    "env",
    "constructor",
    "",
  ]);
});
