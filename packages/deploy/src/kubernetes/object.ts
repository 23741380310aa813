import { createHash } from "node:crypto";

/** A Kubernetes object as JSON: what is common to all kinds is typed, the rest is read with the functions below. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [field: string]: unknown;
};

export type Metadata = {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
  [field: string]: unknown;
};

/** Which entry of the ledger applied the object, and which version it belongs to. */
export const entryAnnotation = "release-actions/entry";
export const versionAnnotation = "release-actions/version";
/**
 * On pod templates: a digest of the template itself. Pods carry it, so that they can be told from the pods of another
 * release; the same release has the same digest and is not rolled out again.
 */
export const templateAnnotation = "release-actions/template";

/** The mapping at a path, or an empty one. */
export function mappingAt(value: unknown, ...path: string[]): Record<string, unknown> {
  const found = at(value, path);
  return isMapping(found) ? found : {};
}

/** The mappings of a list at a path; anything else in it is left out. */
export function listAt(value: unknown, ...path: string[]): Record<string, unknown>[] {
  const found = at(value, path);
  return Array.isArray(found) ? found.filter(isMapping) : [];
}

export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, path);
  return typeof found === "string" ? found : "";
}

/** A number, or undefined where the field is absent: Kubernetes leaves zeros out of a status. */
export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = at(value, path);
  return typeof found === "number" ? found : undefined;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(value: unknown, path: string[]): unknown {
  let here = value;
  for (const part of path) {
    if (!isMapping(here)) return undefined;
    here = Object.hasOwn(here, part) ? here[part] : undefined;
  }
  return here;
}

/** `Deployment catalogue/web`, for people. */
export function nameOf(object: {
  kind: string;
  metadata: { name: string; namespace?: string };
}): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** The template from which an object makes its pods, where its kind has one. */
export function podTemplateOf(object: KubeObject): Record<string, unknown> | undefined {
  if (object.kind === "CronJob")
    return mappingAt(object, "spec", "jobTemplate", "spec", "template");
  const template = mappingAt(object, "spec", "template");
  return isMapping(template["spec"]) ? template : undefined;
}

/** The description of an object's pods: containers, volumes. */
export function podSpecOf(object: KubeObject): Record<string, unknown> | undefined {
  if (object.kind === "Pod") return mappingAt(object, "spec");
  const template = podTemplateOf(object);
  return template && mappingAt(template, "spec");
}

/** Containers and init containers of a pod's description. */
export function containersOf(podSpec: unknown): Record<string, unknown>[] {
  return [...listAt(podSpec, "initContainers"), ...listAt(podSpec, "containers")];
}

/** A short digest of a value, the same for any order of keys. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value, sorted)).digest("hex").slice(0, 16);
}

function sorted(_key: string, value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}
