import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export type InputType = "string" | "boolean" | "integer" | "enum" | "list";

/** One input as action.yml and action-types.yml say it together. */
export type ActionInput = {
  name: string;
  description: string;
  type: InputType;
  required: boolean;
  default?: string;
  values?: string[];
  separator?: string;
};

export type ActionOutput = {
  name: string;
  description: string;
  type: "string" | "boolean" | "integer" | "enum" | "list";
  values?: string[];
};

/** One action of the repository. */
export type Action = {
  folder: string;
  name: string;
  description: string;
  inputs: ActionInput[];
  outputs: ActionOutput[];
};

type Fields = Record<string, unknown>;

const types = ["string", "boolean", "integer", "enum", "list"] as const;
/** GitHub masks secrets; these names say which inputs hold one. */
const secretName = /(^|-)(token|password|secret|key|kubeconfig)$/;

export function isSecret(input: { name: string }): boolean {
  return secretName.test(input.name);
}

/**
 * Reads actions/<folder>/action.yml and action-types.yml of a repository, sorted by folder.
 * @throws Error that names every place where the two files disagree or break a rule of the house
 */
export function readActions(root: string): Action[] {
  const folders = readdirSync(join(root, "actions"), { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && existsSync(join(root, "actions", entry.name, "action.yml")),
    )
    .map((entry) => entry.name)
    .toSorted();
  const problems: string[] = [];
  const actions = folders.map((folder) =>
    readAction(
      folder,
      (name) => readFileSync(join(root, "actions", folder, name), "utf8"),
      problems,
    ),
  );
  if (problems.length > 0)
    throw new Error(
      `the files of the actions disagree:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
  return actions;
}

function readAction(folder: string, read: (name: string) => string, problems: string[]): Action {
  const where = `actions/${folder}`;
  const action = asFields(parse(read("action.yml")));
  const typing = asFields(parse(read("action-types.yml")));
  const say = (problem: string): void => void problems.push(`${where}: ${problem}`);

  const runs = asFields(action["runs"]);
  if (runs["using"] !== "node24") say("action.yml: runs.using is not node24");
  if (runs["main"] !== "index.js") say("action.yml: runs.main is not index.js");
  for (const key of ["name", "description"])
    if (!text(action[key])) say(`action.yml: ${key} is missing`);

  for (const group of ["inputs", "outputs"] as const) {
    const declared = Object.keys(asFields(action[group]));
    const typed = Object.keys(asFields(typing[group]));
    for (const name of declared) {
      if (!typed.includes(name)) say(`action-types.yml: ${group} ${name} is missing`);
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
        say(`action.yml: ${group} ${name} is not kebab-case`);
      if (!text(asFields(asFields(action[group])[name])["description"]))
        say(`action.yml: ${group} ${name} has no description`);
    }
    for (const name of typed)
      if (!declared.includes(name)) say(`action.yml: ${group} ${name} is missing`);
  }

  return {
    folder,
    name: text(action["name"]),
    description: text(action["description"]),
    inputs: Object.entries(asFields(action["inputs"])).map(([name, input]) =>
      readInput(name, asFields(input), asFields(asFields(typing["inputs"])[name]), say),
    ),
    outputs: Object.entries(asFields(action["outputs"])).map(([name, output]) => ({
      name,
      description: text(asFields(output)["description"]),
      ...readType(name, asFields(asFields(typing["outputs"])[name]), say),
    })),
  };
}

function readInput(
  name: string,
  input: Fields,
  typing: Fields,
  say: (problem: string) => void,
): ActionInput {
  for (const key of Object.keys(input)) {
    if (!["description", "required", "default", "deprecationMessage"].includes(key))
      say(`action.yml: inputs ${name} has the unknown key ${key}`);
  }
  const typed = readType(name, typing, say);
  const fallback =
    input["default"] === undefined || input["default"] === null ? "" : String(input["default"]);
  if (fallback !== "" && !fallback.includes("${{")) {
    const fits =
      typed.type === "boolean"
        ? /^(true|false)$/.test(fallback)
        : typed.type === "integer"
          ? /^-?\d+$/.test(fallback)
          : typed.type === "enum"
            ? (typed.values ?? []).includes(fallback)
            : true;
    if (!fits)
      say(
        `action.yml: the default of ${name}, ${fallback}, is no ${typed.type} of action-types.yml`,
      );
  }
  return {
    name,
    description: text(input["description"]),
    required: input["required"] === true,
    ...typed,
    ...(fallback === "" ? {} : { default: fallback }),
  };
}

function readType(
  name: string,
  typing: Fields,
  say: (problem: string) => void,
): { type: InputType; values?: string[]; separator?: string } {
  const type = types.find((known) => known === typing["type"]);
  if (!type) {
    if (Object.keys(typing).length > 0)
      say(`action-types.yml: ${name} has the unknown type ${String(typing["type"])}`);
    return { type: "string" };
  }
  if (type === "enum") {
    const values = Array.isArray(typing["allowed-values"])
      ? typing["allowed-values"].map(String)
      : [];
    if (values.length === 0) say(`action-types.yml: ${name} is an enum without allowed-values`);
    return { type, values };
  }
  if (type === "list") {
    if (typeof typing["separator"] !== "string")
      say(`action-types.yml: ${name} is a list without separator`);
    return { type, separator: String(typing["separator"] ?? "\n") };
  }
  return { type };
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim().replace(/\s+/g, " ") : "";
}
