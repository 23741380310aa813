import type { Code } from "@release-actions/codes";
import { conditionOf } from "./workload.ts";
import { listAt, mappingAt, numberAt, textAt, type KubeObject } from "./object.ts";

/** What stands in the way of one pod or workload. */
export type Obstacle = {
  code: Code;
  /** Waiting does not help, so the rollout ends at once. Otherwise it counts at the deadline. */
  fatal: boolean;
  /** Words for people, after "because". */
  because: string;
  /** The cluster's own sentence. */
  clusterSaid: string;
  /** What to type. */
  next: string;
  /** Of whom: the pod, or the workload. */
  kind: string;
  name: string;
  namespace: string;
  container?: string;
  exitCode?: number;
  /** The container has a log worth reading; `previous`: of the run before this one. */
  log?: "current" | "previous";
};

/**
 * Reads what stands in a pod's way, the worst first; undefined when nothing is visible.
 * `firstSaid` remembers what was said about a pull, because back-off forgets the reason.
 */
export function obstacleOf(
  pod: KubeObject,
  firstSaid: ReadonlyMap<string, string> = new Map(),
): Obstacle | undefined {
  const statuses = [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ];
  const found = statuses.flatMap((status) => containerObstacle(pod, status, firstSaid) ?? []);
  return found.find((obstacle) => obstacle.fatal) ?? found[0] ?? unschedulable(pod);
}

/** Under which name a pull's first message is remembered, and the message, if this status has one. */
export function pullMessages(pod: KubeObject): [string, string][] {
  return [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ].flatMap((status) => {
    const waiting = mappingAt(status, "state", "waiting");
    const message = textAt(waiting, "message");
    return textAt(waiting, "reason") === "ErrImagePull" && message
      ? [[pullKey(pod, status), message] as [string, string]]
      : [];
  });
}

function pullKey(pod: KubeObject, status: unknown): string {
  return `${pod.metadata.uid} ${textAt(status, "name")}`;
}

function containerObstacle(
  pod: KubeObject,
  status: Record<string, unknown>,
  firstSaid: ReadonlyMap<string, string>,
): Obstacle | undefined {
  const container = textAt(status, "name");
  const { name, namespace = "" } = pod.metadata;
  const about = { kind: "Pod", name, namespace, container };
  const waiting = mappingAt(status, "state", "waiting");
  const reason = textAt(waiting, "reason");
  const said = textAt(waiting, "message") || reason;
  if (pullReasons.has(reason)) {
    const image = textAt(status, "image");
    return {
      ...about,
      ...pullObstacle(reason, firstSaid.get(pullKey(pod, status)) ?? said, image, about),
    };
  }
  if (reason === "CreateContainerConfigError") return { ...about, ...configObstacle(said, about) };
  const crash = crashObstacle(status, about);
  if (crash) return { ...about, ...crash };
  if (reason === "CreateContainerError" || reason === "RunContainerError") {
    return {
      ...about,
      code: "RA3107",
      fatal: false,
      because: `container ${container} cannot be created`,
      clusterSaid: said,
      next: describe(about),
    };
  }
  if (
    status["ready"] !== true &&
    status["state"] !== undefined &&
    "running" in mappingAt(status, "state")
  ) {
    return {
      ...about,
      code: "RA3110",
      fatal: false,
      because: `container ${container} runs and never became ready`,
      clusterSaid: notReadyMessage(pod),
      next: `kubectl -n ${namespace} logs ${name} -c ${container} --tail=50`,
      log: "current",
    };
  }
  return undefined;
}

type About = { kind: string; name: string; namespace: string; container: string };
type Reason = Omit<Obstacle, "kind" | "name" | "namespace">;

const pullReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
  "ImageInspectError",
]);

function pullObstacle(reason: string, said: string, image: string, about: About): Reason {
  // The image's own name may hold any word.
  const words = image === "" ? said : said.replaceAll(image, "");
  const shown = /^[\w./:@-]+$/.test(image) ? image : "IMAGE";
  const look = `docker buildx imagetools inspect ${shown}`;
  const make = (code: Code, fatal: boolean, because: string, next: string): Reason => ({
    code,
    fatal,
    because,
    clusterSaid: said,
    next,
  });
  if (reason === "InvalidImageName")
    return make("RA3101", true, `${image || "the image"} is not a valid image name`, look);
  if (/toomanyrequests|too many requests|\b429\b|rate limit/i.test(words)) {
    return make("RA3103", false, `the registry limits the pulls of ${image}`, events(about));
  }
  if (/no match for platform|no matching manifest for/i.test(words)) {
    return make("RA3116", true, `${image} has no variant for the nodes' platform`, look);
  }
  if (
    /unauthorized|authentication required|no basic auth credentials|access denied|\bdenied\b|forbidden|\b40[13]\b/i.test(
      words,
    )
  ) {
    return make(
      "RA3102",
      true,
      `the registry does not let the cluster pull ${image}`,
      `kubectl -n ${about.namespace} create secret docker-registry NAME --docker-server=HOST --docker-username=USER --docker-password-stdin`,
    );
  }
  if (/not found|manifest unknown|name unknown|does not exist|NotFound\b/i.test(words)) {
    return make("RA3101", true, `${image} is not in the registry`, look);
  }
  return make("RA3104", false, `${image} could not be pulled`, events(about));
}

function configObstacle(said: string, about: About): Reason {
  const key =
    /couldn't find key ([-._A-Za-z0-9]+) in (Secret|ConfigMap) ([-._a-z0-9]+)\/([-._a-z0-9]+)/.exec(
      said,
    );
  if (key) {
    const [, field = "", kind = "", namespace = "", name = ""] = key;
    const isSecret = kind === "Secret";
    const patch = `{"${isSecret ? "stringData" : "data"}":{"${field}":"..."}}`;
    return {
      code: isSecret ? "RA3105" : "RA3106",
      fatal: true,
      because: `the ${isSecret ? "secret" : "config map"} ${name} has no key ${field}`,
      clusterSaid: said,
      next: `kubectl -n ${namespace} patch ${kind.toLowerCase()} ${name} --type merge -p '${patch}'`,
    };
  }
  const whole = /(secret|configmap) "([-._a-z0-9]+)" not found/.exec(said);
  if (whole) {
    const [, kind = "", name = ""] = whole;
    const isSecret = kind === "secret";
    return {
      code: isSecret ? "RA3105" : "RA3106",
      fatal: true,
      because: `the namespace ${about.namespace} has no ${isSecret ? "secret" : "config map"} ${name}`,
      clusterSaid: said,
      next: `kubectl -n ${about.namespace} create ${isSecret ? "secret generic" : "configmap"} ${name} --from-literal=KEY=VALUE`,
    };
  }
  return {
    code: "RA3107",
    fatal: true,
    because: `container ${about.container} cannot be created`,
    clusterSaid: said,
    next: describe(about),
  };
}

function crashObstacle(status: Record<string, unknown>, about: About): Reason | undefined {
  const now = mappingAt(status, "state", "terminated");
  const before = mappingAt(status, "lastState", "terminated");
  const ended = numberAt(now, "exitCode") === undefined ? before : now;
  const exitCode = numberAt(ended, "exitCode");
  if (exitCode === undefined || status["ready"] === true) return undefined;
  const restarts = numberAt(status, "restartCount") ?? 0;
  const running = "running" in mappingAt(status, "state");
  // An init container that ended well is done, not crashed.
  if (exitCode === 0 && restarts === 0) return undefined;
  const outOfMemory = textAt(ended, "reason") === "OOMKilled";
  const times = restarts === 1 ? "once" : `${restarts} times`;
  const why = [
    textAt(ended, "reason"),
    textAt(ended, "message"),
    textAt(status, "state", "waiting", "message"),
  ].filter(Boolean);
  return {
    code: outOfMemory ? "RA3109" : "RA3108",
    // A first crash may be a dependency that comes up late; the third is not.
    fatal: restarts >= 2 && exitCode !== 0 && !running,
    because: outOfMemory
      ? `container ${about.container} took more memory than its limit and was ended, restarted ${times}`
      : `container ${about.container} ended with exit code ${exitCode}, restarted ${times}`,
    clusterSaid: why.join(": ") || `exit code ${exitCode}`,
    next: `kubectl -n ${about.namespace} logs ${about.name} -c ${about.container}${running ? " --previous" : ""}`,
    exitCode,
    log: running ? "previous" : "current",
  };
}

function unschedulable(pod: KubeObject): Obstacle | undefined {
  const scheduled = listAt(pod, "status", "conditions").find(
    (condition) => condition["type"] === "PodScheduled",
  );
  if (scheduled?.["status"] !== "False" || scheduled["reason"] !== "Unschedulable")
    return undefined;
  const about = { kind: "Pod", name: pod.metadata.name, namespace: pod.metadata.namespace ?? "" };
  const clusterSaid = textAt(scheduled, "message");
  return {
    ...about,
    code: "RA3111",
    fatal: false,
    because: "no node has room for it",
    clusterSaid,
    next: describe(about),
  };
}

/** What the workload's own conditions say: pods that may not be made, and its progress deadline. */
export function workloadObstacle(workload: KubeObject): Obstacle | undefined {
  const { name, namespace = "" } = workload.metadata;
  const about = { kind: workload.kind, name, namespace };
  const failure = conditionOf(workload, "ReplicaFailure");
  if (failure?.["status"] === "True") {
    const said = textAt(failure, "message");
    const quota = /exceeded quota:? ([-.a-z0-9]+)/.exec(said);
    return quota
      ? {
          ...about,
          code: "RA3112",
          fatal: false,
          because: `the quota ${quota[1]} of namespace ${namespace} is used up`,
          clusterSaid: said,
          next: `kubectl -n ${namespace} describe resourcequota ${quota[1]}`,
        }
      : {
          ...about,
          code: "RA3113",
          fatal: false,
          because: "the cluster refuses to make its pods",
          clusterSaid: said,
          next: describe(about),
        };
  }
  const progressing = conditionOf(workload, "Progressing");
  if (progressing?.["status"] === "False" && progressing["reason"] === "ProgressDeadlineExceeded") {
    return {
      ...about,
      code: "RA3114",
      fatal: true,
      because: "it made no progress for the whole of its progressDeadlineSeconds",
      clusterSaid: textAt(progressing, "message"),
      next: describe(about),
    };
  }
  return undefined;
}

function notReadyMessage(pod: KubeObject): string {
  const ready = listAt(pod, "status", "conditions").find(
    (condition) => condition["type"] === "Ready",
  );
  return textAt(ready, "message") || textAt(ready, "reason") || "not ready";
}

function describe(about: { kind: string; name: string; namespace: string }): string {
  return `kubectl -n ${about.namespace} describe ${about.kind.toLowerCase()} ${about.name}`;
}

function events(about: About): string {
  return `kubectl -n ${about.namespace} get events --field-selector involvedObject.name=${about.name}`;
}
