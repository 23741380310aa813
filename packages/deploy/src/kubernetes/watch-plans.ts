import { keyOf } from "./besides.ts";
import { knownResource, resourcePath, type Resource } from "./kinds.ts";
import { mappingAt, nameOf, type KubeObject } from "./object.ts";
import {
  forgetPod,
  seeOther,
  seePod,
  seeWarning,
  seeWorkload,
  type Observation,
} from "./observation.ts";
import type { WatchOptions } from "./watch.ts";

export type WatchPlan = Pick<WatchOptions, "path" | "query" | "changed" | "deleted" | "restarted">;

/** One watch for each kind and namespace, and one for the pods; narrowed where there is only one workload. */
export function watchPlans(seen: Observation): WatchPlan[] {
  const workloads = [...seen.workloads.values()];
  const groups = Map.groupBy(
    workloads,
    (workload) => `${workload.kind} ${workload.metadata.namespace}`,
  );
  const namespaces = Map.groupBy(workloads, (workload) => workload.metadata.namespace ?? "");
  return [
    ...[...groups.values()].map((group) => workloadWatch(seen, group)),
    ...[...namespaces].map(([namespace, group]) => podWatch(seen, namespace, group)),
  ];
}

/** One watch for each kind and namespace of what has to come beside the workloads. */
export function otherWatches(
  seen: Observation,
  open: readonly { object: KubeObject; resource: Resource }[],
): WatchPlan[] {
  const groups = Map.groupBy(
    open,
    ({ object }) => `${object.apiVersion} ${object.kind} ${object.metadata.namespace}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { apiVersion, kind, metadata } = first.object;
    const named = (object: KubeObject): KubeObject => ({ ...object, apiVersion, kind });
    return {
      path: resourcePath(
        first.resource,
        metadata.namespace === undefined ? {} : { namespace: metadata.namespace },
      ),
      query: group.length === 1 ? { fieldSelector: `metadata.name=${metadata.name}` } : {},
      changed: (object) => seeOther(seen, named(object)),
      deleted: (object) => seen.deleted.add(keyOf(named(object))),
      restarted: () => undefined,
    };
  });
}

function workloadWatch(seen: Observation, group: readonly KubeObject[]): WatchPlan {
  const first = group[0];
  const resource = first && knownResource(first.apiVersion, first.kind);
  if (!resource) throw new Error("a waited kind is not in the table");
  return {
    path: resourcePath(resource, { namespace: first.metadata.namespace ?? "" }),
    query: group.length === 1 ? { fieldSelector: `metadata.name=${first.metadata.name}` } : {},
    // Objects in a list or a watch do not always name their kind.
    changed: (object) =>
      seeWorkload(seen, { ...object, apiVersion: first.apiVersion, kind: first.kind }),
    deleted: (object) => seen.deleted.add(nameOf({ ...object, kind: first.kind })),
    restarted: () => undefined,
  };
}

function podWatch(seen: Observation, namespace: string, group: readonly KubeObject[]): WatchPlan {
  const labels = group.length === 1 ? mappingAt(group[0], "spec", "selector", "matchLabels") : {};
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    query: selector.length > 0 ? { labelSelector: selector.join(",") } : {},
    changed: (pod) => seePod(seen, pod),
    deleted: (pod) => forgetPod(seen, pod),
    restarted: () => {
      for (const pod of seen.pods.values())
        if (pod.metadata.namespace === namespace) forgetPod(seen, pod);
    },
  };
}

/** The warnings of a namespace: they tell of pods that do not say themselves for what they wait. */
export function warningsWatch(seen: Observation, namespace: string): WatchPlan {
  return {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
    query: { fieldSelector: "type=Warning" },
    changed: (event) => seeWarning(seen, event),
    deleted: () => undefined,
    // What was warned of stays true.
    restarted: () => undefined,
  };
}
