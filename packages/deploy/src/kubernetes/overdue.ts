import type { Beside } from "./besides.ts";
import { obstacleIn } from "./besides.ts";
import type { Ended } from "./cause.ts";
import { isJob } from "./kinds.ts";
import { listAt, textAt, type KubeObject } from "./object.ts";
import { obstacle as obstacleFor } from "./obstacle.ts";
import { newPods, type Observation } from "./observation.ts";
import { troublesOf } from "./troubles.ts";
import { isReady, progressOf } from "./workload.ts";

/** What the deadline found: the worst trouble of all, else a pod that is not ready, else the workload or another object itself. */
export function overdue(
  seen: Observation,
  open: readonly KubeObject[],
  besides: readonly Beside[],
  rules: Parameters<typeof troublesOf>[2],
): Ended {
  const troubled = open.flatMap((workload) => troublesOf(seen, workload, rules).slice(0, 1));
  const worst = troubled[0];
  if (worst) return { ...worst, wanted: progressOf(worst.workload).required, waited: true };
  const workload = open[0];
  if (!workload) return overdueBeside(besides);
  const late = newPods(seen, workload).filter((pod) => !isReady(pod));
  const whose = late[0] ?? workload;
  const { name, namespace = "" } = whose.metadata;
  const progress = progressOf(workload);
  const said = listAt(workload, "status", "conditions")
    .filter((condition) => condition["type"] === "Progressing")
    .map((condition) => textAt(condition, "message"))
    .join(" ");
  return {
    workload,
    pods: late.length,
    wanted: progress.required,
    obstacle: obstacleFor(
      "too-slow",
      { kind: late[0] ? "Pod" : workload.kind, name, namespace },
      said,
      {
        late: late[0]
          ? "they did not start in time"
          : isJob(workload)
            ? `only ${progress.ready} of ${progress.required} pods succeeded in time`
            : `only ${progress.updated} of ${progress.required} pods were renewed in time`,
      },
    ),
  };
}

function overdueBeside(besides: readonly Beside[]): Ended {
  for (const beside of besides) {
    const obstacle = obstacleIn(beside);
    if (obstacle) return { workload: beside.object, obstacle, pods: 0, wanted: 0, waited: true };
  }
  throw new Error("nothing was open at the deadline");
}
