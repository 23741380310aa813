import type { ReasonName } from "@release-actions/codes";
import { keyOf } from "./besides.ts";
import type { Evidence } from "./container-obstacle.ts";
import { warningOf } from "./diagnosis.ts";
import { jobObstacle } from "./jobs.ts";
import { isJob, isWaited } from "./kinds.ts";
import { listAt, mappingAt, nameOf, textAt, type KubeObject } from "./object.ts";
import { obstacle as obstacleFor, type Obstacle, type Warning } from "./obstacle.ts";
import { lossOf, obstacleOf, pullMessages } from "./reasons.ts";
import { hasStanding } from "./standing.ts";
import { workloadObstacle } from "./workload-obstacle.ts";
import {
  conditionOf,
  isLeaving,
  isLikelyNewPodOf,
  isNewPodOf,
  isOfTemplate,
  isPodOf,
  isReady,
  mayShrink,
  makersOf,
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

/** How long obstacles are borne, in milliseconds. */
export type Patience = {
  /** For a pod status that lags. */
  grace: number;
  /** For what a controller is about to change: a quota that its next step gives back. */
  settle: number;
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
  const others = applied.filter(hasStanding);
  return {
    applied: new Map(workloads),
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
  seen.warnings.set(uid, [...(seen.warnings.get(uid) ?? []), warning].slice(-20));
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
  return podsMadeBy(seen, workload).filter((pod) => isNew(pod, workload));
}

function podsMadeBy(seen: Observation, workload: KubeObject): KubeObject[] {
  return [...(seen.podsByMaker.get(nameOf(workload))?.values() ?? [])];
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
  return podsMadeBy(seen, workload).filter((pod) => isPodOf(pod, workload));
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
        : borneByJob(
            workload,
            obstacleOf(pod, {
              firstSaid: seen.firstSaid,
              warnings: seen.warnings.get(pod.metadata.uid ?? "") ?? [],
              evidence: (container) => seen.evidence.get(evidenceKey(workload, container)),
            }),
          );
    if (obstacle) found.push({ obstacle, pod });
  }
  const ofWorkload = seen.deleted.has(nameOf(workload))
    ? deletedObstacle(workload)
    : isTakenOver(seen, workload)
      ? takenOverObstacle(workload)
      : isJob(workload)
        ? jobObstacle(workload, podsOf(seen, workload))
        : workloadObstacle(workload, {
            makesRoom: mayShrink(workload) || podsOf(seen, workload).some(isLeaving),
            warnings: recentWarnings(seen, workload),
          });
  if (ofWorkload) found.push({ obstacle: ofWorkload });
  // Pods that a node put out are replaced; they count while nothing else says more than that no other node is there.
  if (found.every(({ obstacle }) => obstacle.reason === "unschedulable"))
    for (const pod of podsOf(seen, workload).filter((one) => isOfTemplate(one, workload))) {
      const obstacle = lossOf(pod);
      if (obstacle) found.unshift({ obstacle, pod });
    }
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
  const { unsure: _, ...borne } = obstacle;
  return { ...borne, mayHeal: true };
}

function patienceFor(
  seen: Observation,
  workload: KubeObject,
  obstacle: Obstacle,
  pod: KubeObject | undefined,
  rules: { patience: Borne; arriving: boolean },
): number {
  const { grace, settle, old, arriving } = rules.patience;
  if (obstacle.reason === "other-build") return grace;
  if (obstacle.reason === "quota") return settle;
  if (obstacle.mayHeal) return Number.POSITIVE_INFINITY;
  const before = seen.applied.get(nameOf(workload));
  if (obstacle.code === "RA3114")
    return before && sameDeadline(before, workload) ? Number.POSITIVE_INFINITY : 0;
  if (rules.arriving && mayArrive.has(obstacle.reason)) return arriving;
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

/** What a custom resource may still bring: secrets, config maps, service accounts, claims. */
const mayArrive: ReadonlySet<ReasonName> = new Set<ReasonName>([
  "secret-missing",
  "secret-key-missing",
  "config-map-missing",
  "config-map-key-missing",
  "pods-refused",
  "claim-missing",
]);

/** Warnings about the workload since it was applied, by the cluster's own clock. */
function recentWarnings(seen: Observation, workload: KubeObject): Warning[] {
  const applied = listAt(seen.applied.get(nameOf(workload)), "metadata", "managedFields")
    .map((entry) => textAt(entry, "time"))
    .toSorted()
    .at(-1);
  const all = seen.warnings.get(workload.metadata.uid ?? "") ?? [];
  return all.filter(({ at }) => applied === undefined || Date.parse(at) >= Date.parse(applied));
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
    (obstacle.mayHeal ? 0 : 5) +
    (["RA3112", "RA3113", "RA3115", "RA3137"].includes(obstacle.code) ? 4 : 0) +
    // That something is not ready yet is seen of every good rollout too.
    (obstacle.reason === "not-ready" ? 0 : 1)
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
  const { container, digest, reference } = stranger;
  return obstacleFor(
    "other-build",
    { kind: "Pod", name, namespace, container },
    `${reference} ${digest}`.trim(),
    { digest: digest || "an image whose digest the node does not name" },
  );
}

function takenOverObstacle(workload: KubeObject): Obstacle {
  const { name, namespace = "" } = workload.metadata;
  const images = wantedImages(workload).map(
    ({ container, reference }) => `${container} ${reference}`,
  );
  return obstacleFor("taken-over", { kind: workload.kind, name, namespace }, images.join(", "), {
    images: images.join(", "),
  });
}

export function deletedObstacle(workload: KubeObject): Obstacle {
  const { name, namespace = "" } = workload.metadata;
  return obstacleFor(
    "deleted",
    { kind: workload.kind, name, namespace },
    `${nameOf(workload)} DELETED`,
  );
}

function signature(pod: KubeObject): string {
  return JSON.stringify(pod["status"] ?? null);
}
