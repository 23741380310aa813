import type { Clock } from "../stand-in.ts";
import { deleteObject } from "./deletion.ts";
import { isOwnedBy, timestamp } from "./object.ts";
import { createOwnedPod } from "./owned-pods.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import { labelsMatch } from "./selectors.ts";
import type { Store } from "./store.ts";
import { isActive, isReady, type Condition, type Pod, type ReplicaSet } from "./workloads.ts";
import type { Writing } from "./writing.ts";

const replicaSets = resourceOfKind("ReplicaSet");
const podResource = resourceOfKind("Pod");
const from = "replicaset-controller";

/** Returns the function that makes or deletes one ReplicaSet's pods and counts them. */
export function createReplicaSetController(
  store: Store,
  clock: Clock,
  record: Recorder,
  addresses: Writing["addresses"],
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const set = store.get<ReplicaSet>(replicaSets, namespace, name);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const pods = store.list<Pod>(podResource, namespace).filter((pod) => isOwnedBy(pod, set));
    const active = pods.filter(isActive);
    const missing = set.spec.replicas - active.length;
    let refused: string | undefined;
    for (let made = 0; made < missing && refused === undefined; made++)
      refused = createOwnedPod({
        store,
        record,
        addresses,
        owner: set,
        template: set.spec.template,
        from,
      });
    if (missing < 0) for (const pod of deletionOrder(active).slice(0, -missing)) remove(set, pod);
    count(set, pods, active, refused);
  };

  function remove(set: ReplicaSet, pod: Pod): void {
    deleteObject(store, clock, podResource, pod, { dryRun: false });
    record(set, {
      type: "Normal",
      reason: "SuccessfulDelete",
      message: `Deleted pod: ${pod.metadata.name}`,
      from,
    });
  }

  /** The numbers are of the pods that were there before this round: what it made is counted in the next. */
  function count(set: ReplicaSet, pods: Pod[], active: Pod[], refused: string | undefined): void {
    const now = clock.now().getTime();
    const ready = active.filter(isReady);
    const available = ready.filter(
      (pod) => readySince(pod) + (set.spec.minReadySeconds ?? 0) * 1000 <= now,
    );
    const labelled = active.filter((pod) =>
      labelsMatch({ matchLabels: set.spec.template.metadata?.labels ?? {} }, pod.metadata.labels),
    );
    const numbers = {
      fullyLabeledReplicas: labelled.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
    };
    store.change(replicaSets, set, (draft) => {
      draft.status = {
        replicas: active.length,
        ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
        terminatingReplicas: pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
          .length,
        observedGeneration: draft.metadata.generation ?? 1,
        ...(refused === undefined
          ? {}
          : { conditions: [replicaFailure(set.status.conditions ?? [], refused, clock.now())] }),
      };
    });
  }
}

/** Pods that could not be made; the condition goes when they can. Its sentence stays that of the first. */
function replicaFailure(known: Condition[], message: string, now: Date): Condition {
  return (
    known.find(({ type }) => type === "ReplicaFailure") ?? {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: timestamp(now),
      reason: "FailedCreate",
      message,
    }
  );
}

const readySince = (pod: Pod): number =>
  Date.parse(pod.status.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime ?? "");

/** Those that serve least go first: not placed, pending, not ready, then the youngest. */
function deletionOrder(pods: Pod[]): Pod[] {
  const rank = (pod: Pod): number =>
    pod.spec.nodeName === undefined ? 0 : pod.status.phase === "Pending" ? 1 : isReady(pod) ? 3 : 2;
  return [...pods].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      Number(other.metadata.resourceVersion) - Number(one.metadata.resourceVersion),
  );
}
