import { admit } from "./admission.ts";
import { applyDefaults } from "./defaults.ts";
import { controllerReference, copy, type KubeObject } from "./object.ts";
import { suffix } from "./names.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import { Refused } from "./status.ts";
import type { Store } from "./store.ts";
import type { Template } from "./workloads.ts";
import type { Writing } from "./writing.ts";

/**
 * Makes one pod of an owner's template, under a name of its own: a random one, or the `named` one. A pod that is not let in is
 * told of as an event, and its sentence is returned.
 */
export function createOwnedPod(options: {
  store: Store;
  record: Recorder;
  addresses: Writing["addresses"];
  owner: KubeObject;
  template: Template;
  from: string;
  /** A pod that has an identity: its name, and what it has beyond the template. */
  named?: { name: string; labels: Record<string, string>; spec?: Partial<Template["spec"]> };
  /** The node that the pod is made for. */
  node?: string;
  message?: (pod: string) => string;
  /** How the owner's controller speaks of a pod that is not let in. */
  failure?: (pod: string, why: string) => string;
}): string | undefined {
  const { store, owner, template, named } = options;
  const resource = resourceOfKind("Pod");
  const generateName = `${owner.metadata.name}-`;
  const draft = {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      ...copy(template.metadata ?? {}),
      name: named?.name ?? `${generateName}${suffix()}`,
      generateName,
      labels: { ...template.metadata?.labels, ...named?.labels },
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: {
      ...copy(template.spec),
      ...named?.spec,
      ...(options.node === undefined ? {} : { nodeName: options.node }),
    },
  };
  applyDefaults(resource, draft, options.addresses);
  try {
    admit(store, resource, draft as unknown as KubeObject, true);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const why = error.message;
    options.record(owner, {
      type: "Warning",
      reason: "FailedCreate",
      message: options.failure?.(draft.metadata.name, why) ?? `Error creating: ${why}`,
      from: options.from,
    });
    return why;
  }
  const pod = store.insert(resource, draft);
  options.record(owner, {
    type: "Normal",
    reason: "SuccessfulCreate",
    message: options.message?.(pod.metadata.name) ?? `Created pod: ${pod.metadata.name}`,
    from: options.from,
  });
  return undefined;
}
