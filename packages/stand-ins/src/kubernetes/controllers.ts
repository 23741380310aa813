import type { Clock } from "../stand-in.ts";
import { claimsOf, createClaimController } from "./claims.ts";
import { resourcesOf, servedResources } from "./custom-resources.ts";
import { createDaemonSetController } from "./daemon-sets.ts";
import { tendDefinition } from "./definitions.ts";
import { deleteObject, dependents } from "./deletion.ts";
import { createDeploymentController } from "./deployments.ts";
import { createJobController } from "./jobs.ts";
import type { KubeObject } from "./object.ts";
import type { Recorder } from "./recorder.ts";
import { createReplicaSetController } from "./replica-sets.ts";
import { resourceOfKind } from "./resources.ts";
import { schedule, unplaced } from "./scheduling.ts";
import { tendService } from "./services.ts";
import { createStatefulSetController } from "./stateful-sets.ts";
import type { Change, Store } from "./store.ts";
import type { Deployment, Pod, ReplicaSet } from "./workloads.ts";
import type { Writing } from "./writing.ts";

export const nodeName = "n1";
const tickMilliseconds = 100;

/**
 * What runs behind the API: the workloads, volumes and addresses, the definitions of kinds, the scheduler, the owners' garbage
 * and the namespaces.
 * Each change queues the objects that it concerns; one is brought a step further at a time. Returns the function that stops them.
 */
export function startControllers(
  store: Store,
  clock: Clock,
  record: Recorder,
  writing: Writing,
): () => void {
  const { addresses } = writing;
  const controllers: Record<string, (namespace: string, name: string) => void> = {
    Deployment: createDeploymentController(store, clock, record),
    ReplicaSet: createReplicaSetController(store, clock, record, addresses),
    StatefulSet: createStatefulSetController(store, clock, record, addresses),
    DaemonSet: createDaemonSetController(store, clock, record, addresses),
    Job: createJobController(store, clock, record, addresses),
    PersistentVolumeClaim: createClaimController(store, record),
    Service: (namespace, name) => tendService(store, namespace, name),
    CustomResourceDefinition: (_, name) => tendDefinition(store, clock, name),
    Pod: (namespace, name) => schedule(store, clock, record, namespace, name),
    Namespace: (_, name) => tendNamespace(store, clock, name),
  };
  const queue = new Map<string, () => void>();
  let stopped = false;
  let draining = false;

  const enqueue = (kind: string, namespace: string | undefined, name: string): void => {
    const controller = controllers[kind];
    if (!controller || stopped) return;
    queue.set(`${kind}/${namespace ?? ""}/${name}`, () => controller(namespace ?? "", name));
    if (draining) return;
    draining = true;
    setImmediate(drain);
  };

  const drain = (): void => {
    const [next] = queue;
    if (!next || stopped) {
      draining = false;
      return;
    }
    queue.delete(next[0]);
    next[1]();
    setImmediate(drain);
  };

  const onChange = ({ type, object }: Change): void => {
    const { namespace, name, ownerReferences } = object.metadata;
    if (type === "DELETED") collect(store, clock, object);
    else enqueue(object.kind, namespace, name);
    if (type === "DELETED" && object.kind === "CustomResourceDefinition") forget(store, object);
    if (object.kind === "Pod")
      for (const claim of claimsOf(object as Pod))
        enqueue("PersistentVolumeClaim", namespace, claim);
    if (object.kind === "PersistentVolumeClaim" || object.kind === "Node" || leaves(type, object))
      for (const { metadata } of unplaced(store)) enqueue("Pod", metadata.namespace, metadata.name);
    if (object.kind === "PersistentVolume" || object.kind === "StorageClass")
      for (const { metadata } of store.list(resourceOfKind("PersistentVolumeClaim")))
        enqueue("PersistentVolumeClaim", metadata.namespace, metadata.name);
    for (const owner of ownerReferences ?? []) enqueue(owner.kind, namespace, owner.name);
    if (type === "DELETED" && namespace !== undefined) enqueue("Namespace", undefined, namespace);
  };

  const unsubscribe = store.subscribe(onChange);
  // What a restored cluster was about to do goes on.
  for (const kind of Object.keys(controllers))
    for (const { metadata } of store.list(resourceOfKind(kind)))
      enqueue(kind, metadata.namespace, metadata.name);
  // Deadlines and minReadySeconds pass without any change: time itself is looked at.
  const ticker = setInterval(() => {
    for (const deployment of store.list<Deployment>(resourceOfKind("Deployment"))) {
      const { namespace, name } = deployment.metadata;
      const reason = deployment.status.conditions?.find(
        ({ type }) => type === "Progressing",
      )?.reason;
      if (reason !== "NewReplicaSetAvailable") enqueue("Deployment", namespace, name);
    }
    for (const kind of ["ReplicaSet", "StatefulSet", "DaemonSet"])
      for (const set of store.list<KubeObject & { spec: { minReadySeconds?: number } }>(
        resourceOfKind(kind),
      ))
        if (set.spec.minReadySeconds) enqueue(kind, set.metadata.namespace, set.metadata.name);
    // What could not be made is tried again.
    for (const { metadata, status } of store.list<ReplicaSet>(resourceOfKind("ReplicaSet")))
      if (status.conditions?.some(({ type }) => type === "ReplicaFailure"))
        enqueue("ReplicaSet", metadata.namespace, metadata.name);
  }, tickMilliseconds);
  ticker.unref();

  return () => {
    stopped = true;
    unsubscribe();
    clearInterval(ticker);
  };
}

/** A pod that is gone or done leaves room on the node. */
const leaves = (type: Change["type"], object: KubeObject): boolean =>
  object.kind === "Pod" &&
  (type === "DELETED" || ["Succeeded", "Failed"].includes((object as Pod).status.phase));

/** The objects of a kind go with its definition. */
function forget(store: Store, definition: KubeObject): void {
  for (const resource of resourcesOf(definition))
    for (const object of store.list(resource)) store.remove(resource, object);
}

/** What was owned by a deleted object goes too, unless another owner is left. */
function collect(store: Store, clock: Clock, gone: KubeObject): void {
  for (const { resource, object } of dependents(store, gone)) {
    const owners = object.metadata.ownerReferences ?? [];
    const left = owners.filter(({ uid }) => uid !== gone.metadata.uid);
    if (left.length === 0) deleteObject(store, clock, resource, object, { dryRun: false });
  }
}

/** Gives a namespace its standard objects; empties one that is being deleted and lets it go. */
function tendNamespace(store: Store, clock: Clock, name: string): void {
  const namespaces = resourceOfKind("Namespace");
  const namespace = store.get(namespaces, undefined, name);
  if (!namespace) return;
  if (namespace.metadata.deletionTimestamp === undefined) {
    const standard = [
      { kind: "ServiceAccount", name: "default", content: {} },
      { kind: "ConfigMap", name: "kube-root-ca.crt", content: { data: { "ca.crt": "" } } },
    ];
    for (const { kind, name: object, content } of standard) {
      const resource = resourceOfKind(kind);
      if (!store.get(resource, name, object))
        store.insert(resource, {
          kind,
          apiVersion: "v1",
          metadata: { name: object, namespace: name },
          ...content,
        });
    }
    return;
  }
  const resources = servedResources(store);
  const contents = resources
    .filter(({ namespaced }) => namespaced)
    .flatMap((resource) => store.list(resource, name).map((object) => ({ resource, object })));
  for (const { resource, object } of contents) {
    if (object.metadata.deletionTimestamp === undefined)
      deleteObject(store, clock, resource, object, { dryRun: false });
  }
  if (
    resources.every((resource) => !resource.namespaced || store.list(resource, name).length === 0)
  )
    store.remove(namespaces, namespace);
}
