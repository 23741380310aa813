import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codes, reasonGroups, reasons } from "@release-actions/codes";
import { readActions } from "./action-files.ts";
import { arrowsFigure } from "./arrows.ts";
import { ioSource } from "./io-source.ts";
import {
  actionPage,
  actionsTable,
  errorsPage,
  fillMarkers,
  inputsTable,
  newReadme,
  outputsTable,
  reasonsPage,
} from "./reference.ts";

/**
 * Every generated file of a repository as it should be, by its path from the root.
 * @throws Error where action.yml and action-types.yml disagree, or a page has lost its markers
 */
export function generatedFiles(root: string): Map<string, string> {
  const actions = readActions(root);
  const files = new Map<string, string>();
  const page = (path: string, otherwise: string): string =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : otherwise;

  for (const action of actions) {
    const readme = `actions/${action.folder}/README.md`;
    files.set(`actions/${action.folder}/src/io.gen.ts`, ioSource(action));
    files.set(
      readme,
      fillMarkers(
        fillMarkers(page(readme, newReadme(action)), readme, "inputs", inputsTable(action)),
        readme,
        "outputs",
        outputsTable(action),
      ),
    );
    files.set(`docs/reference/actions/${action.folder}.md`, actionPage(action));
  }
  files.set("docs/reference/errors.md", errorsPage(codes));
  files.set("docs/reference/reasons.md", reasonsPage(reasons, reasonGroups));
  files.set(
    "README.md",
    fillMarkers(
      page("README.md", "# release-actions\n\n<!-- actions -->\n<!-- /actions -->\n"),
      "README.md",
      "actions",
      actionsTable(actions),
    ),
  );
  const architecture = "docs/explanation/architecture.md";
  files.set(
    architecture,
    fillMarkers(
      page(architecture, "# Architecture\n\n<!-- arrows -->\n<!-- /arrows -->\n"),
      architecture,
      "arrows",
      arrowsFigure(),
    ),
  );
  return files;
}

/** Generated files that differ from what they should be, each with its first differing lines. */
export function staleFiles(root: string): { path: string; difference: string }[] {
  return [...generatedFiles(root)].flatMap(([path, wanted]) => {
    const file = join(root, path);
    const found = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    return found === wanted ? [] : [{ path, difference: difference(found, wanted) }];
  });
}

/** Writes what differs and returns its paths. */
export function generate(root: string): string[] {
  return [...generatedFiles(root)].flatMap(([path, wanted]) => {
    const file = join(root, path);
    if (existsSync(file) && readFileSync(file, "utf8") === wanted) return [];
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wanted);
    return [path];
  });
}

/** The lines between the common start and the common end, as a diff shows them. */
function difference(found: string | undefined, wanted: string): string {
  if (found === undefined) return "  the file is missing";
  const [have, want] = [found.split("\n"), wanted.split("\n")];
  let start = 0;
  while (start < have.length && have[start] === want[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(have.length, want.length) - start &&
    have.at(-1 - end) === want.at(-1 - end)
  )
    end += 1;
  const some = (lines: string[], sign: string): string[] => {
    const changed = lines.slice(start, lines.length - end);
    return [
      ...changed.slice(0, 12).map((line) => `  ${sign} ${line}`),
      ...(changed.length > 12 ? [`  ${sign} … ${changed.length - 12} more lines`] : []),
    ];
  };
  return [`  line ${start + 1}:`, ...some(have, "-"), ...some(want, "+")].join("\n");
}
