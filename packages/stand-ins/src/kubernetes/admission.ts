import { isFields, type KubeObject } from "./object.ts";
import { quantity, requestsOf } from "./quantities.ts";
import { qualified, resourceOfKind, type Resource } from "./resources.ts";
import { Refused } from "./status.ts";
import type { Store } from "./store.ts";
import type { Pod } from "./workloads.ts";

/** An admission webhook: what it is called, and what it says about an object. */
export type Webhook = {
  name: string;
  /** A sentence against the object, or that nobody answers; undefined lets it pass. */
  says(object: KubeObject): { denies: string } | "silence" | undefined;
};

/** Asks the webhooks about an object that is to be stored, then the namespace's quotas about a new pod. Throws 400, 403 or 500. */
export function admit(store: Store, resource: Resource, object: KubeObject, isNew: boolean): void {
  for (const { name, says } of store.webhooks) {
    const said = says(object);
    if (said === "silence")
      throw new Refused(
        500,
        "InternalError",
        `Internal error occurred: failed calling webhook "${name}": failed to call webhook: Post "https://policy.example.org:443/validate?timeout=10s": dial tcp 10.0.0.7:443: connect: connection refused`,
        { causes: [{ reason: "", message: `failed calling webhook "${name}"` }] },
      );
    if (said)
      throw new Refused(
        400,
        undefined,
        `admission webhook "${name}" denied the request: ${said.denies}`,
        {},
      );
  }
  if (isNew && resource.kind === "Pod") withinQuotas(store, resource, object as Pod);
}

function withinQuotas(store: Store, resource: Resource, pod: Pod): void {
  const { namespace = "", name } = pod.metadata;
  const refused = (why: string): Refused =>
    new Refused(403, "Forbidden", `${qualified(resource)} "${name}" is forbidden: ${why}`, {
      name,
      kind: resource.name,
    });
  const wanted = chargesOf(pod);
  const living = store
    .list<Pod>(resource, namespace)
    .filter(({ status }) => status.phase !== "Succeeded" && status.phase !== "Failed")
    .map(chargesOf);
  for (const quota of store.list(resourceOfKind("ResourceQuota"), namespace)) {
    const spec = quota["spec"];
    const hard = isFields(spec) && isFields(spec["hard"]) ? spec["hard"] : {};
    const bounded = Object.keys(hard).filter((key) => key in chargedAs || key === "pods");
    const unsaid = bounded.filter((key) => wanted[key] === undefined);
    if (unsaid.length > 0)
      throw refused(
        `failed quota: ${quota.metadata.name}: must specify ${unsaid.map((key) => `${key} for: ${pod.spec.containers.map((one) => one.name).join(",")}`).join("; ")}`,
      );
    const used = (key: string): number => living.reduce((sum, one) => sum + (one[key] ?? 0), 0);
    const over = bounded.filter((key) => used(key) + (wanted[key] ?? 0) > quantity(hard[key]));
    if (over.length === 0) continue;
    const list = (value: (key: string) => unknown): string =>
      over.map((key) => `${key}=${String(value(key))}`).join(",");
    throw refused(
      `exceeded quota: ${quota.metadata.name}, requested: ${list((key) => wanted[key])}, used: ${list(used)}, limited: ${list((key) => hard[key])}`,
    );
  }
}

/** The keys of a quota, and which amount of a pod each bounds. */
const chargedAs: Record<string, ["requests" | "limits", string]> = {
  cpu: ["requests", "cpu"],
  memory: ["requests", "memory"],
  "requests.cpu": ["requests", "cpu"],
  "requests.memory": ["requests", "memory"],
  "limits.cpu": ["limits", "cpu"],
  "limits.memory": ["limits", "memory"],
};

function chargesOf(pod: Pod): Record<string, number | undefined> {
  const charges = Object.entries(chargedAs).map(([key, [which, name]]) => [
    key,
    requestsOf(pod, which)[name],
  ]);
  return { pods: 1, ...(Object.fromEntries(charges) as Record<string, number | undefined>) };
}
