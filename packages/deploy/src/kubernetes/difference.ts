import {
  entryAnnotation,
  isMapping,
  templateAnnotation,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";

/** One field that an apply would set, change or take away. A value that may be secret is not shown. */
export type FieldChange = { field: string; before?: string; after?: string };

const longest = 160;
/** What the server keeps for itself, and what every release writes. */
const kept = new Set([
  "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink",
]); // prettier-ignore
const ownAnnotations = new Set([
  entryAnnotation,
  versionAnnotation,
  templateAnnotation,
  "kubectl.kubernetes.io/last-applied-configuration",
]);
const telling = /pass(word|wd|phrase)?|secret|token|credential|private|api[-_]?key/i;

/** The fields in which two states of an object differ, without its status and what nobody decides. */
export function differenceOf(before: KubeObject, after: KubeObject): FieldChange[] {
  const isSecret = after.kind === "Secret";
  const found: FieldChange[] = [];
  const shown = (field: string, value: unknown): string => {
    const hidden = (isSecret && /^(data|stringData)\b/.test(field)) || namesSecret(field);
    const veiled = veil(value, hidden);
    const text = typeof veiled === "string" ? veiled : JSON.stringify(veiled);
    return text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text;
  };
  const compare = (one: unknown, other: unknown, field: string): void => {
    if (same(one, other)) return;
    const [was, is] = [childrenOf(one), childrenOf(other)];
    if (was && is && was.keyed === is.keyed) {
      for (const name of new Set([...was.entries.keys(), ...is.entries.keys()])) {
        if (isIgnored(field, name)) continue;
        compare(was.entries.get(name), is.entries.get(name), join(field, name, was.keyed));
      }
      return;
    }
    found.push({
      field,
      ...(one === undefined ? {} : { before: shown(field, one) }),
      ...(other === undefined ? {} : { after: shown(field, other) }),
    });
  };
  const { status: _, ...from } = before;
  const { status: __, ...to } = after;
  compare(from, to, "");
  return found;
}

function isIgnored(field: string, name: string): boolean {
  if (field === "metadata") return kept.has(name);
  return field.endsWith("metadata.annotations") && ownAnnotations.has(name);
}

/** The parts of a value that are compared one by one: a mapping's fields, a list's items by their names, else by their places. */
function childrenOf(
  value: unknown,
): { keyed: "field" | "name" | "place"; entries: Map<string, unknown> } | undefined {
  if (isMapping(value)) return { keyed: "field", entries: new Map(Object.entries(value)) };
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = value;
  const names = items.map((item) => (isMapping(item) ? item["name"] : undefined));
  const named = names.every((name) => typeof name === "string");
  if (named && items.length > 0 && new Set(names).size === names.length)
    return { keyed: "name", entries: new Map(items.map((item, at) => [String(names[at]), item])) };
  return items.every(isMapping)
    ? { keyed: "place", entries: new Map(items.map((item, at) => [String(at), item])) }
    : undefined;
}

function join(field: string, name: string, keyed: "field" | "name" | "place"): string {
  if (keyed !== "field") return `${field}[${name}]`;
  const plain = /^[A-Za-z0-9]+$/.test(name);
  return field === "" ? name : plain ? `${field}.${name}` : `${field}[${name}]`;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** `…env[PASSWORD].value`, `spec.token`; but not `imagePullSecrets`, `secretName` or `secretKeyRef`, which only name one. */
function namesSecret(field: string): boolean {
  const parts = field.replace(/\.value$/, "").split(/[.[\]]+/);
  return isTelling(parts.findLast((part) => part !== "") ?? "");
}

function isTelling(name: string): boolean {
  return telling.test(name) && !/(Name|Names|Ref|Refs|Secrets)$/.test(name);
}

/** A value without the texts that may be secret. */
function veil(value: unknown, hidden: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => veil(item, hidden));
  if (isMapping(value)) {
    const ofSecret = typeof value["name"] === "string" && isTelling(value["name"]);
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [
        name,
        veil(child, hidden || (ofSecret && name === "value") || isHiddenText(name, child)),
      ]),
    );
  }
  return hidden ? "(not shown)" : value;
}

function isHiddenText(name: string, value: unknown): boolean {
  return typeof value === "string" && isTelling(name);
}
