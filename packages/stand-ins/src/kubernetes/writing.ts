import type { Clock } from "../stand-in.ts";
import { admit } from "./admission.ts";
import { recordUpdate, serverSideApply, type Writer } from "./apply.ts";
import { admitClaim } from "./claims.ts";
import { applyDefaults } from "./defaults.ts";
import {
  copy,
  isFields,
  timestamp,
  type Fields,
  type KubeObject,
  type Metadata,
} from "./object.ts";
import { schemaOf } from "./kinds.ts";
import { suffix } from "./names.ts";
import { jsonPatch, mergePatch, strategicMergePatch } from "./patch.ts";
import { groupVersion, resourceOfKind, type Resource } from "./resources.ts";
import { misfits, type Schema } from "./schema.ts";
import {
  alreadyExists, badRequest, managerRequired, notFound, preconditionFailed, Refused, stale, unsupportedMediaType,
} from "./status.ts"; // prettier-ignore
import { checkAddress, checked, metadataOf, parseBody, parseJson } from "./request-body.ts";
import type { Draft, Store } from "./store.ts";
import { validate } from "./validation.ts";

/** One write as the route read it: where to, and with which options. */
export type Write = {
  resource: Resource;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  contentType: string;
  body: Buffer;
  query: URLSearchParams;
  userAgent: string | undefined;
  /** Asked when a patch would create: throws 403. */
  mayCreate(): void;
};

export type Written = { object: KubeObject; created: boolean; warnings: string[] };

/** How many addresses were given. */
export type Addresses = { services: number; pods: number };

export type Writing = ReturnType<typeof createWriting>;

/** The ways to write one object: create, replace, patch, apply. */
export function createWriting(store: Store, clock: Clock, given: Addresses) {
  const addresses = {
    clusterIP: (): string =>
      `10.0.${Math.floor(++given.services / 250)}.${(given.services % 250) + 2}`,
  };

  const finish = (
    resource: Resource,
    object: Fields,
    before: KubeObject | undefined,
  ): KubeObject => {
    const finished = copy(object) as KubeObject;
    applyDefaults(resource, finished, addresses);
    if (!before) admitClaim(store, finished);
    validate(resource, finished, before);
    return finished;
  };

  const writer = (write: Write, operation: Writer["operation"]): Writer => ({
    manager: write.query.get("fieldManager") ?? write.userAgent?.split("/")[0] ?? "unknown",
    operation,
    apiVersion: groupVersion(write.resource),
    ...(write.subresource ? { subresource: write.subresource } : {}),
    time: timestamp(clock.now()),
  });

  const insert = (write: Write, object: Fields): KubeObject => {
    const { resource, namespace } = write;
    if (namespace !== undefined && !store.get(resourceOfKind("Namespace"), undefined, namespace))
      throw notFound(resourceOfKind("Namespace"), namespace);
    admit(store, resource, object as KubeObject, true);
    return store.insert(resource, object as Draft, { dryRun: isDryRun(write) });
  };

  /** Puts a new state over the stored one: what the client may not set stays, and a finished deletion is carried out. */
  const replace = (write: Write, before: KubeObject, after: Fields): KubeObject => {
    const { resource, subresource } = write;
    const { metadata } = after as { metadata: Metadata };
    const {
      uid,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation,
      namespace,
      name,
    } = before.metadata;
    const kept = {
      uid,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation,
      namespace,
      name,
    };
    const whole: Fields = {
      ...after,
      kind: before.kind,
      apiVersion: before.apiVersion,
      metadata: { ...metadata, ...kept },
    };
    const next =
      subresource === "status"
        ? {
            ...before,
            metadata: { ...before.metadata, managedFields: metadata.managedFields },
            status: after["status"],
          }
        : {
            ...whole,
            ...(resource.subresources.includes("status") ? { status: before["status"] } : {}),
          };
    const finished = finish(resource, next, before);
    if (subresource === undefined) admit(store, resource, finished, false);
    const ended =
      finished.metadata.deletionTimestamp !== undefined &&
      (finished.metadata.finalizers ?? []).length === 0;
    const stored = store.replace(resource, finished, {
      dryRun: isDryRun(write),
      // A Deployment hands its annotations on to its ReplicaSets, so they are a change for its controller.
      countsAnnotations: resource.kind === "Deployment" && subresource !== "status",
    });
    if (ended && resource.kind !== "Pod" && !isDryRun(write)) store.remove(resource, stored);
    return stored;
  };

  const create = (write: Write): Written => {
    const { resource, namespace } = write;
    const parsed = parseBody(write);
    const { object, warnings } = checked(parsed, write);
    const metadata = { ...metadataOf(object) };
    if (metadata["namespace"] !== undefined && metadata["namespace"] !== namespace)
      throw badRequest(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
    if (namespace !== undefined) metadata["namespace"] = namespace;
    if (!metadata["name"] && typeof metadata["generateName"] === "string")
      metadata["name"] = `${metadata["generateName"]}${suffix()}`;
    const name = metadata["name"];
    if (typeof name !== "string" || name === "")
      throw new Refused(
        422,
        "Invalid",
        `${resource.kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
        {
          kind: resource.kind,
          causes: [
            {
              reason: "FieldValueRequired",
              message: "Required value: name or generateName is required",
              field: "metadata.name",
            },
          ],
        },
      );
    delete metadata["managedFields"];
    const draft: Fields = {
      ...object,
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata,
    };
    if (resource.subresources.includes("status")) delete draft["status"];
    const finished = finish(resource, draft, undefined);
    if (store.get(resource, namespace, name)) throw alreadyExists(resource, name);
    const { status: _, ...ownable } = finished;
    const owned = recordUpdate({
      before: undefined,
      after: ownable,
      writer: writer(write, "Update"),
      schema: schemaOf(resource),
    });
    return {
      object: insert(write, { ...finished, metadata: metadataOf(owned) }),
      created: true,
      warnings,
    };
  };

  const update = (write: Write): Written => {
    const name = write.name ?? "";
    const { object, warnings } = checked(parseBody(write), write);
    checkAddress(object, write);
    const before = store.get(write.resource, write.namespace, name);
    if (!before) throw notFound(write.resource, name);
    return { object: put(write, before, object), created: false, warnings };
  };

  const put = (write: Write, before: KubeObject, after: Fields): KubeObject => {
    const { resource } = write;
    const metadata = metadataOf(after);
    if (metadata["uid"] && metadata["uid"] !== before.metadata.uid)
      throw preconditionFailed(
        resource,
        before.metadata.name,
        "UID",
        String(metadata["uid"]),
        before.metadata.uid,
      );
    if (
      metadata["resourceVersion"] &&
      metadata["resourceVersion"] !== before.metadata.resourceVersion
    )
      throw stale(resource, before.metadata.name);
    // Owners are compared after defaults: a client that leaves a default out did not take it away.
    const whole = finish(
      resource,
      { ...after, kind: before.kind, apiVersion: before.apiVersion },
      undefined,
    );
    const main =
      write.subresource === "status"
        ? {
            ...before,
            status: whole["status"],
            metadata: { ...before.metadata, managedFields: whole.metadata.managedFields },
          }
        : {
            ...whole,
            ...(resource.subresources.includes("status") ? { status: before["status"] } : {}),
          };
    const recorded = recordUpdate({
      before,
      after: main as Fields,
      writer: writer(write, "Update"),
      schema: schemaOf(resource),
    });
    return replace(write, before, recorded);
  };

  const patch = (write: Write): Written => {
    const type = write.contentType.split(";")[0]?.trim();
    if (type === "application/apply-patch+yaml") return apply(write);
    const { resource } = write;
    const merges: Record<string, (target: unknown, body: unknown, schema: Schema) => unknown> = {
      "application/merge-patch+json": mergePatch,
      "application/strategic-merge-patch+json": strategicMergePatch,
      "application/json-patch+json": jsonPatch,
    };
    const merge = type === undefined ? undefined : merges[type];
    if (!merge) throw unsupportedMediaType();
    const before = store.get(resource, write.namespace, write.name ?? "");
    if (!before) throw notFound(resource, write.name ?? "");
    const merged = merge(before, parseJson(write.body), schemaOf(resource));
    if (!isFields(merged)) throw badRequest("the patch does not leave an object");
    const { object, warnings } = checked(merged, write);
    checkAddress(object, write);
    return { object: put(write, before, object), created: false, warnings };
  };

  const apply = (write: Write): Written => {
    const { resource, namespace, name = "", query } = write;
    if (!query.get("fieldManager")) throw managerRequired();
    const applied = parseBody(write);
    checkAddress(applied, write);
    const before = store.get(resource, namespace, name);
    const label = `${namespace ? `${namespace}/` : ""}${name}; ${groupVersion(resource)}, Kind=${resource.kind}`;
    const [misfit] = misfits(applied, schemaOf(resource));
    if (misfit)
      throw new Refused(
        500,
        undefined,
        `failed to create typed patch object (${label}): ${misfit.path}: ${misfit.problem === "unknown" ? "field not declared in schema" : `expected ${misfit.expected}, got ${misfit.got}`}`,
      );
    if ((metadataOf(applied)["managedFields"] as unknown[] | undefined)?.length)
      throw badRequest("metadata.managedFields must be nil");
    const wanted = metadataOf(applied)["resourceVersion"];
    if (wanted && wanted !== before?.metadata.resourceVersion) throw stale(resource, name);
    const metadata = {
      ...metadataOf(applied),
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const config: Fields = {
      ...applied,
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata,
    };
    const merged = serverSideApply({
      live: before,
      applied: config,
      writer: writer(write, "Apply"),
      force: query.get("force") === "true",
      schema: schemaOf(resource),
    });
    if (before) return { object: replace(write, before, merged), created: false, warnings: [] };
    write.mayCreate();
    if (write.subresource) throw notFound(resource, name);
    if (resource.subresources.includes("status")) delete merged["status"];
    return {
      object: insert(write, finish(resource, merged, undefined)),
      created: true,
      warnings: [],
    };
  };

  return { create, update, patch, addresses };
}

export const isDryRun = (write: { query: URLSearchParams }): boolean =>
  write.query.getAll("dryRun").includes("All");
