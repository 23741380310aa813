import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runWorkflow } from "../workflow/index.ts";
import type { Difference } from "./comparison.ts";
import { deviationOf, deviations, deviationsTable, missesOf } from "./deviations.ts";
import { fileOf, runProbe } from "./probes.ts";

const probes = join(import.meta.dirname, "probes");
const files = readdirSync(probes).filter((name) => name.endsWith(".yml"));

test("the page has the list", () => {
  const page = join(import.meta.dirname, "../../../../docs/reference/second-runner.md");
  expect(readFileSync(page, "utf8")).toContain(deviationsTable());
});

test("every deviation has a name of its own and is seen somewhere", () => {
  expect(new Set(deviations.map(({ id }) => id)).size).toBe(deviations.length);
  for (const { id, shows = [], refuses } of deviations) {
    expect(shows.length > 0 || refuses !== undefined, id).toBe(true);
    for (const { probe } of shows) expect(files).toContain(`${probe}.yml`);
  }
});

const listed = deviations.find(({ id }) => id === "fail-fast");
const found: Difference = {
  where: "after-legs: output fail-fast",
  ours: "first,second",
  theirs: "first,second,third",
};

test("a difference is listed as it is, and not with another value or in another probe", () => {
  expect(deviationOf("matrix", found)?.id).toBe("fail-fast");
  expect(deviationOf("matrix", { ...found, theirs: "first" })).toBeUndefined();
  expect(deviationOf("matrix", { ...found, ours: "first" })).toBeUndefined();
  expect(deviationOf("results", found)).toBeUndefined();
});

test("a listed deviation that is not there any more is told", () => {
  if (listed === undefined) throw new Error("it is not listed");
  expect(missesOf(listed, { matrix: [found] }, [])).toEqual([]);
  expect(missesOf(listed, { matrix: [] }, [])).toHaveLength(1);
  const queue = deviations.find(({ id }) => id === "queue");
  if (queue === undefined) throw new Error("it is not listed");
  expect(missesOf(queue, {}, ["queue"])).toEqual([]);
  expect(missesOf(queue, {}, [])).toHaveLength(1);
});

/** Runs a file with the rehearsal's own runner. */
async function runOwn(name: string, text: string): Promise<Awaited<ReturnType<typeof runProbe>>> {
  const directory = mkdtempSync(join(tmpdir(), "probe-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const place = { directory, nodeBinary: process.execPath, actions: join(probes, "actions") };
  return runProbe({ name, text }, runWorkflow, place);
}

test.each(files.map((name) => name.replace(".yml", "")))(
  "the rehearsal's runner does what the list says of GitHub's: %s",
  async (name) => {
    const run = await runOwn(name, readFileSync(join(probes, `${name}.yml`), "utf8"));
    for (const { where, ours } of deviations
      .flatMap(({ shows = [] }) => shows)
      .filter(({ probe }) => probe === name)) {
      const [job = "", what = ""] = where.split(": ");
      const value =
        what === "result"
          ? run?.jobs[job]?.result
          : run?.jobs[job]?.outputs[what.replace("output ", "")];
      expect(value ?? "", where).toBe(ours);
    }
  },
);

test.each(deviations.flatMap(({ id, refuses }) => (refuses === undefined ? [] : [[id, refuses]])))(
  "the rehearsal's runner takes what act refuses: %s",
  async (id, keys) => {
    expect((await runOwn(id, fileOf(keys)))?.jobs["one"]?.result).toBe("success");
  },
);
