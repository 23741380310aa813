import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readChecks, readPipeline } from "./pipeline-file.ts";
import { languages, withLanguages } from "./languages.ts";
import { keysOf } from "./schema-keys.ts";
import { pipelineSchema } from "./schema.ts";

// The files below are read as they stand: with what knows JSONPath and regular expressions.
await withLanguages(languages);

const page = readFileSync(
  join(import.meta.dirname, "../../../../docs/reference/configuration.md"),
  "utf8",
);

/** Rows of the page's tables of keys: the path from the heading's code and the row's, and the cell of the default. */
function rowsOf(markdown: string): [string, string][] {
  let prefix = "";
  let isKeys = false;
  return markdown.split("\n").flatMap((line): [string, string][] => {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) prefix = /`([^`]+)`/.exec(heading)?.[1] ?? "";
    if (!line.startsWith("|")) isKeys = false;
    else if (line.startsWith("| key |")) isKeys = true;
    const row = isKeys ? /^\| `([^`]+)` \|[^|]*\|([^|]*)\|/.exec(line) : null;
    if (row === null) return [];
    const full = prefix === "" ? row[1] : `${prefix}.${row[1]}`;
    return [[(full ?? "").replaceAll(/<[^>]+>/g, "<>"), row[2] ?? ""]];
  });
}

const known = keysOf(pipelineSchema);
const rows = rowsOf(page);
const documented = new Map(rows);

test("the walk finds keys of every depth", () => {
  for (const key of [
    "product",
    "components[].image",
    "environments.<>.gate.approvals[].role",
    "environments.<>.smoke.checks[].json.<>.below",
  ]) {
    expect([...known.keys()]).toContain(key);
  }
});

test("every key of the file is in the reference, once, and no other key is", () => {
  expect(rows.map(([key]) => key).toSorted()).toEqual([...known.keys()].toSorted());
});

test("the reference says which keys are required", () => {
  const wrong = [...known]
    .filter(([key, { required }]) => (documented.get(key) ?? "").includes("required") !== required)
    .map(([key]) => key);
  expect(wrong).toEqual([]);
});

test("the reference has the schema's defaults", () => {
  const defaults = [...known].flatMap(([key, { default: text }]) =>
    text === undefined ? [] : [[key, text] as const],
  );
  expect(defaults.length).toBeGreaterThan(2);
  for (const [key, text] of defaults) expect(documented.get(key), key).toContain(`\`${text}\``);
});

test("the examples of the documents are read", () => {
  const docs = join(import.meta.dirname, "../../../../docs");
  const tutorial = readFileSync(join(docs, "tutorial/first-pipeline.md"), "utf8");
  const shown = (path: string): string =>
    tutorial.slice(tutorial.indexOf(`\n\`${path}\`\n`)).match(/^```yaml\n([^]*?)^```/m)?.[1] ?? "";
  expect(
    readPipeline("tutorial", shown(".github/release-pipeline.yml")).environments.map(
      ({ name }) => name,
    ),
  ).toEqual(["staging", "production"]);
  expect(readChecks("tutorial", shown("smoke.yml")).checks).toHaveLength(1);
  expect(
    readPipeline(
      "cessda",
      readFileSync(join(docs, "pipelines/cessda/.github/release-pipeline.yml"), "utf8"),
    ).components,
  ).toHaveLength(3);
});

test("the reference's own examples, put together, are a file", () => {
  const blocks = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map((match) => match[1] ?? "");
  const named = (key: string): string => blocks.find((block) => block.startsWith(`${key}:`)) ?? "";
  const inside = ["deploy", "smoke", "gate", "exceptions"]
    .map((key) => named(key).replaceAll(/^(?=.)/gm, "      "))
    .join("");
  const environments = `environments:\n  test:\n    smoke: {}\n  production:\n    from: test\n${inside.replaceAll(/^ {6}/gm, "    ")}`;
  const roles = named("roles").replace(/\n$/, "\n  tester: [tess, theo]\n");
  const rest = ["product", "tag", "components", "issue", "release", "zenodo", "ledger"].map(named);
  expect(
    readPipeline("reference", [...rest, roles, environments].join("")).environments[1]?.gate
      ?.approvals,
  ).toEqual([
    { role: "service-owner", count: 1 },
    { role: "tester", count: 2 },
  ]);
  expect(
    readPipeline("reference", [...rest, roles, named("environments")].join("")).environments,
  ).toHaveLength(2);
  expect(
    readChecks("reference", blocks.find((block) => block.startsWith("- name:")) ?? "").checks,
  ).toHaveLength(2);
});
