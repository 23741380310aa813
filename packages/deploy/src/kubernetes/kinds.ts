/** How a kind is reached: plural name, and whether its objects live in a namespace. */
export type Resource = { group: string; version: string; plural: string; namespaced: boolean };

const namespaced: Record<string, string[]> = {
  "": [
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Service",
    "Endpoints",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicationController",
    "LimitRange",
    "ResourceQuota",
  ],
  apps: ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  batch: ["Job", "CronJob"],
  "networking.k8s.io": ["Ingress", "NetworkPolicy"],
  policy: ["PodDisruptionBudget"],
  autoscaling: ["HorizontalPodAutoscaler"],
  "rbac.authorization.k8s.io": ["Role", "RoleBinding"],
};

const clusterWide: Record<string, string[]> = {
  "": ["Namespace", "PersistentVolume"],
  "rbac.authorization.k8s.io": ["ClusterRole", "ClusterRoleBinding"],
  "apiextensions.k8s.io": ["CustomResourceDefinition"],
  "storage.k8s.io": ["StorageClass"],
  "scheduling.k8s.io": ["PriorityClass"],
  "networking.k8s.io": ["IngressClass"],
  "admissionregistration.k8s.io": [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
  ],
};

const irregular: Record<string, string> = {
  Endpoints: "endpoints",
  Ingress: "ingresses",
  NetworkPolicy: "networkpolicies",
  StorageClass: "storageclasses",
  PriorityClass: "priorityclasses",
  IngressClass: "ingressclasses",
};

/** Splits `apps/v1`; the core group has no name. */
export function groupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** How a well-known kind is reached, or undefined: then the cluster has to be asked. */
export function knownResource(apiVersion: string, kind: string): Resource | undefined {
  const { group, version } = groupVersion(apiVersion);
  const plural = irregular[kind] ?? `${kind.toLowerCase()}s`;
  if (namespaced[group]?.includes(kind)) return { group, version, plural, namespaced: true };
  if (clusterWide[group]?.includes(kind)) return { group, version, plural, namespaced: false };
  return undefined;
}

/** The path of an object, of all objects of a kind in a namespace, or of all in the cluster. */
export function resourcePath(
  resource: Resource,
  where: { namespace?: string; name?: string },
): string {
  const base = groupPath(resource.group, resource.version);
  const inside =
    resource.namespaced && where.namespace
      ? `/namespaces/${encodeURIComponent(where.namespace)}`
      : "";
  const name = where.name ? `/${encodeURIComponent(where.name)}` : "";
  return `${base}${inside}/${resource.plural}${name}`;
}

/** Where the cluster lists the kinds of a group. */
export function groupPath(group: string, version: string): string {
  const at = encodeURIComponent(version);
  return group === "" ? `/api/${at}` : `/apis/${encodeURIComponent(group)}/${at}`;
}

/** Kinds whose pods go on running: what an environment runs is what these run. */
export const waitedKinds = ["Deployment", "StatefulSet", "DaemonSet"] as const;
export type WaitedKind = (typeof waitedKinds)[number];

/** True for a workload whose pods go on running. */
export function isWaited(object: { apiVersion: string; kind: string }): boolean {
  return (
    object.apiVersion === "apps/v1" && (waitedKinds as readonly string[]).includes(object.kind)
  );
}

export function isJob(object: { apiVersion: string; kind: string }): boolean {
  return object.apiVersion.startsWith("batch/") && object.kind === "Job";
}

/** Place in the order of applying: what others need comes first, what speaks about others last. */
export function rankOf(kind: string): number {
  const rank = order.findIndex((kinds) => kinds.includes(kind));
  return rank < 0 ? order.findIndex((kinds) => kinds.length === 0) : rank;
}

const order: readonly (readonly string[])[] = [
  ["Namespace"],
  ["ResourceQuota", "LimitRange", "PriorityClass", "StorageClass", "IngressClass"],
  ["ServiceAccount"],
  ["Role", "ClusterRole"],
  ["RoleBinding", "ClusterRoleBinding"],
  ["ConfigMap", "Secret", "NetworkPolicy"],
  ["PersistentVolume", "PersistentVolumeClaim"],
  ["CustomResourceDefinition"],
  // Kinds that a definition made, and all that this list does not know.
  [],
  ["Service", "Endpoints"],
  ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"],
  ["Job", "CronJob"],
  ["Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"],
  // A webhook whose pods are not up yet would refuse everything that comes after it.
  ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"],
];
