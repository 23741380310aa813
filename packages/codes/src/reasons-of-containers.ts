import { commands } from "./reason-commands.ts";
import type { ReasonText } from "./reasons.ts";

const { describe, events, logs } = commands;

export const image = {
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

export const configuration = {
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

export const container = {
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
