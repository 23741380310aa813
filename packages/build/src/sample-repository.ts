import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const sampleActionYml = (name: string): string => `name: ${name}
description: A sample for tests
inputs:
  tag:
    description: Tag to judge
    required: true
  dry-run:
    description: Write nothing
    default: 'false'
  on-invalid:
    description: fail or skip
    default: fail
  images:
    description: One a line
  token:
    description: GitHub | token
    default: \${{ github.token }}
outputs:
  is-newest:
    description: true or false
runs:
  using: node24
  main: index.js
`;

const sampleTypesYml = `inputs:
  tag: {type: string}
  dry-run: {type: boolean}
  on-invalid: {type: enum, allowed-values: [fail, skip]}
  images: {type: list, separator: "\\n", list-item: {type: string}}
  token: {type: string}
outputs:
  is-newest: {type: boolean}
`;

const compilerOptions = {
  target: "ES2024",
  module: "nodenext",
  types: [],
  strict: true,
  composite: true,
  declaration: true,
  rewriteRelativeImportExtensions: true,
};

/** Files of a small repository with two actions, a CLI and one foreign package, for the tests of this package. */
export const sampleFiles: Record<string, string> = {
  "package.json": JSON.stringify({
    name: "release-actions",
    version: "1.2.3",
    license: "Apache-2.0",
    type: "module",
    engines: { node: ">=24.12" },
    private: true,
  }),
  "tsconfig.json": JSON.stringify({
    files: [],
    references: [
      { path: "actions/promote" },
      { path: "actions/validate-tag" },
      { path: "packages/cli" },
    ],
  }),
  LICENSE: "the licence\n",
  "README.md":
    "# Sample\n\n[promote](actions/promote/README.md) [glossary](docs/glossary.md)\n\n<!-- actions -->\n<!-- /actions -->\n",
  "actions/promote/action.yml": sampleActionYml("Promote"),
  "actions/promote/action-types.yml": sampleTypesYml,
  "actions/promote/README.md":
    "# promote\n\n[errors](../../docs/reference/errors.md)\n\n<!-- inputs -->\n<!-- /inputs -->\n\n<!-- outputs -->\n<!-- /outputs -->\n",
  "actions/promote/src/main.ts":
    'import { filler, pad } from "left";\nawait Promise.resolve();\nglobalThis.said = pad("promote") + filler.slice(0, 0);\n',
  "actions/validate-tag/action.yml": sampleActionYml("Validate tag"),
  "actions/validate-tag/action-types.yml": sampleTypesYml,
  "actions/validate-tag/README.md":
    "# validate-tag\n\n<!-- inputs -->\n<!-- /inputs -->\n\n<!-- outputs -->\n<!-- /outputs -->\n",
  "actions/validate-tag/src/main.ts":
    'import { filler, pad } from "left";\nglobalThis.said = pad("validate-tag") + filler.slice(0, 0);\n',
  "packages/cli/src/main.ts": 'globalThis.said = "cli";\n',
  "node_modules/left/package.json": JSON.stringify({
    name: "left",
    version: "1.0.0",
    license: "MIT",
    type: "module",
    main: "index.js",
    types: "index.d.ts",
  }),
  "node_modules/left/index.js":
    'export const pad = (text) => "only-in-left " + text;\nexport const filler = "";\n',
  "node_modules/left/index.d.ts":
    "export declare const pad: (text: string) => string;\nexport declare const filler: string;\n",
  "node_modules/left/LICENSE": "Copyright Left\n",
};
for (const folder of ["actions/promote", "actions/validate-tag", "packages/cli"]) {
  sampleFiles[`${folder}/package.json`] = JSON.stringify({ name: folder, type: "module" });
  sampleFiles[`${folder}/src/said.d.ts`] = "declare var said: string;\n";
  sampleFiles[`${folder}/tsconfig.json`] = JSON.stringify({
    compilerOptions: {
      ...compilerOptions,
      rootDir: "src",
      outDir: "build",
      tsBuildInfoFile: "build/.tsbuildinfo",
    },
    include: ["src"],
  });
}

/** Writes the sample, changed as told, into a folder; the tools are those of `tools`, a node_modules folder. */
export function writeSample(
  root: string,
  tools: string,
  changes: Record<string, string> = {},
): string {
  for (const [path, text] of Object.entries({ ...sampleFiles, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  symlinkSync(join(tools, ".bin"), join(root, "node_modules/.bin"));
  return root;
}
