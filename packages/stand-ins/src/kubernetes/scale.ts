import type { Reply } from "../stand-in.ts";
import { json } from "../stand-in.ts";
import { at, isFields, type KubeObject } from "./object.ts";
import { mergePatch } from "./patch.ts";
import { methodNotAllowed, notFound, stale, unsupportedMediaType } from "./status.ts";
import { parseJson } from "./request-body.ts";
import type { Store } from "./store.ts";
import { type Write, type Writing } from "./writing.ts";

/** The `scale` subresource: the same object seen as a number of replicas. */
export function scaleReply(store: Store, writing: Writing, write: Write, method: string): Reply {
  const object = store.get(write.resource, write.namespace, write.name ?? "");
  if (!object) throw notFound(write.resource, write.name ?? "");
  if (method === "GET") return json(200, scaleOf(object));
  if (method !== "PUT" && method !== "PATCH") throw methodNotAllowed();
  const given = parseJson(write.body);
  if (method === "PATCH" && !write.contentType.startsWith("application/merge-patch+json"))
    throw unsupportedMediaType();
  const wanted = method === "PATCH" ? mergePatch(scaleOf(object), given) : given;
  const version = at(wanted, "metadata", "resourceVersion");
  if (version && version !== object.metadata.resourceVersion)
    throw stale(write.resource, object.metadata.name);
  const replicas = at(wanted, "spec", "replicas") ?? 0;
  const patch = Buffer.from(JSON.stringify({ spec: { replicas } }));
  const { object: scaled } = writing.patch({
    ...write,
    subresource: undefined,
    contentType: "application/merge-patch+json",
    body: patch,
  });
  return json(200, scaleOf(scaled), {
    wrote: scaled.metadata.resourceVersion !== object.metadata.resourceVersion,
  });
}

function scaleOf(object: KubeObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = at(object, "spec", "selector", "matchLabels");
  const selector = Object.entries(isFields(labels) ? labels : {}).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, "spec", "replicas") ?? 0 },
    status: { replicas: at(object, "status", "replicas") ?? 0, selector: selector.join(",") },
  };
}
