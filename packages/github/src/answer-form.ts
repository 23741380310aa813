/** The fields of an object by the names that they have in an answer. */
type Fields = { must: Map<string, Field>; may: Map<string, Field> };
/** `under`: of an object, or of each item of a list. */
type Field = { name: string; optional: boolean; list: boolean; under: Fields | undefined };

/** Fields of GraphQL that hold a list of objects, which a query does not tell. */
const lists = new Set(["nodes", "entries"]);
const numbersOfQueries = new Set([
  "number",
  "size",
  "databaseId",
  "totalCount",
  "aheadBy",
  "behindBy",
  "behind_by",
]);
/** GraphQL calls the name of a node its id. */
const numbersOfForms = new Set([...numbersOfQueries, "id"]);
const flags = new Set([
  "draft",
  "prerelease",
  "isDraft",
  "isPrerelease",
  "isTruncated",
  "hasNextPage",
]);
/** Fields of GraphQL that may be null by GitHub's schema and by what it does, or only below one other. All others have a value. */
const nullable = new Set([
  "author",
  "base",
  "clientMutationId",
  "closingIssuesReferences",
  "associatedPullRequests",
  "commit",
  "compare",
  "conclusion",
  "databaseId",
  "defaultBranchRef",
  "description",
  "endCursor",
  "isTruncated",
  "issue",
  "labels",
  "lastEditedAt",
  "latestRelease",
  "mergeCommit",
  "mergedAt",
  "object",
  "pullRequest",
  "ref",
  "release",
  "release.name",
  "statusCheckRollup",
  "text",
]);

/**
 * What an answer to a GraphQL query lacks or has otherwise than its query says, as one sentence; undefined where it is in
 * order. A proxy that answers in GitHub's place must not look like a repository without tags.
 */
export function wrongInQuery(query: string, data: unknown): string | undefined {
  const fragments = new Map<string, Fields>();
  // Our queries come first, and the fragments that they use behind them.
  const [own = "", ...parts] = query.split(/\bfragment\b/);
  for (const part of parts) {
    const words = tokensOf(part);
    const [name = ""] = words.splice(0, words.indexOf("{"));
    fragments.set(name, readFields(words, new Map()));
  }
  const words = tokensOf(own);
  while (words.length > 0 && words[0] !== "{" && words[0] !== "(") words.shift();
  skipArguments(words);
  return lookFor(numbersOfQueries).inObject(readFields(words, fragments), data, "");
}

/**
 * The same for an answer of REST. `form` names the fields that it has to have: `number user? { login } assets [id name]`; a
 * question mark is behind what may be null or missing, square brackets stand around the fields of a list's items.
 */
export function wrongInForm(form: string, data: unknown): string | undefined {
  const isList = form.startsWith("[");
  const fields = readFields(tokensOf(isList ? form : `{ ${form} }`), new Map());
  const { inList, inObject } = lookFor(numbersOfForms);
  return isList ? inList(fields, data, "the list") : inObject(fields, data, "");
}

function tokensOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|\.\.\.|[\w$]+|[{}[\]():?]/g) ?? [];
}

function skipArguments(words: string[]): void {
  if (words[0] !== "(") return;
  let depth = 0;
  do {
    const word = words.shift();
    if (word === "(") depth += 1;
    if (word === ")") depth -= 1;
  } while (depth > 0 && words.length > 0);
}

/** Reads `{ … }` or `[ … ]` from the front of the words. Fields of an inline fragment are there only for some types of object. */
function readFields(words: string[], fragments: Map<string, Fields>): Fields {
  const fields: Fields = { must: new Map(), may: new Map() };
  words.shift();
  while (words.length > 0 && words[0] !== "}" && words[0] !== "]") {
    const first = words.shift() ?? "";
    if (first === "...") {
      const name = words.shift() ?? "";
      if (name !== "on") {
        // A named fragment is of the object's own type.
        for (const [key, field] of fragments.get(name)?.must ?? []) fields.must.set(key, field);
        continue;
      }
      words.shift();
      const part = readFields(words, fragments);
      for (const [key, field] of [...part.must, ...part.may]) fields.may.set(key, field);
      continue;
    }
    let name = first;
    if (words[0] === ":") {
      words.shift();
      name = words.shift() ?? "";
    }
    skipArguments(words);
    const optional = words[0] === "?";
    if (optional) words.shift();
    const list = words[0] === "[" || lists.has(name);
    const under = words[0] === "{" || words[0] === "[" ? readFields(words, fragments) : undefined;
    fields.must.set(first, { name, optional, list, under });
  }
  words.shift();
  return fields;
}

/** Looks through an answer; `numbers` are the names of fields that hold one. */
function lookFor(numbers: ReadonlySet<string>) {
  const inObject = (fields: Fields, value: unknown, path: string, of = ""): string | undefined => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return `${path || "the answer"} is ${kindOf(value)}, and not an object`;
    const object = value as Record<string, unknown>;
    for (const [key, field] of fields.must) {
      const held = Object.hasOwn(object, key) ? object[key] : undefined;
      const wrong = inField(field, held, at(path, key), of);
      if (wrong !== undefined) return wrong;
    }
    for (const [key, field] of fields.may) {
      if (fields.must.has(key) || !Object.hasOwn(object, key)) continue;
      const wrong = inField(field, object[key], at(path, key), of);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

  const inField = (field: Field, value: unknown, path: string, of: string): string | undefined => {
    if (value === undefined) return field.optional ? undefined : `${path} is missing`;
    if (value === null)
      return field.optional || nullable.has(field.name) || nullable.has(`${of}.${field.name}`)
        ? undefined
        : `${path} is null`;
    if (field.under !== undefined)
      return field.list
        ? inList(field.under, value, path)
        : inObject(field.under, value, path, field.name);
    const wanted = numbers.has(field.name)
      ? "number"
      : flags.has(field.name)
        ? "boolean"
        : "string";
    return typeof value === wanted ? undefined : `${path} is ${kindOf(value)}, and not a ${wanted}`;
  };

  const inList = (fields: Fields, value: unknown, path: string): string | undefined => {
    if (!Array.isArray(value)) return `${path} is ${kindOf(value)}, and not a list`;
    for (const [index, item] of value.entries()) {
      const wrong = inObject(fields, item, `${path}[${index}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

  return { inObject, inList };
}

const at = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  return `a ${typeof value}`;
}
