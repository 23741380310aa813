import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { leftOutFile, leftOutSource } from "./left-out.ts";

/** What is built: names of entries and the built modules behind them. */
export type Entry = { name: string; module: string };

export type Bundle = {
  /** Files of the bundle's folder by name. */
  files: Record<string, string>;
  /** Every source file that went into it. */
  modules: string[];
};

/**
 * Bundles all entries in one build behind `start(name)`, so that what several use is there once and what one needs is
 * loaded by that one alone. `folder` gets the written dispatcher.
 * @throws Error with ncc's word, or where a path of this machine got into the output
 */
export function bundle(root: string, folder: string, entries: Entry[]): Bundle {
  mkdirSync(folder, { recursive: true });
  const dispatcher = join(folder, "index.js");
  const output = join(folder, "bundle.json");
  writeFileSync(dispatcher, dispatcherSource(folder, entries));
  // A process of its own, started in the root: webpack numbers modules by their paths from the working folder.
  const ncc = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "run-ncc.ts"), dispatcher, output],
    { cwd: root, encoding: "utf8" },
  );
  if (ncc.status !== 0) throw new Error(`ncc failed:\n${ncc.stdout}${ncc.stderr}`);
  const built = JSON.parse(readFileSync(output, "utf8")) as Bundle;
  built.files[leftOutFile] = leftOutSource;
  for (const [name, text] of Object.entries(built.files)) {
    const at = text.indexOf(root);
    if (at >= 0)
      throw new Error(
        `bundle/${name} holds a path of this machine: …${text.slice(Math.max(0, at - 60), at + root.length + 60)}…`,
      );
  }
  return { files: built.files, modules: built.modules.filter((file) => file !== dispatcher) };
}

function dispatcherSource(folder: string, entries: Entry[]): string {
  const lines = entries.map(({ name, module }) => {
    const path = relative(folder, module).replaceAll("\\", "/");
    return `  ${JSON.stringify(name)}: () => import(${JSON.stringify(path)}),`;
  });
  return `const entries = {\n${lines.join("\n")}\n};\n\nexport const start = (name) => entries[name]();\n`;
}
