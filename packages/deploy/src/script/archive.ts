import { Fault } from "@release-actions/codes";
import { chmod, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { createGunzip } from "node:zlib";
import type { Header } from "tar-stream";

/** More than any repository that a script is run from; less than what fills a runner's disk. */
const mostEntries = 200_000;
const mostBytes = 4 * 1024 * 1024 * 1024;

type Entry = {
  /** Path below the archive's one top folder. */
  path: string;
  type: "file" | "directory" | "link";
  executable: boolean;
  /** Where a link leads. */
  target: string;
  bytes: AsyncIterable<Buffer>;
};

/**
 * Looks through a commit's archive (gzipped tar, as GitHub hands it out) without writing: every entry may be unpacked, and the
 * script is an executable file.
 * @throws Fault RA3204 (the script), RA3205 (the archive)
 */
export async function checkArchive(archive: Buffer, script: string): Promise<void> {
  const wanted = script
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  let found: Entry | undefined;
  await eachEntry(archive, async (entry) => {
    if (entry.path === wanted) found = entry;
  });
  const what =
    found === undefined
      ? "does not exist"
      : found.type !== "file"
        ? `is a ${found.type === "link" ? "symbolic link" : "folder"}`
        : found.executable
          ? undefined
          : "is not executable";
  if (what !== undefined)
    throw new Fault("RA3204", { saw: `${script} ${what} at the released commit` });
}

/**
 * Unpacks a commit's archive into an empty folder: files with their execute bit, folders, and links that stay inside.
 * @throws Fault RA3205
 */
export async function unpackArchive(archive: Buffer, folder: string): Promise<void> {
  const root = await realpath(folder);
  const links: Entry[] = [];
  await eachEntry(archive, async (entry) => {
    const place = join(root, entry.path);
    if (entry.type === "link") {
      links.push(entry);
      return;
    }
    await mkdir(entry.type === "directory" ? place : dirname(place), { recursive: true });
    if (entry.type === "directory") return;
    await writeFile(place, entry.bytes, { flag: "wx" });
    await chmod(place, entry.executable ? 0o755 : 0o644);
  });
  // Links come last, so that nothing is ever written through one.
  for (const link of links) {
    const place = join(root, link.path);
    await mkdir(dirname(place), { recursive: true });
    await symlink(link.target, place);
  }
}

async function eachEntry(archive: Buffer, take: (entry: Entry) => Promise<void>): Promise<void> {
  const unzipped = createGunzip();
  // Loaded only here: few have a script of their own.
  const { extract } = await import("tar-stream");
  const entries = extract();
  unzipped.on("error", (error) => entries.destroy(error));
  unzipped.pipe(entries);
  unzipped.end(archive);
  const seen = new Set<string>();
  let bytes = 0;
  try {
    for await (const packed of entries) {
      const entry = entryOf(packed.header, packed as AsyncIterable<Buffer>);
      bytes += packed.header.size ?? 0;
      if (seen.size >= mostEntries) throw refused(`it has more than ${mostEntries} entries`);
      if (bytes > mostBytes) throw refused("its files are larger than 4 GiB together");
      if (entry !== undefined) {
        if (seen.has(entry.path) && entry.type !== "directory")
          throw refused(`${shown(entry.path)} is in it twice`);
        seen.add(entry.path);
        await take(entry);
      }
      packed.resume();
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("RA3205", {
      saw: `the archive of the commit could not be unpacked: ${error instanceof Error ? error.message : "unknown"}`,
      cause: error,
    });
  } finally {
    unzipped.destroy();
  }
  if (seen.size === 0) throw refused("it is empty");
}

/** undefined for the top folder itself. */
function entryOf(header: Header, bytes: AsyncIterable<Buffer>): Entry | undefined {
  const { name, type, mode } = header;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || name.includes("\\") || name.includes("\0") || parts.includes(".."))
    throw refused(`${shown(name)} would leave its folder`);
  const path = parts.slice(1).join("/");
  if (path === "") {
    if (type === "directory") return undefined;
    throw refused(`${shown(name)} is not inside the archive's folder`);
  }
  const base = { path, executable: (mode & 0o100) !== 0, target: header.linkname ?? "", bytes };
  if (type === "file" || type === "contiguous-file") return { ...base, type: "file" };
  if (type === "directory") return { ...base, type };
  if (type !== "symlink") throw refused(`${shown(name)} is a ${String(type)}`);
  if (leadsOut(path, base.target))
    throw refused(`the link ${shown(path)} leads out of the repository, to ${shown(base.target)}`);
  return { ...base, type: "link" };
}

/** `..` is taken only at the start, where it climbs real folders; further in it would climb out of another link's target. */
function leadsOut(path: string, target: string): boolean {
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const down = parts.findIndex((part) => part !== "..");
  const climbsLate = down >= 0 && parts.slice(down).includes("..");
  const root = resolve(sep, "archive");
  const end = resolve(root, dirname(path), target);
  const inside = end === root || end.startsWith(root + sep);
  return target === "" || target.startsWith("/") || target.includes("\\") || climbsLate || !inside;
}

function refused(why: string): Fault {
  return new Fault("RA3205", { saw: `the archive of the commit is refused: ${why}` });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
