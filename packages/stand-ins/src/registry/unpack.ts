import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { extract } from "tar-stream";
import { sha256 } from "./image.ts";

/** Lays one layer over a folder, with whiteouts. Throws on any path or link that would leave the folder. */
export async function unpackLayer(
  bytes: Buffer,
  options: { dir: string; mediaType: string; diffId: string | undefined },
): Promise<void> {
  const tar = decompress(bytes, options.mediaType);
  if (options.diffId !== undefined && sha256(tar) !== options.diffId) {
    throw new Error(`layer does not match its diff id ${options.diffId}`);
  }
  await mkdir(options.dir, { recursive: true });
  const root = await realpath(options.dir);

  const archive = extract();
  archive.end(tar);
  for await (const entry of archive) {
    const { name, type, mode, linkname } = entry.header;
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const target = await place(root, name);
    if (target === root) continue;
    if (basename(target) === ".wh..wh..opq") {
      for (const child of await readdir(dirname(target)))
        await rm(join(dirname(target), child), { recursive: true });
    } else if (basename(target).startsWith(".wh.")) {
      const hidden = await place(root, join(dirname(name), basename(target).slice(".wh.".length)));
      await rm(hidden, { recursive: true, force: true });
    } else if (type === "directory") {
      await makeDirectory(target);
    } else {
      await rm(target, { recursive: true, force: true });
      if (type === "symlink") await symlink(insideLink(root, target, linkname ?? ""), target);
      else if (type === "link") await link(await linkSource(root, linkname ?? ""), target);
      else if (type === "file" || type === "contiguous-file") {
        await writeFile(target, Buffer.concat(chunks), { flag: "wx" });
        await chmod(target, (mode ?? 0o644) & 0o777);
      } else throw new Error(`layer entry ${name} is a ${type}`);
    }
  }
}

function decompress(bytes: Buffer, mediaType: string): Buffer {
  if (mediaType.endsWith("gzip")) return gunzipSync(bytes);
  if (mediaType.endsWith("+zstd")) return zstdDecompressSync(bytes);
  return bytes;
}

/** Where an entry goes, with its parents made: the real path of the parent, so no link leads out on the way. */
async function place(root: string, name: string): Promise<string> {
  const lexical = resolve(root, name.replace(/^\/+/, ""));
  if (!within(root, lexical)) throw new Error(`layer entry ${name} leaves the image`);
  if (lexical === root) return root;
  const missing: string[] = [];
  let parent = dirname(lexical);
  while (!(await exists(parent))) {
    missing.unshift(basename(parent));
    parent = dirname(parent);
  }
  const real = await realpath(parent);
  if (!within(root, real)) throw new Error(`layer entry ${name} leaves the image through a link`);
  const made = join(real, ...missing);
  await mkdir(made, { recursive: true });
  return join(made, basename(lexical));
}

async function makeDirectory(target: string): Promise<void> {
  const there = await lstat(target).catch(() => undefined);
  if (there && !there.isDirectory()) await rm(target, { force: true });
  await mkdir(target, { recursive: true });
}

/** `..` is allowed only at the start, where it climbs real folders; further in it could climb out of a link's target. */
function insideLink(root: string, target: string, linkname: string): string {
  const parts = linkname.split("/").filter((part) => part !== "" && part !== ".");
  const climbsLate =
    parts.slice(parts.findIndex((part) => part !== "..")).includes("..") &&
    parts.some((part) => part !== "..");
  if (isAbsolute(linkname) || climbsLate || !within(root, resolve(dirname(target), linkname))) {
    throw new Error(`layer link ${relative(root, target)} -> ${linkname} leads out of the image`);
  }
  return linkname;
}

async function linkSource(root: string, linkname: string): Promise<string> {
  const source = await place(root, linkname);
  const there = await lstat(source).catch(() => undefined);
  if (!there?.isFile()) throw new Error(`layer link to ${linkname} has no file`);
  return source;
}

function within(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
