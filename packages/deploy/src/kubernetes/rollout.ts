import { Fault } from "@release-actions/codes";
import type { Step } from "@release-actions/plan";
import { applyObjects, ApplyStopped, applyStep, resourceFinder, type Applied } from "./apply.ts";
import { createBell } from "./bell.ts";
import { causeOf, causeOfRefusal, type Cause, type Ended } from "./cause.ts";
import type { Cluster } from "./cluster.ts";
import { besidesOf, isOpen, keyOf, notesOf, type Beside } from "./besides.ts";
import { isWaited, knownResource } from "./kinds.ts";
import { digestOf, nameOf, type KubeObject } from "./object.ts";
import { isOut, newPods, observationOf, podsOf, type Observation } from "./observation.ts";
import { deletedObstacle, troublesOf, type Patience } from "./troubles.ts";
import { overdue } from "./overdue.ts";
import { learnPlatforms } from "./platforms.ts";
import type { Rendered } from "./rendered.ts";
import { blockingPods, deletePod } from "./unblock.ts";
import { lookAt, type Look, type Running } from "./running.ts";
import { statusOf } from "./status.ts";
import { watch } from "./watch.ts";
import { lookInto, silentNamespaces, teller } from "./waiting.ts";
import { otherWatches, warningsWatch, watchPlans, type WatchPlan } from "./watch-plans.ts";
import {
  heldBack,
  asTold,
  livesOf,
  progressOf,
  readinessIsTested,
  speaksForItself,
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
  /**
   * The digests of an image's variants for platforms, asked at most once for each image and only when a node names another
   * digest than the wanted one. Without it such a node runs a stranger.
   */
  platforms?: (reference: string) => Promise<string[]>;
  /** Milliseconds for which pods may say nothing before the namespace's warnings are listened to. Default a quarter of the timeout, at most 20 000: most builds start sooner, and then nothing more is asked. */
  quiet?: number;
  /** Told what runs before anything is written: the answer is lost where the rollout ends in a fault. */
  looked?: (running: Running[]) => void;
};

/** How a rollout ended. */
export type Rollout = {
  /** `unchanged`: every workload already ran exactly this. */
  result: "passed" | "failed" | "unchanged";
  /** What runs now. Empty when the apply itself was refused: then ask `readRunning`. */
  workloads: Workload[];
  /** What ran before; absent where nobody looked. */
  before?: Running[];
  /** Only when failed. */
  cause?: Cause;
  /** Sentences about what was not waited for, or is held back on purpose. */
  notes: string[];
  /** Objects that the cluster took. 0 with `failed`: nothing was changed, there is nothing to roll back. */
  written: number;
  seconds: number;
};

/** A tick for what only time changes: deadlines and patience. */
const tick = 500;

/**
 * Applies a release's objects and waits until every workload runs the wanted digests, every Job is done and every other object
 * is ready by its own account, or until something stands in the way that waiting does not heal, or until the deadline. Objects
 * that do not say how they are are not waited for, and `notes` names them. A rollback is this function with the earlier release's objects.
 * @throws Fault when it is not known how it ends: RA8001, RA8002, RA3008, RA3013, RA3120 (neither watch nor list is allowed)
 */
export async function rollOut(
  cluster: Cluster,
  rendered: Rendered,
  options: RolloutOptions,
): Promise<Rollout> {
  const started = options.now();
  const refused = (object: KubeObject, fault: Fault, written: number, look?: Look): Rollout => ({
    result: "failed",
    workloads: [],
    notes: [],
    ...(look ? { before: look.running } : {}),
    cause: causeOfRefusal(object, fault),
    written,
    seconds: (options.now() - started) / 1000,
  });
  let look: Look | undefined;
  try {
    look = await lookAt(cluster, rendered);
    options.looked?.(look.running);
    const applied = await applyObjects(cluster, rendered, options.entry);
    const rollout = await awaitRollout(cluster, rendered, applied, options, started, look.objects);
    return { ...rollout, before: look.running };
  } catch (error) {
    if (error instanceof ApplyStopped)
      return refused(error.object, error.fault, error.written, look);
    const first = rendered.objects.find(isWaited);
    const mayNotLook =
      look === undefined && error instanceof Fault && statusOf(error)?.status === 403;
    if (first && mayNotLook) return refused(first, error, 0);
    throw error;
  }
}

/**
 * The second half of `rollOut`, for callers that apply with `applyStep`. `started`: when the deadline began to run.
 * `before`: the workloads as they were, where somebody looked.
 */
export async function awaitRollout(
  cluster: Cluster,
  rendered: Rendered,
  applied: Applied,
  options: Omit<RolloutOptions, "entry">,
  started: number = options.now(),
  before: readonly KubeObject[] = [],
): Promise<Rollout> {
  const seen = observationOf(applied.objects, undefined, before);
  const besides = (): Beside[] => besidesOf(seen, rendered);
  const end = (result: Rollout["result"], workloads: Workload[], cause?: Cause): Rollout => ({
    result,
    workloads,
    ...(cause ? { cause } : {}),
    notes: [...notesOf(besides()), ...running().flatMap((workload) => heldBack(workload))],
    written: applied.resumed ? 0 : applied.objects.length,
    seconds: (options.now() - started) / 1000,
  });
  const running = (): KubeObject[] => [...seen.workloads.values()].filter(isWaited);
  // A controller that never said anything did not begin to with this apply, unless the object is new to it.
  const heard = applied.created === 0 && !applied.resumed;
  const coming = besides().filter((beside) => isOpen(seen, beside, { silence: false, old: false }));
  const failed = besides().some(({ standing }) => standing.is === "failed");
  // The answers to the apply hold a status. Where it is complete nothing was changed, and no event would ever come.
  const settled = [...seen.workloads.values()].every(
    (workload) =>
      speaksForItself(workload) ||
      before.some((was) => nameOf(was) === nameOf(workload) && isOnlyNoted(was, workload)),
  );
  const open = coming.some((beside) => isOpen(seen, beside, { silence: heard, old: false }));
  if (settled && !open && !failed && !applied.resumed)
    return end(applied.created === 0 ? "unchanged" : "passed", running().map(asTold));
  const reach = applied.reach ?? resourceFinder(cluster, rendered);
  const watched = await Promise.all(
    coming.map(async ({ object }) => ({ object, resource: await reach(object) })),
  );
  const plans = otherWatches(seen, watched);
  const ended = await observe(cluster, rendered, seen, options, started, plans);
  const workloads = running().map((workload) => workloadOf(workload, podsOf(seen, workload)));
  return ended
    ? end("failed", workloads, await causeOf(cluster, ended, seen))
    : end("passed", workloads);
}

/**
 * True when a complete workload got nothing but another entry or version written on it. A Deployment's generation counts
 * that, and its controller has yet to see it, but no pod changes.
 */
function isOnlyNoted(was: KubeObject, now: KubeObject): boolean {
  const counted = (now.metadata.generation ?? 0) - (was.metadata.generation ?? 0);
  return (
    was.metadata.uid === now.metadata.uid &&
    speaksForItself(was) &&
    counted <= 1 &&
    digestOf(was["spec"]) === digestOf(now["spec"])
  );
}

/** Watches until the verdict; undefined when all is out. */
export async function observe(
  cluster: Cluster,
  rendered: Pick<Rendered, "digests" | "objects">,
  seen: Observation,
  options: Omit<RolloutOptions, "entry">,
  started: number,
  others: readonly WatchPlan[] = [],
): Promise<Ended | undefined> {
  const stop = new AbortController();
  const bell = createBell();
  let broken: { error: unknown } | undefined;
  const listen = (plan: WatchPlan, failed: (error: unknown) => void): Promise<void> =>
    watch(cluster, {
      ...plan,
      signal: stop.signal,
      silence: options.silence ?? 60_000,
      asks: (why) =>
        options.progress?.(
          `Cannot watch ${plan.path.split("/").at(-1) ?? ""}, so they are asked for every few seconds: ${why}`,
        ),
      changed: (object) => {
        plan.changed(object);
        bell.ring();
      },
      deleted: (object) => {
        plan.deleted(object);
        bell.ring();
      },
    }).catch(failed);
  const watches = [...watchPlans(seen), ...others].map((plan) =>
    listen(plan, (error) => {
      broken ??= { error };
      bell.ring();
    }),
  );
  const deadline = started + options.timeout;
  const tell = teller(seen, deadline, options.progress);
  const fallSilent = silentNamespaces(seen, options.quiet ?? Math.min(20_000, options.timeout / 4));
  const digests = { ...rendered.digests };
  const rules = {
    digests,
    patience: {
      grace: 10_000,
      settle: 500,
      old: 60_000,
      arriving: 30_000,
      silent: 3_000,
      ...options.patience,
    },
    arriving: rendered.objects.some(
      (object) => knownResource(object.apiVersion, object.kind) === undefined,
    ),
  };
  const isSteady = steadiness(seen, options.steady ?? 3_000);
  const learn = learnPlatforms(seen, digests, options.platforms);
  const unblocked = new Set<string>();
  const watching = options.now();
  try {
    for (;;) {
      if (broken) throw broken.error;
      await learn();
      const now = options.now();
      const workloads = [...seen.workloads.values()];
      const open = workloads.filter((workload) => !isOut(seen, workload, digests));
      const troubles = open.map((workload) => troublesOf(seen, workload, { ...rules, now }));
      tell(now, troubles.flat());
      const waited = {
        silence: now - watching >= rules.patience.silent,
        old: now - watching >= rules.patience.old,
      };
      const besides = besidesOf(seen, { digests, objects: rendered.objects });
      const coming = besides.filter((beside) => isOpen(seen, beside, waited));
      for (const beside of besides) {
        const { object, standing } = beside;
        const gone = seen.deleted.has(keyOf(object)) ? deletedObstacle(object) : undefined;
        const failure = standing.is === "failed" ? standing.obstacle : undefined;
        const obstacle = gone ?? (coming.includes(beside) ? undefined : failure);
        if (obstacle) return { workload: object, obstacle, pods: 0, wanted: 0 };
      }
      if (open.length + coming.length === 0 && (isSteady(now) || now >= deadline)) return undefined;
      // What a log decides is decided when the log is read, once for all pods of a workload.
      if (await lookInto(cluster, seen, troubles.flat())) continue;
      for (const [worst, ...more] of troubles)
        if (worst && [worst, ...more].some((trouble) => trouble.final))
          return {
            ...worst,
            wanted: progressOf(worst.workload).required,
            waited: worst.obstacle.mayHeal,
          };
      for (const workload of seen.expected ? [] : open)
        for (const pod of blockingPods(seen, workload)) {
          const { uid = "", name } = pod.metadata;
          if (unblocked.has(uid)) continue;
          unblocked.add(uid);
          options.progress?.(
            `${nameOf(workload)}: ${name} of the earlier template cannot start and holds up the renewal, so it is deleted`,
          );
          const obstacle = await deletePod(cluster, pod, workload);
          if (obstacle) return { workload, obstacle, pods: 0, wanted: 0 };
        }
      if (now >= deadline) return overdue(seen, open, coming, { ...rules, now });
      for (const namespace of fallSilent(now, open, troubles.flat()))
        // Who may not see events learns the same a little later, or less.
        watches.push(listen(warningsWatch(seen, namespace), () => undefined));
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
    const workloads = [...seen.workloads.values()].filter(isWaited);
    const lives = workloads.flatMap((workload) => newPods(seen, workload)).map(livesOf);
    const state = lives.toSorted().join(" ");
    if (state !== known) since = now;
    known = state;
    return workloads.every(readinessIsTested) || now - since >= milliseconds;
  };
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
