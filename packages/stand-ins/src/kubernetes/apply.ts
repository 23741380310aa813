import {
  childrenOf, compare, decode, difference, emptySet, encode, fieldSetOf, intersection, isEmpty, printPaths, union, withoutTrees, type FieldSet,
} from "./field-set.ts"; // prettier-ignore
import {
  copy,
  equal,
  isFields,
  type Fields,
  type KubeObject,
  type ManagedFields,
} from "./object.ts";
import { childSchema, isGranular, itemKey, type Schema } from "./schema.ts";
import { Refused } from "./status.ts";

/** Who writes, in what way, through which version of the API. */
export type Writer = {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  subresource?: string;
  time: string;
};

type Entry = { writer: Omit<Writer, "time">; time: string; set: FieldSet };

/** Fields that nobody owns: the server keeps them. */
const unowned: FieldSet = decode({
  "f:apiVersion": {},
  "f:kind": {},
  "f:metadata": Object.fromEntries(
    [
      "name",
      "generateName",
      "namespace",
      "uid",
      "resourceVersion",
      "generation",
      "selfLink",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "managedFields",
    ].map((name) => [`f:${name}`, {}]),
  ),
});

/**
 * Server-side apply: the applied fields are put over the live object, fields that this manager applied before and
 * no longer applies are taken away unless somebody else owns them too, and the owners are written down.
 * Throws 409 with the conflicting fields when another manager owns a field that would change and `force` is not set.
 */
export function serverSideApply(options: {
  live: KubeObject | undefined;
  applied: Fields;
  writer: Writer;
  force: boolean;
  schema: Schema;
}): Fields {
  const { live, writer, schema } = options;
  const applied = withoutNulls(options.applied) as Fields;
  const entries = decodeEntries(live?.metadata.managedFields);
  const mine = entries.find((entry) => sameWriter(entry.writer, writer));
  const others = entries.filter((entry) => entry !== mine);
  const newSet = owned(applied, schema);

  const base = live ? withoutManagedFields(live) : {};
  const merged = merge(base, applied, schema) as Fields;
  const conflicts = live
    ? changedByOthersOwners(compare(base, merged, schema).changed, newSet, others)
    : [];
  if (conflicts.length > 0 && !options.force) throw conflictError(conflicts);
  const lost = conflicts.reduce((all, conflict) => union(all, conflict.set), emptySet());
  const remaining = others.map((entry) => ({ ...entry, set: difference(entry.set, lost) }));

  const kept = remaining.reduce((all, entry) => union(all, entry.set), newSet);
  const result = mine ? (removeDropped(merged, mine.set, kept, schema) as Fields) : merged;
  const entry: Entry = {
    writer,
    time: mine && equal(encode(mine.set), encode(newSet)) ? mine.time : writer.time,
    set: newSet,
  };
  return withManagedFields(result, [...remaining, entry]);
}

/** Writes down who set what, for every way of writing but apply: the writer takes what it changed, all lose what is gone. */
export function recordUpdate(options: {
  before: KubeObject | undefined;
  after: Fields;
  writer: Writer;
  schema: Schema;
}): Fields {
  const { before, writer, schema } = options;
  const after = withoutManagedFields(options.after);
  const { changed, removed } = before
    ? compare(withoutManagedFields(before), after, schema)
    : { changed: fieldSetOf(after, schema), removed: emptySet() };
  const taken = difference(changed, unowned);
  // A client may rewrite the owners themselves, as kubectl does when it moves from client-side to server-side apply.
  const given = metadataOf(options.after)["managedFields"] as ManagedFields[] | undefined;
  const rewritten = before && given && !equal(given, before.metadata.managedFields);
  const entries = decodeEntries(rewritten ? given : before?.metadata.managedFields);
  const mine = entries.find((entry) => sameWriter(entry.writer, writer));
  const others = entries
    .filter((entry) => entry !== mine)
    .map((entry) => ({ ...entry, set: withoutTrees(difference(entry.set, taken), removed) }));
  const left = mine ? withoutTrees(mine.set, removed) : emptySet();
  const set = union(left, taken);
  const unchanged = mine && equal(encode(mine.set), encode(set));
  const entry: Entry = { writer, time: unchanged ? mine.time : writer.time, set };
  return withManagedFields(after, [...others, ...(isEmpty(set) ? [] : [entry])]);
}

const owned = (value: Fields, schema: Schema): FieldSet =>
  difference(fieldSetOf(value, schema), unowned);

function changedByOthersOwners(
  changed: FieldSet,
  applied: FieldSet,
  others: Entry[],
): { entry: Entry; set: FieldSet }[] {
  const asked = intersection(changed, applied);
  return others
    .map((entry) => ({ entry, set: intersection(entry.set, asked) }))
    .filter(({ set }) => !isEmpty(set));
}

function merge(live: unknown, applied: unknown, schema: Schema): unknown {
  if (applied === undefined) return live;
  if (isGranular(schema, applied)) {
    const base: Fields = isGranular(schema, live) ? live : {};
    const result: Fields = { ...base };
    for (const [name, value] of Object.entries(applied))
      result[name] = merge(base[name], value, childSchema(schema, name));
    return result;
  }
  if (Array.isArray(applied) && Array.isArray(live) && schema.type === "set")
    return [...new Set([...(live as unknown[]), ...(applied as unknown[])])];
  if (Array.isArray(applied) && schema.type === "keyed")
    return mergeItems(Array.isArray(live) ? live : [], applied, schema);
  return copy(applied);
}

/** Applied items come in the applied order; items of others stay where they stood among them. */
function mergeItems(
  live: unknown[],
  applied: unknown[],
  schema: Schema & { type: "keyed" },
): unknown[] {
  const liveItems = new Map(live.map((item) => [itemKey(schema, item), item]));
  const waiting = new Map(applied.map((item) => [itemKey(schema, item), item]));
  const result: unknown[] = [];
  const take = (key: string): void => {
    result.push(merge(liveItems.get(key), waiting.get(key), schema.of));
    waiting.delete(key);
  };
  const appliedKeys = new Set(waiting.keys());
  for (const [key, item] of liveItems) {
    if (!appliedKeys.has(key)) result.push(item);
    else if (waiting.has(key)) {
      for (const next of waiting.keys()) {
        take(next);
        if (next === key) break;
      }
    }
  }
  for (const key of waiting.keys()) take(key);
  return result;
}

/** Takes away what this manager applied last time and nobody holds any more, whole values at once. */
function removeDropped(value: unknown, last: FieldSet, kept: FieldSet, schema: Schema): unknown {
  const children = childrenOf(value, schema);
  if (!children) return value;
  const remaining = [...children].flatMap(([name, child]) => {
    const owned = last.children.get(name);
    const holds = kept.children.get(name);
    if (owned && !holds) return [];
    return [
      [
        name,
        owned && holds ? removeDropped(child.value, owned, holds, child.schema) : child.value,
      ] as const,
    ];
  });
  if (Array.isArray(value)) return remaining.map(([, item]) => item);
  return Object.fromEntries(remaining.map(([name, item]) => [name.slice(2), item]));
}

function conflictError(conflicts: { entry: Entry; set: FieldSet }[]): Refused {
  const fields = conflicts.flatMap(({ entry, set }) =>
    printPaths(set).map((path) => ({ who: printWriter(entry.writer), path })),
  );
  const causes = fields.map(({ who, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${who}`,
    field: path,
  }));
  const [first] = fields;
  const message =
    fields.length === 1 && first
      ? `Apply failed with 1 conflict: conflict with ${first.who}: ${first.path}`
      : `Apply failed with ${fields.length} conflicts: ${[...new Set(fields.map(({ who }) => who))]
          .map(
            (who) =>
              `conflicts with ${who}:\n${fields
                .filter((field) => field.who === who)
                .map(({ path }) => `- ${path}`)
                .join("\n")}`,
          )
          .join("\n")}`;
  return new Refused(409, "Conflict", message, { causes });
}

function printWriter(writer: Omit<Writer, "time">): string {
  const subresource = writer.subresource ? ` with subresource "${writer.subresource}"` : "";
  return `"${writer.manager}"${subresource}${writer.operation === "Update" ? ` using ${writer.apiVersion}` : ""}`;
}

const sameWriter = (one: Omit<Writer, "time">, other: Omit<Writer, "time">): boolean =>
  one.manager === other.manager &&
  one.operation === other.operation &&
  one.subresource === other.subresource &&
  one.apiVersion === other.apiVersion;

function decodeEntries(managed: ManagedFields[] = []): Entry[] {
  return managed.map(({ manager, operation, apiVersion, subresource, time, fieldsV1 }) => ({
    writer: { manager, operation, apiVersion, ...(subresource ? { subresource } : {}) },
    time,
    set: decode(fieldsV1),
  }));
}

function withManagedFields(object: Fields, entries: Entry[]): Fields {
  const managedFields = entries
    .filter((entry) => entry.writer.operation === "Apply" || !isEmpty(entry.set))
    .sort((one, other) => order(one).localeCompare(order(other)))
    .map(({ writer, time, set }) => ({
      manager: writer.manager,
      operation: writer.operation,
      apiVersion: writer.apiVersion,
      time,
      fieldsType: "FieldsV1",
      fieldsV1: encode(set),
      ...(writer.subresource ? { subresource: writer.subresource } : {}),
    }));
  return { ...object, metadata: { ...metadataOf(object), managedFields } };
}

const order = ({ writer, time }: Entry): string => `${writer.operation} ${time} ${writer.manager}`;

const metadataOf = (object: Fields): Fields =>
  isFields(object["metadata"]) ? object["metadata"] : {};

function withoutManagedFields(object: Fields): Fields {
  const { managedFields: _, ...metadata } = metadataOf(object);
  return { ...object, metadata };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([name, child]) => [name, withoutNulls(child)]),
  );
}
