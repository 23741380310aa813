import { Fault } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { nameOf, textAt, type KubeObject } from "./object.ts";
import { podsOf, type Observation } from "./observation.ts";
import { obstacle, type Obstacle } from "./obstacle.ts";
import { obstacleOf } from "./reasons.ts";
import { isLeaving, isNewPodOf, isReady, partitionOf, progressOf } from "./workload.ts";

/**
 * The pods for which a StatefulSet would wait for ever: of an earlier template, and broken so that no waiting mends them. Its
 * controller renews no pod before every pod is ready, so a bad release, once begun, blocks also the way back.
 */
export function blockingPods(seen: Observation, workload: KubeObject): KubeObject[] {
  const renews = textAt(workload, "spec", "updateStrategy", "type") !== "OnDelete";
  const ordered = textAt(workload, "spec", "podManagementPolicy") !== "Parallel";
  if (workload.kind !== "StatefulSet" || !renews || !ordered || !progressOf(workload).observed)
    return [];
  const partition = partitionOf(workload);
  return podsOf(seen, workload).filter(
    (pod) =>
      !isLeaving(pod) &&
      !isReady(pod) &&
      !isNewPodOf(pod, workload) &&
      Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1) >= partition &&
      obstacleOf(pod, { firstSaid: seen.firstSaid })?.mayHeal === false,
  );
}

/**
 * Deletes exactly this pod, so that its controller makes it anew from the present template. What stands in the way when the
 * caller may not. @throws Fault as `request`
 */
export async function deletePod(
  cluster: Cluster,
  pod: KubeObject,
  workload: KubeObject,
): Promise<Obstacle | undefined> {
  const { name, namespace = "", uid } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  try {
    await cluster.request("DELETE", path, {
      object: nameOf({ kind: "Pod", metadata: pod.metadata }),
      body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid } },
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // Somebody else was faster, or the answer was lost: the watch shows what became of it.
    if (["RA3012", "RA8001", "RA8002"].includes(error.code)) return undefined;
    if (error.code !== "RA3120") throw error;
    const about = { kind: workload.kind, name: workload.metadata.name, namespace };
    return obstacle("blocked-by-pod", about, error.saw, { pod: name });
  }
}
