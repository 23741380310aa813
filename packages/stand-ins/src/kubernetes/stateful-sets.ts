import type { Clock } from "../stand-in.ts";
import { createClaim, claimName } from "./claims.ts";
import { deleteObject } from "./deletion.ts";
import { equal, isOwnedBy } from "./object.ts";
import { createOwnedPod } from "./owned-pods.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import { currentRevision, revisionLabel, templateOf } from "./revisions.ts";
import type { Store } from "./store.ts";
import { isAvailable, isReady, type Pod, type StatefulSet } from "./workloads.ts";
import type { Writing } from "./writing.ts";

const sets = resourceOfKind("StatefulSet");
const podResource = resourceOfKind("Pod");
const from = "statefulset-controller";

/**
 * Returns the function that brings one StatefulSet a step further: its pods are made in order, each when the one before is
 * ready (all at once with `Parallel`), and renewed from the highest down to the partition. A pod that never gets ready
 * stops it, also when the template has been mended since: somebody has to delete that pod.
 */
export function createStatefulSetController(
  store: Store,
  clock: Clock,
  record: Recorder,
  addresses: Writing["addresses"],
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const stored = store.get<StatefulSet>(sets, namespace, name);
    if (!stored || stored.metadata.deletionTimestamp !== undefined) return;
    const set = stored;
    const update = currentRevision(store, set);
    const updateName = update.metadata.name;
    const currentName = set.status.currentRevision ?? updateName;
    const { replicas, podManagementPolicy, updateStrategy } = set.spec;
    const start = set.spec.ordinals?.start ?? 0;
    const ordered = podManagementPolicy !== "Parallel";
    const partition = updateStrategy.rollingUpdate?.partition ?? 0;
    const owned = (): Pod[] =>
      store.list<Pod>(podResource, namespace).filter((pod) => isOwnedBy(pod, set));
    const available = (pod: Pod): boolean =>
      isAvailable(pod, set.spec.minReadySeconds, clock.now());

    const pods = new Map(owned().map((pod) => [ordinalOf(pod), pod]));
    if (keepMembers() && letSurplusGo()) renew();
    writeStatus();
    return;

    /** Makes what is missing; true when nothing stands in the way of going on. */
    function keepMembers(): boolean {
      for (let ordinal = start; ordinal < start + replicas; ordinal++) {
        const pod = pods.get(ordinal);
        if (pod?.status.phase === "Failed" || pod?.status.phase === "Succeeded") {
          remove(pod);
          return false;
        }
        if (!pod) {
          create(ordinal);
          if (ordered) return false;
        } else if (ordered && !serves(pod)) return false;
      }
      return true;
    }

    /** Takes the highest surplus pod away, one after the other. */
    function letSurplusGo(): boolean {
      const surplus = [...pods]
        .filter(([ordinal]) => ordinal < start || ordinal >= start + replicas)
        .sort(([one], [other]) => other - one)
        .map(([, pod]) => pod);
      for (const pod of surplus) {
        if (pod.metadata.deletionTimestamp === undefined) remove(pod);
        if (ordered) return false;
      }
      return surplus.length === 0;
    }

    function renew(): void {
      if (updateStrategy.type === "OnDelete") return;
      for (let ordinal = start + replicas - 1; ordinal >= start + partition; ordinal--) {
        const pod = pods.get(ordinal);
        if (!pod) return;
        if (revisionOf(pod) !== updateName && pod.metadata.deletionTimestamp === undefined) {
          remove(pod);
          return;
        }
        if (!serves(pod)) return;
      }
    }

    function serves(pod: Pod): boolean {
      return pod.metadata.deletionTimestamp === undefined && isReady(pod) && available(pod);
    }

    function create(ordinal: number): void {
      const held = updateStrategy.type === "RollingUpdate" && ordinal < start + partition;
      const earlier = held ? templateOf(store, namespace, currentName) : undefined;
      const revision = earlier ? currentName : updateName;
      const template = earlier ?? set.spec.template;
      const pod = `${name}-${ordinal}`;
      const claims = set.spec.volumeClaimTemplates ?? [];
      for (const claim of claims) createClaim(store, set, claim, pod);
      createOwnedPod({
        store,
        record,
        addresses,
        owner: set,
        template,
        from,
        failure: (pod, why) => `Create Pod ${pod} in StatefulSet ${name} failed error: ${why}`,
        named: {
          name: pod,
          labels: {
            [revisionLabel]: revision,
            "apps.kubernetes.io/pod-index": String(ordinal),
            "statefulset.kubernetes.io/pod-name": pod,
          },
          spec: {
            hostname: pod,
            ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
            volumes: [
              ...(template.spec.volumes ?? []).filter(
                (volume) => !claims.some((claim) => claim.metadata.name === volume.name),
              ),
              ...claims.map((claim) => ({
                name: claim.metadata.name,
                persistentVolumeClaim: { claimName: claimName(claim, pod) },
              })),
            ],
          },
        },
        message: () => `Create Pod ${pod} in StatefulSet ${name} successful`,
      });
    }

    function remove(pod: Pod): void {
      deleteObject(store, clock, podResource, pod, { dryRun: false });
      const message = `Delete Pod ${pod.metadata.name} in StatefulSet ${name} successful`;
      record(set, { type: "Normal", reason: "SuccessfulDelete", message, from });
    }

    function writeStatus(): void {
      const live = owned();
      const staying = live.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const of = (revision: string): number =>
        staying.filter((pod) => revisionOf(pod) === revision).length;
      const counts = {
        replicas: live.length,
        readyReplicas: live.filter(isReady).length,
        availableReplicas: live.filter(available).length,
        updatedReplicas: of(updateName),
      };
      const done =
        updateStrategy.type === "RollingUpdate" &&
        counts.updatedReplicas === replicas &&
        counts.replicas === replicas &&
        counts.readyReplicas === replicas;
      const numbers = {
        readyReplicas: counts.readyReplicas,
        currentReplicas: done ? counts.updatedReplicas : of(currentName),
        updatedReplicas: counts.updatedReplicas,
      };
      const status: StatefulSet["status"] = {
        observedGeneration: set.metadata.generation ?? 1,
        replicas: counts.replicas,
        ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
        currentRevision: done ? updateName : currentName,
        updateRevision: updateName,
        collisionCount: 0,
        availableReplicas: counts.availableReplicas,
      };
      if (!equal(status, set.status))
        store.change(sets, set, (draft) => void (draft.status = status));
    }
  };
}

const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? "";

const ordinalOf = (pod: Pod): number => Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1);
