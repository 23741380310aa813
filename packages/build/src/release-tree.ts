import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
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
import { readActions } from "./action-files.ts";
import { bundle, type Entry } from "./bundle.ts";
import { licencesOf } from "./licences.ts";

/** The CLI is one more entry of the bundle: what it does not share with the actions is loaded only by it. */
const cli = "release-actions";

/**
 * Type checks, bundles and writes the tree that a release tag points to; nothing else is in the folder afterwards.
 * @throws Error with the tool's word, or when the folder holds something that is not a release tree
 */
export function buildReleaseTree(root: string, out: string): { files: number; bytes: number } {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, "SHA256SUMS"))) {
    throw new Error(`${out} is not empty and is no release tree; it is left as it is`);
  }
  const tsc = spawnSync(join(root, "node_modules/.bin/tsc"), ["-b"], {
    cwd: root,
    encoding: "utf8",
  });
  if (tsc.status !== 0) throw new Error(`tsc -b failed:\n${tsc.stdout}${tsc.stderr}`);

  const files = releaseFiles(root);
  const fresh = `${out}.${process.pid}.new`;
  rmSync(fresh, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    writeFileSync(join(fresh, path), text);
  }
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
  return {
    files: files.size,
    bytes: [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  };
}

/** Builds out/release only if a source has changed since. */
export function refreshReleaseTree(root: string): void {
  const out = join(root, "out/release");
  const stamp = join(root, "out/release.stamp");
  const sources = sourcesHash(root);
  if (
    existsSync(join(out, "SHA256SUMS")) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === sources
  )
    return;
  console.log("Building the release tree, out/release …");
  buildReleaseTree(root, out);
  writeFileSync(stamp, sources);
}

function releaseFiles(root: string): Map<string, string> {
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const actions = readActions(root);
  const entries: Entry[] = [
    ...actions.map(({ folder }) => ({
      name: folder,
      module: join(root, "actions", folder, "build/main.js"),
    })),
    { name: cli, module: join(root, "packages/cli/build/main.js") },
  ];
  const missing = entries.filter((entry) => !existsSync(entry.module)).map((entry) => entry.name);
  if (missing.length > 0) throw new Error(`there is no src/main.ts for: ${missing.join(", ")}`);
  const { files: bundled, modules } = bundle(root, join(root, "out/start"), entries);

  const files = new Map<string, string>();
  for (const { folder } of actions) {
    files.set(`${folder}/action.yml`, read(`actions/${folder}/action.yml`));
    files.set(`${folder}/index.js`, stub("../bundle/index.js", folder));
    files.set(
      `${folder}/README.md`,
      read(`actions/${folder}/README.md`).replaceAll("](../../docs/", "](../../main/docs/"),
    );
  }
  // The Marketplace wants one action at the root.
  files.set(
    "action.yml",
    read("actions/promote/action.yml").replace(
      /^(\s*main:\s*)index\.js[ \t]*$/m,
      "$1promote/index.js",
    ),
  );
  for (const [name, text] of Object.entries(bundled)) files.set(`bundle/${name}`, text);
  files.set(`bundle/${cli}.js`, `#!/usr/bin/env node\n${stub("./index.js", cli)}`);
  files.set("package.json", manifest(JSON.parse(read("package.json")) as Record<string, unknown>));
  files.set("LICENSE", read("LICENSE"));
  files.set("licenses.txt", licencesOf(modules));
  // Docs and sources are on the main branch.
  files.set(
    "README.md",
    read("README.md").replaceAll("](actions/", "](").replaceAll("](docs/", "](../main/docs/"),
  );
  const sums = [...files]
    .map(([path, text]) => `${sha256(text)}  ${path}\n`)
    .toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return files.set("SHA256SUMS", sums.join(""));
}

function stub(bundlePath: string, entry: string): string {
  return `import { start } from ${JSON.stringify(bundlePath)};\nawait start(${JSON.stringify(entry)});\n`;
}

function manifest(source: Record<string, unknown>): string {
  const kept = Object.fromEntries(
    ["name", "version", "description", "license", "type", "engines"].map((key) => [
      key,
      source[key],
    ]),
  );
  return `${JSON.stringify({ ...kept, bin: { [cli]: `bundle/${cli}.js` } }, null, 2)}\n`;
}

/** Of everything that the tree is made from. */
function sourcesHash(root: string): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (!existsSync(join(root, path))) return;
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  };
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (
          !["node_modules", "build", "test", "test-support", "fixtures"].includes(entry.name) ||
          folder === "packages"
        )
          walk(path);
      } else if (!entry.name.endsWith(".test.ts")) add(path);
    }
  };
  for (const folder of ["packages", "actions"]) walk(folder);
  for (const path of ["package.json", "package-lock.json", "tsconfig.json", "LICENSE", "README.md"])
    add(path);
  return hash.digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
