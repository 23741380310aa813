import { keyOf } from "./besides.ts";
import { jobObstacle } from "./jobs.ts";
import { isJob, isWaited } from "./kinds.ts";
import { nameOf, textAt, type KubeObject } from "./object.ts";
import { obstacleOf, pullMessages, workloadObstacle, type Obstacle } from "./reasons.ts";
import { hasStanding } from "./standing.ts";
import {
  conditionOf,
  isLikelyNewPodOf,
  isNewPodOf,
  isPodOf,
  isReady,
  progressOf,
  strangers,
  wantedImages,
} from "./workload.ts";

/** What the watches have shown so far, and for how long each obstacle has stood. */
export type Observation = {
  /** The objects as the cluster answered the apply. */
  applied: ReadonlyMap<string, KubeObject>;
  /** What makes pods: workloads and Jobs. */
  workloads: Map<string, KubeObject>;
  /** Everything else, by `keyOf`. */
  others: Map<string, KubeObject>;
  pods: Map<string, KubeObject>;
  deleted: Set<string>;
  /** What was first said about a pull: back-off forgets the reason. */
  firstSaid: Map<string, string>;
  /** The first sight of pods that may be older than this apply: their trouble may be over soon. */
  firstSight: Map<string, string>;
  since: Map<string, number>;
  /** Only where somebody else wrote the workloads: what their containers must run, whatever their templates say. */
  expected?: Expectation;
};

/** A workload as its containers would name their images if they named the expected digests. */
export type Expectation = (workload: KubeObject) => KubeObject;

/** How long obstacles are borne, in milliseconds. */
export type Patience = {
  /** For what often heals by itself: a quota during a rolling update, a pod status that lags. */
  grace: number;
  /** For trouble that pods had already before this apply. */
  old: number;
  /** For a missing secret or config map that a custom resource may still bring. */
  arriving: number;
  /** For a custom resource whose controller has said nothing yet. */
  silent: number;
};

type Borne = Omit<Patience, "silent">;

export type Trouble = { workload: KubeObject; obstacle: Obstacle; pods: number; final: boolean };

/** Starts with the answers of the apply; they already hold a status. */
export function observationOf(applied: readonly KubeObject[], expected?: Expectation): Observation {
  const makers = applied.filter((object) => isWaited(object) || isJob(object));
  const workloads = new Map(makers.map((object) => [nameOf(object), object]));
  return {
    applied: new Map(workloads),
    workloads,
    others: new Map(applied.filter(hasStanding).map((object) => [keyOf(object), object])),
    pods: new Map(),
    deleted: new Set(),
    firstSaid: new Map(),
    firstSight: new Map(),
    since: new Map(),
    ...(expected ? { expected } : {}),
  };
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
  if (!seen.firstSight.has(uid)) seen.firstSight.set(uid, signature(pod));
  for (const [key, message] of pullMessages(pod)) seen.firstSaid.set(key, message);
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
    ready.every((pod) => strangers(pod, expectedOf(seen, workload), digests).length === 0)
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
  return [...seen.pods.values()].filter((pod) => isNew(pod, workload));
}

/** True when somebody else has put other builds into the workload since this apply: what comes out now is theirs. */
function isTakenOver(seen: Observation, workload: KubeObject): boolean {
  const applied = seen.applied.get(nameOf(workload));
  if (!applied || seen.expected) return false;
  const images = (object: KubeObject): string => JSON.stringify(wantedImages(object));
  return images(workload) !== images(applied);
}

function expectedOf(seen: Observation, workload: KubeObject): KubeObject {
  return seen.expected?.(workload) ?? workload;
}

export function podsOf(seen: Observation, workload: KubeObject): KubeObject[] {
  return [...seen.pods.values()].filter((pod) => isPodOf(pod, workload));
}

/** Everything that stands in a workload's way now, the worst first. `final`: it has been borne long enough. */
export function troublesOf(
  seen: Observation,
  workload: KubeObject,
  rules: { digests: Record<string, string[]>; patience: Borne; now: number; arriving: boolean },
): Trouble[] {
  const pods = newPods(seen, workload);
  // Of somebody else's pods it is only likely that they are new, until their controller is done.
  const mayJudge = seen.expected === undefined || progressOf(workload).complete;
  const found: { obstacle: Obstacle; pod?: KubeObject }[] = [];
  for (const pod of pods) {
    const obstacle =
      isReady(pod) || isDone(pod)
        ? mayJudge
          ? strangerObstacle(pod, expectedOf(seen, workload), rules.digests)
          : undefined
        : borneByJob(workload, obstacleOf(pod, seen.firstSaid));
    if (obstacle) found.push({ obstacle, pod });
  }
  const ofWorkload = seen.deleted.has(nameOf(workload))
    ? deletedObstacle(workload)
    : isTakenOver(seen, workload)
      ? takenOverObstacle(workload)
      : isJob(workload)
        ? jobObstacle(workload, podsOf(seen, workload))
        : workloadObstacle(workload);
  if (ofWorkload) found.push({ obstacle: ofWorkload });
  return found
    .map(({ obstacle, pod }): Trouble => {
      const borne = rules.now - firstSeen(seen, workload, obstacle, rules.now);
      return {
        workload,
        obstacle,
        pods: found.filter(
          (other) =>
            other.obstacle.code === obstacle.code &&
            other.obstacle.container === obstacle.container,
        ).length,
        final: borne >= patienceFor(seen, workload, obstacle, pod, rules),
      };
    })
    .toSorted((a, b) => weight(b) - weight(a));
}

function isDone(pod: KubeObject): boolean {
  return textAt(pod, "status", "phase") === "Succeeded";
}

/** How often a Job's pod may crash is the Job's own rule; its condition says when it was too often. */
function borneByJob(workload: KubeObject, obstacle: Obstacle | undefined): Obstacle | undefined {
  if (!obstacle || !isJob(workload) || obstacle.exitCode === undefined) return obstacle;
  return { ...obstacle, fatal: false };
}

function patienceFor(
  seen: Observation,
  workload: KubeObject,
  obstacle: Obstacle,
  pod: KubeObject | undefined,
  rules: { patience: Borne; arriving: boolean },
): number {
  const { grace, old, arriving } = rules.patience;
  if (obstacle.code === "RA3112" || obstacle.code === "RA3113") return grace;
  if (obstacle.code === "RA3115") return obstacle.fatal ? 0 : grace;
  if (!obstacle.fatal) return Number.POSITIVE_INFINITY;
  const before = seen.applied.get(nameOf(workload));
  if (obstacle.code === "RA3114")
    return before && sameDeadline(before, workload) ? Number.POSITIVE_INFINITY : 0;
  if (rules.arriving && (obstacle.code === "RA3105" || obstacle.code === "RA3106")) return arriving;
  // The apply changed no template: these pods may be older, and what they say may be out of date.
  const sameTemplate = before !== undefined && progressOf(before).observed;
  if (
    pod &&
    sameTemplate &&
    seen.firstSight.get(pod.metadata.uid ?? pod.metadata.name) === signature(pod)
  )
    return old;
  return 0;
}

function sameDeadline(before: KubeObject, now: KubeObject): boolean {
  const then = conditionOf(before, "Progressing");
  return (
    then !== undefined && JSON.stringify(then) === JSON.stringify(conditionOf(now, "Progressing"))
  );
}

/** When the obstacle was first seen; each new pod that comes starts the time anew. */
function firstSeen(
  seen: Observation,
  workload: KubeObject,
  obstacle: Obstacle,
  now: number,
): number {
  const key = [
    nameOf(workload),
    progressOf(workload).updated,
    obstacle.code,
    obstacle.name,
    obstacle.container,
  ].join(" ");
  const since = seen.since.get(key) ?? now;
  seen.since.set(key, since);
  return since;
}

/** The controller's deadline only says that it took long; anything else says why. */
function weight(trouble: Trouble): number {
  const { obstacle } = trouble;
  return (
    (obstacle.code === "RA3114" ? 0 : 10) +
    (obstacle.fatal ? 5 : 0) +
    (["RA3112", "RA3113", "RA3115"].includes(obstacle.code) ? 4 : 0)
  );
}

function strangerObstacle(
  pod: KubeObject,
  workload: KubeObject,
  digests: Record<string, string[]>,
): Obstacle | undefined {
  const stranger = strangers(pod, workload, digests)[0];
  if (!stranger) return undefined;
  const { name, namespace = "" } = pod.metadata;
  return {
    code: "RA3115",
    fatal: false,
    because: `container ${stranger.container} runs ${stranger.digest || "an image whose digest the node does not name"}`,
    clusterSaid: `${stranger.reference} ${stranger.digest}`.trim(),
    next: `kubectl -n ${namespace} get pod ${name} -o jsonpath='{.status.containerStatuses[*].imageID}'`,
    kind: "Pod",
    name,
    namespace,
    container: stranger.container,
  };
}

function takenOverObstacle(workload: KubeObject): Obstacle {
  const { name, namespace = "" } = workload.metadata;
  const images = wantedImages(workload).map(
    ({ container, reference }) => `${container} ${reference}`,
  );
  return {
    code: "RA3115",
    fatal: true,
    because: `somebody else changed its images during the rollout: ${images.join(", ")}`,
    clusterSaid: images.join(", "),
    next: `kubectl -n ${namespace} get ${workload.kind.toLowerCase()} ${name} -o yaml --show-managed-fields`,
    kind: workload.kind,
    name,
    namespace,
  };
}

export function deletedObstacle(workload: KubeObject): Obstacle {
  const { name, namespace = "" } = workload.metadata;
  return {
    code: "RA3117",
    fatal: true,
    because: "somebody deleted it",
    clusterSaid: `${nameOf(workload)} DELETED`,
    next: `kubectl -n ${namespace} get events --field-selector involvedObject.name=${name}`,
    kind: workload.kind,
    name,
    namespace,
  };
}

function signature(pod: KubeObject): string {
  return JSON.stringify(pod["status"] ?? null);
}
