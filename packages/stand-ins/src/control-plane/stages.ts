/**
 * What the simulated nodes of the control plane do with pods. A container whose image has a tag, or the last part of its name,
 * that is or ends with `fault-<name>` suffers that fault; all others become ready. The sentences are those of kubelet and containerd.
 */

/** A container's status as one moment of a fault shows it. `IMAGE` in a message is the container's image. */
type Moment = {
  /** Milliseconds after the moment before. */
  after: number;
  state: State;
  lastState?: State;
  restarts?: number;
  phase?: "Pending" | "Running" | "Failed";
  event?: { reason: string; message: string };
};
type State = "ready" | "running" | { waiting: Said } | { terminated: Said & { exitCode: number } };
type Said = { reason: string; message?: string };

const pull = (said: string, ...then: Moment[]): Moment[] => [
  {
    after: 200,
    state: { waiting: { reason: "ErrImagePull", message: said } },
    event: { reason: "Failed", message: `Failed to pull image "IMAGE": ${said}` },
  },
  {
    after: 500,
    state: { waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image "IMAGE"` } },
    event: { reason: "BackOff", message: `Back-off pulling image "IMAGE"` },
  },
  ...then,
];

const config = (said: string): Moment[] => [
  {
    after: 200,
    state: { waiting: { reason: "CreateContainerConfigError", message: said } },
    event: { reason: "Failed", message: `Error: ${said}` },
  },
];

const crash = (exitCode: number, reason = "Error"): Moment[] => {
  const ended = { terminated: { exitCode, reason } };
  const back = (seconds: number, restarts: number, after: number): Moment => ({
    after,
    state: {
      waiting: {
        reason: "CrashLoopBackOff",
        message: `back-off ${seconds}s restarting failed container`,
      },
    },
    lastState: ended,
    restarts,
    phase: "Running",
    event: { reason: "BackOff", message: "Back-off restarting failed container" },
  });
  return [{ after: 200, state: ended, phase: "Running" }, back(10, 1, 300), back(20, 2, 500)];
};

/** Jq cannot be asked what a Secret holds, so the pod's own reference is taken for the missing one. */
const missingKey =
  "{{ range .env }}{{ with .valueFrom }}{{ with .secretKeyRef }}couldn't find key {{ .key }} in Secret {{ $.metadata.namespace }}/{{ .name }}{{ end }}{{ with .configMapKeyRef }}couldn't find key {{ .key }} in ConfigMap {{ $.metadata.namespace }}/{{ .name }}{{ end }}{{ end }}{{ end }}";
const missingObject =
  '{{ range .envFrom }}{{ with .secretRef }}secret "{{ .name }}" not found{{ end }}{{ with .configMapRef }}configmap "{{ .name }}" not found{{ end }}{{ end }}';

/** Each fault as the moments of the container that has it. */
const faults = {
  "not-found": pull(
    'rpc error: code = NotFound desc = failed to pull and unpack image "IMAGE": failed to resolve reference "IMAGE": IMAGE: not found',
  ),
  unauthorized: pull(
    'failed to pull and unpack image "IMAGE": failed to resolve reference "IMAGE": failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized',
  ),
  "rate-limit": pull(
    'failed to pull and unpack image "IMAGE": failed to copy: httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
  ),
  platform: pull(
    'failed to pull and unpack image "IMAGE": no match for platform in manifest: not found',
  ),
  /** The registry is back after a moment. */
  hiccup: pull(
    'failed to pull and unpack image "IMAGE": failed to do request: dial tcp: i/o timeout',
    { after: 1500, state: "ready", phase: "Running" },
  ),
  "missing-key": config(missingKey),
  "missing-object": config(missingObject),
  root: config("container has runAsNonRoot and image will run as root"),
  crash: crash(3),
  oom: crash(137, "OOMKilled"),
  "exec-format": crash(255),
  /** A dependency that comes up late: the first run ends, the second stays. */
  "crash-once": [
    ...crash(1).slice(0, 2),
    {
      after: 1000,
      state: "ready",
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
      restarts: 1,
      phase: "Running",
    },
  ],
  unready: [
    {
      after: 200,
      state: "running",
      phase: "Running",
      event: {
        reason: "Unhealthy",
        message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
      },
    },
  ],
  slow: [
    { after: 200, state: "running", phase: "Running" },
    { after: 1500, state: "ready", phase: "Running" },
  ],
  /** Of a Job: the pod fails and stays failed. */
  fails: [{ after: 200, state: { terminated: { exitCode: 1, reason: "Error" } }, phase: "Failed" }],
} satisfies Record<string, Moment[]>;

export type PodFault = keyof typeof faults;

/** An image that suffers the fault, for jq and for Go's regular expressions alike. */
const faulty = (name: string): string => `[:/.-]fault-${name}([.@:]|$)`;
const now = "{{ $now | Quote }}";
/** What containerd calls a running image: its name with the digest that the reference pins. */
const imageID = `{{ if contains "@" .image }}{{ regexReplaceAll "(:[^:/@]+)?@" .image "@" }}{{ else }}{{ regexReplaceAll "(:[^:/]+)$" .image "" }}@sha256:{{ sha256sum .image }}{{ end }}`;

/** The configuration of kwok: stages as documents of one file. */
export function kwokConfiguration(): string {
  return [
    ...Object.entries<Moment[]>(faults).flatMap(([name, moments]) =>
      moments.map((moment, index) => faultStage(name, moment, index)),
    ),
    podReady,
    podComplete,
    stage("pod-delete", "Pod", [has(".metadata.deletionTimestamp")], { next: { delete: true } }),
    nodeInitialize,
    nodeHeartbeat,
    claimProvision,
  ]
    .map((document) => JSON.stringify(document))
    .join("\n---\n");
}

function stage(
  name: string,
  kind: string,
  matchExpressions: unknown[],
  rest: Record<string, unknown>,
): unknown {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: { resourceRef: { apiGroup: "v1", kind }, selector: { matchExpressions }, ...rest },
  };
}

const has = (key: string): unknown => ({ key, operator: "Exists" });
const lacks = (key: string): unknown => ({ key, operator: "DoesNotExist" });
const isOne = (key: string, ...values: string[]): unknown => ({ key, operator: "In", values });
const isNone = (key: string, ...values: string[]): unknown => ({ key, operator: "NotIn", values });
const imageIs = (pattern: string): string =>
  `(.spec.initContainers // [])[], .spec.containers[] | select(.image | test("${pattern}")) | .name`;
/** How many moments of its fault a pod has behind it. No controller looks at a condition of this type. */
const moment = '.status.conditions.[] | select(.type == "fault-moment") | .reason';
const ready = '.status.conditions.[] | select(.type == "Ready") | .status';

function faultStage(name: string, now: Moment, index: number): unknown {
  const waiting = { waiting: { reason: "PodInitializing" } };
  const isReady = now.state === "ready";
  return stage(
    `${name}-${index}`,
    "Pod",
    [
      lacks(".metadata.deletionTimestamp"),
      has(".spec.nodeName"),
      has(imageIs(faulty(name))),
      index === 0 ? lacks(moment) : isOne(moment, `M${index}`),
    ],
    {
      delay: { durationMilliseconds: now.after },
      next: {
        ...(now.event ? { event: { type: "Warning", ...eventOf(now.event) } } : {}),
        statusTemplate: podStatus({
          ready: isReady,
          phase: now.phase ?? "Pending",
          moment: `M${index + 1}`,
          faulty: faulty(name),
          container: containerStatus(now),
          others: isReady ? containerStatus({ after: 0, state: "ready" }) : undefined,
          behind: containerStatus({ after: 0, state: waiting }),
        }),
      },
    },
  );
}

/** Events are no templates: they speak of the image without its name. */
function eventOf({ reason, message }: { reason: string; message: string }) {
  return {
    reason,
    message: message.includes("{{")
      ? "Error"
      : message.replaceAll(' "IMAGE"', "").replaceAll("IMAGE: ", ""),
  };
}

/** A status of all containers: the faulty ones have theirs, what waits for a faulty init container has not begun. */
function podStatus(of: {
  ready: boolean;
  phase: string;
  moment?: string;
  faulty?: string;
  container: string;
  others?: string | undefined;
  behind?: string;
}): string {
  const good = containerStatus({ after: 0, state: "ready" });
  const done = containerStatus(
    { after: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } },
    true,
  );
  const condition = (type: string, holds: boolean, more = ""): string =>
    `- {type: ${type}, status: "${holds ? "True" : "False"}", lastTransitionTime: ${now}${more}}`;
  const why = of.ready
    ? ""
    : ', reason: ContainersNotReady, message: "containers with unready status"';
  const isFaulty = of.faulty ? `{{ if regexMatch "${of.faulty}" .image }}` : "{{ if false }}";
  return [
    "{{ $now := Now }}{{ $stuck := false }}",
    ...(of.faulty && !of.ready
      ? [`{{ range .spec.initContainers }}${isFaulty}{{ $stuck = true }}{{ end }}{{ end }}`]
      : []),
    "conditions:",
    condition("Initialized", true),
    condition("Ready", of.ready, why),
    condition("ContainersReady", of.ready, why),
    ...(of.moment ? [condition("fault-moment", true, `, reason: ${of.moment}`)] : []),
    "{{ if .spec.initContainers }}initContainerStatuses:",
    `{{ range .spec.initContainers }}{{ if eq (default "" .restartPolicy) "Always" }}${good}{{ else }}${of.ready ? done : `${isFaulty}${of.container}{{ else }}${done}{{ end }}`}{{ end }}`,
    "{{ end }}{{ end }}",
    "containerStatuses:",
    `{{ range .spec.containers }}{{ if $stuck }}${of.behind ?? good}{{ else }}${isFaulty}${of.container}{{ else }}${of.others ?? good}{{ end }}{{ end }}`,
    "{{ end }}",
    `phase: ${of.phase}`,
    `startTime: ${now}`,
    "{{ with NodeIPWith .spec.nodeName }}hostIP: {{ . | Quote }}{{ end }}",
    // A pod keeps its address: the patch would add a second one.
    '{{ if not .status.podIP }}{{ with PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}',
    "podIP: {{ . | Quote }}",
    "podIPs: [{ip: {{ . | Quote }}}]",
    "{{ end }}{{ end }}",
  ].join("\n");
}

/** One entry of a list of container statuses; `done` is what an init container that ended well is: ready. */
function containerStatus(one: Moment, done = false): string {
  const isReady = one.state === "ready" || done;
  const started = one.state === "ready" || one.state === "running";
  const known =
    started ||
    done ||
    (typeof one.state === "object" && "terminated" in one.state) ||
    one.lastState;
  const fields = [
    "name: {{ .name | Quote }}",
    "image: {{ .image | Quote }}",
    `imageID: ${known ? `"${imageID}"` : '""'}`,
    `ready: ${isReady}`,
    `started: ${started}`,
    `restartCount: ${one.restarts ?? 0}`,
    `state: ${stateOf(one.state)}`,
    ...(one.lastState ? [`lastState: ${stateOf(one.lastState)}`] : []),
  ];
  return `\n- {${fields.join(", ")}}`;
}

function stateOf(state: State): string {
  if (state === "ready" || state === "running") return `{running: {startedAt: ${now}}}`;
  if ("terminated" in state) {
    const { exitCode, reason } = state.terminated;
    return `{terminated: {exitCode: ${exitCode}, reason: ${reason}, startedAt: ${now}, finishedAt: ${now}}}`;
  }
  const { reason, message = "" } = state.waiting;
  return `{waiting: {reason: ${reason}, message: '${message.replaceAll("'", "''").replaceAll("IMAGE", "{{ .image }}")}'}}`;
}

const podReady = stage(
  "pod-ready",
  "Pod",
  [
    lacks(".metadata.deletionTimestamp"),
    has(".spec.nodeName"),
    isOne(".status.phase", "Pending"),
    isNone(ready, "True"),
    lacks(imageIs(faulty(`(${Object.keys(faults).join("|")})`))),
  ],
  {
    delay: { durationMilliseconds: 200 },
    next: {
      statusTemplate: podStatus({
        ready: true,
        phase: "Running",
        container: containerStatus({ after: 0, state: "ready" }),
      }),
    },
  },
);

/** A Job's pod does its work in no time. */
const podComplete = stage(
  "pod-complete",
  "Pod",
  [
    lacks(".metadata.deletionTimestamp"),
    isOne(".status.phase", "Running"),
    isOne(ready, "True"),
    isOne(".metadata.ownerReferences.[].kind", "Job"),
  ],
  {
    delay: { durationMilliseconds: 200 },
    next: {
      statusTemplate: [
        "{{ $now := Now }}",
        "conditions:",
        `- {type: Ready, status: "False", reason: PodCompleted, lastTransitionTime: ${now}}`,
        `- {type: ContainersReady, status: "False", reason: PodCompleted, lastTransitionTime: ${now}}`,
        "containerStatuses:",
        `{{ range .spec.containers }}${containerStatus({ after: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } })}`,
        "{{ end }}",
        "phase: Succeeded",
      ].join("\n"),
    },
  },
);

const nodeConditions = [
  "conditions:",
  "{{ range NodeConditions }}",
  "- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $since | Quote }}}",
  "{{ end }}",
  "addresses: [{type: InternalIP, address: {{ NodeIP | Quote }}}, {type: Hostname, address: {{ NodeName | Quote }}}]",
  "daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}",
];
const nodeTimes = "{{ $now := Now }}{{ $since := or .metadata.creationTimestamp $now }}";
const room = "{cpu: 64, memory: 256Gi, pods: 1000}";

const nodeInitialize = stage("node-initialize", "Node", [isNone(ready, "True")], {
  next: {
    statusTemplate: [
      nodeTimes,
      ...nodeConditions,
      `allocatable: ${room}`,
      `capacity: ${room}`,
      "nodeInfo: {architecture: amd64, operatingSystem: linux, kubeletVersion: v1.36.3, containerRuntimeVersion: containerd://2.1.0, bootID: '', kernelVersion: '', kubeProxyVersion: '', machineID: '', osImage: '', systemUUID: ''}",
      "phase: Running",
    ].join("\n"),
  },
});

const nodeHeartbeat = stage("node-heartbeat", "Node", [isOne(ready, "True")], {
  delay: { durationMilliseconds: 20_000 },
  next: { statusTemplate: [nodeTimes, ...nodeConditions].join("\n") },
});

/** Claims of the default storage class get a volume at once. */
export const storageClass = "simulated";
const claimProvision = stage(
  "claim-provision",
  "PersistentVolumeClaim",
  [
    lacks(".metadata.deletionTimestamp"),
    isOne(".spec.storageClassName", storageClass),
    lacks(".spec.volumeName"),
  ],
  {
    delay: { durationMilliseconds: 100 },
    steps: [
      {
        apply: {
          template: [
            "apiVersion: v1",
            "kind: PersistentVolume",
            "metadata: {name: pvc-{{ .metadata.uid }}}",
            "spec:",
            "  accessModes: {{ .spec.accessModes | toJson }}",
            "  capacity: {storage: {{ .spec.resources.requests.storage | Quote }}}",
            "  persistentVolumeReclaimPolicy: Delete",
            `  storageClassName: ${storageClass}`,
            "  claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, name: {{ .metadata.name | Quote }}, namespace: {{ .metadata.namespace | Quote }}, uid: {{ .metadata.uid | Quote }}}",
            "  hostPath: {path: /tmp/pvc-{{ .metadata.uid }}}",
          ].join("\n"),
        },
      },
    ],
  },
);
