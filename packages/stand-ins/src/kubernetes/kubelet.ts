import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Container } from "./container.ts";
import { nodeName } from "./controllers.ts";
import type { Node } from "./node.ts";
import { longestGraceMilliseconds } from "./pace.ts";
import { startPod, type PodWorker } from "./pod-worker.ts";
import { resourceOfKind } from "./resources.ts";
import type { SavedContainer } from "./saved-container.ts";
import type { Change } from "./store.ts";
import type { Pod } from "./workloads.ts";
import type { Addresses } from "./writing.ts";

const podResource = resourceOfKind("Pod");

export type Kubelet = {
  containers(pod: Pod): Container[];
  /** Waits until each container that was saved ready answers again. Rejects when one never does. */
  ready(): Promise<void>;
  /** From now on the unpacked images stay where they are. */
  save(): SavedPods;
  close(): Promise<void>;
};

/** The containers of each pod, by its uid. */
export type SavedPods = Map<string, SavedContainer[]>;

/** The node's agent: starts what is placed on the node, ends what is deleted. With `saved` it goes on with the pods of the store. */
export function startKubelet(
  node: Node & { addresses: Addresses; saved: SavedPods | undefined },
): Kubelet {
  const workers = new Map<string, PodWorker>();
  const ending = new Map<string, Promise<void>>();
  const prepared = mkdir(node.directory, { recursive: true });
  let closed = false;
  let keepsImages = false;

  const onChange = ({ type, object }: Pick<Change, "type" | "object">): void => {
    if (object.kind !== "Pod" || closed) return;
    const pod = object as Pod;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds: grace = 30 } = pod.metadata;
    // A node that does not answer ends nothing.
    if (pod.status["reason"] === "NodeLost" && type !== "DELETED") return;
    const worker = workers.get(uid);
    if (worker && (type === "DELETED" || deletionTimestamp !== undefined)) {
      end(pod, worker, type === "DELETED" ? 0 : grace * 1000);
    } else if (type !== "DELETED" && deletionTimestamp !== undefined) {
      // A marked pod that never ran here has nothing to end.
      node.store.remove(podResource, pod);
    } else if (type !== "DELETED" && !worker && pod.spec.nodeName === nodeName) {
      workers.set(uid, startPod(node, pod, pod.status.podIP ?? nextIP(), node.saved?.get(uid)));
    }
  };

  const nextIP = (): string => {
    const count = ++node.addresses.pods;
    return `10.244.${Math.floor(count / 250)}.${(count % 250) + 4}`;
  };

  /** Ends a pod's containers, once, then lets the pod go. Until then its logs can be read. */
  const end = (pod: Pod, worker: PodWorker, grace: number): void => {
    const { uid } = pod.metadata;
    if (ending.has(uid)) return;
    const stopped = worker.stop(Math.min(grace, longestGraceMilliseconds)).then(() => {
      workers.delete(uid);
      ending.delete(uid);
      node.store.remove(podResource, pod);
    });
    ending.set(uid, stopped);
  };

  // Starting and stopping happen after the change is known to all: a store's listener does not change the store.
  const unsubscribe = node.store.subscribe((change) =>
    setImmediate(() => void prepared.then(() => onChange(change))),
  );

  const adopted = prepared.then(() => {
    if (!node.saved) return;
    for (const object of node.store.list(podResource)) onChange({ type: "MODIFIED", object });
  });
  const running = (): Container[] => [...workers.values()].flatMap(({ containers }) => containers);

  return {
    containers: (pod) => workers.get(pod.metadata.uid)?.containers ?? [],
    async ready() {
      await adopted;
      await Promise.all(running().map(({ resumed }) => resumed));
    },
    save() {
      keepsImages = true;
      const pods = [...workers].map(
        ([uid, { containers }]) => [uid, containers.map((container) => container.save())] as const,
      );
      return new Map(pods);
    },
    async close() {
      closed = true;
      unsubscribe();
      await prepared;
      await Promise.all([...workers.values()].map((worker) => worker.stop(300)));
      await Promise.all(ending.values());
      if (!keepsImages) await rm(node.directory, { recursive: true, force: true });
    },
  };
}

export const nodeDirectory = (directory: string): string => join(directory, nodeName);
