import { describe, expect, test } from "vitest";
import { readMetadata } from "./index.ts";

const codes = (citation: ReturnType<typeof readMetadata>): unknown[] =>
  citation.findings.map(({ code, holds }) => `${holds ? "warning" : "error"} ${code}`);

const cff = `cff-version: 1.2.0
message: Please cite it.
title: CDC searcher
abstract: Searches the catalogue.
version: 1.0.0
doi: 10.5281/zenodo.1
date-released: 2025-01-01
license: Apache-2.0
keywords: [catalogue, search]
authors:
  - family-names: Doe
    given-names: Jane
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: Atlantis
  - name: CESSDA ERIC
`;

describe("precedence", () => {
  test("with a .zenodo.json, CITATION.cff is not read at all, and the reader is told", () => {
    const citation = readMetadata({
      zenodoJson: '{"title": "From JSON", "creators": [{"name": "Doe, Jane"}]}',
      citationCff: "{ broken",
    });
    expect(citation.source).toBe(".zenodo.json");
    expect(citation.metadata).toEqual({
      title: "From JSON",
      creators: [{ name: "Doe, Jane" }],
      upload_type: "software",
    });
    expect(codes(citation)).toEqual(["warning RA7015"]);
  });

  test("without it, six fields of CITATION.cff are read and the others named", () => {
    const citation = readMetadata({ citationCff: cff });
    expect(citation.metadata).toEqual({
      upload_type: "software",
      title: "CDC searcher",
      description: "Searches the catalogue.",
      notes: "Please cite it.",
      license: "Apache-2.0",
      keywords: ["catalogue", "search"],
      creators: [
        { name: "Doe, Jane", affiliation: "Atlantis", orcid: "0000-0002-1825-0097" },
        { name: "CESSDA ERIC" },
      ],
    });
    expect(codes(citation)).toEqual(["warning RA7016"]);
    expect(citation.findings[0]?.saw).toContain("version, doi, date-released");
  });

  test("with neither there is nobody to name", () => {
    expect(codes(readMetadata({}))).toEqual(["error RA7017"]);
  });
});

describe("what Zenodo would refuse", () => {
  test.each([
    ["broken JSON", { zenodoJson: "{" }, "RA7011"],
    ["a list", { zenodoJson: "[]" }, "RA7011"],
    ["too large", { zenodoJson: `{"title": "${"x".repeat(300_000)}"}` }, "RA7011"],
    ["broken YAML", { citationCff: "title: [a" }, "RA7011"],
    [
      "an alias bomb",
      {
        citationCff: `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      },
      "RA7011",
    ],
    ["no title", { zenodoJson: '{"creators": [{"name": "Doe"}]}' }, "RA7012"],
    ["a short title", { zenodoJson: '{"title": "ab", "creators": [{"name": "Doe"}]}' }, "RA7012"],
    ["no creators", { zenodoJson: '{"title": "abc"}' }, "RA7012"],
    [
      "a creator without name",
      { citationCff: "title: abc\nauthors: [{affiliation: x}]" },
      "RA7012",
    ],
    [
      "a wrong check digit",
      {
        zenodoJson:
          '{"title": "abc", "creators": [{"name": "Doe", "orcid": "0000-0002-1825-0098"}]}',
      },
      "RA7014",
    ],
    [
      "an ORCID of another form",
      { citationCff: "title: abc\nauthors: [{name: Doe, orcid: '0000000218250097'}]" },
      "RA7014",
    ],
    [
      "a list of licences in CFF",
      { citationCff: "title: abc\nauthors: [{name: Doe}]\nlicense: [MIT, Apache-2.0]" },
      "RA7013",
    ],
    [
      "a list of licences in JSON",
      { zenodoJson: '{"title": "abc", "creators": [{"name": "Doe"}], "license": ["MIT"]}' },
      "RA7013",
    ],
    [
      "communities of another form",
      { zenodoJson: '{"title": "abc", "creators": [{"name": "Doe"}], "communities": ["cessda"]}' },
      "RA7013",
    ],
    [
      "related identifiers of another form",
      {
        zenodoJson:
          '{"title": "abc", "creators": [{"name": "Doe"}], "related_identifiers": ["10.1/x"]}',
      },
      "RA7013",
    ],
    [
      "an unknown access right",
      { zenodoJson: '{"title": "abc", "creators": [{"name": "Doe"}], "access_right": "public"}' },
      "RA7013",
    ],
  ])("%s", (_, files, code) => {
    const citation = readMetadata(files);
    expect(codes(citation)).toContain(`error ${code}`);
    expect(citation.metadata).toBeUndefined();
  });
});

test("version and date of .zenodo.json give way to the release's, unknown fields are dropped, each with a warning", () => {
  const citation = readMetadata({
    zenodoJson:
      '{"title": "abc", "creators": [{"name": "Doe"}], "version": "0.9", "licence": "MIT", "__proto__": {"x": 1}}',
  });
  expect(citation.metadata).toEqual({
    title: "abc",
    creators: [{ name: "Doe" }],
    upload_type: "software",
  });
  expect(codes(citation)).toEqual(["warning RA7016", "warning RA7016"]);
});
