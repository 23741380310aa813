import { listAt, numberAt, textAt, type KubeObject } from "./object.ts";
import { obstacle, type Obstacle } from "./obstacle.ts";

/** Why a Job failed for good: its last pod's container where there is one to be asked, else its condition. */
export function jobObstacle(job: KubeObject, pods: readonly KubeObject[]): Obstacle | undefined {
  const failure = listAt(job, "status", "conditions").find(
    (condition) => condition["type"] === "Failed" && condition["status"] === "True",
  );
  if (failure === undefined) return undefined;
  const { name, namespace = "" } = job.metadata;
  const said = [textAt(failure, "reason"), textAt(failure, "message")].filter(Boolean).join(": ");
  const found = pods.flatMap(endedContainers).at(-1);
  if (!found) return obstacle("job-failed", { kind: "Job", name, namespace }, said);
  const { pod, container, exitCode } = found;
  return obstacle(
    "job-container-failed",
    { kind: "Pod", name: pod, namespace, container },
    said,
    { exit: String(exitCode) },
    { exitCode, log: "current" },
  );
}

function endedContainers(pod: KubeObject): { pod: string; container: string; exitCode: number }[] {
  const statuses = [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ];
  return statuses.flatMap((status) => {
    const state = status["state"];
    const last = status["lastState"];
    const exitCode =
      numberAt(state, "terminated", "exitCode") ?? numberAt(last, "terminated", "exitCode") ?? 0;
    return exitCode === 0
      ? []
      : [{ pod: pod.metadata.name, container: textAt(status, "name"), exitCode }];
  });
}
