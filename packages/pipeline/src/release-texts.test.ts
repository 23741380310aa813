import { describe, expect, test } from "vitest";
import {
  citationDate,
  judgeReservedDoi,
  sectionDate,
  writeCitation,
  writeDoi,
  writeSection,
} from "./release-texts.ts";

const section = (notes: string, version = "1.2.0") => ({ version, date: "2026-01-06", notes });
const old = `# Changelog

All notable changes are here.

## [Unreleased]

## [1.1.0] - 2025-11-04

- Old

[unreleased]: https://example.org/compare/1.1.0...HEAD
`;

describe("the changelog", () => {
  test("a new section goes under Unreleased and over the older versions", () => {
    const written = writeSection(old, section("- New"));
    expect(written).toBe(`# Changelog

All notable changes are here.

## [Unreleased]

## 1.2.0 - 2026-01-06

<!-- release-actions 1.2.0 -->
- New
<!-- /release-actions 1.2.0 -->

## [1.1.0] - 2025-11-04

- Old

[unreleased]: https://example.org/compare/1.1.0...HEAD
`);
    expect(sectionDate(written, "1.2.0")).toBe("2026-01-06");
    expect(sectionDate(written, "1.2")).toBeUndefined();
  });

  test("written again it is the same; with other notes only the text between the marks changes", () => {
    const once = writeSection(old, section("- New"));
    const byHand = once.replace("<!-- /release-actions 1.2.0 -->", "$&\n\nThanks to all.");
    const later = { version: "1.2.0", date: "2026-02-01" };
    expect(writeSection(byHand, { ...later, notes: "- New" })).toBe(byHand);
    expect(writeSection(byHand, { ...later, notes: "- New\n- Newer" })).toBe(
      byHand.replace("- New\n", "- New\n- Newer\n"),
    );
  });

  test("a section that a person began is taken, not doubled", () => {
    const begun = "# Changelog\n\n## v1.2.0 (2026-01-05)\n\nBig one.\n\n## 1.1.0\n";
    const written = writeSection(begun, section("- New"));
    expect(written.match(/^## /gm)).toHaveLength(2);
    expect(written).toContain("## v1.2.0 (2026-01-05)\n\n<!-- release-actions 1.2.0 -->\n- New\n");
    expect(written).toContain("Big one.");
    expect(writeSection(written, section("- New"))).toBe(written);
  });

  test("what stood under Unreleased comes into the section once, and nothing is lost", () => {
    const written = writeSection(
      old.replace("## [Unreleased]\n", "$&\n- By hand\n"),
      section("- New"),
    );
    expect(written).toContain(
      "## [Unreleased]\n\n## 1.2.0 - 2026-01-06\n\n<!-- release-actions 1.2.0 -->\n- New\n<!-- /release-actions 1.2.0 -->\n\n- By hand\n\n## [1.1.0]",
    );
    expect(writeSection(written, section("- New"))).toBe(written);
  });

  test.each([
    ["no file", undefined, "# Changelog\n\n## 1.2.0 - 2026-01-06\n\n"],
    ["an empty list", "# Changes\n\nText.\n", "# Changes\n\nText.\n\n## 1.2.0 - 2026-01-06\n\n"],
    [
      "a heading in a block of code",
      "# C\n\n```\n## 1.0.0\n```\n",
      "# C\n\n```\n## 1.0.0\n```\n\n## 1.2.0 - 2026-01-06\n\n",
    ],
  ])("%s", (_, before, start) => {
    const written = writeSection(before, section("- New"));
    expect(written.startsWith(start)).toBe(true);
    expect(writeSection(written, section("- New"))).toBe(written);
  });

  test("line ends stay as they are", () => {
    const written = writeSection(old.replaceAll("\n", "\r\n"), section("- New"));
    expect(written.replaceAll("\r\n", "")).not.toContain("\n");
    expect(writeSection(written, section("- New"))).toBe(written);
  });
});

describe("other files", () => {
  const about = { version: "1.2.0", date: "2026-01-06", doi: "10.5281/zenodo.7" };

  test("CITATION.cff gets version, day and DOI at its top level only", () => {
    const before = `cff-version: 1.2.0
title: CDC
version: '1.1.0'
date-released: 2025-11-04
preferred-citation:
  doi: 10.1000/article
  version: 3
`;
    const written = writeCitation(before, about);
    expect(written).toBe(
      `${before.replace("'1.1.0'", '"1.2.0"').replace("2025-11-04", "2026-01-06")}doi: 10.5281/zenodo.7\n`,
    );
    expect(writeCitation(written, about)).toBe(written);
    expect(citationDate(written, "1.2.0")).toBe("2026-01-06");
    expect(citationDate(written, "1.1.0")).toBeUndefined();
  });

  test("a file says itself where the DOI goes, again and again", () => {
    const before =
      'See <!-- doi --><!-- /doi -->.\nDOI = "${doi}"  # release-actions: doi\n10.1000/other\n';
    const written = writeDoi(before, "10.5281/zenodo.7");
    expect(written).toBe(
      'See <!-- doi -->[10.5281/zenodo.7](https://doi.org/10.5281/zenodo.7)<!-- /doi -->.\nDOI = "10.5281/zenodo.7"  # release-actions: doi\n10.1000/other\n',
    );
    expect(writeDoi(written ?? "", "10.5281/zenodo.8")).toBe(
      written?.replaceAll("zenodo.7", "zenodo.8"),
    );
    expect(writeDoi("10.5281/zenodo.1", "10.5281/zenodo.7")).toBeUndefined();
  });

  test.each([
    [
      "both name it",
      { a: "see 10.5281/ZENODO.7.", b: "[x](https://doi.org/10.5281/zenodo.7)" },
      undefined,
    ],
    ["one names a longer one", { a: "10.5281/zenodo.7", b: "10.5281/zenodo.71" }, "RA6014"],
    ["one is not there", { a: "10.5281/zenodo.7", b: undefined }, "RA6014"],
  ])("the rule doi: %s", (_, files, code) => {
    const finding = judgeReservedDoi(files, "10.5281/zenodo.7");
    expect([finding?.holds, finding?.code]).toEqual([code === undefined, code]);
  });

  test("the rule doi asks nothing where no file has one, and refuses where none is reserved", () => {
    expect(judgeReservedDoi({}, undefined)).toBeUndefined();
    expect(judgeReservedDoi({ a: "x" }, undefined)).toMatchObject({ holds: false, code: "RA6011" });
  });
});
