import { isDeepStrictEqual } from "node:util";

export type Fields = { [name: string]: unknown };

export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

export type ManagedFields = {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: Fields;
  subresource?: string;
};

export type Metadata = {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFields[];
};

/** Any object of the API, as it is stored: complete metadata, whatever else its kind has. */
export type KubeObject = {
  kind: string;
  apiVersion: string;
  metadata: Metadata;
  [field: string]: unknown;
};

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A deep copy as JSON would make it: undefined fields are gone. */
export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export const equal = (one: unknown, other: unknown): boolean => isDeepStrictEqual(one, other);

/** The value at a path of field names and list indexes, or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value;
  for (const part of path) {
    if (typeof part === "number") here = Array.isArray(here) ? here[part] : undefined;
    else here = isFields(here) ? here[part] : undefined;
  }
  return here;
}

/** Kubernetes writes times in whole seconds. */
export const timestamp = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "Z");

const metadataOrder = [
  "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
  "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers", "managedFields",
] as const; // prettier-ignore

/** The metadata in the order in which the real server prints it, without empty maps and lists. */
export function tidyMetadata(metadata: Metadata): Metadata {
  const entries = metadataOrder
    .map((name) => [name, metadata[name]] as const)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .filter(([, value]) => typeof value !== "object" || Object.keys(value).length > 0);
  return Object.fromEntries(entries) as Metadata;
}

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return (
    object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) ??
    false
  );
}

export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
