import type { Cluster } from "./cluster.ts";
import { readLog, readWarnings } from "./diagnosis.ts";
import { isJob } from "./kinds.ts";
import { nameOf, type KubeObject } from "./object.ts";
import { evidenceKey, newPods, type Observation } from "./observation.ts";
import { type Trouble } from "./troubles.ts";
import { isReady, progressOf } from "./workload.ts";

/** Reads the log of a container whose crash may or may not heal; true when there was one to read. */
export async function lookInto(
  cluster: Cluster,
  seen: Observation,
  troubles: readonly Trouble[],
): Promise<boolean> {
  const found = troubles.find(({ obstacle }) => obstacle.unsure);
  if (!found) return false;
  const { workload, obstacle } = found;
  const log = await readLog(cluster, obstacle, obstacle.log ?? "current");
  const uid = [...seen.pods.values()].find(
    ({ metadata }) => metadata.name === obstacle.name && metadata.namespace === obstacle.namespace,
  )?.metadata.uid;
  // Who was killed may have been killed for a probe, of which only a warning tells.
  const warnings =
    seen.warnings.get(uid ?? "") ??
    ((obstacle.exitCode ?? 0) >= 128 && obstacle.exitCode !== 255
      ? await readWarnings(cluster, obstacle, uid)
      : []);
  seen.evidence.set(evidenceKey(workload, obstacle.container ?? ""), {
    log,
    warnings,
    ...(obstacle.run === undefined ? {} : { run: obstacle.run }),
  });
  return true;
}

/** Returns the function that names, once each, the namespaces in which something waits and does not say for what. */
export function silentNamespaces(
  seen: Observation,
  quiet: number,
): (now: number, late: readonly KubeObject[], troubles: readonly Trouble[]) => string[] {
  const listening = new Set<string>();
  const since = new Map<string, number>();
  let known = "";
  return (now, late, troubles) => {
    const looks = late.map((workload) => {
      const pods = newPods(seen, workload);
      return { workload, pods: pods.length, ready: pods.filter(isReady).length };
    });
    // While pods come and get ready, all is well.
    const state = looks.map(({ pods, ready }) => `${pods}:${ready}`).join(" ");
    if (state !== known) since.clear();
    known = state;
    return looks.flatMap(({ workload, pods, ready }) => {
      const name = nameOf(workload);
      const namespace = workload.metadata.namespace ?? "";
      const short = pods < progressOf(workload).required;
      const speaks = troubles.some((trouble) => trouble.workload === workload);
      if (speaks || (pods === ready && !short)) {
        since.delete(name);
        return [];
      }
      const begun = since.get(name) ?? now;
      since.set(name, begun);
      if (now - begun < quiet || listening.has(namespace)) return [];
      listening.add(namespace);
      return [namespace];
    });
  };
}

/** A container that is only not ready yet is spoken of when it has been so for a while, in milliseconds. */
const unreadyFor = 2_000;

/** Tells each workload's count of ready new pods when it changes, and each trouble that may heal when it is first seen. */
export function teller(
  seen: Observation,
  deadline: number,
  progress: ((line: string) => void) | undefined,
): (now: number, troubles: readonly Trouble[]) => void {
  const told = new Map<string, string>();
  const since = new Map<string, number>();
  return (now, troubles) => {
    for (const [name, workload] of seen.workloads) {
      const { required, ready: succeeded } = progressOf(workload);
      const ready = newPods(seen, workload).filter(isReady).length;
      const line = isJob(workload)
        ? `${name}: ${succeeded} of ${required} pods succeeded`
        : `${name}: ${ready} of ${required} new pods ready`;
      if (told.get(name) === line) continue;
      told.set(name, line);
      progress?.(line);
    }
    for (const { workload, obstacle, final } of troubles) {
      const key = [nameOf(workload), obstacle.reason, obstacle.container ?? ""].join(" ");
      const first = since.get(key) ?? now;
      since.set(key, first);
      const early = obstacle.reason === "not-ready" && now - first < unreadyFor;
      if (told.has(key) || early || final || !obstacle.mayHeal) continue;
      told.set(key, "");
      const left = Math.max(0, Math.round((deadline - now) / 1000));
      progress?.(
        `${nameOf(workload)}: ${obstacle.because} (${obstacle.code}). This may heal: it is waited for, ${left} s are left.`,
      );
    }
  };
}
