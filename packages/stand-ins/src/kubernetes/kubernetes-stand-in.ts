import type { IncomingMessage, ServerResponse } from "node:http";
import type { PulledImage } from "../registry/pull.ts";
import { seal, unseal, type Saved } from "../saved.ts";
import { frame, type Clock, type StandIn } from "../stand-in.ts";
import type { Identity } from "./access.ts";
import type { Webhook } from "./admission.ts";
import { createApi } from "./api.ts";
import { nodeName, startControllers } from "./controllers.ts";
import { endpointsOf, portOfPod, type Endpoint, type ServicePort } from "./endpoints.ts";
import { createImages, type NodeImage } from "./images.ts";
import { createIngress } from "./ingress.ts";
import { nodeDirectory, startKubelet, type SavedPods } from "./kubelet.ts";
import { copy, timestamp, type KubeObject } from "./object.ts";
import { createPodAccess } from "./pod-access.ts";
import type { NodeFault } from "./node-faults.ts";
import { createRecorder, type Written } from "./recorder.ts";
import { servedResources } from "./custom-resources.ts";
import { groupVersion, resourceOfKind, type Resource } from "./resources.ts";
import { largeNode } from "./scheduling.ts";
import { createStore, type StoreState } from "./store.ts";
import { isReady, type Pod } from "./workloads.ts";
import { createWriting, type Addresses } from "./writing.ts";

/** A pod as an operator looks at it. */
export type PodView = {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  phase: string;
  ready: boolean;
  deleting: boolean;
  containers: {
    name: string;
    image: string;
    imageID: string;
    ready: boolean;
    restarts: number;
    pid?: number;
    port?: number;
  }[];
};

export type SavedKubernetes = Saved<{
  store: StoreState;
  pods: SavedPods;
  images: Map<string, NodeImage>;
  written: Written;
  addresses: Addresses;
}>;

export type KubernetesStandIn = StandIn & {
  /** Every kind that the cluster has objects of. */
  kinds(): string[];
  /** The stored objects of a kind, of one namespace or of all. */
  objects(kind: string, namespace?: string): readonly KubeObject[];
  pods(namespace: string): readonly PodView[];
  /**
   * Creates or changes an object as an operator with all rights would, by server-side apply with force; the `status` of a
   * CronJob or a custom resource with it. Throws what the API would refuse.
   */
  apply(object: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string };
    [field: string]: unknown;
  }): KubeObject;
  /** Troubles of the node, for the pods that match. */
  readonly nodeFaults: NodeFault[];
  /** Asked about every object before it is stored. */
  readonly webhooks: Webhook[];
  /** What a container wrote; of its previous run when asked. Undefined when there is no such container or run. */
  log(namespace: string, pod: string, container?: string, previous?: boolean): string | undefined;
  /** The cluster's entrance: routes by Ingress objects, for this host or for the one that the request names. */
  ingress(host?: string): (request: IncomingMessage, response: ServerResponse) => void;
  /** The ready pods behind a Service's port. Undefined without such a Service or port. */
  endpoints(namespace: string, service: string, port?: ServicePort): Endpoint[] | undefined;
  /** Forgets the changes so far: watches from older revisions get 410, as after etcd's compaction. */
  compact(): void;
  /**
   * The objects, their revision, and the pods' containers. The unpacked images stay in `directory`, also after `close`:
   * they must be there as long as something may be restored.
   */
  save(): SavedKubernetes;
  /**
   * In a restored cluster: waits until every container that was ready when it was saved answers again (with `rests`: can be
   * woken). Rejects when one never does. Until then it is called ready all the same, and gets no requests before its process has a port.
   */
  ready(): Promise<void>;
};

/**
 * A cluster of one node: the API server, its controllers, and a kubelet whose containers are processes of this machine,
 * made from the images that `pull` gives and from nothing else. `close` ends every process and removes their files.
 * A restored cluster has the objects as they were, with uids, versions and times, and goes on with their pods: it starts each
 * process that ran anew, from the same image with the same environment, which is no restart, no event and no other status.
 * What a process wrote into its files is gone, its log begins anew, its port is another, and watches from before get 410.
 */
export function createKubernetesStandIn(options: {
  clock: Clock;
  name: string;
  /** Who may do what, by bearer token. Without rules everything is allowed. */
  tokens: Record<string, Identity>;
  pull(reference: string): Promise<PulledImage>;
  /** For the unpacked images; the stand-in makes and removes a folder in it. No two clusters may share it. */
  directory: string;
  /** Runs the containers whose command is `node`; this process's own by default. */
  nodeBinary?: string;
  /** What the node has for pods, where that is not very much. */
  nodeResources?: Partial<typeof largeNode>;
  /** Goes on from here; accounts come from `tokens`. */
  saved?: SavedKubernetes | undefined;
  /**
   * In a restored cluster, a container that was ready has no process until somebody connects to it, who then waits for it.
   * Until then it has no pid, shows its saved log and is not probed. Default: all are started at once.
   */
  rests?: boolean;
}): KubernetesStandIn {
  const { clock, name } = options;
  const saved = options.saved && unseal(options.saved);
  const store = createStore(clock, saved?.store);
  const closing = new AbortController();
  const nodeFaults: NodeFault[] = [];
  const written: Written = saved?.written ?? new Map();
  const addresses: Addresses = saved?.addresses ?? { services: 0, pods: 0 };
  const present = saved?.images ?? new Map<string, NodeImage>();
  const record = createRecorder(store, clock, written);
  const writing = createWriting(store, clock, addresses);
  const directory = nodeDirectory(options.directory);
  const images = createImages(
    (reference) => options.pull(reference),
    directory,
    closing.signal,
    present,
  );
  const kubelet = startKubelet({
    store,
    clock,
    record,
    images,
    directory,
    addresses,
    faults: nodeFaults,
    saved: saved?.pods,
    rests: options.rests ?? false,
    nodeBinary: options.nodeBinary ?? process.execPath,
  });
  const stopControllers = startControllers(store, clock, record, writing);
  const route = createApi({
    store,
    clock,
    writing,
    tokens: options.tokens,
    access: createPodAccess(store, kubelet),
    closing: closing.signal,
  });

  const apply: KubernetesStandIn["apply"] = (object) => {
    const resource = servedResources(store).find(
      (row) => row.kind === object.kind && groupVersion(row) === object.apiVersion,
    );
    if (!resource)
      throw new Error(`the stand-in does not know ${object.apiVersion} ${object.kind}`);
    const put = (subresource: string | undefined): KubeObject =>
      writing.patch({
        resource,
        namespace: resource.namespaced ? (object.metadata.namespace ?? "default") : undefined,
        name: object.metadata.name,
        subresource,
        contentType: "application/apply-patch+yaml",
        body: Buffer.from(JSON.stringify(object)),
        query: new URLSearchParams({ fieldManager: "operator", force: "true" }),
        userAgent: undefined,
        mayCreate: () => undefined,
      }).object;
    const stored = put(undefined);
    // No controller tends these here: what it has done so far is what the operator says.
    const untended = object.kind === "CronJob" || resource.openapi !== undefined;
    if (untended && resource.subresources.includes("status") && object["status"] !== undefined)
      return copy(put("status"));
    return copy(stored);
  };

  if (!saved) {
    for (const namespace of ["default", "kube-node-lease", "kube-public", "kube-system"])
      apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    apply(defaultStorageClass);
    store.insert(
      resourceOfKind("Node"),
      nodeObject(clock, { ...largeNode, ...options.nodeResources }),
    );
    store.compact();
  }

  const resourceNamed = (kind: string): Resource =>
    servedResources(store).find((row) => row.kind === kind) ?? resourceOfKind(kind);
  const podNamed = (namespace: string, pod: string): Pod | undefined =>
    store.get<Pod>(resourceOfKind("Pod"), namespace, pod);

  const close = async (): Promise<void> => {
    closing.abort();
    stopControllers();
    await kubelet.close();
  };

  return {
    ...frame({ name, clock, route, close }),
    kinds: () => [
      ...new Set(
        servedResources(store).flatMap((row) => (store.list(row).length > 0 ? [row.kind] : [])),
      ),
    ],
    objects: (kind, namespace) => copy(store.list(resourceNamed(kind), namespace)),
    pods: (namespace) => store.list<Pod>(resourceOfKind("Pod"), namespace).map(viewOf),
    apply,
    nodeFaults,
    webhooks: store.webhooks,
    log(namespace, pod, container, previous = false) {
      const found = podNamed(namespace, pod);
      const containers = found ? kubelet.containers(found) : [];
      const chosen =
        container === undefined
          ? containers.at(-1)
          : containers.find(({ spec }) => spec.name === container);
      return chosen?.log(previous)?.text();
    },
    ingress: createIngress(store, kubelet),
    endpoints: (namespace, service, port) => endpointsOf(store, kubelet, namespace, service, port),
    compact: store.compact,
    save: () =>
      seal({ store: store.state(), pods: kubelet.save(), images: present, written, addresses }),
    ready: kubelet.ready,
  };

  function viewOf(pod: Pod): PodView {
    const running = kubelet.containers(pod);
    return {
      name: pod.metadata.name,
      namespace: pod.metadata.namespace ?? "",
      labels: { ...pod.metadata.labels },
      phase: pod.status.phase,
      ready: isReady(pod),
      deleting: pod.metadata.deletionTimestamp !== undefined,
      containers: pod.spec.containers.map((spec) => {
        const status = pod.status.containerStatuses?.find((one) => one.name === spec.name);
        const pid = running.find((container) => container.spec.name === spec.name)?.pid();
        const port = portOfPod(kubelet, pod, spec.ports?.[0]?.containerPort ?? 0);
        return {
          name: spec.name,
          image: spec.image,
          imageID: status?.imageID ?? "",
          ready: status?.ready ?? false,
          restarts: status?.restartCount ?? 0,
          ...(pid === undefined ? {} : { pid }),
          ...(port === undefined ? {} : { port }),
        };
      }),
    };
  }
}

/** Volumes are made when the first pod wants them, as on a cluster of one node. */
const defaultStorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: "standard",
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner: "stand-in.example/local",
  volumeBindingMode: "WaitForFirstConsumer",
};

function nodeObject(clock: Clock, room: Record<string, string>) {
  const now = timestamp(clock.now());
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name: nodeName,
      labels: {
        "kubernetes.io/hostname": nodeName,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
      },
    },
    spec: {},
    status: {
      capacity: room,
      allocatable: room,
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "KubeletReady",
          message: "kubelet is posting ready status",
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
      addresses: [
        { type: "InternalIP", address: "127.0.0.1" },
        { type: "Hostname", address: nodeName },
      ],
      nodeInfo: {
        kubeletVersion: "v1.36.3",
        operatingSystem: "linux",
        architecture: "amd64",
        containerRuntimeVersion: "containerd://2.1.0",
      },
    },
  };
}
