import { pathMatches } from "./glob.ts";

/** What is read from the repository for a path of `manifests`: itself, or of a glob the folder before its first star. */
export function placeToRead(path: string): string {
  if (!isGlob(path)) return path;
  const parts = path.split("/");
  return parts.slice(0, parts.findIndex(isGlob)).join("/");
}

/** Is a file one of a path's: the file itself, one below the folder, or one that the glob takes? */
export function isOf(path: string, file: string): boolean {
  if (isGlob(path)) return pathMatches(path, file);
  const folder = path.replace(/\/+$/, "");
  return file === folder || file.startsWith(`${folder}/`);
}

export function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}
