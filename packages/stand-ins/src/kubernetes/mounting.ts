import { isFields, type KubeObject } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type { Pod } from "./workloads.ts";

/** Why a volume of the pod cannot be mounted yet, in the kubelet's words; undefined when all can. */
export function unmounted(store: Store, pod: Pod): string | undefined {
  for (const { name, secret, configMap } of pod.spec.volumes ?? []) {
    const missing =
      (secret && missingOf(store, pod, "Secret", secret.secretName ?? "", secret)) ??
      (configMap && missingOf(store, pod, "ConfigMap", configMap.name ?? "", configMap));
    if (missing) return `MountVolume.SetUp failed for volume "${name}" : ${missing}`;
  }
  return undefined;
}

function missingOf(
  store: Store,
  pod: Pod,
  kind: "Secret" | "ConfigMap",
  name: string,
  source: { optional?: boolean; items?: { key: string }[] },
): string | undefined {
  if (source.optional) return undefined;
  const object: KubeObject | undefined = store.get(
    resourceOfKind(kind),
    pod.metadata.namespace,
    name,
  );
  if (!object) return `${kind.toLowerCase()} "${name}" not found`;
  const held = { ...fieldsOf(object["data"]), ...fieldsOf(object["binaryData"]) };
  const key = source.items?.find((item) => !Object.hasOwn(held, item.key))?.key;
  if (key === undefined) return undefined;
  return kind === "Secret"
    ? `references non-existent secret key: ${key}`
    : `references non-existent config key: ${key}`;
}

const fieldsOf = (value: unknown): object => (isFields(value) ? value : {});
