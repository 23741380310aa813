import type { Clock } from "../stand-in.ts";
import { missingVolume } from "./claims.ts";
import { at, isFields, timestamp, type KubeObject } from "./object.ts";
import { quantity, requestsOf } from "./quantities.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type { Condition, Pod } from "./workloads.ts";

const podResource = resourceOfKind("Pod");

/** What the node has for pods, unless it is said otherwise. */
export const largeNode = {
  cpu: "32",
  memory: "128Gi",
  "ephemeral-storage": "500Gi",
  pods: "250",
};

/** Places one pod on the cluster's node if it fits, and says in the scheduler's words why it does not. */
export function schedule(
  store: Store,
  clock: Clock,
  record: Recorder,
  namespace: string,
  name: string,
): void {
  const pod = store.get<Pod>(podResource, namespace, name);
  if (!pod || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined)
    return;
  const [node] = store.list(resourceOfKind("Node"));
  if (!node) return;
  const missing = missingVolume(store, pod);
  const unfit = missing === undefined ? misfitOf(store, node, pod) : undefined;
  if (missing !== undefined || unfit !== undefined) {
    const helps = unfit?.startsWith("1 Insufficient")
      ? "No preemption victims found for incoming pod."
      : "Preemption is not helpful for scheduling.";
    refuse(
      store,
      clock,
      record,
      pod,
      `0/1 nodes are available: ${missing ?? unfit}. preemption: 0/1 nodes are available: 1 ${helps}`,
    );
    return;
  }
  const placed = store.change(podResource, pod, (draft) => {
    draft.spec.nodeName = node.metadata.name;
    const others = draft.status.conditions?.filter(({ type }) => type !== "PodScheduled") ?? [];
    draft.status.conditions = [...others, scheduled(clock, "True")];
  });
  if (placed)
    record(placed, {
      type: "Normal",
      reason: "Scheduled",
      message: `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`,
      from: "default-scheduler",
    });
}

/** The pods that wait for a place. */
export const unplaced = (store: Store): Pod[] =>
  store
    .list<Pod>(podResource)
    .filter(
      ({ spec, metadata }) =>
        spec.nodeName === undefined && metadata.deletionTimestamp === undefined,
    );

/** Why the node does not take the pod: a taint, labels, or too little room. */
function misfitOf(store: Store, node: KubeObject, pod: Pod): string | undefined {
  const taints = at(node, "spec", "taints");
  for (const taint of Array.isArray(taints) ? taints.filter(isFields) : []) {
    const borne = (pod.spec.tolerations ?? []).some(
      ({ key, operator }) => (key === undefined && operator === "Exists") || key === taint["key"],
    );
    if (!borne && taint["effect"] !== "PreferNoSchedule")
      return `1 node(s) had untolerated taint(s) {${String(taint["key"])}: ${String(taint["value"] ?? "")}}`;
  }
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.some(([key, value]) => node.metadata.labels?.[key] !== value))
    return "1 node(s) didn't match Pod's node affinity/selector";
  const there = store
    .list<Pod>(podResource)
    .filter(
      ({ spec, status }) =>
        spec.nodeName === node.metadata.name && !["Succeeded", "Failed"].includes(status.phase),
    );
  const asked: Record<string, number> = { pods: 1, ...requestsOf(pod, "requests") };
  const short = Object.entries(asked)
    .filter(([resource, amount]) => {
      const all = quantity(at(node, "status", "allocatable", resource) ?? 0);
      const taken = there.reduce(
        (sum, one) =>
          sum + (resource === "pods" ? 1 : (requestsOf(one, "requests")[resource] ?? 0)),
        0,
      );
      return taken + amount > all;
    })
    .map(([resource]) => (resource === "pods" ? "Too many pods" : `Insufficient ${resource}`));
  return short.length > 0 ? short.map((one) => `1 ${one}`).join(", ") : undefined;
}

/** Says why a pod is not placed: once, until the reason is another. */
function refuse(store: Store, clock: Clock, record: Recorder, pod: Pod, message: string): void {
  const known = pod.status.conditions?.find(({ type }) => type === "PodScheduled");
  if (known?.message === message) return;
  const condition = { ...scheduled(clock, "False"), reason: "Unschedulable", message };
  store.change(podResource, pod, (draft) => {
    const others = draft.status.conditions?.filter(({ type }) => type !== "PodScheduled") ?? [];
    draft.status.conditions = [...others, condition];
  });
  record(pod, { type: "Warning", reason: "FailedScheduling", message, from: "default-scheduler" });
}

const scheduled = (clock: Clock, status: Condition["status"]): Condition => ({
  type: "PodScheduled",
  status,
  lastProbeTime: null,
  lastTransitionTime: timestamp(clock.now()),
});
