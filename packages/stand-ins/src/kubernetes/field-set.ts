import { equal, isFields, type Fields } from "./object.ts";
import { childSchema, isGranular, itemKey, printKey, type Schema } from "./schema.ts";

/** A set of fields as a tree. A child's name is that of FieldsV1: `f:image`, `k:{"name":"web"}`, `v:"x"`. */
export type FieldSet = { member: boolean; children: Map<string, FieldSet> };

export const emptySet = (): FieldSet => ({ member: false, children: new Map() });
const leaf = (): FieldSet => ({ member: true, children: new Map() });

export const isEmpty = (set: FieldSet): boolean =>
  !set.member && [...set.children.values()].every(isEmpty);

/** The fields that a value sets: its leaves, and the items of keyed lists themselves. */
export function fieldSetOf(value: unknown, schema: Schema): FieldSet {
  const children = childrenOf(value, schema);
  if (!children || children.size === 0) return leaf();
  const result = emptySet();
  for (const [name, child] of children) {
    const set = fieldSetOf(child.value, child.schema);
    if (name.startsWith("k:")) set.member = true;
    result.children.set(name, set);
  }
  return result;
}

type Child = { value: unknown; schema: Schema };

/** The parts of a value that can have owners of their own; undefined when it has none but itself. */
export function childrenOf(value: unknown, schema: Schema): Map<string, Child> | undefined {
  if (isGranular(schema, value))
    return new Map(
      Object.entries(value).map(([name, child]) => [
        `f:${name}`,
        { value: child, schema: childSchema(schema, name) },
      ]),
    );
  if (!Array.isArray(value)) return undefined;
  if (schema.type === "keyed")
    return new Map(
      value.map((item) => [`k:${itemKey(schema, item)}`, { value: item, schema: schema.of }]),
    );
  if (schema.type === "set")
    return new Map(
      value.map((item) => [`v:${JSON.stringify(item)}`, { value: item, schema: { type: "any" } }]),
    );
  return undefined;
}

/** What an update did to the fields: set anew or to another value, and taken away. */
export function compare(
  before: unknown,
  after: unknown,
  schema: Schema,
): { changed: FieldSet; removed: FieldSet } {
  const changed = emptySet();
  const removed = emptySet();
  const [from, to] = [childrenOf(before, schema), childrenOf(after, schema)];
  if (!from || !to) {
    if (!equal(before, after)) changed.member = true;
    return { changed, removed };
  }
  for (const [name, child] of to) {
    const was = from.get(name);
    if (!was) {
      changed.children.set(name, { ...fieldSetOf(child.value, child.schema), member: true });
      continue;
    }
    const inner = compare(was.value, child.value, child.schema);
    if (!isEmpty(inner.changed)) changed.children.set(name, inner.changed);
    if (!isEmpty(inner.removed)) removed.children.set(name, inner.removed);
  }
  for (const [name, was] of from) {
    if (!to.has(name))
      removed.children.set(name, { ...fieldSetOf(was.value, was.schema), member: true });
  }
  return { changed, removed };
}

export function union(one: FieldSet, other: FieldSet): FieldSet {
  const children = new Map(one.children);
  for (const [name, child] of other.children)
    children.set(name, children.has(name) ? union(children.get(name) ?? emptySet(), child) : child);
  return { member: one.member || other.member, children };
}

export function difference(one: FieldSet, other: FieldSet): FieldSet {
  const children = [...one.children].map(([name, child]) => {
    const minus = other.children.get(name);
    return [name, minus ? difference(child, minus) : child] as const;
  });
  return {
    member: one.member && !other.member,
    children: new Map(children.filter(([, child]) => !isEmpty(child))),
  };
}

export function intersection(one: FieldSet, other: FieldSet): FieldSet {
  const children = [...one.children].flatMap(([name, child]) => {
    const also = other.children.get(name);
    return also ? [[name, intersection(child, also)] as const] : [];
  });
  return {
    member: one.member && other.member,
    children: new Map(children.filter(([, child]) => !isEmpty(child))),
  };
}

/** Takes every field below the given paths out of a set, and the paths themselves. */
export function withoutTrees(set: FieldSet, roots: FieldSet): FieldSet {
  const children = [...set.children].flatMap(([name, child]) => {
    const root = roots.children.get(name);
    if (!root) return [[name, child] as const];
    if (root.member) return [];
    return [[name, withoutTrees(child, root)] as const];
  });
  return { member: set.member, children: new Map(children.filter(([, child]) => !isEmpty(child))) };
}

export function encode(set: FieldSet): Fields {
  const children = [...set.children].map(([name, child]) => [name, encode(child)] as const);
  const own = set.member && children.length > 0 ? [[".", {}] as const] : [];
  return Object.fromEntries([...own, ...children.sort(([one], [other]) => (one < other ? -1 : 1))]);
}

export function decode(fields: unknown): FieldSet {
  const entries = Object.entries(isFields(fields) ? fields : {});
  const children = entries
    .filter(([name]) => name !== ".")
    .map(([name, child]) => [name, decode(child)] as const);
  return {
    member: entries.length === 0 || entries.some(([name]) => name === "."),
    children: new Map(children),
  };
}

/** The members as messages print them: `.spec.template.spec.containers[name="c"].image`. */
export function printPaths(set: FieldSet, prefix = ""): string[] {
  const own = set.member ? [prefix] : [];
  return [
    ...own,
    ...[...set.children].flatMap(([name, child]) =>
      printPaths(child, `${prefix}${printElement(name)}`),
    ),
  ];
}

function printElement(name: string): string {
  const text = name.slice(2);
  if (name.startsWith("f:")) return `.${text}`;
  return name.startsWith("k:") ? printKey(text) : `[=${text}]`;
}
