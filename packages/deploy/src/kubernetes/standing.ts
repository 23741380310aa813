import type { ReasonName } from "@release-actions/codes";
import { isSilent, verdictByConditions } from "./conditions.ts";
import { groupVersion, isJob, isWaited, knownResource } from "./kinds.ts";
import { listAt, mappingAt, nameOf, podSpecOf, textAt, type KubeObject } from "./object.ts";
import { obstacle, type Obstacle } from "./obstacle.ts";
import { obstacleOf } from "./reasons.ts";
import { isReady, strangers } from "./workload.ts";

/** How an object stands that makes no pods which this program counts: a claim, a load balancer, a custom resource. */
export type Standing =
  /** `note`: what people should know all the same. */
  | { is: "ready"; note?: string }
  | { is: "coming"; obstacle: Obstacle }
  | { is: "failed"; obstacle: Obstacle }
  /** Nobody can say; it is not waited for. `silent`: its controller may be about to. */
  | { is: "unknown"; note: string; silent: boolean };

/** True for an object whose standing is looked at: everything but workloads and Jobs. */
export function hasStanding(object: KubeObject): boolean {
  return !isWaited(object) && !isJob(object);
}

/**
 * Reads how an object stands now. `mounted`: claims that a workload of the release mounts; the others stay pending by
 * themselves where volumes are made for the first pod that wants them.
 */
export function standingOf(
  object: KubeObject,
  release: { mounted: ReadonlySet<string>; digests: Record<string, string[]> },
): Standing {
  const { group } = groupVersion(object.apiVersion);
  switch (group === "" ? object.kind : "") {
    case "PersistentVolumeClaim":
      return claimStanding(object, release.mounted);
    case "Service":
      return serviceStanding(object);
    case "Pod":
      return podStanding(object, release.digests);
    default:
  }
  if (["ReplicaSet", "ReplicationController"].includes(object.kind))
    return { is: "unknown", silent: false, note: `${nameOf(object)} was not waited for.` };
  // An Ingress too: many clusters never give it an address of its own, and all the same lead to it.
  if (knownResource(object.apiVersion, object.kind)) return { is: "ready" };
  return customStanding(object);
}

function claimStanding(claim: KubeObject, mounted: ReadonlySet<string>): Standing {
  const phase = textAt(claim, "status", "phase") || "Pending";
  if (phase === "Bound") return { is: "ready" };
  if (phase === "Lost")
    return failed(claim, "claim-lost", "the volume that it was bound to is gone", phase);
  return mounted.has(nameOf(claim))
    ? coming(claim, "claim-unbound", "no volume is bound to it", phase)
    : {
        is: "ready",
        note: `${nameOf(claim)} is ${phase}: nothing of this release mounts it, so nobody waits for its volume.`,
      };
}

function serviceStanding(service: KubeObject): Standing {
  if (textAt(service, "spec", "type") !== "LoadBalancer" || addresses(service) > 0)
    return { is: "ready" };
  return coming(
    service,
    "not-there-yet",
    "its load balancer has no address",
    "status.loadBalancer is empty",
  );
}

function podStanding(pod: KubeObject, digests: Record<string, string[]>): Standing {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Failed")
    return failed(pod, "pod-failed", "it failed", textAt(pod, "status", "message") || phase);
  if (isReady(pod) || phase === "Succeeded") {
    const stranger = strangers(pod, pod, digests)[0];
    return stranger
      ? coming(
          pod,
          "pod-runs-other",
          `container ${stranger.container} runs ${stranger.digest || "an image whose digest the node does not name"}`,
          stranger.reference,
        )
      : { is: "ready" };
  }
  const found = obstacleOf(pod);
  if (found) return { is: found.mayHeal ? "coming" : "failed", obstacle: found };
  return coming(pod, "not-there-yet", "it is not ready", phase || "Pending");
}

function customStanding(object: KubeObject): Standing {
  const verdict = verdictByConditions(object);
  switch (verdict.is) {
    case "ready":
      return { is: "ready" };
    case "failed":
      return failed(object, "controller-gave-up", verdict.because, verdict.clusterSaid);
    case "coming":
      return coming(object, "not-there-yet", verdict.because, verdict.clusterSaid);
    case "unknown":
      return {
        is: "unknown",
        silent: isSilent(object),
        note: `${nameOf(object)} was not waited for: ${verdict.because}.`,
      };
  }
}

/** The claims that the pods of these workloads mount, by name. */
export function mountedClaims(workloads: readonly KubeObject[]): Set<string> {
  const names = workloads.flatMap((workload) =>
    listAt(podSpecOf(workload), "volumes").map((volume) => ({
      kind: "PersistentVolumeClaim",
      metadata: {
        name: textAt(volume, "persistentVolumeClaim", "claimName"),
        namespace: workload.metadata.namespace ?? "",
      },
    })),
  );
  return new Set(names.filter(({ metadata }) => metadata.name !== "").map(nameOf));
}

function addresses(object: KubeObject): number {
  return listAt(mappingAt(object, "status"), "loadBalancer", "ingress").length;
}

function coming(
  object: KubeObject,
  reason: ReasonName,
  why: string,
  clusterSaid: string,
): Standing {
  return { is: "coming", obstacle: about(object, reason, why, clusterSaid) };
}

function failed(
  object: KubeObject,
  reason: ReasonName,
  why: string,
  clusterSaid: string,
): Standing {
  return { is: "failed", obstacle: about(object, reason, why, clusterSaid) };
}

function about(object: KubeObject, reason: ReasonName, why: string, clusterSaid: string): Obstacle {
  const { name, namespace = "" } = object.metadata;
  const { group } = groupVersion(object.apiVersion);
  const known = knownResource(object.apiVersion, object.kind) !== undefined;
  const kind = `${object.kind.toLowerCase()}${known || group === "" ? "" : `.${group}`}`;
  return obstacle(reason, { kind: object.kind, name, namespace }, clusterSaid, { kind, why });
}
