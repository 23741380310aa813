import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";

export type ObjectType = "blob" | "tree" | "commit" | "tag";
export type GitObject = { type: ObjectType; content: Buffer };

/** The objects of a bare repository, read and written as git's own loose files: at once, and without a process for each. */
export type ObjectStore = {
  /** Undefined when there is no such object. */
  read(sha: string): GitObject | undefined;
  write(type: ObjectType, content: Buffer): string;
};

/** `known`: objects that are there for certain, so that they need not be read. */
export function objectStore(
  directory: string,
  // Objects never change, so what was read once stays true.
  known: Map<string, GitObject> = new Map(),
): ObjectStore {
  const fileOf = (sha: string) => join(directory, "objects", sha.slice(0, 2), sha.slice(2));
  return {
    read: (sha) => {
      if (!/^[0-9a-f]{40}$/.test(sha)) return undefined;
      const found = known.get(sha) ?? readLoose(fileOf(sha)) ?? readPacked(directory, sha);
      if (found) known.set(sha, found);
      return found;
    },
    write: (type, content) => {
      const whole = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
      const sha = createHash("sha1").update(whole).digest("hex");
      const file = fileOf(sha);
      if (!existsSync(file)) {
        mkdirSync(join(file, ".."), { recursive: true });
        // Written aside and renamed: a git process that reads meanwhile never sees half an object.
        const aside = join(directory, "objects", `tmp_obj_${randomBytes(6).toString("hex")}`);
        writeFileSync(aside, deflateSync(whole), { mode: 0o444 });
        renameSync(aside, file);
      }
      known.set(sha, { type, content });
      return sha;
    },
  };
}

function readLoose(file: string): GitObject | undefined {
  if (!existsSync(file)) return undefined;
  const whole = inflateSync(readFileSync(file));
  const end = whole.indexOf(0);
  const type = whole.toString("latin1", 0, whole.indexOf(32)) as ObjectType;
  return { type, content: whole.subarray(end + 1) };
}

/** Only what came by a fetch or a large push is packed. */
function readPacked(directory: string, sha: string): GitObject | undefined {
  if (!readdirSync(join(directory, "objects", "pack")).some((name) => name.endsWith(".pack")))
    return undefined;
  const answer = execFileSync("git", ["--git-dir", directory, "cat-file", "--batch"], {
    input: `${sha}\n`,
    maxBuffer: 1024 * 1024 * 1024,
  });
  const end = answer.indexOf(10);
  const [, type, size] = answer.toString("latin1", 0, end).split(" ");
  if (size === undefined) return undefined;
  return { type: type as ObjectType, content: answer.subarray(end + 1, end + 1 + Number(size)) };
}
