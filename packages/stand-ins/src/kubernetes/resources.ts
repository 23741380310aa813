import { at, type Fields, type KubeObject } from "./object.ts";

/** One row of the API: what discovery lists, what the routes accept. */
export type Resource = {
  group: string;
  version: string;
  name: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  subresources: ("status" | "scale" | "log" | "proxy")[];
  /** Whether the kind counts its spec's changes in metadata.generation. */
  generation: boolean;
  /** Field selectors beyond metadata.name and metadata.namespace. */
  selectable: string[];
  /** Of a kind that a CustomResourceDefinition made: its `openAPIV3Schema`. */
  openapi?: Fields;
};

const row = (
  group: string,
  version: string,
  name: string,
  kind: string,
  more: Partial<Resource> = {},
): Resource => ({
  group,
  version,
  name,
  kind,
  singular: kind.toLowerCase(),
  namespaced: true,
  shortNames: [],
  categories: [],
  subresources: [],
  generation: false,
  selectable: [],
  ...more,
});

const all = ["all"];

export const resources: readonly Resource[] = [
  row("", "v1", "configmaps", "ConfigMap", { shortNames: ["cm"] }),
  row("", "v1", "events", "Event", {
    shortNames: ["ev"],
    selectable: [
      "involvedObject.kind",
      "involvedObject.namespace",
      "involvedObject.name",
      "involvedObject.uid",
      "reason",
      "type",
    ],
  }),
  row("", "v1", "namespaces", "Namespace", {
    namespaced: false,
    shortNames: ["ns"],
    subresources: ["status"],
    selectable: ["status.phase"],
  }),
  row("", "v1", "nodes", "Node", {
    namespaced: false,
    shortNames: ["no"],
    subresources: ["status"],
  }),
  row("", "v1", "pods", "Pod", {
    shortNames: ["po"],
    categories: all,
    subresources: ["status", "log", "proxy"],
    generation: true,
    selectable: [
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.serviceAccountName",
      "status.phase",
      "status.podIP",
    ],
  }),
  row("", "v1", "limitranges", "LimitRange", { shortNames: ["limits"] }),
  row("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", {
    shortNames: ["pvc"],
    subresources: ["status"],
  }),
  row("", "v1", "persistentvolumes", "PersistentVolume", {
    namespaced: false,
    shortNames: ["pv"],
    subresources: ["status"],
  }),
  row("", "v1", "resourcequotas", "ResourceQuota", {
    shortNames: ["quota"],
    subresources: ["status"],
  }),
  row("", "v1", "secrets", "Secret", { selectable: ["type"] }),
  row("", "v1", "serviceaccounts", "ServiceAccount", { shortNames: ["sa"] }),
  row("", "v1", "services", "Service", {
    shortNames: ["svc"],
    categories: all,
    subresources: ["status", "proxy"],
    selectable: ["spec.clusterIP", "spec.type"],
  }),
  row("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", {
    namespaced: false,
    shortNames: ["crd", "crds"],
    subresources: ["status"],
    generation: true,
  }),
  row("apps", "v1", "controllerrevisions", "ControllerRevision"),
  row("apps", "v1", "daemonsets", "DaemonSet", {
    shortNames: ["ds"],
    categories: all,
    subresources: ["status"],
    generation: true,
  }),
  row("apps", "v1", "deployments", "Deployment", {
    shortNames: ["deploy"],
    categories: all,
    subresources: ["scale", "status"],
    generation: true,
  }),
  row("apps", "v1", "replicasets", "ReplicaSet", {
    shortNames: ["rs"],
    categories: all,
    subresources: ["scale", "status"],
    generation: true,
  }),
  row("apps", "v1", "statefulsets", "StatefulSet", {
    shortNames: ["sts"],
    categories: all,
    subresources: ["scale", "status"],
    generation: true,
  }),
  row("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", {
    shortNames: ["hpa"],
    categories: all,
    subresources: ["status"],
  }),
  row("batch", "v1", "jobs", "Job", {
    categories: all,
    subresources: ["status"],
    generation: true,
    selectable: ["status.successful"],
  }),
  row("batch", "v1", "cronjobs", "CronJob", {
    shortNames: ["cj"],
    categories: all,
    subresources: ["status"],
    generation: true,
  }),
  row("networking.k8s.io", "v1", "ingresses", "Ingress", {
    shortNames: ["ing"],
    subresources: ["status"],
    generation: true,
  }),
  row("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", {
    shortNames: ["netpol"],
    generation: true,
  }),
  row("networking.k8s.io", "v1", "ingressclasses", "IngressClass", { namespaced: false }),
  row("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", {
    shortNames: ["pdb"],
    subresources: ["status"],
    generation: true,
  }),
  row("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", {
    namespaced: false,
  }),
  row("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", { namespaced: false }),
  row("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
  row("rbac.authorization.k8s.io", "v1", "roles", "Role"),
  row("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", {
    namespaced: false,
    shortNames: ["pc"],
  }),
  row("storage.k8s.io", "v1", "storageclasses", "StorageClass", {
    namespaced: false,
    shortNames: ["sc"],
  }),
];

export const resourceOfKind = (kind: string): Resource => {
  const found = resources.find((resource) => resource.kind === kind);
  if (!found) throw new Error(`the stand-in does not know the kind ${kind}`);
  return found;
};

export const groupVersion = (resource: Resource): string =>
  resource.group ? `${resource.group}/${resource.version}` : resource.version;

/** `deployments.apps`, `pods`: the name that messages use. */
export const qualified = (resource: Resource): string =>
  resource.group ? `${resource.name}.${resource.group}` : resource.name;

/** The value that a field selector compares; absent fields are empty. */
export const selectableValue = (object: KubeObject, field: string): string =>
  String(at(object, ...field.split(".")) ?? "");
