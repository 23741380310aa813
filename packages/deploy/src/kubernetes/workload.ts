import { digestOfImageId, splitImage } from "./image.ts";
import type { WaitedKind } from "./kinds.ts";
import {
  containersOf,
  listAt,
  mappingAt,
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
  /** Pods that must be of the newest template: fewer than wanted where a StatefulSet holds some back on purpose. */
  required: number;
  updated: number;
  ready: number;
};

/** Reads the status of a Deployment, StatefulSet or DaemonSet. */
export function progressOf(workload: KubeObject): Progress {
  const generation = workload.metadata.generation ?? 0;
  const status = mappingAt(workload, "status");
  const count = (name: string): number => numberAt(status, name) ?? 0;
  const observed = count("observedGeneration") >= generation && generation > 0;
  if (workload.kind === "DaemonSet") {
    const wanted = count("desiredNumberScheduled");
    const updated = count("updatedNumberScheduled");
    return {
      observed,
      complete: observed && updated >= wanted && count("numberAvailable") >= wanted,
      wanted,
      required: wanted,
      updated,
      ready: count("numberReady"),
    };
  }
  const wanted = numberAt(workload, "spec", "replicas") ?? 1;
  const partition =
    workload.kind === "StatefulSet"
      ? (numberAt(workload, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0)
      : 0;
  const required = Math.max(0, wanted - partition);
  const updated = count("updatedReplicas");
  const complete =
    observed &&
    updated >= required &&
    count("replicas") === wanted &&
    count("availableReplicas") >= wanted;
  return { observed, complete, wanted, required, updated, ready: count("readyReplicas") };
}

/** A condition of the workload's status, once its controller has seen the present generation. */
export function conditionOf(
  workload: KubeObject,
  type: string,
): Record<string, unknown> | undefined {
  if (!progressOf(workload).observed) return undefined;
  return listAt(workload, "status", "conditions").find((condition) => condition["type"] === type);
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
      : owner.kind === workload.kind && owner.name === workload.metadata.name,
  );
}

/** True when the pod is made from the workload's present template and is not on its way out. */
export function isNewPodOf(pod: KubeObject, workload: KubeObject): boolean {
  const template = textAt(podTemplateOf(workload), "metadata", "annotations", templateAnnotation);
  return (
    !isLeaving(pod) &&
    isPodOf(pod, workload) &&
    textAt(pod, "metadata", "annotations", templateAnnotation) === template
  );
}

/**
 * The same where somebody else wrote the workload and no mark tells its templates apart: the pod has the template's labels,
 * annotations and images, or the controller says that every pod of the workload is new.
 */
export function isLikelyNewPodOf(pod: KubeObject, workload: KubeObject): boolean {
  if (isLeaving(pod) || !isPodOf(pod, workload)) return false;
  if (progressOf(workload).complete) return true;
  const template = podTemplateOf(workload);
  const isIn = (field: "labels" | "annotations"): boolean =>
    Object.entries(mappingAt(template, "metadata", field)).every(
      ([name, value]) => mappingAt(pod, "metadata", field)[name] === value,
    );
  const images = new Map(
    listAt(pod, "spec", "containers").map((one) => [textAt(one, "name"), textAt(one, "image")]),
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

/** The images of a pod's containers as the node says they run; init containers are done and left out. */
export function imagesOf(pod: KubeObject): RunningImage[] {
  const references = new Map(
    containersOf(mappingAt(pod, "spec")).map((container) => [
      textAt(container, "name"),
      textAt(container, "image"),
    ]),
  );
  return listAt(pod, "status", "containerStatuses").map((status) => ({
    container: textAt(status, "name"),
    reference: references.get(textAt(status, "name")) ?? textAt(status, "image"),
    digest: digestOfImageId(textAt(status, "imageID")),
  }));
}

/** What the workload is told to run, by its template. */
export function wantedImages(workload: KubeObject): RunningImage[] {
  return listAt(podSpecOf(workload), "containers").map((container) => {
    const reference = textAt(container, "image");
    return {
      container: textAt(container, "name"),
      reference,
      digest: splitImage(reference).digest ?? "",
    };
  });
}

/** The containers of a ready pod that run another digest than their template pins, or whose digest the node does not name. */
export function strangers(
  pod: KubeObject,
  workload: KubeObject,
  accepted: Record<string, string[]>,
): RunningImage[] {
  const running = new Map(imagesOf(pod).map((image) => [image.container, image]));
  return wantedImages(workload).flatMap((wanted) => {
    if (wanted.digest === "") return [];
    const image = running.get(wanted.container) ?? { ...wanted, digest: "" };
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
