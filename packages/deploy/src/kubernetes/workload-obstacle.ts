import { obstacle, type About, type Obstacle, type Warning } from "./obstacle.ts";
import { mappingAt, textAt, type KubeObject } from "./object.ts";
import { ruleThatSaysNo } from "./admission.ts";
import { conditionOf } from "./workload.ts";

/** What else is known about a workload. */
export type WorkloadKnowledge = {
  /** Older pods go, and may make room. */
  makesRoom: boolean;
  warnings?: readonly Warning[];
};

/** What the workload's own conditions and warnings say: pods that may not be made, and its progress deadline. */
export function workloadObstacle(
  workload: KubeObject,
  known: WorkloadKnowledge = { makesRoom: false },
): Obstacle | undefined {
  const { name, namespace = "" } = workload.metadata;
  const about: About = { kind: workload.kind, name, namespace };
  if (workload.kind === "Deployment" && mappingAt(workload, "spec")["paused"] === true)
    return obstacle("paused", about, "spec.paused: true");
  const failure = conditionOf(workload, "ReplicaFailure");
  if (failure?.["status"] === "True")
    return notMade(about, textAt(failure, "message"), known.makesRoom);
  // A StatefulSet and a DaemonSet have no such condition: they only warn.
  const refused = known.warnings?.findLast(({ reason }) => reason === "FailedCreate");
  if (refused) return notMade(about, refused.message, known.makesRoom);
  const progressing = conditionOf(workload, "Progressing");
  if (progressing?.["status"] === "False" && progressing["reason"] === "ProgressDeadlineExceeded")
    return obstacle("progress-deadline", about, textAt(progressing, "message"));
  return undefined;
}

function notMade(about: About, said: string, makesRoom: boolean): Obstacle {
  const quota = /exceeded quota:? ([-.a-z0-9]+)/.exec(said)?.[1];
  if (quota !== undefined) {
    const [, requested, used, limited] =
      /requested: (.+?), used: (.+?), limited: ([^;\n]+)/.exec(said) ?? [];
    const short =
      requested && used && limited
        ? `: it allows ${limited}, ${used} is used, and a pod more takes ${requested}`
        : "";
    return obstacle(makesRoom ? "quota-for-now" : "quota", about, said, { quota, short });
  }
  const no = ruleThatSaysNo(said);
  if (no) {
    const { rule, message, silent } = no;
    return obstacle(silent ? "admission-silent" : "admission-denied", about, said, {
      rule,
      message,
    });
  }
  if (/is forbidden|is invalid|not found/.test(said))
    return obstacle("pods-refused", about, said, {
      message: said.replace(/^.*? is (?:forbidden|invalid): ?/s, "").slice(0, 300),
    });
  return obstacle("pods-not-made", about, said);
}
