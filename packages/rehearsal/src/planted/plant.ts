import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { loadPipeline, type Pipeline } from "../world/pipeline.ts";
import type { Slip } from "./bugs.ts";

/** What a rehearsal is played with. */
export type Stage = {
  pipeline: Pipeline;
  /** Built trees of actions by `owner/repo`. */
  actions: Record<string, string>;
};

/** The stage with the bug in it, or why the bug cannot be planted any more. */
export type Planted = Stage | { stale: string };

/** A copy that stays as it is for all bugs, whatever is built or edited meanwhile. */
export function keep({ pipeline, actions }: Stage, folder: string): Stage {
  const copy = join(folder, pipeline.name);
  cpSync(pipeline.directory, copy, { recursive: true });
  const kept = Object.entries(actions).map(([name, tree]) => {
    const place = join(folder, "actions", name);
    for (const path of filesOf(tree)) copyFile(join(tree, path), join(place, path));
    return [name, place] as const;
  });
  return { pipeline: loadPipeline(copy), actions: Object.fromEntries(kept) };
}

/**
 * Plants a bug in copies below `folder`; nothing outside it is changed. A text that is not there, or there twice, makes the
 * bug stale: it is never skipped. `root`: of the repository whose `packages/` the bundles are built from.
 */
export function plant(bug: Slip, stage: Stage, root: string, folder: string): Planted {
  return bug.module === undefined
    ? plantInPipeline(bug, bug.file ?? "", stage, folder)
    : plantInProduct(bug, bug.module, stage, root, folder);
}

function plantInPipeline(bug: Slip, file: string, stage: Stage, folder: string): Planted {
  const copy = join(folder, stage.pipeline.name);
  cpSync(stage.pipeline.directory, copy, { recursive: true });
  const path = join(copy, file);
  if (!existsSync(path)) return { stale: `there is no ${file}` };
  const changed = replaceOnce(readFileSync(path, "utf8"), bug);
  if ("count" in changed) return { stale: `${file} has its text ${times(changed.count)}` };
  writeFileSync(path, changed.text);
  return { ...stage, pipeline: loadPipeline(copy) };
}

function plantInProduct(
  bug: Slip,
  module: string,
  stage: Stage,
  root: string,
  folder: string,
): Planted {
  const built = module.replace("/src/", "/build/").replace(/\.ts$/, ".js");
  if (!existsSync(join(root, built))) return { stale: `there is no ${built}` };
  const own = replaceOnce(readFileSync(join(root, built), "utf8"), bug);
  if ("count" in own) return { stale: `${built} has its text ${times(own.count)}` };

  const actions: Record<string, string> = {};
  const patched: string[] = [];
  for (const [name, tree] of Object.entries(stage.actions)) {
    const copy = join(folder, name);
    for (const path of filesOf(tree)) {
      const target = join(copy, path);
      const text = isProgram(path) ? readFileSync(join(tree, path), "utf8") : "";
      const part = partOf(text, built);
      if (part === undefined) {
        copyFile(join(tree, path), target);
        continue;
      }
      const changed = replaceOnce(text.slice(part.start, part.end), bug);
      if ("count" in changed)
        return { stale: `in ${path} ${built} has its text ${times(changed.count)}` };
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text.slice(0, part.start) + changed.text + text.slice(part.end));
      patched.push(target);
    }
    actions[name] = copy;
  }
  if (patched.length === 0) return { stale: `no bundle holds ${built}` };
  for (const path of patched) {
    const { status, stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
    const error = stderr.split("\n").find((line) => /^\w*Error\b/.test(line));
    if (status !== 0) return { stale: `with it ${built} is no JavaScript: ${error ?? ""}` };
  }
  return { ...stage, actions };
}

/** Where a module's text begins and ends in an unminified bundle. */
function partOf(bundle: string, built: string): { start: number; end: number } | undefined {
  const mark = "// CONCATENATED MODULE: ./";
  const at = bundle.indexOf(`${mark}${built}\n`);
  if (at < 0) return undefined;
  const ends = [`\n;${mark}`, "\n/***/ }),"]
    .map((end) => bundle.indexOf(end, at + 1))
    .filter((end) => end >= 0);
  return { start: at, end: Math.min(bundle.length, ...ends) };
}

function replaceOnce(text: string, { from, to }: Slip): { text: string } | { count: number } {
  const parts = text.split(from);
  return parts.length === 2 ? { text: parts.join(to) } : { count: parts.length - 1 };
}

const times = (count: number): string => (count === 0 ? "not any more" : `${count} times`);

const isProgram = (path: string): boolean => /\.m?js$/.test(path);

function filesOf(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1));
}

/** The same bytes under another name: no second copy where the disk can do without. */
function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

/** Takes a planted bug's copies away. */
export function uproot(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
