import type { Clock } from "../stand-in.ts";
import { recordUpdate } from "./apply.ts";
import { schemaOf } from "./kinds.ts";
import { controllerReference, copy, equal, isOwnedBy, timestamp } from "./object.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import {
  bounds, condition, countedStatus, hashLabel, isComplete, isOfTemplate, newSize, revisionAnnotation, revisionOf, shrunkSizes, templateHash, withCondition, withProgress,
} from "./rollout.ts"; // prettier-ignore
import type { Store } from "./store.ts";
import type { Deployment, Pod, ReplicaSet } from "./workloads.ts";

const deployments = resourceOfKind("Deployment");
const replicaSets = resourceOfKind("ReplicaSet");
const from = "deployment-controller";

/** Returns the function that brings one Deployment a step nearer to its spec and writes its status. */
export function createDeploymentController(
  store: Store,
  clock: Clock,
  record: Recorder,
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const stored = store.get<Deployment>(deployments, namespace, name);
    if (!stored || stored.metadata.deletionTimestamp !== undefined) return;
    let deployment = stored;
    const owned = (): ReplicaSet[] =>
      store.list<ReplicaSet>(replicaSets, namespace).filter((set) => isOwnedBy(set, deployment));
    const current = (): ReplicaSet | undefined =>
      owned().find((set) => isOfTemplate(set, deployment.spec.template));
    const others = (): ReplicaSet[] => {
      const newest = current()?.metadata.uid;
      return owned().filter((set) => set.metadata.uid !== newest);
    };

    const pods = (sets: ReplicaSet[]): Pod[] =>
      store
        .list<Pod>(resourceOfKind("Pod"), namespace)
        .filter((pod) => sets.some((set) => isOwnedBy(pod, set)));

    if (deployment.spec.paused) {
      writeStatus();
      return;
    }
    if (deployment.spec.strategy.type === "Recreate") {
      const busy = others().filter((set) => set.spec.replicas > 0);
      for (const set of busy) scale(set, 0);
      if (
        busy.length > 0 ||
        pods(others()).some(
          ({ status }) => status.phase === "Running" || status.phase === "Pending",
        )
      ) {
        writeStatus();
        return;
      }
    }
    syncNewest();
    reconcile();
    if (isComplete(deployment, deployment.status)) forgetOldRevisions();
    return;

    /** Makes the ReplicaSet of the template, or finds it and gives it the next revision. */
    function syncNewest(): void {
      const newest = current();
      const next = Math.max(0, ...others().map(revisionOf)) + 1;
      const made = newest ?? create(next);
      const revised = revisionOf(made) >= next ? made : revise(made, next);
      const progressing = deployment.status.conditions?.some(({ type }) => type === "Progressing");
      const found = condition(
        "Progressing",
        true,
        clock.now(),
        "FoundNewReplicaSet",
        `Found new replica set "${made.metadata.name}"`,
      );
      const created = condition(
        "Progressing",
        true,
        clock.now(),
        "NewReplicaSetCreated",
        `Created new replica set "${made.metadata.name}"`,
      );
      const note = newest ? (progressing ? undefined : found) : created;
      change((draft) => {
        draft.metadata.annotations = {
          ...draft.metadata.annotations,
          [revisionAnnotation]: String(revisionOf(revised)),
        };
        if (note) draft.status.conditions = withCondition(draft.status.conditions ?? [], note);
      });
    }

    function create(revision: number): ReplicaSet {
      const { template, selector, minReadySeconds } = deployment.spec;
      const hash = templateHash(template);
      const labels = { ...template.metadata?.labels, [hashLabel]: hash };
      const replicas = newSize(deployment, owned(), 0);
      const made = store.insert(replicaSets, {
        kind: "ReplicaSet",
        apiVersion: "apps/v1",
        metadata: {
          name: `${name}-${hash}`,
          namespace,
          labels,
          annotations: { ...copied(), ...sizes(), [revisionAnnotation]: String(revision) },
          ownerReferences: [controllerReference(deployment)],
        },
        spec: {
          replicas,
          ...(minReadySeconds ? { minReadySeconds } : {}),
          selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
          template: { ...copy(template), metadata: { ...template.metadata, labels } },
        },
        status: { replicas: 0 },
      }) as ReplicaSet;
      if (replicas > 0) noteScaling(made, 0, replicas);
      return made;
    }

    function revise(set: ReplicaSet, revision: number): ReplicaSet {
      const was = revisionOf(set);
      return (
        store.change(replicaSets, set, (draft) => {
          const history = draft.metadata.annotations?.["deployment.kubernetes.io/revision-history"];
          draft.metadata.annotations = {
            ...draft.metadata.annotations,
            [revisionAnnotation]: String(revision),
            "deployment.kubernetes.io/revision-history": history
              ? `${history},${was}`
              : String(was),
          };
        }) ?? set
      );
    }

    function reconcile(): void {
      const newest = current();
      if (!newest) return;
      const wanted = newSize(deployment, owned(), newest.spec.replicas);
      if (wanted !== newest.spec.replicas) scale(newest, wanted);
      else if (deployment.spec.strategy.type !== "Recreate") {
        for (const [set, size] of shrunkSizes(deployment, newest, others()))
          if (size !== set.spec.replicas) scale(set, size);
      }
      writeStatus();
    }

    function scale(set: ReplicaSet, replicas: number): void {
      store.change(replicaSets, set, (draft) => {
        draft.spec.replicas = replicas;
        draft.metadata.annotations = { ...draft.metadata.annotations, ...sizes() };
      });
      noteScaling(set, set.spec.replicas, replicas);
    }

    function noteScaling(set: ReplicaSet, was: number, is: number): void {
      const message = `Scaled ${is > was ? "up" : "down"} replica set ${set.metadata.name} from ${was} to ${is}`;
      record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message, from });
    }

    function writeStatus(): void {
      const [all, newest, now] = [owned(), current(), clock.now()];
      const counted = countedStatus(deployment, all, newest, now);
      const next = deployment.spec.paused
        ? counted
        : withProgress(deployment, counted, newest, now);
      if (!equal(next, deployment.status)) change((draft) => void (draft.status = next));
    }

    /** Writes as the controller does: status and the revision's annotation, with an owner of their own. */
    function change(edit: (draft: Deployment) => void): void {
      const draft = copy(deployment);
      edit(draft);
      if (equal(draft, deployment)) return;
      const writer = {
        manager: "kube-controller-manager",
        operation: "Update",
        apiVersion: "apps/v1",
        subresource: "status",
        time: timestamp(clock.now()),
      } as const;
      const recorded = recordUpdate({
        before: deployment,
        after: draft,
        writer,
        schema: schemaOf(deployments),
      });
      deployment = store.replace(deployments, recorded as Deployment);
    }

    function forgetOldRevisions(): void {
      const empty = others().filter(
        ({ spec, status }) => spec.replicas === 0 && status.replicas === 0,
      );
      const surplus = empty.length - (deployment.spec.revisionHistoryLimit ?? 10);
      const oldestFirst = empty.sort((one, other) => revisionOf(one) - revisionOf(other));
      for (const set of oldestFirst.slice(0, Math.max(0, surplus))) store.remove(replicaSets, set);
    }

    /** A Deployment's own annotations are seen on its ReplicaSets as well. */
    function copied(): Record<string, string> {
      const skipped = ["kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation];
      return Object.fromEntries(
        Object.entries(deployment.metadata.annotations ?? {}).filter(
          ([key]) => !skipped.includes(key),
        ),
      );
    }

    function sizes(): Record<string, string> {
      const { replicas } = deployment.spec;
      const most = replicas + bounds(deployment).surge;
      return {
        "deployment.kubernetes.io/desired-replicas": String(replicas),
        "deployment.kubernetes.io/max-replicas": String(most),
      };
    }
  };
}
