import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A workspace of the repository: a folder of packages/ or actions/. */
export type Workspace = {
  /** Name in the table of arrows. */
  name: string;
  /** Path from the root. */
  path: string;
  dependencies: string[];
  devDependencies: string[];
  files: SourceFile[];
};

/** `test`: a test, or what only tests use. */
export type SourceFile = { path: string; text: string; test: boolean; imports: Import[] };

/** `lazy` is `import("…")`; `type` is gone after the build. */
export type Import = { from: string; lazy: boolean; type: boolean };

const statement = /^\s*(?:import|export)\s(type\s)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const call = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** All workspaces of a repository with their TypeScript files. */
export function readWorkspaces(root: string): Workspace[] {
  return ["packages", "actions"].flatMap((group) =>
    (existsSync(join(root, group)) ? readdirSync(join(root, group)) : [])
      .toSorted()
      .filter((folder) => existsSync(join(root, group, folder, "package.json")))
      .map((folder) => {
        const path = `${group}/${folder}`;
        const manifest = JSON.parse(
          readFileSync(join(root, path, "package.json"), "utf8"),
        ) as Record<string, Record<string, string> | undefined>;
        return {
          name: group === "actions" ? "actions" : folder,
          path,
          dependencies: Object.keys(manifest["dependencies"] ?? {}),
          devDependencies: Object.keys(manifest["devDependencies"] ?? {}),
          files: typeScriptFiles(join(root, path)).map((file) => readSource(root, file)),
        };
      }),
  );
}

/** Import lines of a source text. */
export function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[^]*?\*\//g, "");
  return [
    ...[...code.matchAll(statement)].map((match) => ({
      from: match[2] ?? "",
      lazy: false,
      type: match[1] !== undefined,
    })),
    ...[...code.matchAll(call)].map((match) => ({ from: match[1] ?? "", lazy: true, type: false })),
  ];
}

function readSource(root: string, file: string): SourceFile {
  const text = readFileSync(file, "utf8");
  const imports = importsOf(text);
  const test = /\.test\.ts$|\/test\//.test(file) || imports.some(({ from }) => from === "vitest");
  return { path: relative(root, file), text, test, imports };
}

function typeScriptFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (["node_modules", "build", "fixtures"].includes(entry.name) && entry.isDirectory())
        return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return typeScriptFiles(path);
      return entry.name.endsWith(".ts") ? [path] : [];
    });
}
