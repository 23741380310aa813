import { at, isFields, type KubeObject } from "./object.ts";
import type { Pod } from "./workloads.ts";

type Column = { name: string; cell(object: KubeObject, now: Date): string | number };

const name: Column = { name: "Name", cell: ({ metadata }) => metadata.name };
const age: Column = {
  name: "Age",
  cell: ({ metadata }, now) => duration(now.getTime() - Date.parse(metadata.creationTimestamp)),
};
const field = (title: string, ...path: (string | number)[]): Column => ({
  name: title,
  cell: (object) => String(at(object, ...path) ?? "<none>"),
});
const number = (title: string, ...path: string[]): Column => ({
  name: title,
  cell: (object) => Number(at(object, ...path) ?? 0),
});

const columns: Record<string, Column[]> = {
  Deployment: [
    {
      name: "Ready",
      cell: (object) =>
        `${String(at(object, "status", "readyReplicas") ?? 0)}/${String(at(object, "spec", "replicas") ?? 0)}`,
    },
    number("Up-to-date", "status", "updatedReplicas"),
    number("Available", "status", "availableReplicas"),
  ],
  ReplicaSet: [
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
  ],
  Pod: [
    {
      name: "Ready",
      cell: (pod) =>
        `${statuses(pod).filter(({ ready }) => ready).length}/${(pod as Pod).spec.containers.length}`,
    },
    { name: "Status", cell: podStatus },
    {
      name: "Restarts",
      cell: (pod) => statuses(pod).reduce((total, { restartCount }) => total + restartCount, 0),
    },
  ],
  Service: [
    field("Type", "spec", "type"),
    field("Cluster-IP", "spec", "clusterIP"),
    { name: "Port(s)", cell: servicePorts },
  ],
  Ingress: [
    {
      name: "Hosts",
      cell: (object) =>
        list(at(object, "spec", "rules"))
          .map((rule) => String(rule["host"] ?? "*"))
          .join(","),
    },
  ],
  Event: [
    field("Type", "type"),
    field("Reason", "reason"),
    {
      name: "Object",
      cell: (event) =>
        `${String(at(event, "involvedObject", "kind")).toLowerCase()}/${String(at(event, "involvedObject", "name"))}`,
    },
    field("Message", "message"),
  ],
  CronJob: [
    field("Schedule", "spec", "schedule"),
    field("Timezone", "spec", "timeZone"),
    field("Suspend", "spec", "suspend"),
    field("Last Schedule", "status", "lastScheduleTime"),
  ],
  Namespace: [field("Status", "status", "phase")],
  Secret: [
    field("Type", "type"),
    {
      name: "Data",
      cell: (secret) => Object.keys((secret["data"] as object | undefined) ?? {}).length,
    },
  ],
  ConfigMap: [
    { name: "Data", cell: (map) => Object.keys((map["data"] as object | undefined) ?? {}).length },
  ],
};

/** An object or a list as the Table that kubectl prints. */
export function tableOf(answer: object, kind: string, now: Date): object {
  const isList = "items" in answer && Array.isArray(answer.items);
  const items = (isList ? answer.items : [answer]) as KubeObject[];
  const shown = [name, ...(columns[kind] ?? []), age];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: isList
      ? at(answer, "metadata")
      : { resourceVersion: at(answer, "metadata", "resourceVersion") },
    columnDefinitions: shown.map((column) => ({
      name: column.name,
      type: "string",
      format: column.name === "Name" ? "name" : "",
      description: "",
      priority: 0,
    })),
    rows: items.map((item) => ({
      cells: shown.map((column) => column.cell(item, now)),
      object: {
        kind: "PartialObjectMetadata",
        apiVersion: "meta.k8s.io/v1",
        metadata: item.metadata,
      },
    })),
  };
}

const statuses = (pod: KubeObject): NonNullable<Pod["status"]["containerStatuses"]> =>
  (pod as Pod).status.containerStatuses ?? [];
const list = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

function podStatus(object: KubeObject): string {
  const pod = object as Pod;
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  const reasons = statuses(pod).map(
    ({ state }) => state.waiting?.reason ?? state.terminated?.reason,
  );
  return reasons.find((reason) => reason !== undefined) ?? pod.status.phase;
}

function servicePorts(service: KubeObject): string {
  return list(at(service, "spec", "ports"))
    .map(({ port, protocol }) => `${String(port)}/${String(protocol)}`)
    .join(",");
}

function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
