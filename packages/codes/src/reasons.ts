import type { Code } from "./table.ts";

/** Why a deployment does not get through, in four forms: the cluster's word, its sentence, plain words, and what to type. */
export type ReasonText = {
  code: Code;
  /** `never`: waiting does not help, and the wait ends at once. `may`: it is waited for until the deadline, and said. */
  heals: "never" | "may";
  /** What people meet in `kubectl get pods`, in an event or in an answer. */
  word: string;
  /** How clusters say it; an example. */
  said: string;
  /** Plain words, after "because"; `{name}` is a value of the case. */
  because: string;
  /** What to type. Each `{name}` is quoted for a shell. */
  command: string;
};

const events = "kubectl -n {namespace} get events --field-selector involvedObject.name={name}";
const describe = "kubectl -n {namespace} describe {kind} {name}";
const logs = "kubectl -n {namespace} logs {name} -c {container}";

const image = {
  "image-not-found": {
    code: "RA3101",
    heals: "never",
    word: "ErrImagePull",
    said: 'failed to resolve reference "registry.example.org/web:2": registry.example.org/web:2: not found',
    because: "{image} is not in the registry",
    command: "docker buildx imagetools inspect {image}",
  },
  "image-name": {
    code: "RA3101",
    heals: "never",
    word: "InvalidImageName",
    said: 'couldn\'t parse image name "registry.example.org/Web": invalid reference format',
    because: "{image} is no valid name of an image",
    command: describe,
  },
  "image-not-present": {
    code: "RA3101",
    heals: "never",
    word: "ErrImageNeverPull",
    said: 'Container image "registry.example.org/web:2" is not present with pull policy of Never',
    because: "{image} is not on the node, and imagePullPolicy forbids to pull it",
    command: describe,
  },
  "pull-unauthorised": {
    code: "RA3102",
    heals: "never",
    word: "ErrImagePull",
    said: "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
    because: "the registry does not let the cluster pull {image}",
    command:
      "kubectl -n {namespace} create secret docker-registry registry-login --docker-server={host} --docker-username=USER --docker-password=TOKEN",
  },
  "pull-rate-limit": {
    code: "RA3103",
    heals: "may",
    word: "ErrImagePull",
    said: "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit.",
    because: "the registry limits the pulls of {image}",
    command: events,
  },
  "pull-failed": {
    code: "RA3104",
    heals: "may",
    word: "ImagePullBackOff",
    said: 'failed to do request: Head "https://registry.example.org/v2/web/manifests/2": dial tcp: i/o timeout',
    because: "{image} could not be pulled",
    command: events,
  },
  platform: {
    code: "RA3116",
    heals: "never",
    word: "ErrImagePull",
    said: "no match for platform in manifest: not found",
    because: "{image} has no variant for the nodes' platform",
    command: "docker buildx imagetools inspect {image}",
  },
  "exec-format": {
    code: "RA3116",
    heals: "never",
    word: "CrashLoopBackOff",
    said: "exec /app/web: exec format error",
    because: "the program of container {container} is for another architecture than the nodes'",
    command: "docker buildx imagetools inspect {image}",
  },
} as const satisfies Record<string, ReasonText>;

const configuration = {
  "secret-missing": {
    code: "RA3105",
    heals: "never",
    word: "CreateContainerConfigError, FailedMount",
    said: 'secret "catalogue-db" not found',
    because: "the namespace {namespace} has no secret {object}",
    command: "kubectl -n {namespace} create secret generic {object} --from-literal=KEY=VALUE",
  },
  "secret-key-missing": {
    code: "RA3105",
    heals: "never",
    word: "CreateContainerConfigError, FailedMount",
    said: "couldn't find key REPLICA_URL in Secret catalogue/catalogue-db",
    because: "the secret {object} has no key {key}",
    command: "kubectl -n {namespace} patch secret {object} --type merge -p {patch}",
  },
  "config-map-missing": {
    code: "RA3106",
    heals: "never",
    word: "CreateContainerConfigError, FailedMount",
    said: 'configmap "settings" not found',
    because: "the namespace {namespace} has no config map {object}",
    command: "kubectl -n {namespace} create configmap {object} --from-literal=KEY=VALUE",
  },
  "config-map-key-missing": {
    code: "RA3106",
    heals: "never",
    word: "CreateContainerConfigError, FailedMount",
    said: "couldn't find key COLOUR in ConfigMap catalogue/settings",
    because: "the config map {object} has no key {key}",
    command: "kubectl -n {namespace} patch configmap {object} --type merge -p {patch}",
  },
  "container-config": {
    code: "RA3107",
    heals: "never",
    word: "CreateContainerConfigError",
    said: "container has runAsNonRoot and image will run as root",
    because: "the node does not take container {container} as it is described",
    command: describe,
  },
} as const satisfies Record<string, ReasonText>;

const container = {
  "container-not-created": {
    code: "RA3107",
    heals: "may",
    word: "CreateContainerError",
    said: "context deadline exceeded",
    because: "container {container} cannot be created",
    command: describe,
  },
  "program-not-found": {
    code: "RA3131",
    heals: "never",
    word: "RunContainerError, StartError",
    said: 'failed to create containerd task: exec: "/app/web": stat /app/web: no such file or directory',
    because: "the command of container {container} cannot be started",
    command: describe,
  },
  "container-not-started": {
    code: "RA3131",
    heals: "may",
    word: "RunContainerError, StartError",
    said: "failed to create containerd task: OCI runtime create failed: unable to apply cgroup configuration",
    because: "container {container} could not be started",
    command: describe,
  },
  crash: {
    code: "RA3108",
    heals: "may",
    word: "Error, CrashLoopBackOff",
    said: "back-off 10s restarting failed container=web",
    because: "container {container} ended with exit code {exit}, restarted {times}",
    command: logs,
  },
  "crash-loop": {
    code: "RA3108",
    heals: "never",
    word: "CrashLoopBackOff",
    said: "back-off 20s restarting failed container=web",
    because: "container {container} ended with exit code {exit} again and again, restarted {times}",
    command: logs,
  },
  "waits-for-other": {
    code: "RA3108",
    heals: "may",
    word: "CrashLoopBackOff",
    said: "Error: connect ECONNREFUSED 10.0.12.7:5432",
    because:
      "container {container} ended with exit code {exit}, restarted {times}, and speaks of something that it does not reach",
    command: logs,
  },
  "out-of-memory-once": {
    code: "RA3109",
    heals: "may",
    word: "OOMKilled",
    said: "OOMKilled",
    because: "container {container} took more memory than its limit of {limit} and was ended",
    command: describe,
  },
  "out-of-memory": {
    code: "RA3109",
    heals: "never",
    word: "OOMKilled",
    said: "OOMKilled",
    because:
      "container {container} took more memory than its limit of {limit} and was ended, restarted {times}",
    command:
      "kubectl -n {namespace} get pod {name} -o custom-columns=CONTAINER:.spec.containers[*].name,LIMIT:.spec.containers[*].resources.limits.memory",
  },
  "not-ready": {
    code: "RA3110",
    heals: "may",
    word: "Unhealthy",
    said: "Readiness probe failed: HTTP probe failed with statuscode: 503",
    because: "container {container} runs and never became ready: {probe}",
    command: `${logs} --tail=50`,
  },
  "not-alive": {
    code: "RA3132",
    heals: "may",
    word: "Unhealthy, Killing",
    said: "Liveness probe failed: HTTP probe failed with statuscode: 500",
    because: "container {container} is ended by its {which} probe again and again: {probe}",
    command: `${logs} --previous`,
  },
} as const satisfies Record<string, ReasonText>;

const place = {
  unschedulable: {
    code: "RA3111",
    heals: "may",
    word: "FailedScheduling",
    said: "0/3 nodes are available: 3 Insufficient memory.",
    because: "no node has room for it{short}",
    command: "kubectl describe nodes",
  },
  "claim-missing": {
    code: "RA3141",
    heals: "never",
    word: "FailedScheduling",
    said: 'persistentvolumeclaim "data" not found',
    because: "the namespace {namespace} has no volume claim {object}",
    command: "kubectl -n {namespace} get persistentvolumeclaims",
  },
  "claim-pending": {
    code: "RA3141",
    heals: "may",
    word: "FailedScheduling",
    said: "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    because: "its volume claim {claims} has no volume yet",
    command: "kubectl -n {namespace} describe persistentvolumeclaims",
  },
  "volume-not-mounted": {
    code: "RA3134",
    heals: "may",
    word: "FailedMount, FailedAttachVolume",
    said: 'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32',
    because: "the volume {volume} cannot be mounted",
    command: describe,
  },
  sandbox: {
    code: "RA3133",
    heals: "may",
    word: "FailedCreatePodSandBox",
    said: "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox",
    because: "the node cannot make the pod's network",
    command: events,
  },
  evicted: {
    code: "RA3136",
    heals: "may",
    word: "Evicted",
    said: "The node was low on resource: ephemeral-storage.",
    because: "the node {node} put the pod out: {pressure}",
    command: "kubectl describe node {node}",
  },
  "node-lost": {
    code: "RA3136",
    heals: "may",
    word: "NodeLost, NodeNotReady",
    said: "Node n1 which was running pod web-1 is unresponsive",
    because: "the node {node} does not answer",
    command: "kubectl describe node {node}",
  },
} as const satisfies Record<string, ReasonText>;

const workload = {
  quota: {
    code: "RA3112",
    heals: "never",
    word: "FailedCreate",
    said: 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4',
    because: "the quota {quota} of namespace {namespace} is used up{short}",
    command: "kubectl -n {namespace} describe resourcequota {quota}",
  },
  "quota-for-now": {
    code: "RA3112",
    heals: "may",
    word: "FailedCreate",
    said: 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4',
    because:
      "the quota {quota} of namespace {namespace} is used up{short}, while older pods are still there",
    command: "kubectl -n {namespace} describe resourcequota {quota}",
  },
  "admission-denied": {
    code: "RA3113",
    heals: "never",
    word: "FailedCreate, 403",
    said: 'admission webhook "policy.example.org" denied the request: no image without a signature',
    because: "the admission rule {rule} says no: {message}",
    command:
      "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations,validatingadmissionpolicies",
  },
  "admission-silent": {
    code: "RA3137",
    heals: "may",
    word: "FailedCreate, 500",
    said: 'failed calling webhook "policy.example.org": failed to call webhook: connection refused',
    because: "the admission webhook {rule} does not answer",
    command: "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
  },
  "pods-refused": {
    code: "RA3113",
    heals: "never",
    word: "FailedCreate",
    said: 'pods "web-1" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    because: "the cluster refuses to make its pods: {message}",
    command: describe,
  },
  "pods-not-made": {
    code: "RA3113",
    heals: "may",
    word: "FailedCreate",
    said: "Internal error occurred: etcdserver: request timed out",
    because: "the cluster could not make its pods",
    command: describe,
  },
  "progress-deadline": {
    code: "RA3114",
    heals: "never",
    word: "ProgressDeadlineExceeded",
    said: 'ReplicaSet "web-7c9d" has timed out progressing.',
    because:
      "it made no progress for the whole of its progressDeadlineSeconds, and no pod says why",
    command: describe,
  },
  "too-slow": {
    code: "RA3114",
    heals: "may",
    word: "Progressing",
    said: 'ReplicaSet "web-7c9d" is progressing.',
    because: "{late}",
    command: describe,
  },
  "other-build": {
    code: "RA3115",
    heals: "may",
    word: "imageID",
    said: "registry.example.org/web@sha256:0f1e…",
    because: "container {container} runs {digest}",
    command:
      "kubectl -n {namespace} get pod {name} -o jsonpath='{.status.containerStatuses[*].imageID}'",
  },
  "job-failed": {
    code: "RA3140",
    heals: "never",
    word: "BackoffLimitExceeded",
    said: "BackoffLimitExceeded: Job has reached the specified backoff limit",
    because: "it failed for good",
    command: describe,
  },
  "job-container-failed": {
    code: "RA3140",
    heals: "never",
    word: "BackoffLimitExceeded",
    said: "BackoffLimitExceeded: Job has reached the specified backoff limit",
    because: "container {container} ended with exit code {exit}",
    command: logs,
  },
  "claim-unbound": {
    code: "RA3141",
    heals: "may",
    word: "Pending",
    said: "Pending",
    because: "{why}",
    command: describe,
  },
  "claim-lost": {
    code: "RA3141",
    heals: "never",
    word: "Lost",
    said: "Lost",
    because: "{why}",
    command: describe,
  },
  "controller-gave-up": {
    code: "RA3142",
    heals: "never",
    word: "Stalled, Failed",
    said: "InvalidSpec: the certificate's issuer does not exist",
    because: "{why}",
    command: describe,
  },
  "not-there-yet": {
    code: "RA3143",
    heals: "may",
    word: "Reconciling, Ready=False",
    said: "DoesNotExist: Issuing certificate as Secret does not exist",
    because: "{why}",
    command: describe,
  },
  "pod-failed": {
    code: "RA3143",
    heals: "never",
    word: "Failed",
    said: "Pod was active on the node longer than the specified deadline",
    because: "{why}",
    command: describe,
  },
  "pod-runs-other": {
    code: "RA3115",
    heals: "may",
    word: "imageID",
    said: "registry.example.org/web@sha256:0f1e…",
    because: "{why}",
    command: describe,
  },
  "blocked-by-pod": {
    code: "RA3120",
    heals: "never",
    word: "403 Forbidden",
    said: 'pods "db-1" is forbidden: User "ci" cannot delete resource "pods" in API group "" in the namespace "catalogue"',
    because:
      "its pod {pod} of the earlier template cannot start, the controller waits for it for ever, and this account may not delete it",
    command: "kubectl -n {namespace} delete pod {pod}",
  },
  "taken-over": {
    code: "RA3115",
    heals: "never",
    word: "imageID",
    said: "web registry.example.org/web:hotfix",
    because: "somebody else changed its images during the rollout: {images}",
    command: "kubectl -n {namespace} get {kind} {name} -o yaml --show-managed-fields",
  },
  deleted: {
    code: "RA3117",
    heals: "never",
    word: "DELETED",
    said: "Deployment catalogue/web DELETED",
    because: "somebody deleted it",
    command: events,
  },
} as const satisfies Record<string, ReasonText>;

const answer = {
  forbidden: {
    code: "RA3120",
    heals: "never",
    word: "403 Forbidden",
    said: 'User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "catalogue"',
    because: "{user} may not {verb} {resource} {where}",
    command: '- apiGroups: ["{group}"]\n  resources: ["{resource}"]\n  verbs: ["{verb}"]',
  },
  immutable: {
    code: "RA3122",
    heals: "never",
    word: "422 Invalid",
    said: 'Deployment.apps "web" is invalid: spec.selector: Invalid value: field is immutable',
    because: "{field} of an existing {kind} never changes",
    command: "kubectl -n {namespace} delete {kind} {name} --cascade=orphan",
  },
  conflict: {
    code: "RA3121",
    heals: "never",
    word: "409 Conflict",
    said: 'Apply failed with 1 conflict: conflict with "argocd": .spec.replicas',
    because: "{owned}",
    command: "kubectl -n {namespace} get {kind} {name} -o yaml --show-managed-fields",
  },
  "login-expired": {
    code: "RA3008",
    heals: "never",
    word: "401 Unauthorized",
    said: "Unauthorized",
    because: "the login of the kubeconfig ended on {at}",
    command: "kubectl -n {namespace} create token SERVICE_ACCOUNT --duration=1h",
  },
  "login-unknown": {
    code: "RA3008",
    heals: "never",
    word: "401 Unauthorized",
    said: "Unauthorized",
    because: "the cluster does not know the login of the kubeconfig",
    command: "kubectl --kubeconfig FILE auth whoami",
  },
  "certificate-unknown": {
    code: "RA8003",
    heals: "never",
    word: "x509: certificate signed by unknown authority",
    said: "self-signed certificate in certificate chain",
    because: "the certificate of {host} is signed by somebody the runner does not know",
    command: "openssl s_client -showcerts -connect {host} </dev/null",
  },
  "certificate-expired": {
    code: "RA8003",
    heals: "never",
    word: "x509: certificate has expired",
    said: "certificate has expired",
    because: "the certificate of {host} has expired",
    command: "openssl s_client -connect {host} </dev/null | openssl x509 -noout -dates",
  },
  "certificate-other-host": {
    code: "RA8003",
    heals: "never",
    word: "x509: certificate is valid for …, not …",
    said: "Hostname/IP does not match certificate's altnames",
    because: "the certificate of {host} is for another name",
    command:
      "openssl s_client -connect {host} </dev/null | openssl x509 -noout -ext subjectAltName",
  },
  "certificate-not-yet": {
    code: "RA8003",
    heals: "never",
    word: "x509: certificate is not yet valid",
    said: "certificate is not yet valid",
    because: "the certificate of {host} is not valid yet, or the runner's clock is slow",
    command: "date -u; openssl s_client -connect {host} </dev/null | openssl x509 -noout -dates",
  },
} as const satisfies Record<string, ReasonText>;

const drivers = {
  "helm-busy": {
    code: "RA3138",
    heals: "may",
    word: "another operation (install/upgrade/rollback) is in progress",
    said: "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
    because: "another Helm operation on {release} is under way, or was cut off and left its lock",
    command: "helm -n {namespace} history {release} --max 5",
  },
  "awx-job-failed": {
    code: "RA3139",
    heals: "never",
    word: "FAILED!",
    said: 'fatal: [db1]: FAILED! => {"msg": "Unable to start service"}',
    because: "the task {task} failed on {hosts}: {message}",
    command: 'curl -sS -H "Authorization: Bearer $AWX_TOKEN" {url}',
  },
} as const satisfies Record<string, ReasonText>;

/** Every reason by its name, in the order of the table in docs/reference/reasons.md, which is made from it. */
export const reasons = {
  ...image,
  ...configuration,
  ...container,
  ...place,
  ...workload,
  ...answer,
  ...drivers,
} as const satisfies Record<string, ReasonText>;

export type ReasonName = keyof typeof reasons;

/** The reasons under the headings of the docs. */
export const reasonGroups: readonly [heading: string, names: readonly string[]][] = [
  ["The image", Object.keys(image)],
  ["What the container needs", Object.keys(configuration)],
  ["The container", Object.keys(container)],
  ["Room, volumes and nodes", Object.keys(place)],
  ["The workload", Object.keys(workload)],
  ["What the cluster answers", Object.keys(answer)],
  ["Helm and AWX", Object.keys(drivers)],
];
