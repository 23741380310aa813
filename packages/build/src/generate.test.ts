import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { codes } from "@release-actions/codes";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readActions } from "./action-files.ts";
import { generate, staleFiles } from "./generate.ts";
import { sampleFiles, writeSample } from "./sample-repository.ts";

const tools = resolve(import.meta.dirname, "../../../node_modules");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "generate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const yml = sampleFiles["actions/promote/action.yml"] ?? "";
const types = sampleFiles["actions/promote/action-types.yml"] ?? "";

describe("generate", () => {
  test("writes once, and finds nothing to write again", () => {
    writeSample(folder, tools);
    expect(generate(folder)).toContain("actions/promote/src/io.gen.ts");
    expect(generate(folder)).toEqual([]);
    expect(staleFiles(folder)).toEqual([]);
  });

  test("types inputs and outputs", () => {
    writeSample(folder, tools);
    generate(folder);
    const io = readFileSync(join(folder, "actions/promote/src/io.gen.ts"), "utf8");
    for (const line of [
      "  tag: string;",
      "  dryRun: boolean;",
      '  onInvalid: "fail" | "skip";',
      "  images?: string[];",
      "  token?: string;",
      "  isNewest: boolean;",
      '    tag: { name: "tag", type: "string", required: true },',
      '    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },',
      '    images: { name: "images", type: "list", separator: "\\n" },',
      '    isNewest: "is-newest",',
    ]) {
      expect(io.split("\n")).toContain(line);
    }
  });

  test("fills the tables between the markers and leaves the rest", () => {
    writeSample(folder, tools);
    generate(folder);
    const readme = readFileSync(join(folder, "actions/promote/README.md"), "utf8");
    expect(readme).toContain("[errors](../../docs/reference/errors.md)");
    expect(readme).toContain("| `token` | text | `${{ github.token }}` | GitHub \\| token |");
    expect(readme).toContain("| `on-invalid` | `fail`, `skip` | `fail` | fail or skip |");
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(
      "| [`promote`](actions/promote/README.md) | A sample for tests |",
    );
    expect(readFileSync(join(folder, "docs/reference/actions/promote.md"), "utf8")).toContain(
      "| `is-newest` | true or false |",
    );
  });

  test("gives every code of the product one anchor", () => {
    writeSample(folder, tools);
    generate(folder);
    const lines = readFileSync(join(folder, "docs/reference/errors.md"), "utf8").split("\n");
    for (const code of Object.keys(codes))
      expect(lines.filter((line) => line === `### ${code}`).length, code).toBe(1);
  });

  test("shows a file that somebody changed by hand as a difference", () => {
    writeSample(folder, tools);
    generate(folder);
    const path = join(folder, "actions/promote/src/io.gen.ts");
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace("  dryRun: boolean;", "  dryRun?: boolean;"),
    );
    rmSync(join(folder, "docs/reference/actions/validate-tag.md"));
    expect(staleFiles(folder)).toEqual([
      {
        path: "actions/promote/src/io.gen.ts",
        difference: expect.stringMatching(
          /^ {2}line \d+:\n {2}- {3}dryRun\?: boolean;\n {2}\+ {3}dryRun: boolean;$/,
        ),
      },
      { path: "docs/reference/actions/validate-tag.md", difference: "  the file is missing" },
    ]);
  });

  test("refuses a page without its markers", () => {
    writeSample(folder, tools, { "actions/promote/README.md": "# promote\n" });
    expect(() => generate(folder)).toThrow(
      "actions/promote/README.md has no <!-- inputs --> … <!-- /inputs -->",
    );
  });
});

describe("readActions", () => {
  test.each([
    [
      "an input without a type",
      { yml, types: types.replace(/ {2}tag: .*\n/, "") },
      "action-types.yml: inputs tag is missing",
    ],
    [
      "a type without an input",
      { yml: yml.replace(/ {2}images:\n.*\n/, ""), types },
      "action.yml: inputs images is missing",
    ],
    [
      "an output without a type",
      { yml, types: types.replace("is-newest", "newest") },
      "action-types.yml: outputs is-newest is missing",
    ],
    [
      "a default outside the values",
      { yml: yml.replace("default: fail", "default: explode"), types },
      "the default of on-invalid, explode, is no enum",
    ],
    [
      "a default that is no boolean",
      { yml: yml.replace("'false'", "'no'"), types },
      "the default of dry-run, no, is no boolean",
    ],
    ["another Node", { yml: yml.replace("node24", "node20"), types }, "runs.using is not node24"],
    [
      "an unknown type",
      { yml, types: types.replace("type: boolean}\n  on", "type: bool}\n  on") },
      "dry-run has the unknown type bool",
    ],
    [
      "a list without separator",
      { yml, types: types.replace('separator: "\\n", ', "") },
      "images is a list without separator",
    ],
    [
      "a name of another style",
      { yml: yml.replace("dry-run", "dryRun"), types: types.replace("dry-run", "dryRun") },
      "dryRun is not kebab-case",
    ],
    [
      "a missing description",
      { yml: yml.replace("description: One a line", "description: ''"), types },
      "images has no description",
    ],
    [
      "a key that GitHub does not know",
      { yml: yml.replace("required: true", "requird: true"), types },
      "tag has the unknown key requird",
    ],
  ])("names %s", (_, changed, problem) => {
    writeSample(folder, tools, {
      "actions/promote/action.yml": changed.yml,
      "actions/promote/action-types.yml": changed.types,
    });
    expect(() => readActions(folder)).toThrow(problem);
  });

  test("names all problems at once", () => {
    writeSample(folder, tools, {
      "actions/promote/action.yml": yml.replace("node24", "node20"),
      "actions/validate-tag/action-types.yml": "inputs: {}\n",
    });
    expect(() => readActions(folder)).toThrow(
      /actions\/promote: .*node24[^]*actions\/validate-tag: .*tag is missing/,
    );
  });
});
