import type { Clock } from "../stand-in.ts";
import { deleteObject } from "./deletion.ts";
import { equal, isOwnedBy, type KubeObject, type Metadata } from "./object.ts";
import { createOwnedPod } from "./owned-pods.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import { currentRevision, revisionLabel } from "./revisions.ts";
import type { Store } from "./store.ts";
import { isActive, isAvailable, isReady, type DaemonSet, type Pod } from "./workloads.ts";
import type { Writing } from "./writing.ts";

const sets = resourceOfKind("DaemonSet");
const podResource = resourceOfKind("Pod");
const from = "daemonset-controller";

/**
 * Returns the function that keeps one pod of a DaemonSet on each node that its selector takes. An old pod goes before the
 * new one comes, as many at a time as may be unavailable; with `maxSurge` the new one comes first.
 */
export function createDaemonSetController(
  store: Store,
  clock: Clock,
  record: Recorder,
  addresses: Writing["addresses"],
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const stored = store.get<DaemonSet>(sets, namespace, name);
    if (!stored || stored.metadata.deletionTimestamp !== undefined) return;
    const set = stored;
    const hash = currentRevision(store, set).metadata.labels?.[revisionLabel] ?? "";
    const isNew = (pod: Pod): boolean => pod.metadata.labels?.[revisionLabel] === hash;
    const serves = (pod: Pod): boolean =>
      isActive(pod) && isAvailable(pod, set.spec.minReadySeconds, clock.now());
    const nodes = store.list(resourceOfKind("Node")).filter((node) => isWanted(set, node));
    const podsOn = (node: KubeObject): Pod[] =>
      store
        .list<Pod>(podResource, namespace)
        .filter((pod) => isOwnedBy(pod, set) && pod.spec.nodeName === node.metadata.name);

    const { type, rollingUpdate } = set.spec.updateStrategy;
    const surges = share(rollingUpdate?.maxSurge ?? 0, nodes.length) > 0;
    let spare = share(rollingUpdate?.maxUnavailable ?? 1, nodes.length);
    spare -= nodes.filter((node) => !podsOn(node).some(serves)).length;

    for (const node of nodes) {
      const pods = podsOn(node);
      for (const pod of pods.filter(({ status }) => status.phase === "Failed")) remove(pod);
      const active = pods.filter(isActive);
      const [old, current] = [active.filter((pod) => !isNew(pod)), active.find(isNew)];
      if (active.length === 0 && pods.every(({ metadata }) => !metadata.deletionTimestamp))
        create(node);
      if (type === "OnDelete") continue;
      if (surges) {
        if (old.length > 0 && !current) create(node);
        if (current && serves(current)) for (const pod of old) remove(pod);
        continue;
      }
      for (const pod of old) {
        if (serves(pod) && spare <= 0) continue;
        if (serves(pod)) spare -= 1;
        remove(pod);
      }
    }
    writeStatus();
    return;

    function create(node: KubeObject): void {
      createOwnedPod({
        store,
        record,
        addresses,
        owner: set,
        template: { ...set.spec.template, metadata: withLabel() },
        from,
        node: node.metadata.name,
      });
    }

    function withLabel(): Partial<Metadata> {
      const { metadata } = set.spec.template;
      const generation = String(set.metadata.generation ?? 1);
      const labels = { [revisionLabel]: hash, "pod-template-generation": generation };
      return { ...metadata, labels: { ...metadata?.labels, ...labels } };
    }

    function remove(pod: Pod): void {
      deleteObject(store, clock, podResource, pod, { dryRun: false });
      const message = `Deleted pod: ${pod.metadata.name}`;
      record(set, { type: "Normal", reason: "SuccessfulDelete", message, from });
    }

    function writeStatus(): void {
      const count = (holds: (pod: Pod) => boolean): number =>
        nodes.filter((node) => podsOn(node).some(holds)).length;
      const available = count(serves);
      const numbers = {
        numberAvailable: available,
        numberUnavailable: nodes.length - available,
        updatedNumberScheduled: count((pod) => isActive(pod) && isNew(pod)),
      };
      const status: DaemonSet["status"] = {
        currentNumberScheduled: count(isActive),
        numberMisscheduled: 0,
        desiredNumberScheduled: nodes.length,
        numberReady: count((pod) => isActive(pod) && isReady(pod)),
        observedGeneration: set.metadata.generation ?? 1,
        ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
      };
      if (!equal(status, set.status))
        store.change(sets, set, (draft) => void (draft.status = status));
    }
  };
}

const isWanted = (set: DaemonSet, node: KubeObject): boolean =>
  Object.entries(set.spec.template.spec.nodeSelector ?? {}).every(
    ([name, value]) => node.metadata.labels?.[name] === value,
  );

const share = (value: number | string, of: number): number =>
  typeof value === "number" ? value : Math.ceil((Number.parseFloat(value) * of) / 100);
