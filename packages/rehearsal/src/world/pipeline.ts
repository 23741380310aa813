import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, posix, relative, resolve } from "node:path";
import { Fault } from "@release-actions/codes";
import { readDocument } from "./document.ts";
import { rehearsalFile, type Act, type RehearsalFile, type Scenario } from "./language.ts";
import { checkNames } from "./names.ts";

/** A folder with a rehearsal.yml: everything that a team's rehearsal is made of. */
export type Pipeline = {
  name: string;
  directory: string;
  file: RehearsalFile;
  /** The scenario's acts in order, with those of its preludes in place. */
  actsOf(scenario: Scenario): Act[];
  /** How many of these acts have happened where one of its preludes ends, from 0. */
  preludeEndsOf(scenario: Scenario): number[];
  /** The folder of `programs:`, absolute. */
  programs: string | undefined;
  /** Files below paths of the folder, by their path from the folder. */
  filesAt(paths: readonly string[]): Record<string, Buffer>;
  /** Is a file of the folder a program? */
  isExecutable(path: string): boolean;
};

/** The name of the file that makes a folder a pipeline. */
export const fileName = "rehearsal.yml";

/**
 * Reads and checks a pipeline's folder.
 * @throws Fault RA9020 (faults of the file, each with its line), RA9021, RA9028
 */
export function loadPipeline(directory: string): Pipeline {
  const path = join(directory, fileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Fault("RA9028", { saw: `${path} cannot be read.`, cause });
  }
  const read = readDocument(fileName, text, rehearsalFile);
  const file = read.value;
  const problems = checkNames(file);
  if (problems.length > 0) throw read.unusable(problems);

  const unfold = (acts: readonly Act[], ended: (inner: Act[]) => void = () => undefined): Act[] =>
    acts.reduce<Act[]>((before, act) => {
      if (act.prelude === undefined) return [...before, act];
      const inner = unfold(file.preludes[act.prelude] ?? [], (one) => ended([...before, ...one]));
      ended([...before, ...inner]);
      return [...before, ...inner];
    }, []);

  return {
    name: basename(resolve(directory)),
    directory,
    file,
    programs: programsIn(directory, file.programs),
    actsOf: (scenario) => unfold(scenario.acts),
    preludeEndsOf: (scenario) => {
      const ends = [0];
      unfold(scenario.acts, (acts) => ends.push(acts.length));
      return ends;
    },
    filesAt: (paths) => filesBelow(directory, paths),
    isExecutable: (path) => (statSync(join(directory, path)).mode & 0o111) !== 0,
  };
}

function programsIn(directory: string, folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const full = resolve(directory, folder);
  if (posix.normalize(folder).startsWith("..")) throw missing(folder, "it leads out of the folder");
  const found = statSync(full, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw missing(folder, "there is no such folder");
  for (const name of readdirSync(full)) {
    const path = join(full, name);
    if (statSync(path).isFile() && (statSync(path).mode & 0o111) === 0)
      throw missing(`${folder}/${name}`, "a program has to be executable (chmod +x)");
  }
  return full;
}

function filesBelow(directory: string, paths: readonly string[]): Record<string, Buffer> {
  const found: Record<string, Buffer> = {};
  const take = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).toSorted()) take(join(path, name));
    } else found[relative(directory, path).replaceAll("\\", "/")] = readFileSync(path);
  };
  for (const path of paths) {
    const full = resolve(directory, path);
    if (posix.normalize(path).startsWith("..")) throw missing(path, "it leads out of the folder");
    try {
      take(full);
    } catch (cause) {
      throw missing(path, "there is no such file or folder", cause);
    }
  }
  return found;
}

const missing = (path: string, why: string, cause?: unknown): Fault =>
  new Fault("RA9021", { saw: `${path}: ${why}.`, ...(cause === undefined ? {} : { cause }) });
