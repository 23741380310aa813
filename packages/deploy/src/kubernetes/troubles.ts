import type { ReasonName } from "@release-actions/codes";
import { jobObstacle } from "./jobs.ts";
import { isJob } from "./kinds.ts";
import { listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import { obstacle as obstacleFor, type Obstacle, type Warning } from "./obstacle.ts";
import { lossOf, obstacleOf } from "./reasons.ts";
import { workloadObstacle } from "./workload-obstacle.ts";
import {
  conditionOf,
  isLeaving,
  isOfTemplate,
  isReady,
  mayShrink,
  progressOf,
  strangers,
  wantedImages,
} from "./workload.ts";

import {
  evidenceKey,
  expectedOf,
  isTakenOver,
  newPods,
  podsOf,
  signature,
  type Observation,
} from "./observation.ts";

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
  if (obstacle.mayHeal && obstacle.reason !== "quota") return Number.POSITIVE_INFINITY;
  const before = seen.applied.get(nameOf(workload));
  if (obstacle.code === "RA3114")
    return before && sameCondition(before, workload, "Progressing") ? Number.POSITIVE_INFINITY : 0;
  // The apply changed no template: what the controller and older pods said before it may be out of date.
  const sameTemplate = before !== undefined && seen.sameTemplate.has(nameOf(workload));
  const said = obstacle.kind === workload.kind && obstacle.name === workload.metadata.name;
  if (said && sameTemplate && sameCondition(before, workload, "ReplicaFailure")) return old;
  if (obstacle.reason === "quota") return settle;
  if (rules.arriving && mayArrive.has(obstacle.reason)) return arriving;
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

function sameCondition(before: KubeObject, now: KubeObject, type: string): boolean {
  // The answer to the apply is mostly of a generation that is not observed yet, and holds what was said before.
  const then = listAt(before, "status", "conditions").find((one) => one["type"] === type);
  return then !== undefined && JSON.stringify(then) === JSON.stringify(conditionOf(now, type));
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
