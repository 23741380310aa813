import { Fault, type Code } from "@release-actions/codes";
import * as v from "valibot";
import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type YAMLError,
} from "yaml";
import { legible } from "../legible.ts";
import { nearest } from "./nearest.ts";

const largest = 256 * 1024;
const deepest = 40;
/** How often an anchor may be used, what is in it counted in: aliases of aliases explode. */
const maxAliasCount = 20;
/** So many faults are told at once. */
const mostFaults = 20;
const longestShown = 200;

export type Place = { path: string; document: Document.Parsed; lines: LineCounter };

/**
 * Reads YAML 1.2 for people: every error has its line and column.
 * @throws Fault RA1102 when it is no YAML, too large, too deep, or uses merge keys
 */
export function readYaml(path: string, text: string): Place & { value: unknown } {
  if (Buffer.byteLength(text) > largest)
    throw new Fault("RA1102", { saw: `${path} is larger than 256 KiB` });
  // A stack of brackets costs the parser seconds; indentation is counted the same way.
  if (depth(text) > deepest)
    throw new Fault("RA1102", { saw: `${path} is nested more than ${deepest} deep` });
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    merge: false,
    stringKeys: true,
    // The parser compares each key with each other, which takes it a minute for a file of keys.
    uniqueKeys: false,
    prettyErrors: false,
  });
  const error = document.errors[0] ?? repeatedKey(document);
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new Fault("RA1102", { saw: `${path}:${line}:${col}: ${error.message}` });
  }
  try {
    return { path, document, lines, value: document.toJS({ maxAliasCount }) as unknown };
  } catch (cause) {
    const alias = wrongAlias(document);
    const { line, col } = lines.linePos(alias?.range?.[0] ?? 0);
    throw new Fault("RA1102", {
      saw: `${path}:${line}:${col}: ${alias ? `there is no anchor for *${alias.source}` : `an anchor is used more than ${maxAliasCount} times, or within itself`}`,
      cause,
    });
  }
}

/** The first key that its mapping has already. */
function repeatedKey(document: Document.Parsed): Pick<YAMLError, "pos" | "message"> | undefined {
  let repeated: ReturnType<typeof repeatedKey>;
  visit(document, {
    Map: (_, map) => {
      const known = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key) || typeof key.value !== "string") continue;
        if (known.has(key.value)) {
          const [from = 0, to = 0] = key.range ?? [];
          repeated = { pos: [from, to], message: "Map keys must be unique" };
          return visit.BREAK;
        }
        known.add(key.value);
      }
      return undefined;
    },
  });
  return repeated;
}

/** The first alias that has no anchor before it. */
function wrongAlias(document: Document.Parsed): Alias | undefined {
  let wrong: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      wrong = alias;
      return visit.BREAK;
    },
  });
  return wrong;
}

/** Checks a value against a schema. @throws Fault with every fault of the file, each with line and column */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  place: Place,
  value: unknown,
  code: Code,
  under: (string | number)[] = [],
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const sentences = flatten(result.issues)
    .slice(0, mostFaults)
    .map((issue) => sentence(place, issue, under));
  throw new Fault(code, { saw: [...new Set(sentences)].join("\n") });
}

/** Several faults as the text of one; where there are too many, the first. */
export function together(faults: readonly string[]): string {
  return faults.slice(0, mostFaults).join("\n");
}

/** Where a key stands: `file:line:column`. */
export function position(place: Place, path: readonly (string | number)[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = place.document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(
          (item) => String((item.key as { value?: unknown } | null)?.value) === String(last),
        )
      : undefined;
    const node = (pair?.key ?? place.document.getIn(path.slice(0, length), true)) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) {
      const { line, col } = place.lines.linePos(node.range[0]);
      return `${place.path}:${line}:${col}`;
    }
  }
  return `${place.path}:1:1`;
}

/** The innermost issues: a union's own complaint says less than the complaint of the option that was meant. */
function flatten(issues: readonly v.BaseIssue<unknown>[]): v.BaseIssue<unknown>[] {
  return issues.flatMap((issue) => {
    const inner =
      issue.type === "union"
        ? (issue.issues ?? []).filter((option) => (option.path?.length ?? 0) > 0)
        : [];
    return inner.length === 0
      ? [issue]
      : flatten(
          inner.map(
            (option) =>
              ({
                ...option,
                path: [...(issue.path ?? []), ...(option.path ?? [])],
              }) as unknown as v.BaseIssue<unknown>,
          ),
        );
  });
}

function sentence(place: Place, issue: v.BaseIssue<unknown>, under: (string | number)[]): string {
  const path = [...under, ...(issue.path ?? []).map((item) => item.key as string | number)];
  const key = path.length === 0 ? "the file" : `\`${shown(path.join("."))}\``;
  const at = position(place, path);
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = knownKeys(issue, under);
    const near = nearest(String(path.at(-1)), known);
    return `${at}: ${key} is not a key${near ? `; did you mean \`${near}\`?` : known.length > 0 ? `; known here: ${known.join(", ")}` : ""}`;
  }
  if (issue.received === "undefined") return `${at}: ${key} is missing`;
  if (issue.type === "check" || issue.type === "regex" || issue.type === "min_length")
    return `${at}: ${key} ${/^[a-z]/.test(issue.message) ? issue.message : "has a value that is not allowed"}`;
  return `${at}: ${key} is ${shown(issue.received)}; it takes ${issue.expected ?? "something else"}`;
}

/** What somebody wrote, in a message. */
function shown(text: string): string {
  const line = legible(text);
  return line.length <= longestShown ? line : `${line.slice(0, longestShown).toWellFormed()}…`;
}

function knownKeys(issue: v.BaseIssue<unknown>, under: (string | number)[]): string[] {
  // Valibot tells the path of an unknown key, not the keys that it knows: they are kept with the schema below.
  const path = [...under, ...(issue.path ?? []).map((item) => item.key as string | number)].slice(
    0,
    -1,
  );
  const found = [...keysOf].find(([place]) => {
    const names = place === "" ? [] : place.split(" ");
    return (
      names.length === path.length &&
      names.every((name, index) => name === "*" || name === String(path[index]))
    );
  });
  return found?.[1] ?? [];
}

const keysOf = new Map<string, string[]>();

/** Remembers which keys a schema knows at which place, for "did you mean". */
export function rememberKeys(schema: unknown, path: string[] = []): void {
  if (typeof schema !== "object" || schema === null) return;
  const node = schema as {
    type?: string;
    entries?: Record<string, unknown>;
    wrapped?: unknown;
    item?: unknown;
    value?: unknown;
    pipe?: unknown[];
    options?: unknown[];
  };
  if (node.entries) {
    const place = path.join(" ");
    keysOf.set(place, [...new Set([...(keysOf.get(place) ?? []), ...Object.keys(node.entries)])]);
    for (const [key, entry] of Object.entries(node.entries)) rememberKeys(entry, [...path, key]);
  }
  rememberKeys(node.wrapped, path);
  if (node.type === "record") rememberKeys(node.value, [...path, "*"]);
  if (node.item) rememberKeys(node.item, [...path, "*"]);
  for (const part of node.pipe ?? []) if (part !== schema) rememberKeys(part, path);
  for (const option of node.options ?? []) rememberKeys(option, path);
}

function depth(text: string): number {
  let open = 0;
  let most = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "{") most = Math.max(most, (open += 1));
    else if (letter === "]" || letter === "}") open = Math.max(0, open - 1);
  }
  for (const line of text.split("\n")) {
    const [start = ""] = /^(?: |[-?:](?= ))*/.exec(line) ?? [];
    const signs = start.replaceAll(" ", "").length;
    const indent = (start.length - signs) / 2;
    if (signs > deepest || indent > deepest * 2) return deepest + 1;
  }
  return most;
}
