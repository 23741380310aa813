import { isFields, type Fields } from "./object.ts";

/**
 * The shape of a kind, as far as the stand-in declares it: which fields exist, and how lists merge.
 * `any` is one value to whoever owns it, with anything inside.
 */
export type Schema =
  | { type: "any" | "string" | "integer" | "boolean" | "quantity" }
  /** `open`: fields that are not named are kept, with anything inside. */
  | { type: "struct"; fields: Record<string, Schema>; atomic?: true; open?: true }
  | { type: "map"; of: Schema; atomic?: true }
  | { type: "list"; of: Schema }
  | { type: "set" }
  | { type: "keyed"; keys: string[]; of: Schema; defaults: Fields };

export const any: Schema = { type: "any" };
export const string: Schema = { type: "string" };
export const integer: Schema = { type: "integer" };
export const boolean: Schema = { type: "boolean" };
/** An integer or a string, as ports and quantities are. */
export const quantity: Schema = { type: "quantity" };
export const set: Schema = { type: "set" };
export const strings: Schema = { type: "map", of: string };
export const struct = (fields: Record<string, Schema>): Schema => ({ type: "struct", fields });
/** A struct or map that is owned and merged whole. */
export const atomic = (schema: Schema): Schema =>
  schema.type === "struct" || schema.type === "map" ? { ...schema, atomic: true } : schema;
export const list = (of: Schema): Schema => ({ type: "list", of });
export const keyed = (
  keys: string[],
  fields: Record<string, Schema>,
  defaults: Fields = {},
): Schema => ({
  type: "keyed",
  keys,
  of: struct(fields),
  defaults,
});

export const childSchema = (schema: Schema, name: string): Schema => {
  if (schema.type === "struct") return schema.fields[name] ?? any;
  return schema.type === "map" ? schema.of : any;
};

/** Whether a value's fields are owned and merged one by one. */
export const isGranular = (schema: Schema, value: unknown): value is Fields =>
  isNamed(schema) && !schema.atomic && isFields(value);

const isNamed = (schema: Schema): schema is Schema & { type: "struct" | "map" } =>
  schema.type === "struct" || schema.type === "map";

/** The key of an item of a keyed list, as managed fields write it: `{"name":"web"}`. */
export function itemKey(schema: Schema & { type: "keyed" }, item: unknown): string {
  const fields = isFields(item) ? item : {};
  const key = schema.keys.map((name) => [name, fields[name] ?? schema.defaults[name]] as const);
  return JSON.stringify(Object.fromEntries(key.filter(([, value]) => value !== undefined)));
}

export type Misfit = { path: string; problem: "unknown" | "type"; expected?: string; got?: string };

/** Everything in a value that its schema does not allow, with its path. */
export function misfits(value: unknown, schema: Schema, path = ""): Misfit[] {
  if (value === null || value === undefined || schema.type === "any") return [];
  if (schema.type === "struct" || schema.type === "map") {
    if (!isFields(value)) return [typeMisfit(path, "map", value)];
    return Object.entries(value).flatMap(([name, child]) =>
      schema.type === "struct" && !schema.fields[name] && !schema.open
        ? [{ path: `${path}.${name}`, problem: "unknown" as const }]
        : misfits(child, childSchema(schema, name), `${path}.${name}`),
    );
  }
  if (schema.type === "list" || schema.type === "keyed" || schema.type === "set") {
    if (!Array.isArray(value)) return [typeMisfit(path, "list", value)];
    const of = schema.type === "set" ? any : schema.of;
    return value.flatMap((item, index) =>
      misfits(
        item,
        of,
        schema.type === "keyed" ? `${path}${printKey(itemKey(schema, item))}` : `${path}[${index}]`,
      ),
    );
  }
  const good = {
    string: typeof value === "string",
    integer: typeof value === "number",
    boolean: typeof value === "boolean",
    quantity: typeof value === "string" || typeof value === "number",
  }[schema.type];
  return good
    ? []
    : [typeMisfit(path, schema.type === "integer" ? "numeric (int or float)" : schema.type, value)];
}

/** `[name="web"]`, `[containerPort=80,protocol="TCP"]`. */
export function printKey(key: string): string {
  const fields = JSON.parse(key) as Fields;
  return `[${Object.entries(fields)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}]`;
}

/** The value without the fields that its schema does not know, and without nulls: a typed server has no place for either. */
export function prune(value: unknown, schema: Schema): unknown {
  if (schema.type === "list" || schema.type === "keyed")
    return Array.isArray(value) ? value.map((item) => prune(item, schema.of)) : value;
  if (!isNamed(schema) || !isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name, child]) =>
          child !== null &&
          (schema.type === "map" ||
            (schema.type === "struct" && (schema.open || schema.fields[name]))),
      )
      .map(([name, child]) => [name, prune(child, childSchema(schema, name))]),
  );
}

function typeMisfit(path: string, expected: string, value: unknown): Misfit {
  const got = Array.isArray(value) ? "list" : isFields(value) ? "map" : typeof value;
  return { path, problem: "type", expected, got };
}
