import { resourceOfKind } from "./resources.ts";
import { labelsMatch } from "./selectors.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Store } from "./store.ts";
import { isReady, type Pod, type Service } from "./workloads.ts";

/** Where one ready pod of a Service is on this machine. */
export type Endpoint = { pod: string; host: "127.0.0.1"; port: number };

export type ServicePort = { name?: string | undefined; number?: number | undefined };

/** The ready pods behind a Service's port; its first port when none is named. Undefined when there is no such Service or port. */
export function endpointsOf(
  store: Store,
  kubelet: Kubelet,
  namespace: string,
  service: string,
  port: ServicePort = {},
): Endpoint[] | undefined {
  const found = store.get<Service>(resourceOfKind("Service"), namespace, service);
  const ports = found?.spec.ports ?? [];
  const wanted =
    port.name !== undefined
      ? ports.find(({ name }) => name === port.name)
      : port.number !== undefined
        ? ports.find((one) => one.port === port.number)
        : ports[0];
  if (!found || !wanted) return undefined;
  const { selector } = found.spec;
  if (!selector || Object.keys(selector).length === 0) return [];
  return store
    .list<Pod>(resourceOfKind("Pod"), namespace)
    .filter(
      (pod) =>
        labelsMatch({ matchLabels: selector }, pod.metadata.labels) &&
        isReady(pod) &&
        pod.metadata.deletionTimestamp === undefined,
    )
    .flatMap((pod) => {
      const here = portOfPod(kubelet, pod, wanted.targetPort ?? wanted.port);
      return here === undefined
        ? []
        : [{ pod: pod.metadata.name, host: "127.0.0.1" as const, port: here }];
    });
}

/** Where a port of a pod is: of the container that declares it, else of the first one. */
export function portOfPod(kubelet: Kubelet, pod: Pod, port: number | string): number | undefined {
  const containers = kubelet
    .containers(pod)
    .filter(({ spec }) => pod.spec.containers.some(({ name }) => name === spec.name));
  const declaring = containers.find(({ spec }) =>
    spec.ports?.some(({ name, containerPort }) => name === port || containerPort === port),
  );
  return (declaring ?? (typeof port === "number" ? containers[0] : undefined))?.portOf(port);
}
