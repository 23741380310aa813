import { Fault, refuse, type Code } from "@release-actions/codes";
import { runStep, type Look, type RunnerOfSteps, type Step } from "@release-actions/plan";
import { causeOf } from "./cause.ts";
import type { Cluster } from "./cluster.ts";
import { knownResource, resourcePath } from "./kinds.ts";
import { entryAnnotation, isMapping, listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import type { Obstacle } from "./obstacle.ts";
import { obstacleOf, pullMessages } from "./reasons.ts";
import { attemptOf, jobLabel, type ReleaseJob } from "./release-job.ts";
import { statusOf } from "./status.ts";

/** How a Job of a release ended. */
export type JobEnd = {
  /** Name in the cluster, with its attempt. */
  name: string;
  /** It had succeeded, or was at work, before this run looked. */
  found: boolean;
  failure: JobFailure | undefined;
};

/** Why it did not succeed. All but `code` and `next` may be foreign text. */
export type JobFailure = {
  code: Code;
  plain: string;
  said?: string;
  object: string;
  log: string[];
  next: string;
};

export type JobWaiting = {
  /** Milliseconds. */
  timeout: number;
  /** The ledger's entry. */
  entry: string;
  /** A failed Job of this very entry may be followed by another. */
  again: boolean;
  now(): number;
  progress(line: string): void;
  steps: RunnerOfSteps;
};

const firstPause = 250;
const longestPause = 5_000;

/**
 * Runs a Job of the release once and waits for it. Its name is its key: one that succeeded is never run again, one that is at
 * work is waited for, also by another run. Only when an earlier one has failed and none of its pods is left at work is the
 * next attempt made, under a name of its own.
 * @throws Fault RA3008, RA3120, RA3009, RA3011, RA8001, RA8002
 */
export async function runJob(
  cluster: Cluster,
  job: ReleaseJob,
  waiting: JobWaiting,
): Promise<JobEnd> {
  const started = waiting.now();
  const outcome = await runStep(jobStep(cluster, job, waiting), waiting.steps);
  if ("refusal" in outcome) throw new Fault(outcome.refusal.code, outcome.refusal);
  const found = outcome.record.result === "already-done";
  const { name } = outcome.value.metadata;
  if (found && stateOf(outcome.value) === "Complete")
    waiting.progress(`Job ${name} has succeeded before: it is not run again`);
  else waiting.progress(`Waiting for Job ${name}`);
  const failure = await untilOver(cluster, outcome.value, job, started, waiting);
  return { name, found, failure };
}

function jobStep(cluster: Cluster, job: ReleaseJob, waiting: JobWaiting): Step<KubeObject> {
  const base = job.object.metadata.name;
  let attempt = 1;
  let chosen = false;
  return {
    key: `Job ${base}`,
    title: `Run the Job ${base} (${job.path})`,
    look: async (): Promise<Look<KubeObject>> => {
      const earlier = await attemptsOf(cluster, job);
      const last = earlier.at(-1);
      if (last === undefined) return { state: "todo" };
      if (chosen && earlier.length >= attempt) return { state: "done", value: last };
      const ours = last.metadata.annotations?.[entryAnnotation] === waiting.entry;
      if (stateOf(last) !== "Failed" || (ours && !waiting.again))
        return { state: "done", value: last };
      const left = (await podsOf(cluster, last)).find(isAtWork);
      if (left !== undefined)
        return {
          state: "refused",
          refusal: refuse(
            "RA3501",
            `${nameOf(last)} has failed, and its pod ${left.metadata.name} is still at work`,
            "Wait until the pod has ended, then run the job again.",
          ),
        };
      attempt = earlier.length + 1;
      return { state: "todo" };
    },
    act: async () => {
      chosen = true;
      const object = attemptOf(job, attempt);
      const { metadata } = object;
      const stamped = {
        ...object,
        metadata: {
          ...metadata,
          annotations: { ...metadata.annotations, [entryAnnotation]: waiting.entry },
        },
      };
      try {
        const { body } = await cluster.request("POST", pathOf(object, false), {
          query: { fieldManager: "release-actions", fieldValidation: "Strict" },
          body: stamped,
          object: nameOf(object),
        });
        return readJob(body, object);
      } catch (error) {
        // Another run was faster: there is one Job of the name, and it counts for both.
        if (!(error instanceof Fault) || statusOf(error)?.status !== 409) throw error;
        const live = await readLive(cluster, object);
        if (live === undefined) throw error;
        return live;
      }
    },
  };
}

/** Waits for a Job's end; undefined: it succeeded. */
async function untilOver(
  cluster: Cluster,
  made: KubeObject,
  job: ReleaseJob,
  started: number,
  waiting: JobWaiting,
): Promise<JobFailure | undefined> {
  const said = new Map<string, string>();
  let live = made;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const state = stateOf(live);
    if (state === "Complete") return undefined;
    const pods = await podsOf(cluster, live);
    if (state === "Failed") return failed(cluster, live, pods);
    for (const pod of pods) for (const [key, message] of pullMessages(pod)) said.set(key, message);
    const obstacle = pods
      .filter(isAtWork)
      .flatMap((pod) => obstacleOf(pod, { firstSaid: said }) ?? [])[0];
    if (obstacle?.mayHeal === false && pods.every(neverRan))
      return neverBegun(cluster, live, obstacle);
    const left = started + waiting.timeout - waiting.now();
    if (left <= 0) return late(live, obstacle, waiting.timeout);
    await waiting.steps.sleep(Math.min(pause, left));
    const next = await readLive(cluster, made);
    if (next === undefined || next.metadata.uid !== made.metadata.uid)
      return {
        code: "RA3501",
        plain: `${nameOf(made)} (${job.path}) was deleted by somebody before it ended.`,
        object: nameOf(made),
        log: [],
        next: "Find out who deletes it, then run the job again.",
      };
    live = next;
  }
}

async function failed(
  cluster: Cluster,
  live: KubeObject,
  pods: readonly KubeObject[],
): Promise<JobFailure> {
  const condition = listAt(live, "status", "conditions").find((one) => one["type"] === "Failed");
  const said = textAt(condition, "message");
  const last = pods
    .toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
    .findLast((pod) => textAt(pod, "status", "phase") === "Failed");
  const ended = last && endOf(last);
  const log = last && ended ? await logOf(cluster, last, ended.container) : [];
  const quoted = log.at(-1)?.slice(0, 300);
  const { namespace = "", name } = live.metadata;
  return {
    code: "RA3501",
    plain: `${nameOf(live)} failed${ended ? `: container ${ended.container} ended with exit code ${ended.exitCode}` : ""}${quoted ? `; it said: ${quoted}` : said ? `: ${said}` : ""}.`,
    ...(said ? { said } : {}),
    object: nameOf(last ?? live),
    log,
    next: `kubectl -n ${namespace} logs job/${name}`,
  };
}

/** A Job whose container cannot start: it is taken away, so that it does not start by itself some day. */
async function neverBegun(
  cluster: Cluster,
  live: KubeObject,
  obstacle: Obstacle,
): Promise<JobFailure> {
  const { uid = "" } = live.metadata;
  const cause = await causeOf(cluster, { workload: live, obstacle, pods: 1, wanted: 1 });
  await cluster
    .request("DELETE", pathOf(live, true), {
      body: { propagationPolicy: "Background", preconditions: { uid } },
      object: nameOf(live),
    })
    .catch((error: unknown) => {
      if (!(error instanceof Fault) || statusOf(error)?.status !== 404) throw error;
    });
  return {
    code: cause.code,
    plain: `${nameOf(live)} could not start, because ${obstacle.because}. It was taken away and has done nothing.`,
    said: cause.clusterSaid,
    object: cause.object,
    log: [],
    next: cause.next,
  };
}

function late(live: KubeObject, obstacle: Obstacle | undefined, timeout: number): JobFailure {
  const { namespace = "", name } = live.metadata;
  return {
    code: "RA3503",
    plain: `${nameOf(live)} was not done after ${Math.round(timeout / 1000)} seconds${obstacle ? `, because ${obstacle.because}` : ""}. It goes on in the cluster.`,
    ...(obstacle ? { said: obstacle.clusterSaid } : {}),
    object: nameOf(live),
    log: [],
    next: `kubectl -n ${namespace} describe job ${name}`,
  };
}

/** The attempts that there were, the first one first. */
async function attemptsOf(cluster: Cluster, job: ReleaseJob): Promise<KubeObject[]> {
  const { object } = job;
  const base = object.metadata.name;
  const { body } = await cluster.request("GET", pathOf(object, false), {
    query: { labelSelector: `${jobLabel}=${base}` },
    object: nameOf(object),
  });
  const numberOf = ({ metadata: { name } }: KubeObject): number =>
    name === base ? 1 : Number(name.slice(base.length + 1));
  return listAt(body, "items")
    .filter((item): item is KubeObject => isMapping(item["metadata"]))
    .map((item) => ({ ...item, apiVersion: "batch/v1", kind: "Job" }))
    .filter((item) => Number.isInteger(numberOf(item)))
    .toSorted((a, b) => numberOf(a) - numberOf(b));
}

async function podsOf(cluster: Cluster, job: KubeObject): Promise<KubeObject[]> {
  const { namespace = "", uid } = job.metadata;
  const { body } = await cluster.request(
    "GET",
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    { object: `Pods of ${nameOf(job)}` },
  );
  return listAt(body, "items")
    .filter((item): item is KubeObject => isMapping(item["metadata"]))
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false);
}

async function readLive(cluster: Cluster, job: KubeObject): Promise<KubeObject | undefined> {
  try {
    const { body } = await cluster.request("GET", pathOf(job, true), { object: nameOf(job) });
    return readJob(body, job);
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return undefined;
    throw error;
  }
}

function readJob(body: unknown, asked: KubeObject): KubeObject {
  if (textAt(body, "kind") !== "Job" || textAt(body, "metadata", "name") !== asked.metadata.name)
    throw new Fault("RA8002", {
      saw: `${nameOf(asked)}: the answer is not one of a Kubernetes cluster.`,
      outcome: "unknown",
    });
  return body as KubeObject;
}

async function logOf(cluster: Cluster, pod: KubeObject, container: string): Promise<string[]> {
  const { namespace = "", name } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
  try {
    const query = { container, tailLines: "20", limitBytes: "65536" };
    const { body } = await cluster.request("GET", path, { query });
    return typeof body === "string"
      ? body
          .split("\n")
          .filter((line) => line.trim() !== "")
          .slice(-20)
      : [];
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

function pathOf(job: KubeObject, named: boolean): string {
  const resource = knownResource("batch/v1", "Job");
  if (!resource) throw new Error("Job is not in the table of kinds");
  const { namespace = "", name } = job.metadata;
  return resourcePath(resource, { namespace, ...(named ? { name } : {}) });
}

function stateOf(job: KubeObject): "Complete" | "Failed" | "at work" {
  const done = listAt(job, "status", "conditions").find(
    (one) => one["status"] === "True" && (one["type"] === "Complete" || one["type"] === "Failed"),
  );
  return done === undefined ? "at work" : (done["type"] as "Complete" | "Failed");
}

function isAtWork(pod: KubeObject): boolean {
  return !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"));
}

/** No container of it has ever had a process. */
function neverRan(pod: KubeObject): boolean {
  return ["initContainerStatuses", "containerStatuses"]
    .flatMap((list) => listAt(pod, "status", list))
    .every(
      (status) =>
        isMapping(status["state"]) &&
        isMapping(status["state"]["waiting"]) &&
        !(Number(status["restartCount"]) > 0),
    );
}

function endOf(pod: KubeObject): { container: string; exitCode: number } | undefined {
  for (const list of ["initContainerStatuses", "containerStatuses"])
    for (const status of listAt(pod, "status", list)) {
      const state = status["state"];
      const ended = isMapping(state) ? state["terminated"] : undefined;
      const exitCode = isMapping(ended) ? Number(ended["exitCode"]) : 0;
      if (exitCode !== 0) return { container: textAt(status, "name"), exitCode };
    }
  return undefined;
}

function timeOf(pod: KubeObject): string {
  return pod.metadata.creationTimestamp ?? "";
}
