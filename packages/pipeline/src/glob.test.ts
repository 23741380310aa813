import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { branchMatches, pathMatches } from "./glob.ts";

test.each([
  ["main", "main", true],
  ["main", "mains", false],
  ["release/*", "release/1.2", true],
  ["release/*", "release/1/2", false],
  ["release/**", "release/1/2", true],
  ["**/main", "main", false],
  ["v?.x", "v2.x", true],
  ["v?.x", "v2zx", false],
  ["a+(b)|c", "a+(b)|c", true],
  ["?", "🚑", true],
])("the branch glob %s and %s: %s", (glob, branch, fits) =>
  expect(branchMatches(glob, branch)).toBe(fits),
);

test.each([
  ["docs/**", "docs/a/b.md", true],
  ["**/docs/*.md", "docs/a.md", true],
  ["**/docs/*.md", "x/y/docs/a.md", true],
  ["**/docs/*.md", "xdocs/a.md", false],
  ["*.md", "docs/a.md", false],
  ["**", "a\nb/c", true],
])("the path glob %s and %j: %s", (glob, path, fits) => expect(pathMatches(glob, path)).toBe(fits));

describe("the same as a regular expression would say", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?", "."), maxLength: 12 });
  const asRegExp = (glob: string, folders: boolean): RegExp => {
    const pattern = glob.replaceAll(/\*\*\/|\*\*|\*|\?|\./g, (part) =>
      part === "**/"
        ? folders
          ? "(?:.*/)?"
          : ".*/"
        : part === "**"
          ? ".*"
          : part === "*"
            ? "[^/]*"
            : part === "?"
              ? "[^/]"
              : "\\.",
    );
    return new RegExp(`^${pattern}$`, "su");
  };
  test("for any glob and any text", () => {
    fc.assert(
      fc.property(text, text, (glob, other) => {
        expect(pathMatches(glob, other)).toBe(asRegExp(glob, true).test(other));
        expect(branchMatches(glob, other)).toBe(asRegExp(glob, false).test(other));
      }),
      { numRuns: 2000 },
    );
  });
});

test("stars in a row end, whatever the text", () => {
  expect(branchMatches(`${"*a".repeat(200)}b`, "a".repeat(2000))).toBe(false);
  expect(pathMatches("**/".repeat(200) + "x", "a/".repeat(1000))).toBe(false);
});
