import { randomUUID } from "node:crypto";
import { applySchemaDefaults } from "./custom-resources.ts";
import { isFields, type Fields } from "./object.ts";
import type { Resource } from "./resources.ts";

/** Fills in what the API server fills in, in a copy that the caller owns. Spec and lists that are absent stay absent: validation speaks of them. */
export function applyDefaults(
  resource: Resource,
  object: Fields,
  addresses: { clusterIP(): string },
): void {
  if (resource.openapi) {
    applySchemaDefaults(object, resource.openapi);
    return;
  }
  const spec = isFields(object["spec"]) ? object["spec"] : undefined;
  if (resource.kind === "Secret") defaultSecret(object);
  else if (resource.kind === "Namespace") defaultNamespace(object);
  else if (resource.kind === "StorageClass")
    fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
  const emptyStatus = emptyStatuses[resource.kind];
  if (emptyStatus) fill(object, { status: { ...emptyStatus } });
  if (!spec) return;
  if (resource.kind === "Deployment") defaultDeployment(spec);
  else if (resource.kind === "ReplicaSet") fill(spec, { replicas: 1 });
  else if (resource.kind === "StatefulSet") defaultStatefulSet(spec);
  else if (resource.kind === "DaemonSet") defaultDaemonSet(spec);
  else if (resource.kind === "PersistentVolumeClaim") fill(spec, { volumeMode: "Filesystem" });
  else if (resource.kind === "CustomResourceDefinition") defaultDefinition(spec);
  else if (resource.kind === "Job") defaultJob(object, spec);
  else if (resource.kind === "CronJob") defaultCronJob(spec);
  else if (resource.kind === "Pod") defaultPod(spec);
  else if (resource.kind === "Service") defaultService(spec, addresses);
  if (isFields(spec["template"])) defaultTemplate(spec["template"]);
}

const emptyStatuses: Record<string, Fields> = {
  Deployment: {},
  ReplicaSet: { replicas: 0 },
  StatefulSet: { replicas: 0, availableReplicas: 0 },
  DaemonSet: {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  },
  PersistentVolumeClaim: { phase: "Pending" },
  PersistentVolume: { phase: "Available" },
  CustomResourceDefinition: {
    conditions: null,
    acceptedNames: { plural: "", kind: "" },
    storedVersions: null,
  },
  PodDisruptionBudget: {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  },
  HorizontalPodAutoscaler: { desiredReplicas: 0, currentMetrics: null },
  Job: {},
  CronJob: {},
  Pod: { phase: "Pending", qosClass: "BestEffort" },
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
  Namespace: { phase: "Active" },
};

function fill(target: Fields, values: Fields): void {
  for (const [name, value] of Object.entries(values)) target[name] ??= value;
}

const items = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const inside = (value: Fields, name: string): Fields =>
  isFields(value[name]) ? value[name] : ((value[name] = {}) as Fields);

function defaultDeployment(spec: Fields): void {
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = inside(spec, "strategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate")
    fill(inside(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
}

function defaultStatefulSet(spec: Fields): void {
  fill(spec, { replicas: 1, podManagementPolicy: "OrderedReady", revisionHistoryLimit: 10 });
  const strategy = inside(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate")
    fill(inside(strategy, "rollingUpdate"), { partition: 0 });
  fill(inside(spec, "persistentVolumeClaimRetentionPolicy"), {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  });
  for (const claim of items(spec["volumeClaimTemplates"])) {
    fill(claim, { kind: "PersistentVolumeClaim", apiVersion: "v1", status: { phase: "Pending" } });
    fill(inside(claim, "spec"), { volumeMode: "Filesystem" });
  }
}

function defaultDaemonSet(spec: Fields): void {
  fill(spec, { revisionHistoryLimit: 10 });
  const strategy = inside(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate")
    fill(inside(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
}

function defaultDefinition(spec: Fields): void {
  const names = inside(spec, "names");
  fill(names, {
    singular: String(names["kind"] ?? "").toLowerCase(),
    listKind: `${String(names["kind"] ?? "")}List`,
  });
  fill(spec, { conversion: { strategy: "None" } });
}

function defaultTemplate(template: Fields): void {
  inside(template, "metadata");
  if (isFields(template["spec"])) defaultPodSpec(template["spec"]);
}

function defaultPod(spec: Fields): void {
  defaultPodSpec(spec);
  fill(spec, { serviceAccountName: "default" });
  fill(spec, {
    serviceAccount: spec["serviceAccountName"],
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: "PreemptLowerPriority",
  });
}

function defaultPodSpec(spec: Fields): void {
  for (const container of [...items(spec["containers"]), ...items(spec["initContainers"])])
    defaultContainer(container);
  for (const volume of items(spec["volumes"])) {
    if (isFields(volume["configMap"])) fill(volume["configMap"], { defaultMode: 420 });
    if (isFields(volume["secret"])) fill(volume["secret"], { defaultMode: 420 });
  }
  fill(spec, {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
  });
  if (typeof spec["serviceAccountName"] === "string")
    fill(spec, { serviceAccount: spec["serviceAccountName"] });
}

function defaultContainer(container: Fields): void {
  const image = String(container["image"] ?? "");
  const moving = !image.includes("@") && (!/:[^/]+$/.test(image) || image.endsWith(":latest"));
  fill(container, {
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: moving ? "Always" : "IfNotPresent",
  });
  for (const port of items(container["ports"])) fill(port, { protocol: "TCP" });
  for (const variable of items(container["env"])) {
    const from = variable["valueFrom"];
    if (isFields(from) && isFields(from["fieldRef"])) fill(from["fieldRef"], { apiVersion: "v1" });
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[name];
    if (!isFields(probe)) continue;
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    if (isFields(probe["httpGet"])) fill(probe["httpGet"], { path: "/", scheme: "HTTP" });
  }
}

function defaultService(spec: Fields, addresses: { clusterIP(): string }): void {
  fill(spec, { type: "ClusterIP", sessionAffinity: "None" });
  for (const port of items(spec["ports"])) {
    fill(port, { protocol: "TCP" });
    fill(port, { targetPort: port["port"] });
  }
  if (spec["type"] === "ExternalName") return;
  if (!spec["clusterIP"]) spec["clusterIP"] = addresses.clusterIP();
  fill(spec, {
    clusterIPs: [spec["clusterIP"]],
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
    internalTrafficPolicy: "Cluster",
  });
}

/** `stringData` is for writing only: it is kept as base64 in `data`. */
function defaultSecret(secret: Fields): void {
  fill(secret, { type: "Opaque" });
  if (!isFields(secret["stringData"])) return;
  const encoded = Object.entries(secret["stringData"]).map(([name, value]) => [
    name,
    Buffer.from(String(value)).toString("base64"),
  ]);
  secret["data"] = {
    ...(isFields(secret["data"]) ? secret["data"] : {}),
    ...Object.fromEntries(encoded),
  };
  delete secret["stringData"];
}

function defaultNamespace(namespace: Fields): void {
  const metadata = inside(namespace, "metadata");
  inside(metadata, "labels")["kubernetes.io/metadata.name"] = metadata["name"];
  fill(inside(namespace, "spec"), { finalizers: ["kubernetes"] });
}

function defaultJob(job: Fields, spec: Fields): void {
  fill(spec, {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: "NonIndexed",
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: "TerminatingOrFailed",
  });
  if (spec["selector"] || !isFields(spec["template"])) return;
  const metadata = inside(job, "metadata");
  metadata["uid"] ??= randomUUID();
  const labels = {
    "batch.kubernetes.io/controller-uid": metadata["uid"],
    "batch.kubernetes.io/job-name": metadata["name"],
  };
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": metadata["uid"] } };
  Object.assign(inside(inside(spec["template"], "metadata"), "labels"), labels);
}

function defaultCronJob(spec: Fields): void {
  fill(spec, {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  const template = inside(spec, "jobTemplate");
  inside(template, "metadata");
  const job = isFields(template["spec"]) ? template["spec"] : undefined;
  if (job && isFields(job["template"])) defaultTemplate(job["template"]);
}
