import type { KubeObject, Metadata } from "./object.ts";

export type Condition = {
  type: string;
  status: "True" | "False" | "Unknown";
  lastProbeTime?: string | null;
  lastUpdateTime?: string;
  lastTransitionTime: string;
  reason?: string;
  message?: string;
};

export type LabelSelector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

export type ProbeSpec = {
  httpGet?: {
    path?: string;
    port: number | string;
    httpHeaders?: { name: string; value: string }[];
  };
  tcpSocket?: { port: number | string };
  exec?: { command?: string[] };
  grpc?: { port: number };
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
};

export type KeyReference = { name: string; key: string; optional?: boolean };

export type EnvironmentVariable = {
  name: string;
  value?: string;
  valueFrom?: {
    configMapKeyRef?: KeyReference;
    secretKeyRef?: KeyReference;
    fieldRef?: { fieldPath: string };
  };
};

export type ContainerSpec = {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  env?: EnvironmentVariable[];
  envFrom?: {
    prefix?: string;
    configMapRef?: { name: string; optional?: boolean };
    secretRef?: { name: string; optional?: boolean };
  }[];
  readinessProbe?: ProbeSpec;
  livenessProbe?: ProbeSpec;
  startupProbe?: ProbeSpec;
  imagePullPolicy?: string;
  terminationMessagePolicy?: string;
  /** Of an init container: `Always` makes it a sidecar, which runs as long as the pod. */
  restartPolicy?: string;
  resources?: {
    requests?: Record<string, string | number>;
    limits?: Record<string, string | number>;
  };
};

export type PodSpec = {
  containers: ContainerSpec[];
  initContainers?: ContainerSpec[];
  restartPolicy?: string;
  terminationGracePeriodSeconds?: number;
  nodeName?: string;
  serviceAccountName?: string;
  volumes?: {
    name: string;
    configMap?: { name?: string; optional?: boolean; items?: { key: string }[] };
    secret?: { secretName?: string; optional?: boolean; items?: { key: string }[] };
    persistentVolumeClaim?: { claimName: string };
    [source: string]: unknown;
  }[];
  nodeSelector?: Record<string, string>;
  tolerations?: { key?: string; operator?: string; effect?: string }[];
  hostname?: string;
  subdomain?: string;
};

export type Terminated = {
  exitCode: number;
  signal?: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
  containerID?: string;
};
export type ContainerState = {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: Terminated;
};

export type ContainerStatus = {
  name: string;
  state: ContainerState;
  lastState: ContainerState;
  ready: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  containerID?: string;
  started: boolean;
};

export type PodStatus = {
  phase: "Pending" | "Running" | "Succeeded" | "Failed";
  conditions?: Condition[];
  hostIP?: string;
  podIP?: string;
  startTime?: string;
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  [field: string]: unknown;
};

export type Pod = KubeObject & { spec: PodSpec; status: PodStatus };

export type Template = { metadata?: Partial<Metadata>; spec: PodSpec };

export type ReplicaSet = KubeObject & {
  spec: { replicas: number; minReadySeconds?: number; selector: LabelSelector; template: Template };
  status: {
    replicas: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    terminatingReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
  };
};

export type DeploymentStatus = {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  conditions?: Condition[];
};

export type Deployment = KubeObject & {
  spec: {
    replicas: number;
    selector: LabelSelector;
    template: Template;
    strategy: {
      type: string;
      rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string };
    };
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
  status: DeploymentStatus;
};

export type StatefulSet = KubeObject & {
  spec: {
    replicas: number;
    selector: LabelSelector;
    template: Template;
    serviceName?: string;
    podManagementPolicy: string;
    updateStrategy: { type: string; rollingUpdate?: { partition?: number } };
    volumeClaimTemplates?: {
      metadata: Partial<Metadata> & { name: string };
      spec: PersistentVolumeClaim["spec"];
    }[];
    minReadySeconds?: number;
    ordinals?: { start?: number };
  };
  status: {
    observedGeneration?: number;
    replicas: number;
    readyReplicas?: number;
    currentReplicas?: number;
    updatedReplicas?: number;
    availableReplicas: number;
    currentRevision?: string;
    updateRevision?: string;
    collisionCount?: number;
  };
};

export type DaemonSet = KubeObject & {
  spec: {
    selector: LabelSelector;
    template: Template;
    updateStrategy: {
      type: string;
      rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string };
    };
    minReadySeconds?: number;
  };
  status: {
    currentNumberScheduled: number;
    desiredNumberScheduled: number;
    numberMisscheduled: number;
    numberReady: number;
    numberAvailable?: number;
    numberUnavailable?: number;
    updatedNumberScheduled?: number;
    observedGeneration?: number;
  };
};

export type ControllerRevision = KubeObject & {
  revision: number;
  data: { spec: { template: Template } };
};

export type PersistentVolumeClaim = KubeObject & {
  spec: {
    accessModes?: string[];
    resources?: { requests?: Record<string, string | number> };
    storageClassName?: string;
    volumeName?: string;
    volumeMode?: string;
  };
  status: { phase?: string; capacity?: Record<string, string | number>; accessModes?: string[] };
};

export type PersistentVolume = KubeObject & {
  spec: {
    capacity?: Record<string, string | number>;
    accessModes?: string[];
    storageClassName?: string;
    claimRef?: { namespace: string; name: string; uid?: string };
  };
  status: { phase?: string };
};

export type StorageClass = KubeObject & { provisioner: string; volumeBindingMode?: string };

export type Service = KubeObject & {
  spec: {
    selector?: Record<string, string>;
    type?: string;
    loadBalancerClass?: string;
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
};

export type Backend = { service?: { name: string; port?: { name?: string; number?: number } } };

export type Ingress = KubeObject & {
  spec: {
    defaultBackend?: Backend;
    rules?: {
      host?: string;
      http?: { paths: { path?: string; pathType?: string; backend: Backend }[] };
    }[];
  };
};

export type ConfigMap = KubeObject & { data?: Record<string, string> };
/** Values of `data` are base64. */
export type Secret = KubeObject & { data?: Record<string, string> };

export type Job = KubeObject & {
  spec: {
    parallelism: number;
    completions: number;
    backoffLimit: number;
    selector: LabelSelector;
    template: Template;
    suspend?: boolean;
  };
  status: {
    active?: number;
    ready?: number;
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  };
};

export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

/** Neither finished nor on its way out: what controllers count. */
export const isActive = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status.phase !== "Succeeded" &&
  pod.status.phase !== "Failed";

/** Ready for as long as `minReadySeconds` asks. */
export const isAvailable = (pod: Pod, minReadySeconds: number | undefined, now: Date): boolean => {
  const ready = pod.status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return false;
  return Date.parse(ready.lastTransitionTime) + (minReadySeconds ?? 0) * 1000 <= now.getTime();
};
