import { digestOfImageId, splitImage } from "./image.ts";
import { isJob, type WaitedKind } from "./kinds.ts";
import {
  containersOf,
  listAt,
  mappingAt,
  nameOf,
  numberAt,
  podSpecOf,
  podTemplateOf,
  templateAnnotation,
  textAt,
  type KubeObject,
} from "./object.ts";

/** What runs in one container of a workload. Several rows for one container: its pods differ. */
export type RunningImage = { container: string; reference: string; digest: string };

/** A workload as it runs. */
export type Workload = {
  kind: WaitedKind;
  name: string;
  namespace: string;
  images: RunningImage[];
  ready: number;
  wanted: number;
};

/** How far a workload's controller is. */
export type Progress = {
  /** The controller has seen the object as it is now; its status counts only then. */
  observed: boolean;
  /** Every pod is of the newest template and available, by the controller's account. */
  complete: boolean;
  wanted: number;
  /** Pods that must be of the newest template: fewer than wanted where the workload holds some back on purpose. */
  required: number;
  updated: number;
  ready: number;
};

/** Reads the status of a Deployment, StatefulSet, DaemonSet or Job. */
export function progressOf(workload: KubeObject): Progress {
  if (isJob(workload)) return jobProgress(workload);
  const generation = workload.metadata.generation ?? 0;
  const status = mappingAt(workload, "status");
  const count = (name: string): number => numberAt(status, name) ?? 0;
  const observed = count("observedGeneration") >= generation && generation > 0;
  if (workload.kind === "DaemonSet") {
    const wanted = count("desiredNumberScheduled");
    const updated = count("updatedNumberScheduled");
    const required = isOnDelete(workload) ? 0 : wanted;
    return {
      observed,
      complete:
        observed &&
        updated >= required &&
        count("numberAvailable") >= wanted &&
        count("numberUnavailable") === 0,
      wanted,
      required,
      updated,
      ready: count("numberReady"),
    };
  }
  const wanted = numberAt(workload, "spec", "replicas") ?? 1;
  const required = isOnDelete(workload) ? 0 : Math.max(0, wanted - partitionOf(workload));
  const updated = count("updatedReplicas");
  const complete =
    observed &&
    updated >= required &&
    count("replicas") === wanted &&
    count("availableReplicas") >= wanted;
  return { observed, complete, wanted, required, updated, ready: count("readyReplicas") };
}

function jobProgress(job: KubeObject): Progress {
  const status = mappingAt(job, "status");
  const succeeded = numberAt(status, "succeeded") ?? 0;
  const parallelism = numberAt(job, "spec", "parallelism") ?? 1;
  const wanted = numberAt(job, "spec", "completions") ?? parallelism;
  const done = listAt(status, "conditions").some(
    (condition) => condition["type"] === "Complete" && condition["status"] === "True",
  );
  const suspended = mappingAt(job, "spec")["suspend"] === true;
  return {
    observed: true,
    complete: done || suspended,
    wanted,
    required: wanted,
    updated: succeeded + (numberAt(status, "active") ?? 0),
    ready: succeeded,
  };
}

/** The controller renews pods only when somebody deletes them. */
export function isOnDelete(workload: KubeObject): boolean {
  return textAt(workload, "spec", "updateStrategy", "type") === "OnDelete";
}

/** Pods of a lower ordinal stay at the earlier template. */
export function partitionOf(workload: KubeObject): number {
  return numberAt(workload, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
}

/** Says that some pods keep the earlier template because the workload's own strategy wants it so. */
export function heldBack(workload: KubeObject): string[] {
  const { observed, wanted, updated } = progressOf(workload);
  const strategy = isOnDelete(workload)
    ? "updateStrategy is OnDelete, and they are renewed when somebody deletes them"
    : workload.kind === "StatefulSet" && partitionOf(workload) > 0
      ? `updateStrategy has the partition ${partitionOf(workload)}`
      : undefined;
  if (strategy === undefined || !observed || updated >= wanted) return [];
  return [
    `${wanted - updated} of ${wanted} pods of ${nameOf(workload)} keep the earlier template: its ${strategy}.`,
  ];
}

/** True when the workload's own account says what every pod of it runs. */
export function speaksForItself(workload: KubeObject): boolean {
  return progressOf(workload).complete && heldBack(workload).length === 0;
}

/** A condition of the workload's status, once its controller has seen the present generation. */
export function conditionOf(
  workload: KubeObject,
  type: string,
): Record<string, unknown> | undefined {
  if (!progressOf(workload).observed) return undefined;
  return listAt(workload, "status", "conditions").find((condition) => condition["type"] === type);
}

/** The names of the workloads that a pod may belong to. */
export function makersOf(pod: KubeObject): string[] {
  const { namespace, labels, ownerReferences = [] } = pod.metadata;
  const tail = `-${labels?.["pod-template-hash"] ?? ""}`;
  return ownerReferences.map(({ kind, name }) =>
    kind === "ReplicaSet" && name.endsWith(tail)
      ? nameOf({ kind: "Deployment", metadata: named(name.slice(0, -tail.length), namespace) })
      : nameOf({ kind, metadata: named(name, namespace) }),
  );
}

function named(name: string, namespace: string | undefined): { name: string; namespace?: string } {
  return namespace === undefined ? { name } : { name, namespace };
}

/**
 * True when the pod belongs to the workload, of whatever release. A ReplicaSet is named after its Deployment and the
 * template's hash, so nobody has to ask for the ReplicaSets.
 */
export function isPodOf(pod: KubeObject, workload: KubeObject): boolean {
  if (pod.metadata.namespace !== workload.metadata.namespace) return false;
  const hash = pod.metadata.labels?.["pod-template-hash"] ?? "";
  return (pod.metadata.ownerReferences ?? []).some((owner) =>
    workload.kind === "Deployment"
      ? owner.kind === "ReplicaSet" && owner.name === `${workload.metadata.name}-${hash}`
      : owner.kind === workload.kind &&
        owner.name === workload.metadata.name &&
        (!isJob(workload) || owner.uid === workload.metadata.uid),
  );
}

/** True when the pod is made from the workload's present template and is not on its way out. */
export function isNewPodOf(pod: KubeObject, workload: KubeObject): boolean {
  // A Job's template never changes.
  if (isJob(workload)) return !isLeaving(pod) && isPodOf(pod, workload);
  return !isLeaving(pod) && isPodOf(pod, workload) && isOfTemplate(pod, workload);
}

/** True when the pod carries the mark of the workload's present template. */
export function isOfTemplate(pod: KubeObject, workload: KubeObject): boolean {
  const template = textAt(podTemplateOf(workload), "metadata", "annotations", templateAnnotation);
  return textAt(pod, "metadata", "annotations", templateAnnotation) === template;
}

/** True when the controller may still take older pods away, by the workload's own bounds. */
export function mayShrink(workload: KubeObject): boolean {
  const wanted = numberAt(workload, "spec", "replicas") ?? 1;
  const strategy = mappingAt(workload, "spec", "strategy");
  const old = (numberAt(workload, "status", "replicas") ?? 0) - progressOf(workload).updated;
  if (workload.kind !== "Deployment" || old <= 0) return false;
  if (strategy["type"] === "Recreate") return true;
  const given = mappingAt(strategy, "rollingUpdate")["maxUnavailable"] ?? "25%";
  const unavailable =
    typeof given === "number"
      ? given
      : Math.floor((Number.parseFloat(String(given)) * wanted) / 100);
  return (numberAt(workload, "status", "availableReplicas") ?? 0) > wanted - unavailable;
}

/**
 * The same where somebody else wrote the workload and no mark tells its templates apart: the pod has the template's labels,
 * annotations and images, or the controller says that every pod of the workload is new.
 */
export function isLikelyNewPodOf(pod: KubeObject, workload: KubeObject): boolean {
  if (isLeaving(pod) || !isPodOf(pod, workload)) return false;
  const revision = textAt(workload, "status", "updateRevision");
  if (revision !== "" && progressOf(workload).observed)
    return pod.metadata.labels?.["controller-revision-hash"] === revision;
  if (progressOf(workload).complete && !isOnDelete(workload)) return true;
  const template = podTemplateOf(workload);
  const isIn = (field: "labels" | "annotations"): boolean =>
    Object.entries(mappingAt(template, "metadata", field)).every(
      ([name, value]) => mappingAt(pod, "metadata", field)[name] === value,
    );
  const images = new Map(
    containersOf(mappingAt(pod, "spec")).map((one) => [textAt(one, "name"), textAt(one, "image")]),
  );
  return (
    isIn("labels") &&
    isIn("annotations") &&
    wantedImages(workload).every(({ container, reference }) => images.get(container) === reference)
  );
}

export function isLeaving(pod: KubeObject): boolean {
  return (
    pod.metadata.deletionTimestamp !== undefined || textAt(pod, "status", "phase") === "Failed"
  );
}

export function isReady(pod: KubeObject): boolean {
  return listAt(pod, "status", "conditions").some(
    (condition) => condition["type"] === "Ready" && condition["status"] === "True",
  );
}

/** True when readiness means more than a started process: every container has a probe, or a time to prove itself. */
export function readinessIsTested(workload: KubeObject): boolean {
  if ((numberAt(workload, "spec", "minReadySeconds") ?? 0) > 0) return true;
  if (numberAt(workload, "spec", "replicas") === 0) return true;
  return listAt(podSpecOf(workload), "containers").every(
    (container) => container["readinessProbe"] !== undefined,
  );
}

/** Changes whenever one of the pod's containers is started anew. */
export function livesOf(pod: KubeObject): string {
  const restarts = listAt(pod, "status", "containerStatuses").map(
    (status) => numberAt(status, "restartCount") ?? 0,
  );
  return `${pod.metadata.uid}:${restarts.join(",")}`;
}

/** The images of a pod's containers and sidecars as the node says they run; other init containers are done and left out. */
export function imagesOf(pod: KubeObject): RunningImage[] {
  const done = listAt(pod, "spec", "initContainers").filter((container) => !isSidecar(container));
  const names = new Set(done.map((container) => textAt(container, "name")));
  return allImagesOf(pod).filter(({ container }) => !names.has(container));
}

function allImagesOf(pod: KubeObject): RunningImage[] {
  const references = new Map(
    containersOf(mappingAt(pod, "spec")).map((container) => [
      textAt(container, "name"),
      textAt(container, "image"),
    ]),
  );
  const statuses = [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ];
  return statuses.map((status) => ({
    container: textAt(status, "name"),
    reference: references.get(textAt(status, "name")) ?? textAt(status, "image"),
    digest: digestOfImageId(textAt(status, "imageID")),
  }));
}

/** True for an init container that runs as long as its pod. */
export function isSidecar(container: Record<string, unknown>): boolean {
  return container["restartPolicy"] === "Always";
}

/** What the workload is told to run, by its template: containers and sidecars. */
export function wantedImages(workload: KubeObject): RunningImage[] {
  const podSpec = podSpecOf(workload);
  return imagesIn([
    ...listAt(podSpec, "initContainers").filter(isSidecar),
    ...listAt(podSpec, "containers"),
  ]);
}

function imagesIn(containers: readonly Record<string, unknown>[]): RunningImage[] {
  return containers.map((container) => {
    const reference = textAt(container, "image");
    return {
      container: textAt(container, "name"),
      reference,
      digest: splitImage(reference).digest ?? "",
    };
  });
}

/**
 * The containers of a ready or finished pod, init containers among them, that run another digest than their template pins, or
 * whose digest the node does not name.
 */
export function strangers(
  pod: KubeObject,
  workload: KubeObject,
  accepted: Record<string, string[]>,
): RunningImage[] {
  const running = new Map(allImagesOf(pod).map((image) => [image.container, image]));
  const podSpec = podSpecOf(workload);
  const goingOn = new Set(wantedImages(workload).map(({ container }) => container));
  return imagesIn(containersOf(podSpec)).flatMap((wanted) => {
    if (wanted.digest === "") return [];
    const image = running.get(wanted.container) ?? { ...wanted, digest: "" };
    // A node may have cleared away what an init container was, long after it ended.
    if (image.digest === "" && !goingOn.has(wanted.container)) return [];
    return (accepted[wanted.digest] ?? [wanted.digest]).includes(image.digest) ? [] : [image];
  });
}

/** Workload and its images as the given pods run them; without pods, as its template says. */
export function workloadOf(object: KubeObject, pods: readonly KubeObject[]): Workload {
  const { wanted, ready } = progressOf(object);
  const rows = pods.filter((pod) => isReady(pod) && !isLeaving(pod)).flatMap(imagesOf);
  const distinct = new Map(
    rows.map((row) => [`${row.container} ${row.digest || row.reference}`, row]),
  );
  return {
    kind: object.kind as WaitedKind,
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? "",
    images: [...distinct.values()].toSorted((a, b) => (a.container < b.container ? -1 : 1)),
    ready,
    wanted,
  };
}

/** A complete workload by its own account: its pods run what its template pins. */
export function asTold(object: KubeObject): Workload {
  return { ...workloadOf(object, []), images: wantedImages(object) };
}
