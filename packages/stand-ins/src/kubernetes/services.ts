import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type { Service } from "./workloads.ts";

const services = resourceOfKind("Service");

/** Gives a Service of type LoadBalancer an address of the documentation's; one that asks for another balancer's class waits. */
export function tendService(store: Store, namespace: string, name: string): void {
  const service = store.get<Service>(services, namespace, name);
  if (!service || service.spec.type !== "LoadBalancer" || service.spec.loadBalancerClass) return;
  if ((service.status?.loadBalancer?.ingress ?? []).length > 0) return;
  const last = (Number(service.metadata.resourceVersion) % 250) + 2;
  store.change(services, service, (draft) => {
    draft.status = { loadBalancer: { ingress: [{ ip: `198.51.100.${last}` }] } };
  });
}
