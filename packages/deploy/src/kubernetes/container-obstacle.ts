import { missingObject } from "./config-obstacle.ts";
import { containersOf, listAt, mappingAt, numberAt, textAt, type KubeObject } from "./object.ts";
import { obstacle, type About, type Obstacle, type Warning } from "./obstacle.ts";
import { probeFailure, probeText } from "./probe-text.ts";
import { pullObstacle, waitsForImage } from "./pull-obstacle.ts";

/** What was read about a container that ends again and again. */
export type Evidence = {
  log: readonly string[];
  warnings: readonly Warning[];
  /** Whose run it was. */
  run?: string;
};

/** What stands in one container's way; `said`: what was first said about its pull, which back-off forgets. */
export function containerObstacle(
  pod: KubeObject,
  status: Record<string, unknown>,
  said: string | undefined,
  evidence: Evidence | undefined,
): Obstacle | undefined {
  const container = textAt(status, "name");
  const { name, namespace = "" } = pod.metadata;
  const about: About = { kind: "Pod", name, namespace, container };
  const waiting = mappingAt(status, "state", "waiting");
  const reason = textAt(waiting, "reason");
  const now = textAt(waiting, "message") || reason;
  if (waitsForImage(reason)) return pullObstacle(about, reason, said ?? now, imageOf(pod, status));
  if (reason === "CreateContainerConfigError")
    return missingObject(about, now) ?? obstacle("container-config", about, now);
  if (reason === "RunContainerError" || reason === "CreateContainerError")
    return startObstacle(about, now, reason === "RunContainerError");
  return crashObstacle(pod, status, about, evidence) ?? unreadyObstacle(pod, status, about);
}

/** The image as the template names it; the node's own name for it may be another. */
function imageOf(pod: KubeObject, status: unknown): string {
  const spec = specOf(pod, textAt(status, "name"));
  return textAt(spec, "image") || textAt(status, "image");
}

function specOf(pod: KubeObject, container: string): Record<string, unknown> | undefined {
  return containersOf(mappingAt(pod, "spec")).find((one) => one["name"] === container);
}

const noProgram =
  /no such file or directory|executable file not found|permission denied|is a directory|exec format error/i;

/** Why a container could not be created or started, by the runtime's sentence. */
function startObstacle(about: About, said: string, started: boolean): Obstacle {
  const missing = missingObject(about, said);
  if (missing) return missing;
  if (noProgram.test(said)) return obstacle("program-not-found", about, said);
  return obstacle(started ? "container-not-started" : "container-not-created", about, said);
}

function crashObstacle(
  pod: KubeObject,
  status: Record<string, unknown>,
  about: About,
  evidence: Evidence | undefined,
): Obstacle | undefined {
  const now = mappingAt(status, "state", "terminated");
  const before = mappingAt(status, "lastState", "terminated");
  const ended = numberAt(now, "exitCode") === undefined ? before : now;
  const exitCode = numberAt(ended, "exitCode");
  if (exitCode === undefined || status["ready"] === true) return undefined;
  const restarts = numberAt(status, "restartCount") ?? 0;
  const running = "running" in mappingAt(status, "state");
  // An init container that ended well is done, not crashed.
  if (exitCode === 0 && restarts === 0) return undefined;
  const why = textAt(ended, "reason");
  const said =
    [why, textAt(ended, "message"), textAt(status, "state", "waiting", "message")]
      .filter(Boolean)
      .join(": ") || `exit code ${exitCode}`;
  const spec = specOf(pod, about.container ?? "");
  const values = {
    exit: String(exitCode),
    times: restarts === 1 ? "once" : `${restarts} times`,
    image: imageOf(pod, status),
    limit: textAt(spec, "resources", "limits", "memory") || "the node",
  };
  const more = {
    exitCode,
    log: running ? ("previous" as const) : ("current" as const),
    run: `${pod.metadata.uid} ${restarts} ${running}`,
  };
  if (why === "StartError" || why === "ContainerCannotRun")
    return { ...startObstacle(about, textAt(ended, "message") || said, true), exitCode };
  const again = restarts >= 1 && !running;
  if (why === "OOMKilled")
    return obstacle(again ? "out-of-memory" : "out-of-memory-once", about, said, values, more);
  if (evidence?.log.some((line) => line.includes("exec format error")))
    return obstacle("exec-format", about, said, values, more);
  // What a shell answers when there is no such command, or none that may run.
  if (exitCode === 126 || exitCode === 127)
    return obstacle("program-not-found", about, said, values, more);
  // Only the log tells a program of another architecture, which the first crash betrays.
  const foreign = exitCode === 255 && !running && evidence === undefined;
  const loops = restarts >= 2 && exitCode !== 0 && !running;
  if (!loops && !foreign) return obstacle("crash", about, said, values, more);
  if (!evidence) return obstacle("crash-loop", about, said, values, { ...more, unsure: true });
  const probe =
    exitCode >= 128 ? probeFailure(evidence.warnings, "Liveness", "Startup") : undefined;
  if (probe)
    return obstacle(
      "not-alive",
      about,
      probe.message,
      { ...values, which: probe.which.toLowerCase(), probe: probeText(spec, probe) },
      more,
    );
  if (evidence.log.slice(-20).some((line) => speaksOfAnother.test(line)))
    return obstacle("waits-for-other", about, said, values, more);
  return obstacle(loops ? "crash-loop" : "crash", about, said, values, more);
}

/** The words of programs that do not reach what they need. */
const speaksOfAnother =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|connection (was )?(refused|reset|timed out)|(could not|cannot|can't|unable to|failed to) (connect|resolve|reach|translate host)|no such host|name or service not known|temporary failure in name resolution|i\/o timeout|starting up|not (yet )?(available|ready|reachable)|service unavailable/i;

function unreadyObstacle(
  pod: KubeObject,
  status: Record<string, unknown>,
  about: About,
): Obstacle | undefined {
  if (status["ready"] === true || !("running" in mappingAt(status, "state"))) return undefined;
  return obstacle(
    "not-ready",
    about,
    notReadyMessage(pod),
    { probe: probeText(specOf(pod, about.container ?? ""), undefined) },
    { log: "current" },
  );
}

function notReadyMessage(pod: KubeObject): string {
  const ready = listAt(pod, "status", "conditions").find(
    (condition) => condition["type"] === "Ready",
  );
  return textAt(ready, "message") || textAt(ready, "reason") || "not ready";
}
