import { Fault } from "@release-actions/codes";
import { globSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import type { Job } from "./job.ts";

/** Largest single file that is read into memory for an upload. */
const largest = 2 * 1024 * 1024 * 1024;

/** A path of Linux is no longer. */
const longestGlob = 4096;
/** Node writes out every form of a glob with braces before it looks at a file. */
const mostForms = 256;

/** Regular files of the workspace that the globs name, by file name. @throws Fault RA1002 for a glob that finds nothing, a path outside, a name twice */
export function workspaceFiles(job: Job, globs: string[]): { name: string; bytes: Buffer }[] {
  if (globs.length === 0) return [];
  const workspace = job.env.workspace;
  if (workspace === undefined)
    throw new Fault("RA1003", {
      saw: "the variable GITHUB_WORKSPACE is missing, and files are asked for",
    });
  const root = realpathSync(workspace);
  const paths = globs.flatMap((glob) => {
    const found = namedBy(glob, root);
    if (found.length === 0)
      throw new Fault("RA1002", {
        saw: `${JSON.stringify(glob.slice(0, 300))} names no file in the workspace`,
        next: "Check the glob, and that an earlier step of the job makes the file.",
      });
    return found;
  });
  const names = new Set<string>();
  return [...new Set(paths)].toSorted().map((path) => {
    const real = realpathSync(join(root, path));
    if (!real.startsWith(root + sep))
      throw new Fault("RA1002", { saw: `${path} leads out of the workspace` });
    if (statSync(real).size > largest)
      throw new Fault("RA1002", { saw: `${path} is larger than 2 GiB` });
    const name = basename(path);
    if (names.has(name)) throw new Fault("RA1002", { saw: `two files have the name ${name}` });
    names.add(name);
    return { name, bytes: readFileSync(real) };
  });
}

/** Regular files that a glob names; none where it is no glob of this system. */
function namedBy(glob: string, root: string): string[] {
  if (glob.length > longestGlob || formsOf(glob) > mostForms) return [];
  return globSync(glob, { cwd: root }).filter((path) =>
    statSync(join(root, path), { throwIfNoEntry: false })?.isFile(),
  );
}

/** Into how many globs its braces make this one, or more. */
function formsOf(glob: string): number {
  if (/\{[^{}]*\.\.[^{}]*\}/.test(glob)) return Number.POSITIVE_INFINITY;
  let forms = 1;
  let rest = glob;
  for (let inner = /\{[^{}]*\}/.exec(rest); inner !== null; inner = /\{[^{}]*\}/.exec(rest)) {
    forms *= inner[0].split(",").length;
    rest = rest.replace(inner[0], "x");
  }
  return forms;
}
