import { at, isFields, type Fields, type KubeObject } from "./object.ts";
import { resourceOfKind, resources, type Resource } from "./resources.ts";
import {
  any,
  atomic,
  boolean,
  keyed,
  list,
  quantity,
  set,
  string,
  struct,
  type Schema,
} from "./schema.ts";
import type { Invalid } from "./status.ts";
import type { Store } from "./store.ts";

const definitions = resourceOfKind("CustomResourceDefinition");

/** Every kind that the server has now: its own, and those of the definitions that are established. */
export function servedResources(store: Store): Resource[] {
  const custom = store
    .list(definitions)
    .filter(isEstablished)
    .flatMap((definition) => resourcesOf(definition));
  return [...resources, ...custom];
}

/** The kinds of one definition: a row for each version that is served. */
export function resourcesOf(definition: KubeObject): Resource[] {
  const spec = fieldsAt(definition, "spec");
  const names = fieldsAt(spec, "names");
  const texts = (name: string): string[] =>
    Array.isArray(names[name]) ? names[name].map(String) : [];
  return itemsAt(spec, "versions")
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group: String(spec["group"]),
      version: String(version["name"]),
      name: String(names["plural"]),
      singular: String(names["singular"] ?? String(names["kind"]).toLowerCase()),
      kind: String(names["kind"]),
      namespaced: spec["scope"] === "Namespaced",
      shortNames: texts("shortNames"),
      categories: texts("categories"),
      subresources: (["status", "scale"] as const).filter((name) =>
        isFields(at(version, "subresources", name)),
      ),
      generation: true,
      selectable: itemsAt(version, "selectableFields").map((field) =>
        String(field["jsonPath"]).replace(/^\./, ""),
      ),
      openapi: fieldsAt(version, "schema", "openAPIV3Schema"),
    }));
}

/** The names are free and the kind can be asked for. */
export const isEstablished = (definition: KubeObject): boolean =>
  itemsAt(definition, "status", "conditions").some(
    ({ type, status }) => type === "Established" && status === "True",
  );

/** How the server merges and owns the fields of a custom resource. */
export function schemaFromOpenapi(openapi: Fields, common: Record<string, Schema>): Schema {
  const schema = schemaOf(openapi);
  return schema.type === "struct"
    ? { ...schema, fields: { ...schema.fields, ...common } }
    : { type: "struct", fields: common, open: true };
}

function schemaOf(openapi: unknown): Schema {
  if (!isFields(openapi)) return any;
  const open = openapi["x-kubernetes-preserve-unknown-fields"] === true;
  if (openapi["x-kubernetes-int-or-string"] === true) return quantity;
  const properties = openapi["properties"];
  switch (openapi["type"]) {
    case "object": {
      const whole = openapi["x-kubernetes-map-type"] === "atomic";
      if (isFields(properties)) {
        const fields = Object.entries(properties).map(([name, of]) => [name, schemaOf(of)]);
        const shape = { type: "struct", fields: Object.fromEntries(fields) } as const;
        return wholeIf(whole, open ? { ...shape, open: true } : shape);
      }
      const values = openapi["additionalProperties"];
      if (isFields(values)) return wholeIf(whole, { type: "map", of: schemaOf(values) });
      return open || values === true ? any : struct({});
    }
    case "array": {
      const of = schemaOf(openapi["items"]);
      const kind = openapi["x-kubernetes-list-type"];
      if (kind === "set") return set;
      const keys = openapi["x-kubernetes-list-map-keys"];
      return kind === "map" && Array.isArray(keys) && of.type === "struct"
        ? keyed(keys.map(String), of.fields)
        : list(of);
    }
    case "string":
      return string;
    case "boolean":
      return boolean;
    case "integer":
    case "number":
      return { type: "integer" };
    default:
      return any;
  }
}

const wholeIf = (whole: boolean, schema: Schema): Schema => (whole ? atomic(schema) : schema);

/** Puts the schema's defaults where a value has none. */
export function applySchemaDefaults(value: unknown, openapi: unknown): void {
  if (!isFields(openapi)) return;
  if (Array.isArray(value)) {
    for (const item of value) applySchemaDefaults(item, openapi["items"]);
    return;
  }
  if (!isFields(value)) return;
  for (const [name, of] of Object.entries(fieldsAt(openapi, "properties"))) {
    if (!isFields(of)) continue;
    if (value[name] === undefined && of["default"] !== undefined)
      value[name] = structuredClone(of["default"]);
    applySchemaDefaults(value[name], of);
  }
  const values = openapi["additionalProperties"];
  if (isFields(values))
    for (const child of Object.values(value)) applySchemaDefaults(child, values);
}

/** What a value has that its schema does not allow, in the server's words. */
export function schemaCauses(value: unknown, openapi: unknown, path: string): Invalid[] {
  if (!isFields(openapi) || value === undefined) return [];
  const wrong = (why: string, shown: unknown = value): Invalid[] => [
    {
      reason: "FieldValueInvalid",
      field: path,
      message: `Invalid value: ${JSON.stringify(shown)}: ${path} in body ${why}`,
    },
  ];
  if (value === null) return openapi["nullable"] === true ? [] : wrong(typeRule(openapi), "null");
  if (!isOfType(value, openapi)) return wrong(typeRule(openapi), typeOf(value));
  const allowed = openapi["enum"];
  if (Array.isArray(allowed) && !allowed.includes(value))
    return [
      {
        reason: "FieldValueNotSupported",
        field: path,
        message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed.map((one) => JSON.stringify(one)).join(", ")}`,
      },
    ];
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      schemaCauses(item, openapi["items"], `${path}[${index}]`),
    );
  if (isFields(value)) return objectCauses(value, openapi, path);
  const { minimum, maximum, pattern, minLength, maxLength } = openapi;
  if (typeof value === "number") {
    if (typeof minimum === "number" && value < minimum)
      return wrong(`should be greater than or equal to ${minimum}`);
    if (typeof maximum === "number" && value > maximum)
      return wrong(`should be less than or equal to ${maximum}`);
  }
  if (typeof value === "string") {
    if (typeof pattern === "string" && !new RegExp(pattern).test(value))
      return wrong(`should match '${pattern}'`);
    if (typeof minLength === "number" && value.length < minLength)
      return wrong(`should be at least ${minLength} chars long`);
    if (typeof maxLength === "number" && value.length > maxLength)
      return wrong(`should be at most ${maxLength} chars long`);
  }
  return [];
}

function objectCauses(value: Fields, openapi: Fields, path: string): Invalid[] {
  const inner = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const names = Array.isArray(openapi["required"]) ? openapi["required"].map(String) : [];
  const missing = names
    .filter((name) => value[name] === undefined)
    .map((name): Invalid => ({
      reason: "FieldValueRequired",
      field: inner(name),
      message: "Required value",
    }));
  const properties = fieldsAt(openapi, "properties");
  const below = Object.entries(value).flatMap(([name, child]) =>
    schemaCauses(child, properties[name] ?? openapi["additionalProperties"], inner(name)),
  );
  return [...missing, ...below];
}

const typeRule = (openapi: Fields): string =>
  `must be of type ${openapi["x-kubernetes-int-or-string"] === true ? "integer or string" : String(openapi["type"])}`;

const typeOf = (value: unknown): string =>
  Array.isArray(value) ? "array" : isFields(value) ? "object" : typeof value;

function isOfType(value: unknown, openapi: Fields): boolean {
  if (openapi["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || Number.isInteger(value);
  const wanted = openapi["type"];
  if (wanted === undefined) return true;
  return wanted === "integer" ? Number.isInteger(value) : typeOf(value) === wanted;
}

const fieldsAt = (value: unknown, ...path: string[]): Fields => {
  const found = at(value, ...path);
  return isFields(found) ? found : {};
};
const itemsAt = (value: unknown, ...path: string[]): Fields[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isFields) : [];
};
