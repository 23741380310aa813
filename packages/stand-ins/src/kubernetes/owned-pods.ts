import { applyDefaults } from "./defaults.ts";
import { controllerReference, copy, type KubeObject } from "./object.ts";
import { suffix } from "./names.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type { Template } from "./workloads.ts";
import type { Writing } from "./writing.ts";

/** Makes one pod of an owner's template, under a name of its own. */
export function createOwnedPod(options: {
  store: Store;
  record: Recorder;
  addresses: Writing["addresses"];
  owner: KubeObject;
  template: Template;
  from: string;
}): void {
  const { store, owner, template } = options;
  const resource = resourceOfKind("Pod");
  const generateName = `${owner.metadata.name}-`;
  const draft = {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      ...copy(template.metadata ?? {}),
      name: `${generateName}${suffix()}`,
      generateName,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: copy(template.spec),
  };
  applyDefaults(resource, draft, options.addresses);
  const pod = store.insert(resource, draft);
  options.record(owner, {
    type: "Normal",
    reason: "SuccessfulCreate",
    message: `Created pod: ${pod.metadata.name}`,
    from: options.from,
  });
}
