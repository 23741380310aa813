import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { faultKinds } from "../faults/fault-kind.ts";
import { group, readDocument } from "../world/document.ts";
import type { Pipeline } from "../world/pipeline.ts";

/** The file beside a pipeline's rehearsal.yml that holds its planted bugs. */
export const bugsName = "planted-bugs.yml";

const text = v.pipe(v.string(), v.nonEmpty());

const slip = {
  /** What is wrong with it, in a few words. */
  bug: text,
  from: text,
  to: v.string(),
};
/** A source of the product, `packages/…/src/….ts`; `from` and `to` are texts of what is built of it. */
const module = text;
const lineEntries = {
  /** Id of the requirement line that it must turn red. */
  line: text,
  ...slip,
  module: v.optional(module),
  /** Or a file of the pipeline's folder. */
  file: v.optional(text),
  /** The scenarios to play; without it all that prove the line. */
  in: v.optional(v.array(text)),
  /** Other lines that go red with it, and why they must. */
  also: v.optional(v.record(text, text), {}),
};
const cellEntries = {
  ...slip,
  module,
  /** The disturbed act, one of those in `faults:` of rehearsal.yml. */
  act: text,
  /** The line of the write that is disturbed; `*` stands for one part of its path. */
  write: text,
  /** Name of the kind of fault. */
  fault: v.picklist(faultKinds.map(({ name }) => name)),
  /** A text of what must be wrong then, as `rehearse --kill` says it. */
  wrong: text,
};
const bugsFile = group({
  bugs: v.optional(v.array(group(lineEntries)), []),
  cells: v.optional(v.array(group(cellEntries)), []),
});

/** A text of one file replaced by another. */
export type Slip = {
  module?: string | undefined;
  file?: string | undefined;
  from: string;
  to: string;
};
/** A slip that turns a requirement line red. */
export type LineBug = v.InferOutput<typeof bugsFile>["bugs"][number];
/** A slip that shows when a fault strikes. */
export type CellBug = v.InferOutput<typeof bugsFile>["cells"][number];

/**
 * The planted bugs of a pipeline; none where it has no such file.
 * @throws Fault RA9020 with every line that says something impossible
 */
export function readBugs(pipeline: Pipeline): { bugs: LineBug[]; cells: CellBug[] } {
  const path = join(pipeline.directory, bugsName);
  if (!existsSync(path)) return { bugs: [], cells: [] };
  const read = readDocument(bugsName, readFileSync(path, "utf8"), bugsFile);
  const { requirements, faults } = pipeline.file;
  const { bugs, cells } = read.value;
  const inBugs = bugs.flatMap((bug, index) => {
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
  const acts = faults.flatMap((one) => one.acts);
  const inCells = cells.flatMap(({ act, from, to }, index) => {
    const at = (key: string, says: string) => ({ path: ["cells", index, key], says });
    return [
      ...(acts.includes(act) ? [] : [at("act", `"${act}" is no act of faults: in rehearsal.yml`)]),
      ...(from === to ? [at("to", "it is the same as `from`")] : []),
    ];
  });
  const problems = [...inBugs, ...inCells];
  if (problems.length > 0) throw read.unusable(problems);
  return read.value;
}

/** Names of the scenarios that are played for a bug. */
export function scenariosOf(bug: LineBug, pipeline: Pipeline): string[] {
  const proof = pipeline.file.requirements.find(({ id }) => id === bug.line)?.proof ?? [];
  return bug.in ?? [...new Set(proof.map(({ scenario }) => scenario))];
}
