import type { IncomingMessage, ServerResponse } from "node:http";
import { endpointsOf, type Endpoint } from "./endpoints.ts";
import { forward } from "./forwarding.ts";
import type { Kubelet } from "./kubelet.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type { Backend, Ingress } from "./workloads.ts";

type Route = { namespace: string; backend: Backend; path: string; exact: boolean };

/**
 * The ingress controller: routes by the Ingress objects' hosts and paths to the Services' ready pods, in turn.
 * 404 when no rule fits, 503 when no pod is ready, 502 when none of them answers.
 */
export function createIngress(
  store: Store,
  kubelet: Kubelet,
): (host?: string) => (request: IncomingMessage, response: ServerResponse) => void {
  let turn = 0;

  return (fixed) => (request, response) => {
    const host = (fixed ?? request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const route = routeFor(store, host, path);
    if (!route) return answer(response, 404, "default backend - 404");
    const { name = "", port } = route.backend.service ?? {};
    const ready = (): Endpoint[] => endpointsOf(store, kubelet, route.namespace, name, port) ?? [];
    if (ready().length === 0) return answer(response, 503, "503 Service Temporarily Unavailable");
    const caller = request.socket.remoteAddress ?? "127.0.0.1";
    forward(request, response, {
      next: () => {
        const endpoints = ready();
        return endpoints[turn++ % Math.max(1, endpoints.length)]?.port;
      },
      headers: {
        host,
        "x-forwarded-for": caller,
        "x-forwarded-host": host,
        "x-forwarded-proto": "encrypted" in request.socket ? "https" : "http",
      },
      failed: () => answer(response, 502, "502 Bad Gateway"),
    });
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

/** The rule for a request: the host's own before a wildcard's before any host's, an exact path before the longest prefix. */
function routeFor(store: Store, host: string, path: string): Route | undefined {
  const ingresses = store.list<Ingress>(resourceOfKind("Ingress"));
  const wildcard = `*.${host.split(".").slice(1).join(".")}`;
  for (const wanted of [host, wildcard, undefined]) {
    const routes = ingresses.flatMap((ingress) =>
      (ingress.spec.rules ?? [])
        .filter((rule) => (rule.host?.toLowerCase() ?? undefined) === wanted)
        .flatMap((rule) => rule.http?.paths ?? [])
        .map(({ path = "/", pathType, backend }) => ({
          namespace: ingress.metadata.namespace ?? "default",
          backend,
          path,
          exact: pathType === "Exact",
        })),
    );
    const [best] = routes
      .filter((route) => fits(route, path))
      .sort(
        (one, other) =>
          Number(other.exact) - Number(one.exact) || other.path.length - one.path.length,
      );
    if (best) return best;
  }
  const fallback = ingresses.find(({ spec }) => spec.defaultBackend);
  return (
    fallback?.spec.defaultBackend && {
      namespace: fallback.metadata.namespace ?? "default",
      backend: fallback.spec.defaultBackend,
      path: "/",
      exact: false,
    }
  );
}

/** Prefixes end at a slash: `/a` is for `/a` and `/a/b`, not for `/ab`. */
function fits(route: Route, path: string): boolean {
  if (route.exact) return path === route.path;
  const prefix = route.path.replace(/\/$/, "");
  return path === prefix || path.startsWith(`${prefix}/`);
}
