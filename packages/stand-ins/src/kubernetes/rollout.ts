import { encoded } from "./names.ts";
import { copy, equal, timestamp } from "./object.ts";
import type { Condition, Deployment, DeploymentStatus, ReplicaSet, Template } from "./workloads.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const hashLabel = "pod-template-hash";

export const revisionOf = (replicaSet: ReplicaSet): number =>
  Number(replicaSet.metadata.annotations?.[revisionAnnotation] ?? 0);

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
export const totalWanted = (sets: ReplicaSet[]): number =>
  sum(sets.map(({ spec }) => spec.replicas));
export const totalAvailable = (sets: ReplicaSet[]): number =>
  sum(sets.map(({ status }) => status.availableReplicas ?? 0));

/** How many pods may be too many, and how many may be missing, while a rollout runs. */
export function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate") return { surge: 0, unavailable: replicas };
  const surge = share(strategy.rollingUpdate?.maxSurge ?? "25%", replicas, Math.ceil);
  const unavailable = share(strategy.rollingUpdate?.maxUnavailable ?? "25%", replicas, Math.floor);
  return surge === 0 && unavailable === 0
    ? { surge, unavailable: 1 }
    : { surge, unavailable: Math.min(unavailable, replicas) };
}

function share(value: number | string, of: number, round: (value: number) => number): number {
  if (typeof value === "number") return value;
  return value.endsWith("%") ? round((Number(value.slice(0, -1)) * of) / 100) : Number(value);
}

/** What the new ReplicaSet may have now, without more pods than allowed in all. */
export function newSize(deployment: Deployment, all: ReplicaSet[], current: number): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate" || current > replicas) return replicas;
  const room = replicas + bounds(deployment).surge - totalWanted(all);
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/** The old ReplicaSets' new sizes: broken pods go first, working ones only as far as enough are available. */
export function shrunkSizes(
  deployment: Deployment,
  current: ReplicaSet,
  old: ReplicaSet[],
): Map<ReplicaSet, number> {
  const sizes = new Map(old.map((set) => [set, set.spec.replicas]));
  const leastAvailable = deployment.spec.replicas - bounds(deployment).unavailable;
  const missing = current.spec.replicas - (current.status.availableReplicas ?? 0);
  let removable = totalWanted([current, ...old]) - leastAvailable - missing;
  const take = (set: ReplicaSet, count: number): void => {
    sizes.set(set, (sizes.get(set) ?? 0) - count);
    removable -= count;
  };
  const oldestFirst = [...old].sort((one, other) => revisionOf(one) - revisionOf(other));
  for (const set of oldestFirst) {
    const broken = set.spec.replicas - (set.status.availableReplicas ?? 0);
    take(set, Math.max(0, Math.min(broken, removable)));
  }
  let spare = totalAvailable([current, ...old]) - leastAvailable;
  for (const set of oldestFirst) {
    const count = Math.max(0, Math.min(sizes.get(set) ?? 0, spare, removable));
    take(set, count);
    spare -= count;
  }
  return sizes;
}

/** The numbers of the status, and whether enough is available. Progress is judged by `withProgress`. */
export function countedStatus(
  deployment: Deployment,
  all: ReplicaSet[],
  current: ReplicaSet | undefined,
  now: Date,
): DeploymentStatus {
  const available = totalAvailable(all);
  const numbers = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum(all.map(({ status }) => status.replicas)),
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: sum(all.map(({ status }) => status.readyReplicas ?? 0)),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalWanted(all) - available),
  };
  const enough = available >= deployment.spec.replicas - bounds(deployment).unavailable;
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
    terminatingReplicas: sum(all.map(({ status }) => status.terminatingReplicas ?? 0)),
    conditions: withCondition(
      withFailure(deployment.status.conditions ?? [], all, current),
      condition(
        "Available",
        enough,
        now,
        enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        `Deployment ${enough ? "has" : "does not have"} minimum availability.`,
      ),
    ),
  };
}

/** The newest ReplicaSet's pods that could not be made are the Deployment's failure too. */
function withFailure(
  known: Condition[],
  all: ReplicaSet[],
  current: ReplicaSet | undefined,
): Condition[] {
  const failureOf = ({ status }: ReplicaSet): Condition | undefined =>
    status.conditions?.find(({ type }) => type === "ReplicaFailure");
  const failure = (current && failureOf(current)) ?? all.map(failureOf).find(Boolean);
  const others = known.filter(({ type }) => type !== "ReplicaFailure");
  return failure ? [...others, failure] : others;
}

/** Adds the Progressing condition: done, progressing, or out of time. */
export function withProgress(
  deployment: Deployment,
  next: DeploymentStatus,
  current: ReplicaSet | undefined,
  now: Date,
): DeploymentStatus {
  const before = deployment.status;
  const known = before.conditions?.find(({ type }) => type === "Progressing");
  const conditions = next.conditions ?? [];
  const subject = current
    ? `ReplicaSet "${current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  if (next.replicas === next.updatedReplicas && known?.reason === "NewReplicaSetAvailable")
    return next;
  if (isComplete(deployment, next)) {
    const done = condition(
      "Progressing",
      true,
      now,
      "NewReplicaSetAvailable",
      `${subject} has successfully progressed.`,
    );
    return { ...next, conditions: withCondition(conditions, done) };
  }
  if (isProgressing(before, next)) {
    const moving = condition(
      "Progressing",
      true,
      now,
      "ReplicaSetUpdated",
      `${subject} is progressing.`,
    );
    const since = known?.status === "True" ? known.lastTransitionTime : moving.lastTransitionTime;
    // Progress renews the time of the condition even when its reason stays.
    return {
      ...next,
      conditions: [
        ...conditions.filter(({ type }) => type !== "Progressing"),
        { ...moving, lastTransitionTime: since },
      ],
    };
  }
  if (hasTimedOut(deployment, known, now)) {
    const late = condition(
      "Progressing",
      false,
      now,
      "ProgressDeadlineExceeded",
      `${subject} has timed out progressing.`,
    );
    return { ...next, conditions: withCondition(conditions, late) };
  }
  return next;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  const has = (value: number | undefined): boolean => (value ?? 0) === replicas;
  return has(status.updatedReplicas) && has(status.replicas) && has(status.availableReplicas);
}

function isProgressing(before: DeploymentStatus, next: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number =>
    (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const rose = (name: "updatedReplicas" | "readyReplicas" | "availableReplicas"): boolean =>
    (next[name] ?? 0) > (before[name] ?? 0);
  return (
    rose("updatedReplicas") ||
    rose("readyReplicas") ||
    rose("availableReplicas") ||
    old(next) < old(before)
  );
}

function hasTimedOut(deployment: Deployment, known: Condition | undefined, now: Date): boolean {
  if (!known?.lastUpdateTime || known.reason === "NewReplicaSetAvailable") return false;
  if (known.reason === "ProgressDeadlineExceeded") return true;
  const deadline = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  return new Date(known.lastUpdateTime).getTime() + deadline < now.getTime();
}

export function condition(
  type: string,
  status: boolean,
  now: Date,
  reason: string,
  message: string,
): Condition {
  const at = timestamp(now);
  return {
    type,
    status: status ? "True" : "False",
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason,
    message,
  };
}

/** Sets a condition. The same status and reason change nothing; the same status keeps its time of transition. */
export function withCondition(conditions: Condition[], next: Condition): Condition[] {
  const known = conditions.find(({ type }) => type === next.type);
  if (known && known.status === next.status && known.reason === next.reason) return conditions;
  const since = known?.status === next.status ? known.lastTransitionTime : next.lastTransitionTime;
  return [
    ...conditions.filter(({ type }) => type !== next.type),
    { ...next, lastTransitionTime: since },
  ];
}

/** Whether a ReplicaSet was made from this template. */
export function isOfTemplate(replicaSet: ReplicaSet, template: Template): boolean {
  const plain = (value: Template): Template => {
    const bare = copy(value);
    delete bare.metadata?.labels?.[hashLabel];
    return bare;
  };
  return equal(plain(replicaSet.spec.template), plain(template));
}

/** A short name for a template: the same template has the same one. */
export function templateHash(template: Template): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify(sorted(template))))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return encoded(hash);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, child]) => [name, sorted(child)]),
  );
}
