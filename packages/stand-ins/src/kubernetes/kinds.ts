import { schemaFromOpenapi } from "./custom-resources.ts";
import { metadata, podSpec } from "./pod-schema.ts";
import type { Resource } from "./resources.ts";
import {
  any,
  atomic,
  boolean,
  integer,
  keyed,
  list,
  quantity,
  string,
  strings,
  struct,
  type Schema,
} from "./schema.ts";

const labelSelector = atomic(
  struct({
    matchLabels: strings,
    matchExpressions: list(struct({ key: string, operator: string, values: list(string) })),
  }),
);
const template = struct({ metadata, spec: podSpec });

const jobSpec = struct({
  parallelism: integer,
  completions: integer,
  activeDeadlineSeconds: integer,
  backoffLimit: integer,
  selector: labelSelector,
  manualSelector: boolean,
  template,
  ttlSecondsAfterFinished: integer,
  completionMode: string,
  suspend: boolean,
  podReplacementPolicy: string,
  podFailurePolicy: any,
  successPolicy: any,
  backoffLimitPerIndex: integer,
  maxFailedIndexes: integer,
  managedBy: string,
});

const bodies: Record<string, Record<string, Schema>> = {
  ConfigMap: { data: strings, binaryData: strings, immutable: boolean },
  Secret: { data: strings, stringData: strings, type: string, immutable: boolean },
  ServiceAccount: { secrets: any, imagePullSecrets: any, automountServiceAccountToken: boolean },
  Namespace: { spec: struct({ finalizers: any }), status: any },
  Pod: { spec: podSpec, status: any },
  Service: {
    spec: struct({
      ports: keyed(
        ["port", "protocol"],
        {
          name: string,
          port: integer,
          protocol: string,
          targetPort: quantity,
          nodePort: integer,
          appProtocol: string,
        },
        { protocol: "TCP" },
      ),
      selector: atomic(strings),
      clusterIP: string,
      clusterIPs: any,
      type: string,
      externalIPs: any,
      sessionAffinity: string,
      sessionAffinityConfig: any,
      loadBalancerIP: string,
      loadBalancerSourceRanges: any,
      loadBalancerClass: string,
      allocateLoadBalancerNodePorts: boolean,
      externalName: string,
      externalTrafficPolicy: string,
      internalTrafficPolicy: string,
      trafficDistribution: string,
      healthCheckNodePort: integer,
      publishNotReadyAddresses: boolean,
      ipFamilies: any,
      ipFamilyPolicy: string,
    }),
    status: any,
  },
  Deployment: {
    spec: struct({
      replicas: integer,
      selector: labelSelector,
      template,
      strategy: struct({
        type: string,
        rollingUpdate: struct({ maxUnavailable: quantity, maxSurge: quantity }),
      }),
      minReadySeconds: integer,
      revisionHistoryLimit: integer,
      paused: boolean,
      progressDeadlineSeconds: integer,
    }),
    status: any,
  },
  ReplicaSet: {
    spec: struct({
      replicas: integer,
      minReadySeconds: integer,
      selector: labelSelector,
      template,
    }),
    status: any,
  },
  StatefulSet: {
    spec: struct({
      replicas: integer,
      selector: labelSelector,
      template,
      volumeClaimTemplates: list(any),
      serviceName: string,
      podManagementPolicy: string,
      updateStrategy: struct({
        type: string,
        rollingUpdate: struct({ partition: integer, maxUnavailable: quantity }),
      }),
      revisionHistoryLimit: integer,
      minReadySeconds: integer,
      persistentVolumeClaimRetentionPolicy: struct({ whenDeleted: string, whenScaled: string }),
      ordinals: struct({ start: integer }),
    }),
    status: any,
  },
  DaemonSet: {
    spec: struct({
      selector: labelSelector,
      template,
      updateStrategy: struct({
        type: string,
        rollingUpdate: struct({ maxUnavailable: quantity, maxSurge: quantity }),
      }),
      minReadySeconds: integer,
      revisionHistoryLimit: integer,
    }),
    status: any,
  },
  ControllerRevision: { data: any, revision: integer },
  PersistentVolumeClaim: {
    spec: struct({
      accessModes: any,
      selector: labelSelector,
      resources: struct({
        limits: { type: "map", of: quantity },
        requests: { type: "map", of: quantity },
      }),
      volumeName: string,
      storageClassName: string,
      volumeMode: string,
      dataSource: any,
      dataSourceRef: any,
      volumeAttributesClassName: string,
    }),
    status: any,
  },
  Job: { spec: jobSpec, status: any },
  CronJob: {
    spec: struct({
      schedule: string,
      timeZone: string,
      startingDeadlineSeconds: integer,
      concurrencyPolicy: string,
      suspend: boolean,
      jobTemplate: struct({ metadata, spec: jobSpec }),
      successfulJobsHistoryLimit: integer,
      failedJobsHistoryLimit: integer,
    }),
    status: struct({ active: any, lastScheduleTime: string, lastSuccessfulTime: string }),
  },
  Ingress: {
    spec: struct({
      ingressClassName: string,
      defaultBackend: any,
      tls: list(struct({ hosts: list(string), secretName: string })),
      rules: list(
        struct({
          host: string,
          http: struct({
            paths: list(
              struct({
                path: string,
                pathType: string,
                backend: struct({
                  service: struct({
                    name: string,
                    port: struct({ name: string, number: integer }),
                  }),
                  resource: any,
                }),
              }),
            ),
          }),
        }),
      ),
    }),
    status: any,
  },
};

/** The schema of a resource's objects. Kinds that the stand-in only keeps (events, nodes, policies) have any spec. */
export function schemaOf(resource: Resource): Schema {
  const common = { apiVersion: string, kind: string, metadata };
  if (resource.openapi) return schemaFromOpenapi(resource.openapi, common);
  const body = bodies[resource.kind] ?? wholes[resource.kind];
  if (body) return struct({ ...common, ...body });
  if (resource.kind === "Event")
    return struct({ ...common, ...Object.fromEntries(eventFields.map((name) => [name, any])) });
  return struct({ ...common, spec: any, status: any });
}

/** Kinds that have other fields than `spec`, which are kept as they come. */
const wholes: Record<string, Record<string, Schema>> = {
  Role: { rules: any },
  ClusterRole: { rules: any, aggregationRule: any },
  RoleBinding: { subjects: any, roleRef: any },
  ClusterRoleBinding: { subjects: any, roleRef: any },
  PriorityClass: {
    value: integer,
    globalDefault: boolean,
    description: string,
    preemptionPolicy: string,
  },
  StorageClass: {
    provisioner: string,
    parameters: strings,
    reclaimPolicy: string,
    mountOptions: any,
    allowVolumeExpansion: boolean,
    volumeBindingMode: string,
    allowedTopologies: any,
  },
};

const eventFields = [
  "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "type", "eventTime",
  "series", "action", "related", "reportingComponent", "reportingInstance",
]; // prettier-ignore
