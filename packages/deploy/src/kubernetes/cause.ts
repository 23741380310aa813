import { Fault, type Code } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { isJob } from "./kinds.ts";
import { listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import type { Obstacle } from "./reasons.ts";

/** Why a rollout did not get through, for people and for the ledger. All of it but `code` and `next` may hold foreign text. */
export type Cause = {
  code: Code;
  /** One sentence in plain words. */
  plain: string;
  /** The cluster's own sentence. */
  clusterSaid: string;
  /** `Pod catalogue/web-7c9d-x2v`. */
  object: string;
  container?: string;
  exitCode?: number;
  /** The last 20 lines of the container, of the run that failed. */
  log?: string[];
  /** What to type, or to do. */
  next: string;
};

/** The trouble that ended a rollout: how many of the new pods have it, and whose they are. */
export type Ended = { workload: KubeObject; obstacle: Obstacle; pods: number; wanted: number };

/** Asks the cluster for what it still knows about an obstacle: the log, the events. What it refuses is left out. */
export async function causeOf(
  cluster: Cluster,
  { workload, obstacle, pods, wanted }: Ended,
): Promise<Cause> {
  const log = obstacle.log ? await logOf(cluster, obstacle, obstacle.log) : [];
  const warning =
    obstacle.code === "RA3110" || obstacle.code === "RA3114"
      ? await lastWarning(cluster, obstacle)
      : "";
  const refined = refine(obstacle, log, warning);
  const lastLine = tellingLine(log)?.slice(0, 300);
  const who =
    obstacle.kind === "Pod"
      ? `${pods} of ${wanted} new pods of ${nameOf(workload)} did not ${isJob(workload) ? "succeed" : "get ready"}`
      : `${nameOf(workload)} did not get through`;
  const quoted =
    lastLine && (refined.code === "RA3108" || refined.code === "RA3116")
      ? `; it said: ${lastLine}`
      : "";
  return {
    code: refined.code,
    plain: `${who}, because ${refined.because}${quoted}.`,
    clusterSaid: warning || obstacle.clusterSaid,
    object: `${obstacle.kind} ${obstacle.namespace}/${obstacle.name}`,
    ...(obstacle.container ? { container: obstacle.container } : {}),
    ...(obstacle.exitCode === undefined ? {} : { exitCode: obstacle.exitCode }),
    ...(log.length > 0 ? { log } : {}),
    next: refined.next,
  };
}

/** The cause of an apply that was refused. */
export function causeOfRefusal(object: KubeObject, fault: Fault): Cause {
  return {
    code: fault.code,
    plain: `${nameOf(object)} was not taken by the cluster: ${fault.saw}`,
    clusterSaid: textAt(fault.cause, "said") || fault.saw,
    object: nameOf(object),
    next: fault.next,
  };
}

async function logOf(
  cluster: Cluster,
  obstacle: Obstacle,
  which: "current" | "previous",
): Promise<string[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(obstacle.namespace)}/pods/${encodeURIComponent(obstacle.name)}/log`;
  const read = async (previous: boolean): Promise<string[]> => {
    const query = {
      container: obstacle.container ?? "",
      tailLines: "20",
      limitBytes: "65536",
      ...(previous ? { previous: "true" } : {}),
    };
    const { body } = await cluster.request("GET", path, { query });
    return typeof body === "string"
      ? body
          .split("\n")
          .filter((line) => line !== "")
          .slice(-20)
      : [];
  };
  const first = await read(which === "previous").catch(nothing);
  if (first.length > 0 || obstacle.exitCode === undefined) return first;
  return read(which !== "previous").catch(nothing);
}

async function lastWarning(cluster: Cluster, obstacle: Obstacle): Promise<string> {
  const path = `/api/v1/namespaces/${encodeURIComponent(obstacle.namespace)}/events`;
  const query = {
    fieldSelector: `involvedObject.kind=${obstacle.kind},involvedObject.name=${obstacle.name}`,
  };
  const events = await cluster
    .request("GET", path, { query })
    .then((answer) => listAt(answer.body, "items"), nothing);
  const time = (event: unknown): string =>
    textAt(event, "lastTimestamp") ||
    textAt(event, "eventTime") ||
    textAt(event, "metadata", "creationTimestamp");
  const warnings = events
    .filter((event) => event["type"] === "Warning")
    .toSorted((a, b) => (time(a) < time(b) ? -1 : 1));
  return textAt(warnings.at(-1), "message");
}

function nothing(error: unknown): never[] {
  if (error instanceof Fault) return [];
  throw error;
}

function refine(
  obstacle: Obstacle,
  log: readonly string[],
  warning: string,
): { code: Code; because: string; next: string } {
  const { code, because, next, namespace } = obstacle;
  if (code === "RA3108" && log.some((line) => line.includes("exec format error"))) {
    return {
      code: "RA3116",
      because: "its program is for another architecture than the nodes'",
      next,
    };
  }
  const missing = /(secret|configmap) "([-._a-z0-9]+)" not found/.exec(warning);
  if (missing) {
    const [, kind = "", name = ""] = missing;
    const isSecret = kind === "secret";
    return {
      code: isSecret ? "RA3105" : "RA3106",
      because: `the namespace ${namespace} has no ${isSecret ? "secret" : "config map"} ${name}`,
      next: `kubectl -n ${namespace} create ${isSecret ? "secret generic" : "configmap"} ${name} --from-literal=KEY=VALUE`,
    };
  }
  return { code, because: warning && code === "RA3110" ? `${because}: ${warning}` : because, next };
}

/** The line that people would quote: the last one that names an error, else the last one. */
function tellingLine(log: readonly string[]): string | undefined {
  const lines = log.map((line) => line.trim()).filter((line) => line !== "");
  return (
    lines.findLast((line) => /\b(\w*(error|exception)|panic|fatal)\b\s*:/i.test(line)) ??
    lines.at(-1)
  );
}
