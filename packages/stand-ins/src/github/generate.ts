/**
 * Cuts the slices that the stand-in is held to out of GitHub's published descriptions. Run by hand, with a folder that has
 * the packages @octokit/graphql-schema and @octokit/openapi installed (the latter unpacks to 385 MB, so never in here):
 *
 *   node --conditions=source packages/stand-ins/src/github/generate.ts FOLDER
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cutSchema } from "./graphql/cut.ts";
import { routes } from "./rest/routes.ts";
import { cutOpenApi } from "./validation/cut.ts";

const folder = process.argv[2];
if (!folder) throw new Error("usage: generate.ts FOLDER");
const published = (path: string) =>
  readFileSync(join(folder, "node_modules", "@octokit", path), "utf8");
const write = (name: string, text: string) => {
  writeFileSync(
    join(import.meta.dirname, "generated", name),
    `// Made by ../generate.ts from GitHub's published description.\n${text}`,
  );
};
/** One line for each name: what changes between two versions is readable, and a schema is parsed only when used. */
const table = (name: string, entries: Record<string, unknown>) => {
  const lines = Object.keys(entries)
    .sort()
    .map((key) => `  ${JSON.stringify(key)}: ${JSON.stringify(JSON.stringify(entries[key]))},\n`);
  return `export const ${name}: Record<string, string> = {\n${lines.join("")}};\n`;
};

write(
  "schema.ts",
  `export const schemaText = \`\n${cutSchema(published("graphql-schema/schema.graphql"))}\`;\n`,
);
const slice = cutOpenApi(JSON.parse(published("openapi/generated/api.github.com.json")), routes);
write("openapi.ts", `${table("operations", slice.operations)}\n${table("schemas", slice.schemas)}`);
