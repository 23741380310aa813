import type { ReasonName } from "@release-actions/codes";
import { imageOf, workload, type ReasonCluster, type Shape } from "./cluster.ts";

/** One cause of a failed deployment: how it is produced, and what people have to be told. */
export type Case = {
  /** The line of the table of reasons. */
  reason: ReasonName;
  code: string;
  /** Of the image's name, `fault-<name>`; without it a good build is deployed. */
  fault?: string;
  shape?: Shape;
  /** Further manifests, and what is done to the cluster before. */
  more?: Record<string, unknown>;
  before?(cluster: ReasonCluster): Promise<void>;
  who?: "reader" | "expired";
  /** In the cluster's own sentence. */
  said: RegExp;
  /** In the plain words. */
  plain: RegExp;
  /** In what is to be typed. */
  command: RegExp;
  /** It may heal, so it is waited for; every other ends a wait of an hour at once. */
  waits?: true;
  /** Lines of the container's log that have to be shown. */
  log?: string;
  /** Nothing was taken by the cluster. */
  untouched?: true;
  /** Only a real kubelet's nodes, or the stand-in's, can do it: kwok runs no containers and mounts no volumes. */
  needsNodes?: true;
};

const secretKey = (name: string, key: string) => ({ secretKeyRef: { name, key } });
const env = (valueFrom: unknown): Shape => ({ container: { env: [{ name: "URL", valueFrom }] } });
const object = (kind: string, name: string, rest: Record<string, unknown> = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...rest,
});
const mounted = (volume: Record<string, unknown>): Shape => ({
  pod: { volumes: [{ name: "given", ...volume }] },
  container: { volumeMounts: [{ name: "given", mountPath: "/given" }] },
});
const asks = (resources: Record<string, unknown>): Shape => ({ container: { resources } });
const probed = (path: string) => ({ httpGet: { path, port: 8080 }, periodSeconds: 1 });

const quota =
  (pods: string) =>
  async ({ ask, namespace }: ReasonCluster): Promise<void> => {
    const made = object("ResourceQuota", "small", { spec: { hard: { pods } } });
    await ask("POST", `/api/v1/namespaces/${namespace}/resourcequotas`, made);
  };

export const cases: readonly Case[] = [
  {
    reason: "image-not-found",
    code: "RA3101",
    fault: "not-found",
    said: /not found/,
    plain: /registry\.example\.org\/catalogue\/fault-not-found@sha256:\w+ is not in the registry/,
    command:
      /^docker buildx imagetools inspect registry\.example\.org\/catalogue\/fault-not-found@/,
  },
  {
    reason: "image-not-present",
    code: "RA3101",
    fault: "not-found",
    shape: { container: { imagePullPolicy: "Never" } },
    said: /not present with pull policy of Never/,
    plain: /imagePullPolicy forbids to pull it/,
    command: /^kubectl -n \S+ describe pod web-/,
    needsNodes: true,
  },
  {
    reason: "pull-unauthorised",
    code: "RA3102",
    fault: "unauthorized",
    said: /401 Unauthorized/,
    plain: /the registry does not let the cluster pull/,
    command: /create secret docker-registry registry-login --docker-server=registry\.example\.org /,
  },
  {
    reason: "pull-rate-limit",
    code: "RA3103",
    fault: "rate-limit",
    said: /toomanyrequests/,
    plain: /the registry limits the pulls of/,
    command: /get events --field-selector involvedObject\.name=web-/,
    waits: true,
  },
  {
    reason: "pull-failed",
    code: "RA3104",
    fault: "unreachable",
    said: /i\/o timeout/,
    plain: /could not be pulled/,
    command: /get events/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "platform",
    code: "RA3116",
    fault: "platform",
    said: /no match for platform/,
    plain: /no variant for the nodes' platform/,
    command: /^docker buildx imagetools inspect/,
  },
  {
    reason: "exec-format",
    code: "RA3116",
    fault: "exec-format",
    said: /Error/,
    plain:
      /is for another architecture than the nodes'; it said: exec \/bin\/web: exec format error/,
    command: /^docker buildx imagetools inspect/,
    log: "exec /bin/web: exec format error",
    needsNodes: true,
  },
  {
    reason: "secret-missing",
    code: "RA3105",
    fault: "missing-object",
    shape: { container: { envFrom: [{ secretRef: { name: "catalogue-db" } }] } },
    said: /^secret "catalogue-db" not found$/,
    plain: /has no secret catalogue-db/,
    command: /create secret generic catalogue-db --from-literal=KEY=VALUE/,
  },
  {
    reason: "secret-key-missing",
    code: "RA3105",
    fault: "missing-key",
    shape: env(secretKey("catalogue-db", "REPLICA_URL")),
    more: object("Secret", "catalogue-db", { stringData: { URL: "x" } }),
    said: /^couldn't find key REPLICA_URL in Secret \S+\/catalogue-db$/,
    plain: /the secret catalogue-db has no key REPLICA_URL/,
    command:
      /patch secret catalogue-db --type merge -p '\{"stringData":\{"REPLICA_URL":"\.\.\."\}\}'/,
  },
  {
    reason: "config-map-missing",
    code: "RA3106",
    fault: "missing-object",
    shape: { container: { envFrom: [{ configMapRef: { name: "settings" } }] } },
    said: /configmap "settings" not found/,
    plain: /has no config map settings/,
    command: /create configmap settings --from-literal=KEY=VALUE/,
  },
  {
    reason: "config-map-key-missing",
    code: "RA3106",
    fault: "missing-key",
    shape: env({ configMapKeyRef: { name: "settings", key: "COLOUR" } }),
    more: object("ConfigMap", "settings", { data: { SIZE: "1" } }),
    said: /couldn't find key COLOUR in ConfigMap \S+\/settings/,
    plain: /the config map settings has no key COLOUR/,
    command: /patch configmap settings --type merge -p '\{"data":\{"COLOUR":"\.\.\."\}\}'/,
  },
  {
    reason: "secret-missing",
    code: "RA3105",
    shape: mounted({ secret: { secretName: "catalogue-tls" } }),
    said: /MountVolume\.SetUp failed for volume "given" : secret "catalogue-tls" not found/,
    plain: /has no secret catalogue-tls/,
    command: /create secret generic catalogue-tls/,
    needsNodes: true,
  },
  {
    reason: "container-config",
    code: "RA3107",
    fault: "root",
    said: /runAsNonRoot and image will run as root/,
    plain: /does not take container web as it is described/,
    command: /describe pod web-/,
  },
  {
    reason: "container-not-created",
    code: "RA3107",
    fault: "not-created",
    said: /context deadline exceeded/,
    plain: /container web cannot be created/,
    command: /describe pod web-/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "program-not-found",
    code: "RA3131",
    shape: { container: { command: ["/app/nothing"] } },
    said: /stat \/app\/nothing: no such file or directory/,
    plain: /the command of container web cannot be started/,
    command: /describe pod web-/,
    needsNodes: true,
  },
  {
    reason: "program-not-found",
    code: "RA3131",
    fault: "no-command",
    said: /Error/,
    plain: /the command of container web cannot be started/,
    command: /describe pod web-/,
    needsNodes: true,
  },
  {
    reason: "container-not-started",
    code: "RA3131",
    fault: "not-started",
    said: /unable to apply cgroup configuration/,
    plain: /container web could not be started/,
    command: /describe pod web-/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "crash-loop",
    code: "RA3108",
    fault: "crash",
    said: /back-off \d+s restarting failed container/,
    plain: /exit code 3 again and again, restarted \d times; it said: FATAL: no database/,
    command: /^kubectl -n \S+ logs web-\S+ -c web$/,
    log: "starting\nFATAL: no database",
  },
  {
    reason: "crash-loop",
    code: "RA3108",
    shape: {
      pod: {
        initContainers: [
          {
            name: "migrate",
            image: `${imageOf("crash")}@DIGEST:crash`,
            terminationMessagePolicy: "File",
          },
        ],
      },
    },
    said: /back-off/,
    plain: /container migrate ended with exit code 3 again and again/,
    command: /logs web-\S+ -c migrate/,
    log: "FATAL: no database",
  },
  {
    reason: "crash-loop",
    code: "RA3108",
    fault: "crash",
    shape: { kind: "StatefulSet" },
    said: /back-off/,
    plain: /new pods of StatefulSet \S+\/web did not get ready.*exit code 3/,
    command: /logs web-1 -c web/,
    log: "FATAL: no database",
  },
  {
    reason: "crash-loop",
    code: "RA3108",
    fault: "crash",
    shape: { kind: "DaemonSet" },
    said: /back-off/,
    plain: /new pods of DaemonSet \S+\/web did not get ready.*exit code 3/,
    command: /logs web-\S+ -c web/,
    log: "FATAL: no database",
  },
  {
    reason: "waits-for-other",
    code: "RA3108",
    fault: "waits",
    said: /back-off|Error/,
    plain: /speaks of something that it does not reach; it said: Error: connect ECONNREFUSED/,
    command: /logs web-/,
    log: "connect ECONNREFUSED 10.0.12.7:5432",
    waits: true,
    needsNodes: true,
  },
  {
    reason: "out-of-memory",
    code: "RA3109",
    fault: "oom",
    shape: asks({ limits: { memory: "48Mi" } }),
    said: /OOMKilled/,
    plain: /container web took more memory than its limit of 48Mi and was ended/,
    command: /get pod web-\S+ -o custom-columns=/,
  },
  {
    reason: "not-ready",
    code: "RA3110",
    fault: "unready",
    said: /Readiness probe failed: HTTP probe failed with statuscode: 503/,
    plain:
      /its readiness probe \(GET \/ready on port 8080\) got: HTTP probe failed with statuscode: 503/,
    command: /logs web-\S+ -c web --tail=50/,
    waits: true,
  },
  {
    reason: "not-alive",
    code: "RA3132",
    fault: "unalive",
    shape: { container: { livenessProbe: { ...probed("/alive"), failureThreshold: 5 } } },
    said: /Liveness probe failed: HTTP probe failed with statuscode: 500/,
    plain:
      /ended by its liveness probe again and again: its liveness probe \(GET \/alive on port 8080\) got/,
    command: /logs web-\S+ -c web --previous/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "unschedulable",
    code: "RA3111",
    shape: asks({ requests: { cpu: "100" } }),
    said: /0\/1 nodes are available: 1 Insufficient cpu/,
    plain: /no node has room for it: it asks for 100 of cpu/,
    command: /^kubectl describe nodes$/,
    waits: true,
  },
  {
    reason: "unschedulable",
    code: "RA3111",
    shape: { pod: { nodeSelector: { disk: "ssd" } } },
    said: /didn't match Pod's node affinity\/selector/,
    plain: /no node has the labels that it asks for/,
    command: /^kubectl describe nodes$/,
    waits: true,
  },
  {
    reason: "claim-missing",
    code: "RA3141",
    shape: mounted({ persistentVolumeClaim: { claimName: "data" } }),
    said: /persistentvolumeclaim "data" not found/,
    plain: /has no volume claim data/,
    command: /get persistentvolumeclaims/,
  },
  {
    reason: "claim-pending",
    code: "RA3141",
    shape: mounted({ persistentVolumeClaim: { claimName: "data" } }),
    before: async ({ ask, namespace }) => {
      const spec = {
        storageClassName: "nobodys",
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
      };
      const claim = object("PersistentVolumeClaim", "data", { spec });
      await ask("POST", `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, claim);
    },
    said: /unbound immediate PersistentVolumeClaims/,
    plain: /its volume claim data has no volume yet/,
    command: /describe persistentvolumeclaims/,
    waits: true,
  },
  {
    reason: "volume-not-mounted",
    code: "RA3134",
    fault: "no-volume",
    said: /mount failed: exit status 32/,
    plain: /the volume data cannot be mounted/,
    command: /describe pod web-/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "volume-not-mounted",
    code: "RA3134",
    fault: "attached-elsewhere",
    said: /Multi-Attach error/,
    plain: /the volume data cannot be mounted/,
    command: /describe pod web-/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "sandbox",
    code: "RA3133",
    fault: "no-sandbox",
    said: /Failed to create pod sandbox/,
    plain: /the node cannot make the pod's network/,
    command: /get events/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "evicted",
    code: "RA3136",
    fault: "disk-full",
    said: /The node was low on resource: ephemeral-storage/,
    plain: /put the pod out: it was low on resource: ephemeral-storage/,
    command: /^kubectl describe node n1$/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "node-lost",
    code: "RA3136",
    fault: "lost",
    said: /unresponsive/,
    plain: /the node n1 does not answer/,
    command: /^kubectl describe node n1$/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "quota",
    code: "RA3112",
    before: quota("2"),
    said: /exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2/,
    plain:
      /the quota small of namespace \S+ is used up: it allows pods=2, pods=2 is used, and a pod more takes pods=1/,
    command: /describe resourcequota small$/,
  },
  {
    reason: "quota",
    code: "RA3112",
    shape: { kind: "StatefulSet", spec: { replicas: 3 } },
    before: quota("2"),
    said: /Create Pod web-2 in StatefulSet web failed error: .*exceeded quota: small/,
    plain: /the quota small of namespace/,
    command: /describe resourcequota small$/,
  },
  {
    reason: "admission-denied",
    code: "RA3113",
    fault: "denied",
    said: /admission webhook "policy\.example\.org" denied the request: no image without a signature/,
    plain: /the admission rule policy\.example\.org says no: no image without a signature/,
    command: /^kubectl get validatingwebhookconfigurations,/,
    needsNodes: true,
  },
  {
    reason: "admission-denied",
    code: "RA3113",
    fault: "denied-whole",
    said: /admission webhook "policy\.example\.org" denied the request/,
    plain: /was not taken by the cluster.*no image without a signature/,
    command: /^kubectl get validatingwebhookconfigurations,/,
    untouched: true,
    needsNodes: true,
  },
  {
    reason: "admission-silent",
    code: "RA3137",
    fault: "silent-webhook",
    said: /failed calling webhook "policy\.example\.org"/,
    plain: /the admission webhook policy\.example\.org does not answer/,
    command: /^kubectl get validatingwebhookconfigurations,/,
    waits: true,
    needsNodes: true,
  },
  {
    reason: "not-ready",
    code: "RA3110",
    fault: "unready",
    shape: { spec: { progressDeadlineSeconds: 1 } },
    said: /Readiness probe failed/,
    plain: /never became ready.*waited for until the deadline/,
    command: /logs web-/,
  },
  {
    reason: "paused",
    code: "RA3145",
    shape: { spec: { paused: true } },
    said: /spec\.paused: true/,
    plain: /it is paused, and its controller makes no new pod/,
    command: /rollout resume deployment web/,
  },
  {
    reason: "forbidden",
    code: "RA3120",
    who: "reader",
    said: /cannot patch resource "deployments" in API group "apps"/,
    plain: /cannot patch resource "deployments"/,
    command: /^- apiGroups: \["apps"\]\n {2}resources: \["deployments"\]\n {2}verbs: \["patch"\]$/,
    untouched: true,
  },
  {
    reason: "immutable",
    code: "RA3122",
    shape: { spec: { selector: { matchLabels: { app: "web", tier: "front" } } } },
    said: /spec\.selector: Invalid value/,
    plain: /spec\.selector/,
    command: /delete deployment web --cascade=orphan/,
    untouched: true,
  },
  {
    reason: "conflict",
    code: "RA3121",
    before: async ({ ask, namespace }) => {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web?fieldManager=scaler&force=true`;
      const { apiVersion, kind, metadata } = workload("x");
      const scaled = { apiVersion, kind, metadata, spec: { replicas: 3 } };
      await ask("PATCH", path, scaled, "application/apply-patch+yaml");
    },
    said: /Apply failed with 1 conflict/,
    plain: /\.spec\.replicas belongs to scaler/,
    command: /get deployment web -o yaml --show-managed-fields/,
    untouched: true,
  },
];
