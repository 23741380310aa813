import type { Clock, Incoming, Reply } from "../stand-in.ts";
import { json } from "../stand-in.ts";
import { authenticate, authorize, authorizePath, isAllowed, type Identity } from "./access.ts";
import { deleteObject, deleteOptions } from "./deletion.ts";
import { discover } from "./discovery.ts";
import { isFields, type Fields } from "./object.ts";
import { getObject, isTrue, listObjects, selected, watchReply, type Read } from "./reading.ts";
import { parseProtobuf } from "./protobuf.ts";
import { parseJson } from "./request-body.ts";
import { servedResources } from "./custom-resources.ts";
import type { Resource } from "./resources.ts";
import { scaleReply } from "./scale.ts";
import { badRequest, methodNotAllowed, Refused } from "./status.ts";
import type { Store } from "./store.ts";
import { tableOf } from "./tables.ts";
import { isDryRun, type Write, type Writing, type Written } from "./writing.ts";

type Target = {
  resource: Resource;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  /** What stands behind `proxy/`. */
  rest: string;
};

/** Subresources that are no part of the stored object. */
export type PodAccess = {
  log(namespace: string, name: string, query: URLSearchParams, request: Incoming): Reply;
  proxy(
    resource: Resource,
    namespace: string,
    name: string,
    rest: string,
    request: Incoming,
  ): Promise<Reply>;
};

/** The API's routes: who, what, may they, do it. */
export function createApi(options: {
  store: Store;
  clock: Clock;
  writing: Writing;
  tokens: Record<string, Identity>;
  access: PodAccess;
  closing: AbortSignal;
}): (request: Incoming) => Promise<Reply> {
  const { store, clock, writing, access, closing } = options;

  const answer = async (request: Incoming): Promise<Reply> => {
    const { method, url, headers } = request;
    const identity = authenticate(headers["authorization"], options.tokens);
    const path = url.pathname.replace(/\/+$/, "") || "/";
    const target = targetOf(url.pathname, servedResources(store));
    if (target) return onTarget(target, request, identity);
    authorizePath(identity, method, path);
    if (["/healthz", "/livez", "/readyz"].includes(path)) return text(200, "ok");
    if (path === "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" && method === "POST")
      return review(request, identity, servedResources(store));
    const document = method === "GET" ? discover(path, servedResources(store)) : undefined;
    return document ? json(200, document) : text(404, "404 page not found\n");
  };

  const onTarget = async (
    target: Target,
    request: Incoming,
    identity: Identity,
  ): Promise<Reply> => {
    const { resource, namespace, name, subresource } = target;
    const { method, headers } = request;
    const query = request.url.searchParams;
    const watching = isTrue(query.get("watch") ?? "false");
    const verb = verbOf(method, name, watching, subresource);
    const attempt = {
      resource,
      ...(namespace ? { namespace } : {}),
      ...(name ? { name } : {}),
      ...(subresource ? { subresource } : {}),
    };
    authorize(identity, { verb, ...attempt });
    const read: Read = { resource, namespace, name, query };

    if (subresource === "log") return access.log(namespace ?? "", name ?? "", query, request);
    if (subresource === "proxy")
      return access.proxy(resource, namespace ?? "", name ?? "", target.rest, request);
    const write: Write = {
      resource,
      namespace,
      name,
      subresource,
      contentType: headers["content-type"] ?? "application/json",
      body: request.body,
      query,
      userAgent: headers["user-agent"],
      mayCreate: () => authorize(identity, { verb: "create", ...attempt }),
    };
    if (subresource === "scale") return scaleReply(store, writing, write, method);
    if (method === "GET" && watching) return watchReply(store, read, request, closing);
    if (method === "GET") {
      const found = name === undefined ? listObjects(store, read) : getObject(store, read);
      return json(
        200,
        headers["accept"]?.includes("as=Table")
          ? tableOf(found, resource.kind, clock.now())
          : found,
      );
    }
    if (method === "POST" && name === undefined) return written(write, writing.create(write));
    if (method === "PUT" && name !== undefined) return changing(write, () => writing.update(write));
    if (method === "PATCH" && name !== undefined)
      return changing(write, () => writing.patch(write));
    if (method === "DELETE" && subresource === undefined) return deleting(read, request);
    throw methodNotAllowed();
  };

  const changing = (write: Write, act: () => Written): Reply => {
    const revision = store.revision();
    return written(write, act(), store.revision() > revision);
  };

  const deleting = (read: Read, request: Incoming): Reply => {
    const isProtobuf = request.headers["content-type"]?.includes("protobuf") === true;
    const given = deleteOptions(
      read.query,
      request.body.length === 0
        ? undefined
        : isProtobuf
          ? parseProtobuf(request.body)
          : parseJson(request.body),
    );
    if (read.name !== undefined) {
      const answered = deleteObject(store, clock, read.resource, getObject(store, read), given);
      return json(200, answered, { wrote: !given.dryRun });
    }
    const all = selected(store, read);
    for (const object of all) deleteObject(store, clock, read.resource, object, given);
    return json(
      200,
      { ...listObjects(store, { ...read, query: new URLSearchParams() }), items: all },
      { wrote: all.length > 0 && !given.dryRun },
    );
  };

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code = 500, details } = error.body;
      const retry =
        details?.retryAfterSeconds === undefined
          ? {}
          : { "retry-after": String(details.retryAfterSeconds) };
      return json(code, error.body, { headers: { "content-type": "application/json", ...retry } });
    }
  };
}

const text = (status: number, body: string): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

function written(write: Write, { object, created, warnings }: Written, changed = true): Reply {
  const headers =
    warnings.length > 0
      ? { warning: warnings.map((warning) => `299 - ${JSON.stringify(warning)}`).join(", ") }
      : {};
  return json(created ? 201 : 200, object, {
    wrote: changed && !isDryRun(write),
    headers: { "content-type": "application/json", ...headers },
  });
}

function verbOf(
  method: string,
  name: string | undefined,
  watching: boolean,
  subresource: string | undefined,
): string {
  if (method === "GET" || method === "HEAD")
    return watching ? "watch" : name === undefined ? "list" : "get";
  if (method === "POST") return "create";
  if (method === "PUT") return "update";
  if (method === "PATCH") return "patch";
  if (method === "DELETE")
    return name === undefined && subresource === undefined ? "deletecollection" : "delete";
  throw methodNotAllowed();
}

/** Reads `/apis/apps/v1/namespaces/x/deployments/y/status`; undefined when the path names no resource that the server has. */
function targetOf(pathname: string, resources: Resource[]): Target | undefined {
  const parts = pathname.split("/").slice(1);
  const [root, ...tail] = parts;
  const [group, version] =
    root === "api"
      ? ["", tail.shift()]
      : root === "apis"
        ? [tail.shift() ?? "", tail.shift()]
        : [undefined, undefined];
  if (group === undefined || tail.length === 0 || tail[0] === "") return undefined;
  let namespace: string | undefined;
  // `namespaces/x` is an object of its own; `namespaces/x/pods` is a place.
  if (
    tail[0] === "namespaces" &&
    tail.length > 2 &&
    !["status", "finalize"].includes(tail[2] ?? "")
  ) {
    namespace = decode(tail[1] ?? "");
    tail.splice(0, 2);
  }
  const [plural, name, subresource, ...rest] = tail;
  const resource = resources.find(
    (row) => row.group === group && row.version === version && row.name === plural,
  );
  if (!resource) return undefined;
  if (resource.namespaced !== (namespace !== undefined) && !(resource.namespaced && !name))
    return undefined;
  if (subresource && !(resource.subresources as string[]).includes(subresource)) return undefined;
  return {
    resource,
    namespace,
    name: name ? decode(name) : undefined,
    subresource: subresource || undefined,
    rest: rest.join("/"),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest("the path is not encoded as a URL has to be");
  }
}

/** May I? The answer comes from the rules that every request is checked against. */
function review(request: Incoming, identity: Identity, resources: Resource[]): Reply {
  const body = parseJson(request.body);
  const spec: Fields = isFields(body) && isFields(body["spec"]) ? body["spec"] : {};
  const asked = isFields(spec["resourceAttributes"]) ? spec["resourceAttributes"] : {};
  const field = (name: string): string => String(asked[name] ?? "");
  const resource = resources.find(
    (row) => row.name === field("resource") && row.group === field("group"),
  );
  const allowed =
    !identity.rules ||
    (resource !== undefined &&
      isAllowed(identity, {
        verb: field("verb"),
        resource,
        ...(field("subresource") ? { subresource: field("subresource") } : {}),
        ...(field("namespace") ? { namespace: field("namespace") } : {}),
        ...(field("name") ? { name: field("name") } : {}),
      }));
  return json(201, {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec,
    status: { allowed },
  });
}
