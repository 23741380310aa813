import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export type Ref = { name: string; sha: string };

/** The refs of a bare repository, in git's own files and under git's own lock files. */
export type RefStore = {
  read(name: string): string | undefined;
  list(prefix?: string): Ref[];
  write(name: string, sha: string): void;
  remove(name: string): void;
};

export function refStore(directory: string): RefStore {
  const packed = () => readPackedRefs(join(directory, "packed-refs"));
  const loose = (name: string): string | undefined => {
    try {
      const text = readFileSync(join(directory, name), "utf8").trim();
      return /^[0-9a-f]{40}$/.test(text) ? text : undefined;
    } catch {
      return undefined;
    }
  };
  const locked = (name: string, change: (lock: string) => void) => {
    const lock = join(directory, `${name}.lock`);
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, "", { flag: "wx" });
    try {
      change(lock);
    } finally {
      rmSync(lock, { force: true });
    }
  };
  return {
    read: (name) => (isRefName(name) ? (loose(name) ?? packed().get(name)) : undefined),
    list: (prefix = "refs/") => {
      const all = packed();
      for (const name of looseNames(directory, "refs")) {
        const sha = loose(name);
        if (sha) all.set(name, sha);
      }
      return [...all]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, sha]) => ({ name, sha }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    write: (name, sha) =>
      locked(name, (lock) => {
        writeFileSync(lock, `${sha}\n`);
        renameSync(lock, join(directory, name));
      }),
    remove: (name) =>
      locked(name, () => {
        rmSync(join(directory, name), { force: true });
        const rest = packed();
        if (rest.delete(name)) {
          const lines = [...rest].map(([other, sha]) => `${sha} ${other}\n`);
          writeFileSync(join(directory, "packed-refs"), lines.join(""));
        }
      }),
  };
}

/** Git's rules for the names of refs. */
export function isRefName(name: string): boolean {
  return (
    name.startsWith("refs/") &&
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$|^\/|\.lock(\/|$)|(^|\/)\./u.test(name)
  );
}

function looseNames(directory: string, folder: string): string[] {
  const path = join(directory, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return looseNames(directory, name);
    return name.endsWith(".lock") ? [] : [name];
  });
}

function readPackedRefs(file: string): Map<string, string> {
  const refs = new Map<string, string>();
  if (!existsSync(file)) return refs;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const match = /^([0-9a-f]{40}) (refs\/\S+)$/.exec(line);
    if (match?.[1] && match[2]) refs.set(match[2], match[1]);
  }
  return refs;
}
