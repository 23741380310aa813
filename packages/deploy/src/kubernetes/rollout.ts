import type { Step } from "@release-actions/plan";
import { applyObjects, ApplyStopped, applyStep, type Applied } from "./apply.ts";
import { createBell } from "./bell.ts";
import { causeOf, causeOfRefusal, type Cause, type Ended } from "./cause.ts";
import type { Cluster } from "./cluster.ts";
import { isWaited, knownResource } from "./kinds.ts";
import { listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import {
  isOut,
  newPods,
  observationOf,
  podsOf,
  troublesOf,
  type Observation,
  type Patience,
} from "./observation.ts";
import type { Rendered } from "./rendered.ts";
import { watch } from "./watch.ts";
import { watchPlans } from "./watch-plans.ts";
import {
  isReady,
  livesOf,
  progressOf,
  readinessIsTested,
  wantedImages,
  workloadOf,
  type Workload,
} from "./workload.ts";

export type RolloutOptions = {
  /** Milliseconds for the whole rollout. */
  timeout: number;
  /** The ledger's entry, written into every object. */
  entry: string;
  now: () => number;
  /** Told what changes, one line each. */
  progress?: (line: string) => void;
  /** Milliseconds of silence after which a watch is opened anew; default 60 000. */
  silence?: number;
  /**
   * Milliseconds for which pods must stay ready where a container has no readiness probe: such a pod counts as ready from
   * the moment its process starts, and a crash comes a little later. Default 3000.
   */
  steady?: number;
  patience?: Partial<Patience>;
};

/** How a rollout ended. */
export type Rollout = {
  /** `unchanged`: every workload already ran exactly this. */
  result: "passed" | "failed" | "unchanged";
  /** What runs now. Empty when the apply itself was refused: then ask `readRunning`. */
  workloads: Workload[];
  /** Only when failed. */
  cause?: Cause;
  /** Objects that the cluster took. 0 with `failed`: nothing was changed, there is nothing to roll back. */
  written: number;
  seconds: number;
};

/** A tick for what only time changes: deadlines and patience. */
const tick = 500;

/**
 * Applies a release's objects and waits until every Deployment, StatefulSet and DaemonSet runs the wanted digests, or until
 * something stands in the way that waiting does not heal, or until the deadline. Other kinds are applied and not waited for.
 * A rollback is this function with the earlier release's objects.
 * @throws Fault when it is not known how it ends: RA8001, RA8002, RA3008, RA3013, RA3120 (the watch is forbidden)
 */
export async function rollOut(
  cluster: Cluster,
  rendered: Rendered,
  options: RolloutOptions,
): Promise<Rollout> {
  const started = options.now();
  try {
    const applied = await applyObjects(cluster, rendered, options.entry);
    return await awaitRollout(cluster, rendered, applied, options, started);
  } catch (error) {
    if (!(error instanceof ApplyStopped)) throw error;
    return {
      result: "failed",
      workloads: [],
      cause: causeOfRefusal(error.object, error.fault),
      written: error.written,
      seconds: (options.now() - started) / 1000,
    };
  }
}

/** The second half of `rollOut`, for callers that apply with `applyStep`. `started`: when the deadline began to run. */
export async function awaitRollout(
  cluster: Cluster,
  rendered: Rendered,
  applied: Applied,
  options: Omit<RolloutOptions, "entry">,
  started: number = options.now(),
): Promise<Rollout> {
  const seen = observationOf(applied.objects);
  const end = (result: Rollout["result"], workloads: Workload[], cause?: Cause): Rollout => ({
    result,
    workloads,
    ...(cause ? { cause } : {}),
    written: applied.resumed ? 0 : applied.objects.length,
    seconds: (options.now() - started) / 1000,
  });
  // The answers to the apply hold a status. Where it is complete nothing was changed, and no event would ever come.
  const settled = [...seen.workloads.values()].every((workload) => progressOf(workload).complete);
  if (settled && !applied.resumed) {
    return end(
      applied.created === 0 ? "unchanged" : "passed",
      [...seen.workloads.values()].map(asTold),
    );
  }
  const ended = await observe(cluster, rendered, seen, options, started);
  const workloads = [...seen.workloads.values()].map((workload) =>
    workloadOf(workload, podsOf(seen, workload)),
  );
  return ended ? end("failed", workloads, await causeOf(cluster, ended)) : end("passed", workloads);
}

/** Watches until the verdict; undefined when all is out. */
export async function observe(
  cluster: Cluster,
  rendered: Pick<Rendered, "digests" | "objects">,
  seen: Observation,
  options: Omit<RolloutOptions, "entry">,
  started: number,
): Promise<Ended | undefined> {
  const stop = new AbortController();
  const bell = createBell();
  let broken: { error: unknown } | undefined;
  const watches = watchPlans(seen).map((plan) =>
    watch(cluster, {
      ...plan,
      signal: stop.signal,
      silence: options.silence ?? 60_000,
      changed: (object) => {
        plan.changed(object);
        bell.ring();
      },
      deleted: (object) => {
        plan.deleted(object);
        bell.ring();
      },
    }).catch((error: unknown) => {
      broken ??= { error };
      bell.ring();
    }),
  );
  const tell = teller(seen, options.progress);
  const rules = {
    digests: rendered.digests,
    patience: { grace: 10_000, old: 60_000, arriving: 30_000, ...options.patience },
    arriving: rendered.objects.some(
      (object) => knownResource(object.apiVersion, object.kind) === undefined,
    ),
  };
  const deadline = started + options.timeout;
  const isSteady = steadiness(seen, options.steady ?? 3_000);
  try {
    for (;;) {
      if (broken) throw broken.error;
      tell();
      const now = options.now();
      const workloads = [...seen.workloads.values()];
      const open = workloads.filter((workload) => !isOut(seen, workload, rendered.digests));
      if (open.length === 0 && (isSteady(now) || now >= deadline)) return undefined;
      for (const workload of open) {
        const troubles = troublesOf(seen, workload, { ...rules, now });
        const worst = troubles[0];
        if (worst && troubles.some((trouble) => trouble.final))
          return { ...worst, wanted: progressOf(workload).required };
      }
      if (now >= deadline) return overdue(seen, open, { ...rules, now });
      await bell.wait(Math.min(tick, deadline - now));
    }
  } finally {
    stop.abort();
    await Promise.all(watches);
  }
}

/** Answers whether all has been out long enough; asked only while all is out. A restart or a new pod starts the time anew. */
function steadiness(seen: Observation, milliseconds: number): (now: number) => boolean {
  let known = "";
  let since = 0;
  return (now) => {
    const workloads = [...seen.workloads.values()];
    const lives = workloads.flatMap((workload) => newPods(seen, workload)).map(livesOf);
    const state = lives.toSorted().join(" ");
    if (state !== known) since = now;
    known = state;
    return workloads.every(readinessIsTested) || now - since >= milliseconds;
  };
}

/** What the deadline found: the worst trouble of all, else a pod that is not ready, else the workload itself. */
function overdue(
  seen: Observation,
  open: readonly KubeObject[],
  rules: Parameters<typeof troublesOf>[2],
): Ended {
  const troubled = open.flatMap((workload) => troublesOf(seen, workload, rules).slice(0, 1));
  const worst = troubled[0];
  if (worst) return { ...worst, wanted: progressOf(worst.workload).required };
  const workload = open[0];
  if (!workload) throw new Error("nothing was open at the deadline");
  const late = newPods(seen, workload).filter((pod) => !isReady(pod));
  const whose = late[0] ?? workload;
  const { name, namespace = "" } = whose.metadata;
  const kind = late[0] ? "Pod" : workload.kind;
  const progress = progressOf(workload);
  return {
    workload,
    pods: late.length,
    wanted: progress.required,
    obstacle: {
      code: "RA3114",
      fatal: false,
      because: late[0]
        ? "they did not start in time"
        : `only ${progress.updated} of ${progress.required} pods were renewed in time`,
      clusterSaid: listAt(workload, "status", "conditions")
        .filter((condition) => condition["type"] === "Progressing")
        .map((condition) => textAt(condition, "message"))
        .join(" "),
      next: `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
      kind,
      name,
      namespace,
    },
  };
}

/** Tells each workload's count of ready new pods when it changes. */
function teller(seen: Observation, progress: ((line: string) => void) | undefined): () => void {
  const told = new Map<string, string>();
  return () => {
    for (const [name, workload] of seen.workloads) {
      const ready = newPods(seen, workload).filter(isReady).length;
      const line = `${name}: ${ready} of ${progressOf(workload).required} new pods ready`;
      if (told.get(name) === line) continue;
      told.set(name, line);
      progress?.(line);
    }
  };
}

/** A workload by its own account: it is complete, so its pods run what its template pins. */
function asTold(workload: KubeObject): Workload {
  return { ...workloadOf(workload, []), images: wantedImages(workload) };
}

/**
 * `rollOut` as one step of a plan. A run that was cut off finds its own entry on every object, applies nothing again and
 * only waits. A failed rollout is a value, so that the caller can roll back.
 */
export function rolloutStep(
  cluster: Cluster,
  rendered: Rendered,
  options: RolloutOptions,
): Step<Rollout> {
  const apply = applyStep(cluster, rendered, options.entry);
  return {
    key: apply.key,
    title: `Roll out ${rendered.version} in namespace ${rendered.namespace}`,
    look: async () => {
      const look = await apply.look();
      if (look.state !== "done") return look;
      return { state: "done", value: await awaitRollout(cluster, rendered, look.value, options) };
    },
    act: () => rollOut(cluster, rendered, options),
  };
}

/** Kinds of the release that are applied and not waited for, for the report. */
export function notWaited(rendered: Rendered): string[] {
  return rendered.objects
    .filter(
      (object) =>
        !isWaited(object) && ["Job", "CronJob", "Pod", "ReplicaSet"].includes(object.kind),
    )
    .map(nameOf);
}
