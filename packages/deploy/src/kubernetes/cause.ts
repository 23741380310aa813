import { type Fault, type Code, type ReasonName } from "@release-actions/codes";
import { missingObject } from "./config-obstacle.ts";
import type { Cluster } from "./cluster.ts";
import type { Evidence } from "./container-obstacle.ts";
import { readLog, readRoom, readWarnings } from "./diagnosis.ts";
import { isJob } from "./kinds.ts";
import { containersOf, nameOf, textAt, type KubeObject } from "./object.ts";
import { obstacle as obstacleFor, type Obstacle, type Warning } from "./obstacle.ts";
import { evidenceKey, type Observation } from "./observation.ts";
import { probeFailure, probeText } from "./probe-text.ts";
import { measuredShort } from "./room.ts";
import { warnedObstacle } from "./reasons.ts";
import { refusalOf } from "./status.ts";

/** Why a rollout did not get through, for people and for the ledger. All of it but `code` and `next` may hold foreign text. */
export type Cause = {
  code: Code;
  /** Which line of the table of reasons it is, where it is one. */
  reason?: ReasonName;
  /** One or two sentences in plain words. */
  plain: string;
  /** The cluster's own sentence. */
  clusterSaid: string;
  /** `Pod catalogue/web-7c9d-x2v`. */
  object: string;
  container?: string;
  exitCode?: number;
  /** The last lines of the container, of the run that failed. */
  log?: string[];
  /** The same of its other run: the one before, or the one after it. */
  otherLog?: string[];
  /** What the cluster warned about the object, newest last. */
  warnings?: string[];
  /** What to do, one sentence. */
  next: string;
  /** What to type; foreign names in it are quoted for a shell. */
  command?: string;
};

/** The trouble that ended a rollout: how many of the new pods have it, and whose they are. */
export type Ended = {
  workload: KubeObject;
  obstacle: Obstacle;
  pods: number;
  wanted: number;
  /** It may heal, and was waited for until the deadline. */
  waited?: boolean;
};

/** Asks the cluster for what it still knows about an obstacle, in at most three requests; what it refuses is left out. */
export async function causeOf(
  cluster: Cluster,
  ended: Ended,
  seen?: Pick<Observation, "pods" | "warnings" | "evidence">,
): Promise<Cause> {
  const { workload, obstacle, pods, wanted } = ended;
  const pod = [...(seen?.pods.values() ?? [])].find(
    ({ metadata }) => metadata.name === obstacle.name && metadata.namespace === obstacle.namespace,
  );
  const evidence = obstacle.container
    ? seen?.evidence.get(evidenceKey(workload, obstacle.container))
    : undefined;
  const uid = (obstacle.kind === "Pod" ? pod : workload)?.metadata.uid ?? "";
  const warnings = seen?.warnings.get(uid) ?? (await readWarnings(cluster, obstacle, uid));
  const logs = await logsOf(cluster, obstacle, evidence);
  const refined = await refine(cluster, { obstacle, pod, log: logs.failed, warnings });
  const who =
    obstacle.kind === "Pod"
      ? `${pods} of ${wanted} new pods of ${nameOf(workload)} did not ${isJob(workload) ? "succeed" : "get ready"}`
      : `${nameOf(workload)} did not get through`;
  const lastLine = quotesLog.has(refined.code) ? tellingLine(logs.failed) : undefined;
  // What only a warning told comes to light at the deadline.
  const mightHave =
    obstacle.reason === "too-slow" && refined.reason !== "too-slow" && refined.mayHeal;
  const waited =
    ended.waited || mightHave
      ? " It might have healed, so it was waited for until the deadline."
      : "";
  return {
    code: refined.code,
    reason: refined.reason,
    plain: `${who}, because ${refined.because}${lastLine ? `; it said: ${lastLine.slice(0, 300)}` : ""}.${waited}`,
    clusterSaid: refined.clusterSaid,
    object: `${obstacle.kind} ${obstacle.namespace}/${obstacle.name}`,
    ...(obstacle.container ? { container: obstacle.container } : {}),
    ...(obstacle.exitCode === undefined ? {} : { exitCode: obstacle.exitCode }),
    ...(logs.failed.length > 0 ? { log: logs.failed } : {}),
    ...(logs.other.length > 0 ? { otherLog: logs.other } : {}),
    ...(warnings.length > 0
      ? { warnings: warnings.slice(-10).map(({ reason, message }) => `${reason}: ${message}`) }
      : {}),
    next: refined.next,
    command: refined.command,
  };
}

/** The cause of an apply that was refused. */
export function causeOfRefusal(object: KubeObject, fault: Fault): Cause {
  const { reason, command } = refusalOf(fault);
  return {
    code: fault.code,
    ...(reason ? { reason } : {}),
    plain: `${nameOf(object)} was not taken by the cluster: ${fault.saw}`,
    clusterSaid: textAt(fault.cause, "said") || fault.saw,
    object: nameOf(object),
    next: fault.next,
    ...(command ? { command } : {}),
  };
}

/** The log of the run that failed, and of the one beside it. What was read as evidence is not read again. */
async function logsOf(
  cluster: Cluster,
  obstacle: Obstacle,
  known: Evidence | undefined,
): Promise<{ failed: string[]; other: string[] }> {
  const { log } = obstacle;
  if (log === undefined) return { failed: [], other: [] };
  const isSameRun = known !== undefined && known.run === obstacle.run;
  const failed = isSameRun ? [...known.log] : await readLog(cluster, obstacle, log);
  if (obstacle.exitCode === undefined) return { failed, other: [] };
  const other =
    known === undefined || isSameRun
      ? await readLog(cluster, obstacle, log === "current" ? "previous" : "current")
      : [...known.log];
  // While a container waits for its next start, nodes give the same log twice.
  const same = JSON.stringify(other) === JSON.stringify(failed);
  return failed.length > 0 ? { failed, other: same ? [] : other } : { failed: other, other: [] };
}

async function refine(
  cluster: Cluster,
  about: {
    obstacle: Obstacle;
    pod: KubeObject | undefined;
    log: readonly string[];
    warnings: readonly Warning[];
  },
): Promise<Obstacle> {
  const { obstacle, pod, log, warnings } = about;
  const { reason, clusterSaid, exitCode } = obstacle;
  const last = warnings.at(-1)?.message ?? "";
  const container = containersOf(pod?.["spec"]).find((one) => one["name"] === obstacle.container);
  const more = exitCode === undefined ? {} : { exitCode };
  const crashed = ["crash", "crash-loop", "waits-for-other"].includes(reason);
  if (crashed && log.some((line) => line.includes("exec format error"))) {
    const image = textAt(container, "image") || "IMAGE";
    return obstacleFor("exec-format", obstacle, clusterSaid, { image }, more);
  }
  const killed = crashed && (exitCode ?? 0) >= 128;
  const probe = killed
    ? probeFailure(warnings, "Liveness", "Startup")
    : reason === "not-ready"
      ? probeFailure(warnings, "Readiness", "Startup")
      : undefined;
  if (probe)
    return obstacleFor(
      killed ? "not-alive" : "not-ready",
      obstacle,
      probe.message,
      { which: probe.which.toLowerCase(), probe: probeText(container, probe) },
      more,
    );
  if (reason === "unschedulable" && pod && /Insufficient/.test(clusterSaid)) {
    const room = await readRoom(cluster);
    const short = room && measuredShort(pod, clusterSaid, room.nodes, room.pods);
    return short ? obstacleFor("unschedulable", obstacle, clusterSaid, { short }) : obstacle;
  }
  if (obstacle.code !== "RA3114") return obstacle;
  const warned = pod && warnedObstacle(pod, warnings);
  if (warned) return warned;
  return missingObject(obstacle, last) ?? { ...obstacle, clusterSaid: last || clusterSaid };
}

const quotesLog: ReadonlySet<Code> = new Set(["RA3108", "RA3116", "RA3131"]);

/** The line that people would quote: the last one that names an error, else the last one. */
function tellingLine(log: readonly string[]): string | undefined {
  const lines = log.map((line) => line.trim()).filter((line) => line !== "");
  return (
    lines.findLast((line) => /\b(\w*(error|exception)|panic|fatal)\b\s*:/i.test(line)) ??
    lines.at(-1)
  );
}
