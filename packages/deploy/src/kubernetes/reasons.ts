import { missingObject } from "./config-obstacle.ts";
import { containerObstacle, type Evidence } from "./container-obstacle.ts";
import { listAt, mappingAt, textAt, type KubeObject } from "./object.ts";
import { obstacle, type About, type Obstacle, type Warning } from "./obstacle.ts";
import { shortOf } from "./room.ts";

/** What is known about a pod beside its own status. */
export type Knowledge = {
  /** What was first said about a pull: back-off forgets the reason. */
  firstSaid?: ReadonlyMap<string, string>;
  /** What the cluster warned about the pod. */
  warnings?: readonly Warning[];
  /** By container. */
  evidence?: (container: string) => Evidence | undefined;
};

/** Reads what stands in a pod's way, the worst first; undefined when nothing is visible. */
export function obstacleOf(pod: KubeObject, known: Knowledge = {}): Obstacle | undefined {
  const found = statusesOf(pod).flatMap(
    (status) =>
      containerObstacle(
        pod,
        status,
        known.firstSaid?.get(pullKey(pod, status)),
        known.evidence?.(textAt(status, "name")),
      ) ?? [],
  );
  const [first] = found;
  // A container that is not ready yet is the least that can be said.
  return (
    found.find(({ mayHeal }) => !mayHeal) ??
    found.find(({ reason }) => reason !== "not-ready") ??
    unschedulable(pod) ??
    warnedObstacle(pod, known.warnings ?? []) ??
    first
  );
}

/** What became of a pod that its node put out, or whose node went away; undefined for every other. */
export function lossOf(pod: KubeObject): Obstacle | undefined {
  const about = aboutPod(pod);
  const node = textAt(pod, "spec", "nodeName") || "of the pod";
  const [reason, said] = [textAt(pod, "status", "reason"), textAt(pod, "status", "message")];
  if (reason === "Evicted")
    return obstacle("evicted", about, said, {
      node,
      pressure: said.replace(/^The node was low/i, "it was low").replace(/\.\s.*$|\.$/s, ""),
    });
  const disrupted = listAt(pod, "status", "conditions").find(
    (condition) => condition["type"] === "DisruptionTarget" && condition["status"] === "True",
  );
  const byTaint = textAt(disrupted, "reason") === "DeletionByTaintManager";
  if (reason === "NodeLost" || byTaint)
    return obstacle("node-lost", about, said || textAt(disrupted, "message"), { node });
  return undefined;
}

/** Under which name a pull's first message is remembered, and the message, if this status has one. */
export function pullMessages(pod: KubeObject): [string, string][] {
  return statusesOf(pod).flatMap((status) => {
    const waiting = mappingAt(status, "state", "waiting");
    const message = textAt(waiting, "message");
    return textAt(waiting, "reason") === "ErrImagePull" && message
      ? [[pullKey(pod, status), message] as [string, string]]
      : [];
  });
}

function statusesOf(pod: KubeObject): Record<string, unknown>[] {
  return [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ];
}

function pullKey(pod: KubeObject, status: unknown): string {
  return `${pod.metadata.uid} ${textAt(status, "name")}`;
}

function aboutPod(pod: KubeObject): About {
  return { kind: "Pod", name: pod.metadata.name, namespace: pod.metadata.namespace ?? "" };
}

function unschedulable(pod: KubeObject): Obstacle | undefined {
  const scheduled = listAt(pod, "status", "conditions").find(
    (condition) => condition["type"] === "PodScheduled",
  );
  if (scheduled?.["status"] !== "False") return undefined;
  if (!["Unschedulable", "SchedulerError"].includes(textAt(scheduled, "reason"))) return undefined;
  const said = textAt(scheduled, "message");
  const claim = /persistentvolumeclaim "([-.a-z0-9]+)" not found/.exec(said)?.[1];
  if (claim !== undefined) return obstacle("claim-missing", aboutPod(pod), said, { object: claim });
  if (/unbound immediate PersistentVolumeClaims/i.test(said))
    return obstacle("claim-pending", aboutPod(pod), said, { claims: claimsOf(pod) });
  return obstacle("unschedulable", aboutPod(pod), said, { short: shortOf(pod, said) });
}

/** The volume claims of a pod, by name. */
function claimsOf(pod: KubeObject): string {
  return listAt(pod, "spec", "volumes")
    .map((volume) => textAt(volume, "persistentVolumeClaim", "claimName"))
    .filter((name) => name !== "")
    .join(", ");
}

/** Volumes are mounted and the network is made before any container begins: warnings about them are then history. */
function hasBegun(pod: KubeObject): boolean {
  return (
    listAt(pod, "status", "conditions").some(
      ({ type, status }) => type === "PodReadyToStartContainers" && status === "True",
    ) ||
    statusesOf(pod).some(
      (one) => textAt(one, "imageID") !== "" || !Object.hasOwn(mappingAt(one, "state"), "waiting"),
    )
  );
}

/** What only an event tells: a pod whose containers wait and do not say for what. */
export function warnedObstacle(
  pod: KubeObject,
  warnings: readonly Warning[],
): Obstacle | undefined {
  const about = aboutPod(pod);
  const begun = hasBegun(pod);
  for (const { reason, message } of warnings.toReversed()) {
    if (begun && reason !== "NodeNotReady") continue;
    if (reason === "FailedMount" || reason === "FailedAttachVolume") {
      const volume = /volume(?:s=\[| ")([^"\]\s]+)/.exec(message)?.[1] ?? "of the pod";
      return (
        missingObject(about, message) ?? obstacle("volume-not-mounted", about, message, { volume })
      );
    }
    if (reason === "FailedCreatePodSandBox" || reason === "NetworkNotReady")
      return obstacle("sandbox", about, message);
    if (reason === "NodeNotReady")
      return obstacle("node-lost", about, message, { node: textAt(pod, "spec", "nodeName") });
  }
  return undefined;
}
