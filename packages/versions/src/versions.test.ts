import { describe, expect, test } from "vitest";
import { imageTag } from "./image-tag.ts";
import { manifestVersion } from "./manifest.ts";
import { schemeOf } from "./scheme.ts";
import type { Version } from "./version.ts";

const valid = (scheme: string, tag: string, prefix = ""): boolean =>
  !("wrong" in schemeOf(scheme, prefix).parse(tag));
const version = (scheme: string, tag: string): Version => {
  const parsed = schemeOf(scheme).parse(tag);
  if ("wrong" in parsed) throw new Error(parsed.wrong);
  return parsed;
};

test.each([
  ["semver", "1.2.3", true],
  ["semver", "0.0.4", true],
  ["semver", "1.2.3-rc.1", true],
  ["semver", "1.2.3+build.5", true],
  ["semver", "v1.2.3", false],
  ["semver", "V1.2.3", false],
  ["semver", " 1.2.3", false],
  ["semver", "1.2.3\n", false],
  ["semver", "1.2", false],
  ["semver", "01.2.3", false],
  ["semver", "1.2.3-", false],
  ["semver", "１.2.3", false],
  ["semver", "99999999999999999999.0.0", false],
  ["semver", "", false],
  ["v-semver", "v0.0.4", true],
  ["v-semver", "0.0.4", false],
  ["v-semver", "vv0.0.4", false],
  ["calver:YYYY.0M.MICRO", "2023.06.1", true],
  ["calver:YYYY.0M.MICRO", "2023.06.12", true],
  ["calver:YYYY.0M.MICRO", "2023.6.1", false],
  ["calver:YYYY.0M.MICRO", "2023.13.1", false],
  ["calver:YYYY.0M.MICRO", "2023.00.1", false],
  ["calver:YYYY.0M.MICRO", "2023.06.01", false],
  ["calver:YYYY.0M.MICRO", "2023-06-1", false],
  ["pep440", "1.2.3", true],
  ["pep440", "1.2.3rc1", true],
  ["pep440", "1.2.3-rc1", false],
  ["pep440", "one", false],
])("%s: %j is a release: %s", (scheme, tag, expected) => {
  expect(valid(scheme, tag)).toBe(expected);
});

test("a prefix names the series", () => {
  expect(schemeOf("semver", "searcher/").parse("searcher/1.2.3")).toEqual({
    text: "1.2.3",
    tag: "searcher/1.2.3",
    prerelease: false,
  });
  expect(valid("semver", "1.2.3", "searcher/")).toBe(false);
});

test("a scheme that does not exist is a fault", () => {
  expect(() => schemeOf("semvar")).toThrow("RA1301");
  expect(() => schemeOf("calver:YYYY.MONTH")).toThrow('no token "MONTH"');
});

describe("order and kind", () => {
  test.each([
    ["semver", "1.2.3", "1.2.10", "patch"],
    ["semver", "1.2.3", "1.3.0", "minor"],
    ["semver", "1.9.9", "2.0.0", "major"],
    ["semver", "1.2.3-rc.1", "1.2.3", "patch"],
    ["semver", "1.2.3", "1.3.0-rc.1", "prerelease"],
    ["calver:YYYY.0M.MICRO", "2023.06.2", "2023.06.10", "patch"],
    ["calver:YYYY.0M.MICRO", "2023.06.9", "2023.10.1", "minor"],
    ["calver:YYYY.0M.MICRO", "2023.12.3", "2024.01.1", "major"],
    ["pep440", "1.2.3", "1.10.0", "minor"],
  ])("%s: %s is older than %s, which is %s", (name, older, newer, kind) => {
    const scheme = schemeOf(name);
    const [a, b] = [version(name, older), version(name, newer)];
    expect(scheme.compare(a, b)).toBeLessThan(0);
    expect(scheme.compare(b, a)).toBeGreaterThan(0);
    expect(scheme.compare(a, a)).toBe(0);
    expect(scheme.kind(a, b)).toBe(kind);
  });
});

test.each([
  ["package.json", '{"version":"1.2.3"}', { version: "1.2.3" }],
  ["chart/Chart.yaml", "name: a\nversion: 1.2.3\n", { version: "1.2.3" }],
  ["CITATION.cff", "version: '1.2.3'\n", { version: "1.2.3" }],
  [
    "pom.xml",
    "<project><parent><version>9</version></parent><version>1.2.3</version><dependencies><dependency><version>7</version></dependency></dependencies></project>",
    { version: "1.2.3" },
  ],
  ["package.json", "{", { wrong: "it cannot be read" }],
  ["package.json", "{}", { wrong: "it has no text at the key `version`" }],
])("%s with %s", (path, text, expected) => {
  expect(manifestVersion(path, text)).toEqual(expected);
});

test.each([
  ["comments that do not end", "pom.xml", "<!--".repeat(100_000)],
  ["parents that do not end", "pom.xml", "<parent>".repeat(50_000)],
  [
    "very many keys",
    "Chart.yaml",
    Array.from({ length: 40_000 }, (_, at) => `k${at}: x`).join("\n"),
  ],
  ["brackets without end", "package.json", "[".repeat(400_000)],
  ["brackets without end", "Chart.yaml", "[".repeat(20_000)],
  ["too much", "package.json", `{"version": "1.0.0"}${" ".repeat(600_000)}`],
])("a manifest of %s in %s ends without a version", (_, path, text) => {
  expect(manifestVersion(path, text)).toEqual({ wrong: expect.any(String) as string });
});

test("a version as a registry tag", () => {
  expect(imageTag("1.28.4+k3s2")).toBe("1.28.4-k3s2");
  expect(imageTag("a b")).toBeUndefined();
});
