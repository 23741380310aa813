import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** `hashFiles()`: one hash over the hashes of the matching files of the workspace, empty when none matches. */
export function hashFiles(workspace: string, patterns: string[]): string {
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  const exclude = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => pattern.slice(1));
  const files = [...new Set(globSync(wanted, { cwd: workspace, exclude }))]
    .map((file) => join(workspace, file))
    .filter((file) => statSync(file).isFile())
    .toSorted();
  if (files.length === 0) return "";
  const whole = createHash("sha256");
  for (const file of files) whole.update(createHash("sha256").update(readFileSync(file)).digest());
  return whole.digest("hex");
}
