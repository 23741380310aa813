import type { Incoming, Reply } from "../stand-in.ts";
import { isFields, type KubeObject } from "./object.ts";
import { groupVersion, type Resource } from "./resources.ts";
import { fieldSelector, labelSelector, type Match } from "./selectors.ts";
import { badRequest, notFound, Refused, tooLarge } from "./status.ts";
import type { Store } from "./store.ts";
import { watch } from "./watch.ts";

export type Read = {
  resource: Resource;
  namespace: string | undefined;
  name: string | undefined;
  query: URLSearchParams;
};

/** One object. Throws 404. */
export function getObject(store: Store, { resource, namespace, name = "" }: Read): KubeObject {
  const object = store.get(resource, namespace, name);
  if (!object) throw notFound(resource, name);
  return object;
}

/** The objects that the query's selectors name. */
export function selected(store: Store, read: Read): KubeObject[] {
  return store.list(read.resource, read.namespace).filter(selectors(read));
}

export function listObjects(store: Store, read: Read): object {
  const { resource, query } = read;
  const matching = selected(store, read);
  const revision = store.revision();
  const asked = Number(query.get("resourceVersion") ?? "0");
  if (asked > revision) throw tooLarge(asked, revision);
  if (query.get("resourceVersionMatch") === "Exact" && asked < revision && asked < store.oldest())
    throw new Refused(
      410,
      "Expired",
      "The provided resource version is too old. Retry without it.",
    );
  const { page, metadata } = paged(matching, query, revision);
  // The items of a typed list do not repeat their kind.
  return {
    kind: `${resource.kind}List`,
    apiVersion: groupVersion(resource),
    metadata,
    items: page.map(({ kind: _, apiVersion: __, ...item }) => item),
  };
}

export function watchReply(
  store: Store,
  read: Read,
  request: Incoming,
  closing: AbortSignal,
): Reply {
  const { resource, namespace, query } = read;
  const timeout = query.get("timeoutSeconds");
  const options = {
    store,
    resource,
    namespace,
    matches: selectors(read),
    resourceVersion: query.get("resourceVersion") ?? undefined,
    timeoutSeconds: timeout === null ? undefined : Number(timeout),
    bookmarks: isTrue(query.get("allowWatchBookmarks")),
    initialEvents: isTrue(query.get("sendInitialEvents")),
    ended: AbortSignal.any([request.gone, closing]),
  };
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    stream: (response) => watch(response, options),
  };
}

export const isTrue = (value: string | null): boolean =>
  value === "true" || value === "1" || value === "";

function selectors({ resource, name, query }: Read): Match {
  const labels = labelSelector(query.get("labelSelector") ?? "");
  const fields = fieldSelector(query.get("fieldSelector") ?? "", resource);
  return (object) =>
    labels(object) && fields(object) && (name === undefined || object.metadata.name === name);
}

function paged(
  all: KubeObject[],
  query: URLSearchParams,
  revision: number,
): { page: KubeObject[]; metadata: object } {
  const limit = Number(query.get("limit") ?? "0");
  const token = query.get("continue");
  const start = token ? startOf(token) : 0;
  const end = limit > 0 ? start + limit : all.length;
  const left = all.length - end;
  const metadata = {
    resourceVersion: String(revision),
    ...(left > 0
      ? {
          continue: Buffer.from(
            JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: end }),
          ).toString("base64url"),
          remainingItemCount: left,
        }
      : {}),
  };
  return { page: all.slice(start, end), metadata };
}

function startOf(token: string): number {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (isFields(parsed) && typeof parsed["start"] === "number") return parsed["start"];
  } catch {
    // An unreadable token is refused below, as any other wrong one.
  }
  throw badRequest("continue key is not valid");
}
