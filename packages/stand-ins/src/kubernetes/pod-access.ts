import type { ServerResponse } from "node:http";
import type { Incoming, Reply } from "../stand-in.ts";
import type { PodAccess } from "./api.ts";
import { tail, type ContainerLog } from "./container-log.ts";
import type { Container } from "./container.ts";
import { endpointsOf, portOfPod } from "./endpoints.ts";
import { relay } from "./forwarding.ts";
import type { Kubelet } from "./kubelet.ts";
import { isTrue } from "./reading.ts";
import { resourceOfKind, type Resource } from "./resources.ts";
import { badRequest, notFound, Refused } from "./status.ts";
import type { Store } from "./store.ts";
import type { Pod } from "./workloads.ts";

/** The subresources that reach into running pods: `log`, and `proxy` of pods and services. */
export function createPodAccess(store: Store, kubelet: Kubelet): PodAccess {
  const podResource = resourceOfKind("Pod");

  const podNamed = (namespace: string, name: string): Pod => {
    const pod = store.get<Pod>(podResource, namespace, name);
    if (!pod) throw notFound(podResource, name);
    return pod;
  };

  return {
    log(namespace, name, query, request) {
      const pod = podNamed(namespace, name);
      const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
        (container) => container.name,
      );
      const asked = query.get("container");
      if (!asked && pod.spec.containers.length > 1)
        throw badRequest(
          `a container name must be specified for pod ${name}, choose one of: [${all.join(" ")}]`,
        );
      const wanted = asked ?? pod.spec.containers[0]?.name ?? "";
      if (!all.includes(wanted))
        throw badRequest(`container ${wanted} is not valid for pod ${name}`);
      const container = kubelet.containers(pod).find(({ spec }) => spec.name === wanted);
      const previous = isTrue(query.get("previous") ?? "false");
      const log = logOf(container, wanted, name, previous);
      if (isTrue(query.get("follow") ?? "false") && !previous) return followed(log, query, request);
      return {
        status: 200,
        headers: { "content-type": "text/plain" },
        body: cut(log.text(), query),
      };
    },

    async proxy(resource, namespace, name, rest, request) {
      const [first = "", second, third] = name.split(":");
      const [target, port] =
        third !== undefined || first === "http" || first === "https"
          ? [second ?? "", third]
          : [first, second];
      const here =
        resource.kind === "Pod"
          ? podPort(podNamed(namespace, target), port)
          : servicePort(resource, namespace, target, port);
      const path = `/${rest}${request.url.search}`;
      return relay(request, here, path).catch((error: unknown) => {
        throw unreachable(error instanceof Error ? error.message : String(error));
      });
    },
  };

  function podPort(pod: Pod, port: string | undefined): number {
    const declared = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort ?? 80;
    const here = portOfPod(
      kubelet,
      pod,
      port === undefined || port === "" ? declared : /^\d+$/.test(port) ? Number(port) : port,
    );
    if (here === undefined) throw unreachable(`no port ${port ?? ""} in pod ${pod.metadata.name}`);
    return here;
  }

  function servicePort(
    resource: Resource,
    namespace: string,
    name: string,
    port: string | undefined,
  ): number {
    if (!store.get(resource, namespace, name)) throw notFound(resource, name);
    const wanted = !port ? {} : /^\d+$/.test(port) ? { number: Number(port) } : { name: port };
    const [first] = endpointsOf(store, kubelet, namespace, name, wanted) ?? [];
    if (!first)
      throw new Refused(
        503,
        "ServiceUnavailable",
        `no endpoints available for service "${name}"`,
        {},
      );
    return first.port;
  }
}

const unreachable = (why: string): Refused =>
  new Refused(503, "ServiceUnavailable", `error trying to reach service: ${why}`, {});

function logOf(
  container: Container | undefined,
  wanted: string,
  pod: string,
  previous: boolean,
): ContainerLog {
  const log = container?.log(previous);
  if (log) return log;
  if (previous)
    throw badRequest(`previous terminated container "${wanted}" in pod "${pod}" not found`);
  const reason = container?.status().state.waiting?.reason ?? "ContainerCreating";
  const why =
    reason === "ErrImagePull" || reason === "ImagePullBackOff"
      ? "trying and failing to pull image"
      : reason;
  throw badRequest(`container "${wanted}" in pod "${pod}" is waiting to start: ${why}`);
}

function cut(text: string, query: URLSearchParams): string {
  const lines = query.get("tailLines");
  const bytes = query.get("limitBytes");
  const last = lines === null ? text : tail(text, Number(lines));
  return bytes === null ? last : Buffer.from(last).subarray(0, Number(bytes)).toString("utf8");
}

function followed(log: ContainerLog, query: URLSearchParams, request: Incoming): Reply {
  const stream = (response: ServerResponse): Promise<void> =>
    new Promise((resolve) => {
      response.flushHeaders();
      response.write(cut(log.text(), query));
      const stop = log.follow((chunk) => (chunk ? void response.write(chunk) : finish()));
      const finish = (): void => {
        response.end();
        resolve();
      };
      request.gone.addEventListener("abort", () => {
        stop();
        finish();
      });
    });
  return { status: 200, headers: { "content-type": "text/plain" }, stream };
}
