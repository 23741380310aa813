import { controllerReference, copy, equal, isOwnedBy, type KubeObject } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import { templateHash } from "./rollout.ts";
import type { Store } from "./store.ts";
import type { ControllerRevision, Template } from "./workloads.ts";

const revisions = resourceOfKind("ControllerRevision");
/** The label by which a StatefulSet's or DaemonSet's pods name their template. */
export const revisionLabel = "controller-revision-hash";

/** The recorded revision of a workload's present template: found again after a way back, made when it is new. */
export function currentRevision(
  store: Store,
  owner: KubeObject & { spec: { template: Template } },
): ControllerRevision {
  const { name, namespace = "" } = owner.metadata;
  const { template } = owner.spec;
  const all = store
    .list<ControllerRevision>(revisions, namespace)
    .filter((revision) => isOwnedBy(revision, owner));
  const newest = Math.max(0, ...all.map(({ revision }) => revision));
  const known = all.find(({ data }) => equal(data.spec.template, template));
  if (known) {
    if (known.revision === newest) return known;
    return store.change(revisions, known, (draft) => void (draft.revision = newest + 1)) ?? known;
  }
  const hash = templateHash(template);
  return store.insert(revisions, {
    kind: "ControllerRevision",
    apiVersion: "apps/v1",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [revisionLabel]: hash },
      ownerReferences: [controllerReference(owner)],
    },
    data: { spec: { template: copy(template) } },
    revision: newest + 1,
  }) as ControllerRevision;
}

/** The template of an earlier revision, where it is still recorded. */
export const templateOf = (
  store: Store,
  namespace: string,
  name: string | undefined,
): Template | undefined =>
  name === undefined
    ? undefined
    : store.get<ControllerRevision>(revisions, namespace, name)?.data.spec.template;
