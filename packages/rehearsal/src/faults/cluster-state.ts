import type { World } from "../world/world.ts";

/** What people and programs bring to a cluster, and what its controllers make of it. Events only tell how it came about. */
const kinds = [
  "ConfigMap",
  "Secret",
  "Service",
  "Ingress",
  "Deployment",
  "ReplicaSet",
  "Job",
  "CronJob",
  "Pod",
];

type Listed = {
  metadata: {
    name: string;
    generateName?: string;
    namespace?: string;
    labels?: unknown;
    annotations?: unknown;
    generation?: number;
    managedFields?: { manager: string; operation: string; fieldsV1?: unknown }[];
    deletionTimestamp?: string;
  };
  spec?: unknown;
  data?: unknown;
  status?: Record<string, unknown>;
};

/** Reads the objects of a cluster's namespaces. Pods count by the set that made them: their names end by chance. */
export function clusterState(
  world: World,
  cluster: string,
  namespaces: readonly string[],
  put: (place: string, value: unknown) => void,
): void {
  for (const namespace of namespaces) {
    for (const kind of kinds) {
      const objects = world.objectsOf(cluster, kind, namespace) as unknown as Listed[];
      const seen = new Map<string, number>();
      for (const object of objects) {
        const { name, generateName, labels, annotations, generation, managedFields } =
          object.metadata;
        const called = generateName ?? name;
        const number = (seen.get(called) ?? 0) + 1;
        seen.set(called, number);
        put(`${kind} ${namespace}/${called}${generateName ? ` ${number}` : ""}`, {
          labels,
          annotations,
          generation,
          managers: managedFields?.map(({ manager, operation, fieldsV1 }) => ({
            manager,
            operation,
            fieldsV1,
          })),
          deleting: object.metadata.deletionTimestamp !== undefined,
          spec: object.spec,
          data: object.data,
          status: kind === "Pod" ? podStatus(object.status ?? {}) : object.status,
        });
      }
    }
  }
}

type Container = { name: string; ready: boolean; imageID: string };

/** Addresses, ids, times and failed probes are those of the machine. */
function podStatus(status: Record<string, unknown>): unknown {
  const containers = (status["containerStatuses"] ?? []) as Container[];
  return {
    phase: status["phase"],
    containers: containers.map(({ name, ready, imageID }) => ({ name, ready, imageID })),
  };
}
