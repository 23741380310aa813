import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { group, readDocument } from "../world/document.ts";
import type { Pipeline } from "../world/pipeline.ts";

/** The file beside a pipeline's rehearsal.yml that holds its planted bugs. */
export const bugsName = "planted-bugs.yml";

const text = v.pipe(v.string(), v.nonEmpty());

const bugEntries = {
  /** Id of the requirement line that it must turn red. */
  line: text,
  /** What is wrong with it, in a few words. */
  bug: text,
  /** A source of the product, `packages/…/src/….ts`; `from` and `to` are texts of what is built of it. */
  module: v.optional(text),
  /** Or a file of the pipeline's folder. */
  file: v.optional(text),
  from: text,
  to: v.string(),
  /** The scenarios to play; without it all that prove the line. */
  in: v.optional(v.array(text)),
  /** Other lines that go red with it, and why they must. */
  also: v.optional(v.record(text, text), {}),
};
const bugsFile = group({ bugs: v.array(group(bugEntries)) });

/** One slip: a text of one file replaced by another. */
export type Bug = v.InferOutput<typeof bugsFile>["bugs"][number];

/**
 * The planted bugs of a pipeline; none where it has no such file.
 * @throws Fault RA9020 with every line that says something impossible
 */
export function readBugs(pipeline: Pipeline): Bug[] {
  const path = join(pipeline.directory, bugsName);
  if (!existsSync(path)) return [];
  const read = readDocument(bugsName, readFileSync(path, "utf8"), bugsFile);
  const { requirements } = pipeline.file;
  const problems = read.value.bugs.flatMap((bug, index) => {
    const at = (key: string, says: string) => ({ path: ["bugs", index, key], says });
    const line = requirements.find(({ id }) => id === bug.line);
    if (!line) return [at("line", `${bug.line} is no requirement of ${pipeline.name}`)];
    const scenarios = line.proof.map(({ scenario }) => scenario);
    const strangers = Object.keys(bug.also).filter(
      (id) => !requirements.some((one) => one.id === id),
    );
    return [
      ...((bug.module === undefined) === (bug.file === undefined)
        ? [at("bug", "it needs either `module` or `file`")]
        : []),
      ...(bug.from === bug.to ? [at("to", "it is the same as `from`")] : []),
      ...(bug.in ?? [])
        .filter((name) => !scenarios.includes(name))
        .map((name) => at("in", `"${name}" does not prove ${bug.line}`)),
      ...strangers.map((id) => at("also", `${id} is no requirement of ${pipeline.name}`)),
      ...(bug.line in bug.also ? [at("also", "its own line is not another one")] : []),
    ];
  });
  if (problems.length > 0) throw read.unusable(problems);
  return read.value.bugs;
}

/** Names of the scenarios that are played for a bug. */
export function scenariosOf(bug: Bug, pipeline: Pipeline): string[] {
  const proof = pipeline.file.requirements.find(({ id }) => id === bug.line)?.proof ?? [];
  return bug.in ?? [...new Set(proof.map(({ scenario }) => scenario))];
}
