import { deleteObject } from "./deletion.ts";
import type { Node } from "./node.ts";
import type { NodeTrouble } from "./node-faults.ts";
import { isFields, timestamp, type Fields } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import type { Pod } from "./workloads.ts";

/** Gives a pod up with its node: it is evicted, or deleted where the node is silent; the node is closed to others. */
export function giveUp(node: Node, pod: Pod, gone: NonNullable<NodeTrouble["gone"]>): void {
  const { store, clock } = node;
  const [machine] = store.list(resourceOfKind("Node"));
  const effect = gone.reason === "Evicted" ? "NoSchedule" : "NoExecute";
  if (machine)
    store.change(resourceOfKind("Node"), machine, (draft) => {
      const spec: Fields = isFields(draft["spec"]) ? draft["spec"] : {};
      draft["spec"] = { ...spec, taints: [{ key: gone.taint, effect }] };
    });
  const evicted = gone.reason === "Evicted";
  const message = gone.message.replace("running pod", `running pod ${pod.metadata.name}`);
  store.change(resourceOfKind("Pod"), pod, (draft) => {
    const others = draft.status.conditions ?? [];
    draft.status = {
      ...draft.status,
      ...(evicted ? { phase: "Failed" as const } : {}),
      reason: gone.reason,
      message,
      conditions: [
        ...others,
        {
          type: "DisruptionTarget",
          status: "True",
          lastTransitionTime: timestamp(clock.now()),
          reason: evicted ? "TerminationByKubelet" : "DeletionByTaintManager",
          message: evicted ? message : "Taint manager: deleting due to NoExecute taint",
        },
      ],
    };
  });
  node.record(pod, {
    type: "Warning",
    reason: evicted ? "Evicted" : "NodeNotReady",
    message: evicted ? message : "Node is not ready",
    from: evicted ? "kubelet" : "node-controller",
  });
  // A silent node never says that the pod is gone, so it stays, marked.
  const now = store.get<Pod>(resourceOfKind("Pod"), pod.metadata.namespace, pod.metadata.name);
  if (!evicted && now) deleteObject(store, clock, resourceOfKind("Pod"), now, { dryRun: false });
}
