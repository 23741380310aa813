import { isSecret, type Action, type ActionInput, type ActionOutput } from "./action-files.ts";

/** `dry-run` in action.yml is `dryRun` in code. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The text of actions/<name>/src/io.gen.ts. */
export function ioSource(action: Action): string {
  const runner = JSON.stringify("@release-actions/runner");
  const empty = "Record<never, never>";
  return [
    "// Written by `npm run generate` from action.yml and action-types.yml.",
    `import type { ActionIo } from ${runner};`,
    "",
    action.inputs.length === 0
      ? `export type Inputs = ${empty};`
      : `export type Inputs = {\n${action.inputs.map(inputMember).join("\n")}\n};`,
    "",
    action.outputs.length === 0
      ? `export type Outputs = ${empty};`
      : `export type Outputs = {\n${action.outputs.map(outputMember).join("\n")}\n};`,
    "",
    "export const io: ActionIo<Inputs, Outputs> = {",
    `  name: ${JSON.stringify(action.folder)},`,
    "  inputs: {",
    ...action.inputs.map((input) => `    ${camelCase(input.name)}: ${inputSpec(input)},`),
    "  },",
    "  outputs: {",
    ...action.outputs.map(
      (output) => `    ${camelCase(output.name)}: ${JSON.stringify(output.name)},`,
    ),
    "  },",
    "};",
    "",
  ].join("\n");
}

/** Always there: required, or with a default that holds outside GitHub too. */
function alwaysThere(input: ActionInput): boolean {
  return input.required || (input.default !== undefined && !input.default.includes("${{"));
}

function inputMember(input: ActionInput): string {
  return `  ${docstring(input.description)}\n  ${camelCase(input.name)}${alwaysThere(input) ? "" : "?"}: ${codeType(input)};`;
}

function outputMember(output: ActionOutput): string {
  return `  ${docstring(output.description)}\n  ${camelCase(output.name)}: ${codeType(output)};`;
}

function codeType(item: ActionInput | ActionOutput): string {
  switch (item.type) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "integer":
      return "number";
    case "list":
      return "string[]";
    case "enum":
      return (item.values ?? []).map((value) => JSON.stringify(value)).join(" | ");
  }
}

function inputSpec(input: ActionInput): string {
  const fields = [
    `name: ${JSON.stringify(input.name)}`,
    `type: ${JSON.stringify(input.type)}`,
    input.required ? "required: true" : "",
    input.default === undefined ? "" : `default: ${JSON.stringify(input.default)}`,
    isSecret(input) ? "secret: true" : "",
    input.values ? `values: ${JSON.stringify(input.values)}` : "",
    input.separator === undefined ? "" : `separator: ${JSON.stringify(input.separator)}`,
  ];
  return `{ ${fields.filter((field) => field !== "").join(", ")} }`;
}

function docstring(description: string): string {
  return `/** ${description.replaceAll("*/", "* /")} */`;
}
