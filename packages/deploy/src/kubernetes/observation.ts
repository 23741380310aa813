import { keyOf } from "./besides.ts";
import type { Evidence } from "./container-obstacle.ts";
import { warningOf } from "./diagnosis.ts";
import { isJob, isWaited } from "./kinds.ts";
import { digestOf, mappingAt, nameOf, textAt, type KubeObject } from "./object.ts";
import { type Warning } from "./obstacle.ts";
import { pullMessages } from "./reasons.ts";
import { hasStanding } from "./standing.ts";
import {
  isLikelyNewPodOf,
  isNewPodOf,
  isPodOf,
  isLeaving,
  isReady,
  makersOf,
  progressOf,
  strangers,
  wantedImages,
} from "./workload.ts";

/** What the watches have shown so far, and for how long each obstacle has stood. */
export type Observation = {
  /** The objects as the cluster answered the apply. */
  applied: ReadonlyMap<string, KubeObject>;
  /** The workloads whose template the apply left alone: what is said of them may be older. */
  sameTemplate: ReadonlySet<string>;
  /** What makes pods: workloads and Jobs. */
  workloads: Map<string, KubeObject>;
  /** Everything else, by `keyOf`. */
  others: Map<string, KubeObject>;
  /** Their status in the answer to the apply: it may be older than the apply. */
  firstStatus: ReadonlyMap<string, string>;
  pods: Map<string, KubeObject>;
  /** The same by the workload that each belongs to, by its name, so that hundreds do not look at each other's. */
  podsByMaker: Map<string, Map<string, KubeObject>>;
  deleted: Set<string>;
  /** What was first said about a pull: back-off forgets the reason. */
  firstSaid: Map<string, string>;
  /** The first sight of pods that may be older than this apply: their trouble may be over soon. */
  firstSight: Map<string, string>;
  since: Map<string, number>;
  /** What the cluster warned about, by the object's uid; only once somebody listens. */
  warnings: Map<string, Warning[]>;
  /** What was read about containers that end again and again, by workload and container. */
  evidence: Map<string, Evidence>;
  /** Only where somebody else wrote the workloads: what their containers must run, whatever their templates say. */
  expected?: Expectation;
};

/** A workload as its containers would name their images if they named the expected digests. */
export type Expectation = (workload: KubeObject) => KubeObject;

/** Starts with the answers of the apply; they already hold a status. `before`: the workloads as they were, where somebody looked. */
export function observationOf(
  applied: readonly KubeObject[],
  expected?: Expectation,
  before: readonly KubeObject[] = [],
): Observation {
  const makers = applied.filter((object) => isWaited(object) || isJob(object));
  const workloads = new Map(makers.map((object) => [nameOf(object), object]));
  const others = applied.filter(hasStanding);
  return {
    applied: new Map(workloads),
    sameTemplate: new Set(makers.filter((now) => keptTemplate(now, before)).map(nameOf)),
    workloads,
    others: new Map(others.map((object) => [keyOf(object), object])),
    firstStatus: new Map(
      others.map((object) => [keyOf(object), JSON.stringify(mappingAt(object, "status"))]),
    ),
    pods: new Map(),
    podsByMaker: new Map(),
    deleted: new Set(),
    firstSaid: new Map(),
    firstSight: new Map(),
    since: new Map(),
    warnings: new Map(),
    evidence: new Map(),
    ...(expected ? { expected } : {}),
  };
}

/** A Deployment's generation rises with its annotations too, which each entry writes. */
function keptTemplate(now: KubeObject, before: readonly KubeObject[]): boolean {
  const template = (of: KubeObject): string => digestOf(mappingAt(of, "spec", "template"));
  const was = before.find((one) => nameOf(one) === nameOf(now));
  return (
    progressOf(now).observed ||
    (was !== undefined && was.metadata.uid === now.metadata.uid && template(was) === template(now))
  );
}

/** Takes in a workload as it is now; older ones than the apply's answer are left out. */
export function seeWorkload(seen: Observation, workload: KubeObject): void {
  const name = nameOf(workload);
  const known = seen.workloads.get(name);
  if (!known || (workload.metadata.generation ?? 0) < (known.metadata.generation ?? 0)) return;
  seen.deleted.delete(name);
  seen.workloads.set(name, workload);
}

/** Takes in an object beside the workloads as it is now, where it is one of the release's. */
export function seeOther(seen: Observation, object: KubeObject): void {
  const known = seen.others.get(keyOf(object));
  if (!known || (object.metadata.generation ?? 0) < (known.metadata.generation ?? 0)) return;
  seen.deleted.delete(keyOf(object));
  seen.others.set(keyOf(object), object);
}

export function seePod(seen: Observation, pod: KubeObject): void {
  const uid = pod.metadata.uid ?? pod.metadata.name;
  seen.pods.set(uid, pod);
  for (const maker of makersOf(pod)) {
    const pods = seen.podsByMaker.get(maker) ?? new Map<string, KubeObject>();
    seen.podsByMaker.set(maker, pods.set(uid, pod));
  }
  if (!seen.firstSight.has(uid)) seen.firstSight.set(uid, signature(pod));
  for (const [key, message] of pullMessages(pod)) seen.firstSaid.set(key, message);
}

export function forgetPod(seen: Observation, pod: KubeObject): void {
  const uid = pod.metadata.uid ?? pod.metadata.name;
  seen.pods.delete(uid);
  for (const maker of makersOf(pod)) seen.podsByMaker.get(maker)?.delete(uid);
}

/** Takes in an event, if it is a warning about an object of the rollout. */
export function seeWarning(seen: Observation, event: unknown): void {
  const warning = warningOf(event);
  const uid = textAt(event, "involvedObject", "uid");
  if (!warning || uid === "") return;
  // A warning comes again with each count of its event, and with each list.
  const others = (seen.warnings.get(uid) ?? []).filter(
    ({ reason, message }) => reason !== warning.reason || message !== warning.message,
  );
  seen.warnings.set(uid, [...others, warning].slice(-20));
}

/** Under which name the evidence about a container is kept: all pods of a workload run the same one. */
export function evidenceKey(workload: KubeObject, container: string): string {
  return `${nameOf(workload)} ${container}`;
}

/** True when the workload is out: by its controller's account, and every new pod is ready and runs the wanted digests. */
export function isOut(
  seen: Observation,
  workload: KubeObject,
  digests: Record<string, string[]>,
): boolean {
  const progress = progressOf(workload);
  if (isJob(workload)) return progress.complete && !runsStrangers(seen, workload, digests);
  if (!progress.complete || seen.deleted.has(nameOf(workload)) || isTakenOver(seen, workload))
    return false;
  const ready = newPods(seen, workload).filter(isReady);
  return (
    ready.length >= progress.required &&
    !(workload.kind === "Deployment" && isLeftBehind(seen, workload)) &&
    ready.every((pod) => strangers(pod, expectedOf(seen, workload), digests).length === 0)
  );
}

/** The pods' watch may lag behind the controller's account, by which the old ones are gone. */
function isLeftBehind(seen: Observation, workload: KubeObject): boolean {
  const fresh = newPods(seen, workload);
  return podsOf(seen, workload).some(
    (pod) => isReady(pod) && !isLeaving(pod) && !fresh.includes(pod),
  );
}

/** A finished Job may have let its pods go; those that are there have to be of the wanted digest. */
function runsStrangers(
  seen: Observation,
  job: KubeObject,
  digests: Record<string, string[]>,
): boolean {
  return newPods(seen, job).some((pod) => strangers(pod, job, digests).length > 0);
}

export function newPods(seen: Observation, workload: KubeObject): KubeObject[] {
  const isNew = seen.expected ? isLikelyNewPodOf : isNewPodOf;
  return podsMadeBy(seen, workload).filter((pod) => isNew(pod, workload));
}

function podsMadeBy(seen: Observation, workload: KubeObject): KubeObject[] {
  return [...(seen.podsByMaker.get(nameOf(workload))?.values() ?? [])];
}

/** True when somebody else has put other builds into the workload since this apply: what comes out now is theirs. */
export function isTakenOver(seen: Observation, workload: KubeObject): boolean {
  const applied = seen.applied.get(nameOf(workload));
  if (!applied || seen.expected) return false;
  const images = (object: KubeObject): string => JSON.stringify(wantedImages(object));
  return images(workload) !== images(applied);
}

export function expectedOf(seen: Observation, workload: KubeObject): KubeObject {
  return seen.expected?.(workload) ?? workload;
}

export function podsOf(seen: Observation, workload: KubeObject): KubeObject[] {
  return podsMadeBy(seen, workload).filter((pod) => isPodOf(pod, workload));
}

/** Changes whenever the node says something else about the pod. */
export function signature(pod: KubeObject): string {
  return JSON.stringify(pod["status"] ?? null);
}
