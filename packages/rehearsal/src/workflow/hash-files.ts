import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

type Pattern = { takesBack: boolean; expression: RegExp };

/**
 * `hashFiles()`: one hash over the hashes of the matching files of the workspace, empty when none matches. Patterns are
 * read in order and `!pattern` takes back; a folder means everything in it, and hidden files are like all others.
 */
export function hashFiles(workspace: string, given: string[]): string {
  const patterns = given
    .flatMap((text) => text.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("--"))
    .map((line) => patternOf(workspace, line));
  const files = readdirSync(workspace, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        matches(patterns, file) && statSync(file, { throwIfNoEntry: false })?.isFile() === true,
    )
    .toSorted();
  if (files.length === 0) return "";
  const whole = createHash("sha256");
  for (const file of files) whole.update(createHash("sha256").update(readFileSync(file)).digest());
  return whole.digest("hex");
}

function matches(patterns: Pattern[], file: string): boolean {
  return patterns.reduce(
    (now, { takesBack, expression }) => (expression.test(file) ? !takesBack : now),
    false,
  );
}

function patternOf(workspace: string, line: string): Pattern {
  const marks = /^!*/.exec(line)?.[0] ?? "";
  const segments = resolve(workspace, line.slice(marks.length)).split("/").slice(1);
  const source = segments.map((segment) =>
    segment === "**" ? "(?:/[^/]+)*" : `/${ofSegment(segment)}`,
  );
  return {
    takesBack: marks.length % 2 === 1,
    expression: new RegExp(`^${source.join("")}(?:/.*)?$`, "s"),
  };
}

/** `*` and `?` do not pass a slash, `[ab]` is a set; braces mean themselves. */
function ofSegment(segment: string): string {
  return segment.replaceAll(/\*+|\?|\[!?[^\]]+\]|[^A-Za-z0-9]/g, (part) => {
    if (part.startsWith("*")) return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 1)
      return `[${part.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
    return `\\${part}`;
  });
}
