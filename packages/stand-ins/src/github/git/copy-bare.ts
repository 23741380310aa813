import { execFileSync } from "node:child_process";
import { constants, copyFileSync, linkSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { plainGit } from "../repositories.ts";
import type { GitObject, ObjectType } from "./objects.ts";

/**
 * Copies a bare repository into a folder that is not there yet, all its objects in one pack, so that it is copied again at
 * little cost. Returns the objects.
 */
export function packBare(from: string, to: string): Map<string, GitObject> {
  copyFolder(from, to, (path) => path !== "objects");
  const packs = join(to, "objects", "pack");
  mkdirSync(packs, { recursive: true });
  const git = (args: string[], input = "") =>
    execFileSync("git", ["--git-dir", from, ...args], {
      input,
      env: { ...process.env, ...plainGit },
      maxBuffer: 1024 * 1024 * 1024,
    });
  const objects = parseBatch(git(["cat-file", "--batch-all-objects", "--batch"]));
  const names = [...objects.keys()].map((sha) => `${sha}\n`).join("");
  git(["pack-objects", "--quiet", "--non-empty", "--window=0", join(packs, "pack")], names);
  return objects;
}

/** Copies a bare repository into a folder that is not there yet. */
export function copyBare(from: string, to: string): void {
  copyFolder(from, to, () => true);
}

function copyFolder(
  from: string,
  to: string,
  isMeant: (path: string) => boolean,
  folder = "",
): void {
  mkdirSync(join(to, folder), { recursive: folder === "" });
  for (const entry of readdirSync(join(from, folder), { withFileTypes: true })) {
    // What git is still writing belongs to nobody yet.
    if (entry.name.startsWith("tmp_") || entry.name.endsWith(".lock")) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (!isMeant(path)) continue;
    if (entry.isDirectory()) copyFolder(from, to, isMeant, path);
    else if (isLasting(path)) share(join(from, path), join(to, path));
    else copyNew(join(from, path), join(to, path));
  }
}

/**
 * Objects and packs are never written again under their names, so two repositories can have the same file. All else is
 * copied: refs and settings are changed, some in place.
 */
const isLasting = (path: string): boolean => /^objects\/([0-9a-f]{2}|pack)\/[^/]+$/.test(path);

/** The same file under two names; a copy where the file system does not allow that. */
function share(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyNew(from, to);
  }
}

/** A file that is there already may be shared with another repository: nothing is written over it. */
function copyNew(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
}

function parseBatch(answer: Buffer): Map<string, GitObject> {
  const objects = new Map<string, GitObject>();
  for (let at = 0; at < answer.length;) {
    const start = answer.indexOf(10, at) + 1;
    const [sha = "", type, size] = answer.toString("latin1", at, start - 1).split(" ");
    const end = start + Number(size);
    // A copy of its own: the answer as a whole need not stay in memory.
    const content = Buffer.from(answer.subarray(start, end));
    objects.set(sha, { type: type as ObjectType, content });
    at = end + 1;
  }
  return objects;
}
