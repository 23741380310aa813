import { copy, equal, isFields, type Fields } from "./object.ts";
import { childSchema, itemKey, type Schema } from "./schema.ts";
import { badRequest, Refused } from "./status.ts";

/** RFC 7396: null takes away, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** Kubernetes' own merge: lists with a key merge by it, `$patch` deletes or replaces. */
export function strategicMergePatch(target: unknown, patch: unknown, schema: Schema): unknown {
  if (isFields(patch)) return strategicFields(target, patch, schema);
  if (!Array.isArray(patch)) return patch;
  if (schema.type === "keyed")
    return strategicItems(Array.isArray(target) ? target : [], patch, schema);
  if (schema.type === "set" && Array.isArray(target))
    return [...new Set([...(target as unknown[]), ...(patch as unknown[])])];
  return patch;
}

function strategicFields(target: unknown, patch: Fields, schema: Schema): unknown {
  const { $patch: directive, $retainKeys: retained, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  const base: Fields = isFields(target) ? { ...target } : {};
  if (Array.isArray(retained)) {
    for (const name of Object.keys(base)) if (!retained.includes(name)) delete base[name];
  }
  for (const [name, value] of Object.entries(rest)) {
    const deleted = /^\$deleteFromPrimitiveList\/(.*)$/.exec(name)?.[1];
    if (deleted !== undefined) {
      const [list, gone] = [base[deleted], value];
      if (Array.isArray(list) && Array.isArray(gone))
        base[deleted] = list.filter((item) => !gone.includes(item));
    } else if (name.startsWith("$")) continue;
    else if (value === null) delete base[name];
    else base[name] = strategicMergePatch(base[name], value, childSchema(schema, name));
  }
  return base;
}

function strategicItems(
  target: unknown[],
  patch: unknown[],
  schema: Schema & { type: "keyed" },
): unknown[] {
  if (patch.some((item) => isFields(item) && item["$patch"] === "replace"))
    return patch.filter((item) => !(isFields(item) && item["$patch"]));
  // The merge key of a strategic patch is the first of the list's keys alone.
  const [first = "name"] = schema.keys;
  const keyOf = (item: unknown): string => itemKey({ ...schema, keys: [first] }, item);
  const result = [...target];
  for (const item of patch) {
    const index = result.findIndex((known) => keyOf(known) === keyOf(item));
    if (isFields(item) && item["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicMergePatch(result[index], item, schema.of);
    else result.push(strategicMergePatch({}, item, schema.of));
  }
  return result;
}

/** RFC 6902: add, remove, replace, test, move, copy. Throws 422 when it does not fit the document. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest("json patch has to be a list of operations");
  let document = copy(target);
  for (const operation of operations as unknown[]) document = applyOperation(document, operation);
  return document;
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isFields(operation)) throw badRequest("json patch: an operation has to be an object");
  const { op, path, from, value } = operation;
  if (typeof path !== "string") throw badRequest("json patch: an operation has to have a path");
  switch (op) {
    case "test":
      if (!equal(read(document, path), value))
        throw unfitting(`testing value ${path} failed: test failed`);
      return document;
    case "remove":
      return write(document, path, { take: true });
    case "add":
      return write(document, path, { put: value, insert: true });
    case "replace":
      if (read(document, path) === undefined)
        throw unfitting(
          `replace operation does not apply: doc is missing key: ${path}: missing value`,
        );
      return write(document, path, { put: value });
    case "copy":
      return write(document, path, { put: read(document, String(from)), insert: true });
    case "move":
      return write(write(document, String(from), { take: true }), path, {
        put: read(document, String(from)),
        insert: true,
      });
    default:
      throw badRequest(`Unexpected kind: ${String(op)}`);
  }
}

const unfitting = (message: string): Refused =>
  new Refused(
    422,
    "Invalid",
    `the server rejected our request due to an error in our request: ${message}`,
    {},
  );

const parts = (path: string): string[] =>
  path === ""
    ? []
    : path
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

function read(document: unknown, path: string): unknown {
  return parts(path).reduce<unknown>((here, part) => {
    if (Array.isArray(here)) return here[Number(part)];
    return isFields(here) ? here[part] : undefined;
  }, document);
}

type Edit = { take: true } | { put: unknown; insert?: true };

function write(document: unknown, path: string, edit: Edit): unknown {
  const names = parts(path);
  const last = names.pop();
  if (last === undefined) return "put" in edit ? edit.put : null;
  const changed = copy(document);
  const parent = read(
    changed,
    names.length === 0
      ? ""
      : `/${names.map((name) => name.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`,
  );
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length)
      throw unfitting(`operation does not apply: ${path} is not in the list`);
    if ("take" in edit) parent.splice(index, 1);
    else parent.splice(index, edit.insert ? 0 : 1, edit.put);
  } else if (isFields(parent)) {
    if ("put" in edit) parent[last] = edit.put;
    else if (last in parent) delete parent[last];
    else
      throw unfitting(
        `remove operation does not apply: doc is missing path: "${path}": missing value`,
      );
  } else throw unfitting(`operation does not apply: doc is missing path: "${path}": missing value`);
  return changed;
}
