import type { ObjectStore } from "./objects.ts";

export type TreeEntry = { mode: string; name: string; sha: string };
/** A file of a tree with all its folders in its path. */
export type TreeFile = { path: string; mode: string; sha: string };

export const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

export function isFolder(entry: { mode: string }): boolean {
  return entry.mode === "40000" || entry.mode === "040000";
}

export function readTree(objects: ObjectStore, sha: string): TreeEntry[] {
  const content = sha === emptyTree ? Buffer.alloc(0) : objects.read(sha)?.content;
  if (!content) throw new Error(`no tree ${sha}`);
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const zero = content.indexOf(0, space);
    entries.push({
      mode: content.toString("latin1", at, space),
      name: content.toString("utf8", space + 1, zero),
      sha: content.toString("hex", zero + 1, zero + 21),
    });
    at = zero + 21;
  }
  return entries;
}

export function writeTree(objects: ObjectStore, entries: readonly TreeEntry[]): string {
  const sorted = entries
    .map((entry) => ({
      ...entry,
      mode: entry.mode.replace(/^0+/, ""),
      // Git compares a folder's name as if it ended in a slash.
      key: Buffer.from(entry.name + (isFolder(entry) ? "/" : "")),
    }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  return objects.write(
    "tree",
    Buffer.concat(
      sorted.flatMap((entry) => [
        Buffer.from(`${entry.mode} ${entry.name}\0`),
        Buffer.from(entry.sha, "hex"),
      ]),
    ),
  );
}

/** The entry at a path; the tree itself at the empty path. */
export function entryAt(objects: ObjectStore, tree: string, path: string): TreeEntry | undefined {
  let entry: TreeEntry = { mode: "040000", name: "", sha: tree };
  for (const name of path.split("/").filter((part) => part !== "")) {
    if (!isFolder(entry)) return undefined;
    const next = readTree(objects, entry.sha).find((one) => one.name === name);
    if (!next) return undefined;
    entry = next;
  }
  return entry;
}

/** What to put at a path, or null to remove what is there. */
export type TreeChange = { sha: string; mode: string } | null;

/** The tree with these paths changed; folders left empty vanish, as git has none. */
export function changeTree(
  objects: ObjectStore,
  tree: string | undefined,
  changes: ReadonlyMap<string, TreeChange>,
): string {
  const entries = new Map(
    (tree ? readTree(objects, tree) : []).map((entry) => [entry.name, entry]),
  );
  const below = new Map<string, Map<string, TreeChange>>();
  for (const [path, change] of changes) {
    const slash = path.indexOf("/");
    if (slash < 0) {
      if (change) entries.set(path, { name: path, ...change });
      else entries.delete(path);
      continue;
    }
    const folder = path.slice(0, slash);
    const inside = below.get(folder) ?? new Map<string, TreeChange>();
    below.set(folder, inside.set(path.slice(slash + 1), change));
  }
  for (const [folder, inside] of below) {
    const old = entries.get(folder);
    const sha = changeTree(objects, old && isFolder(old) ? old.sha : undefined, inside);
    if (sha === emptyTree) entries.delete(folder);
    else entries.set(folder, { name: folder, mode: "40000", sha });
  }
  return writeTree(objects, [...entries.values()]);
}

/** Every file of a tree, folders walked. */
export function listFiles(objects: ObjectStore, tree: string, prefix = ""): TreeFile[] {
  return readTree(objects, tree).flatMap((entry) =>
    isFolder(entry)
      ? listFiles(objects, entry.sha, `${prefix}${entry.name}/`)
      : [{ path: prefix + entry.name, mode: entry.mode, sha: entry.sha }],
  );
}

/** Where `before` has another path, the file was moved as it is. */
export type FileDifference = { path: string; before?: TreeFile; after?: TreeFile };

/** The same differences with a file that vanished here and came up there as one. */
export function withMoves(files: readonly FileDifference[]): FileDifference[] {
  const gone = files.filter((file) => !file.after);
  const moved = new Map<FileDifference, FileDifference>();
  for (const file of files) {
    if (file.before) continue;
    const from = gone.find(
      (one) => one.before?.sha === file.after?.sha && ![...moved.values()].includes(one),
    );
    if (from) moved.set(file, from);
  }
  const sources = new Set(moved.values());
  return files
    .filter((file) => !sources.has(file))
    .map((file) => {
      const from = moved.get(file);
      return from?.before ? { ...file, before: from.before } : file;
    });
}

/** Files that differ between two trees, by path. */
export function differences(
  objects: ObjectStore,
  before: string,
  after: string,
  prefix = "",
): FileDifference[] {
  if (before === after) return [];
  const left = new Map(readTree(objects, before).map((entry) => [entry.name, entry]));
  const right = new Map(readTree(objects, after).map((entry) => [entry.name, entry]));
  const found: FileDifference[] = [];
  for (const name of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [a, b] = [left.get(name), right.get(name)];
    if (a && b && a.sha === b.sha && a.mode === b.mode) continue;
    const path = prefix + name;
    const folder = (entry: TreeEntry | undefined) =>
      entry && isFolder(entry) ? entry.sha : emptyTree;
    if ((a && isFolder(a)) || (b && isFolder(b))) {
      found.push(...differences(objects, folder(a), folder(b), `${path}/`));
    }
    const file = (entry: TreeEntry | undefined) =>
      entry && !isFolder(entry) ? { path, mode: entry.mode, sha: entry.sha } : undefined;
    const [fileA, fileB] = [file(a), file(b)];
    if (fileA || fileB)
      found.push({ path, ...(fileA && { before: fileA }), ...(fileB && { after: fileB }) });
  }
  return found;
}

/** Joins two trees by file; the paths that both changed differently where they cannot be joined. */
export function mergeTrees(
  objects: ObjectStore,
  base: string,
  ours: string,
  theirs: string,
): { tree: string } | { conflicts: string[] } {
  const mine = new Map(differences(objects, base, ours).map((one) => [one.path, one.after?.sha]));
  const changes = new Map<string, TreeChange>();
  const conflicts: string[] = [];
  for (const { path, after } of differences(objects, base, theirs)) {
    if (mine.has(path) && mine.get(path) !== after?.sha) conflicts.push(path);
    changes.set(path, after ? { sha: after.sha, mode: after.mode } : null);
  }
  return conflicts.length > 0 ? { conflicts } : { tree: changeTree(objects, ours, changes) };
}
