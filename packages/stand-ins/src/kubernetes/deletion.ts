import type { Clock } from "../stand-in.ts";
import { isFields, timestamp, type KubeObject } from "./object.ts";
import { servedResources } from "./custom-resources.ts";
import type { Resource } from "./resources.ts";
import { preconditionFailed, success, type Status } from "./status.ts";
import type { Store } from "./store.ts";
import type { Pod } from "./workloads.ts";

export type DeleteOptions = {
  dryRun: boolean;
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  uid?: string;
  resourceVersion?: string;
};

/** Reads the options from the query and from a DeleteOptions body; the body wins. */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = isFields(body) ? body : {};
  const preconditions = isFields(given["preconditions"]) ? given["preconditions"] : {};
  const grace = given["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds") ?? undefined;
  const policy = given["propagationPolicy"] ?? query.get("propagationPolicy") ?? undefined;
  const dryRun =
    query.getAll("dryRun").includes("All") ||
    (Array.isArray(given["dryRun"]) && given["dryRun"].includes("All"));
  return {
    dryRun,
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined ? {} : { propagationPolicy: String(policy) }),
    ...(preconditions["uid"] ? { uid: String(preconditions["uid"]) } : {}),
    ...(preconditions["resourceVersion"]
      ? { resourceVersion: String(preconditions["resourceVersion"]) }
      : {}),
  };
}

/** Deletes, or begins to delete, one object; returns what the API answers. */
export function deleteObject(
  store: Store,
  clock: Clock,
  resource: Resource,
  object: KubeObject,
  options: DeleteOptions,
): KubeObject | Status {
  const { name, uid, resourceVersion } = object.metadata;
  if (options.uid !== undefined && options.uid !== uid)
    throw preconditionFailed(resource, name, "UID", options.uid, uid);
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    throw preconditionFailed(
      resource,
      name,
      "ResourceVersion",
      options.resourceVersion,
      resourceVersion,
    );
  const done = success(resource, name, uid);
  if (options.dryRun) return done;
  if (options.propagationPolicy === "Orphan") orphan(store, object);
  if (resource.kind === "Pod") {
    const pod = object as Pod;
    const grace = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    const waits =
      pod.spec.nodeName !== undefined &&
      grace > 0 &&
      pod.status.phase !== "Succeeded" &&
      pod.status.phase !== "Failed";
    if (waits) return mark(store, clock, resource, object, grace);
  } else if (resource.kind === "Namespace" || (object.metadata.finalizers ?? []).length > 0) {
    return mark(store, clock, resource, object);
  }
  store.remove(resource, object);
  return done;
}

/** The object is there until its kubelet, its finalizers or its namespace's contents are done. */
function mark(
  store: Store,
  clock: Clock,
  resource: Resource,
  object: KubeObject,
  grace?: number,
): KubeObject {
  const marked = store.change(resource, object, (draft) => {
    if (draft.metadata.deletionTimestamp !== undefined) return;
    draft.metadata.deletionTimestamp = timestamp(
      new Date(clock.now().getTime() + (grace ?? 0) * 1000),
    );
    if (grace !== undefined) draft.metadata.deletionGracePeriodSeconds = grace;
    if (resource.kind === "Namespace") draft["status"] = { phase: "Terminating" };
  });
  return marked ?? object;
}

/** Everything that names the object as its owner. */
export function dependents(
  store: Store,
  owner: { metadata: { uid: string } },
): { resource: Resource; object: KubeObject }[] {
  return servedResources(store).flatMap((resource) =>
    store
      .list(resource)
      .filter((object) =>
        object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid),
      )
      .map((object) => ({ resource, object })),
  );
}

function orphan(store: Store, owner: KubeObject): void {
  for (const { resource, object } of dependents(store, owner)) {
    store.change(resource, object, (draft) => {
      const left =
        draft.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.metadata.uid) ?? [];
      draft.metadata.ownerReferences = left;
    });
  }
}
