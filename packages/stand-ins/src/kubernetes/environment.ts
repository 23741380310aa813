import { at, type KubeObject } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type {
  ConfigMap,
  ContainerSpec,
  EnvironmentVariable,
  KeyReference,
  Pod,
  Secret,
} from "./workloads.ts";

/** What the container needs is not there: the kubelet's own sentence. */
export class ConfigError extends Error {}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The environment of a container: the image's, then `envFrom`, then `env`, and nothing of this process.
 * Throws ConfigError when a ConfigMap, Secret or key is missing and not optional.
 */
export function environmentOf(
  store: Store,
  pod: Pod,
  container: ContainerSpec,
  image: Record<string, string>,
  ports: Record<string, string>,
): Record<string, string> {
  const namespace = pod.metadata.namespace ?? "default";
  const env: Record<string, string> = { PATH: path, ...image, HOSTNAME: pod.metadata.name };
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const source = configMapRef
      ? values(store, "ConfigMap", namespace, configMapRef)
      : secretRef
        ? values(store, "Secret", namespace, secretRef)
        : {};
    for (const [name, value] of Object.entries(source ?? {})) env[`${prefix}${name}`] = value;
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(store, pod, variable, namespace);
    if (value !== undefined) env[variable.name] = expanded(value, env);
  }
  return { ...env, ...ports };
}

/** `$(NAME)` becomes the variable's value, `$$(NAME)` stays `$(NAME)`; unknown names stay as they are. */
export const expanded = (text: string, env: Record<string, string>): string =>
  text.replace(/\$(\$)?\(([^)\s]+)\)/g, (whole, escaped: string | undefined, name: string) =>
    escaped ? whole.slice(1) : (env[name] ?? whole),
  );

function valueOf(
  store: Store,
  pod: Pod,
  variable: EnvironmentVariable,
  namespace: string,
): string | undefined {
  const { valueFrom } = variable;
  if (!valueFrom) return variable.value ?? "";
  if (valueFrom.configMapKeyRef)
    return keyOf(store, "ConfigMap", namespace, valueFrom.configMapKeyRef);
  if (valueFrom.secretKeyRef) return keyOf(store, "Secret", namespace, valueFrom.secretKeyRef);
  if (valueFrom.fieldRef) return fieldOf(pod, valueFrom.fieldRef.fieldPath);
  return "";
}

function keyOf(
  store: Store,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  reference: KeyReference,
): string | undefined {
  const value = values(store, kind, namespace, reference)?.[reference.key];
  if (value !== undefined || reference.optional) return value;
  throw new ConfigError(
    `couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name}`,
  );
}

function values(
  store: Store,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  reference: { name: string; optional?: boolean },
): Record<string, string> | undefined {
  const object = store.get(resourceOfKind(kind), namespace, reference.name) as
    | ConfigMap
    | Secret
    | undefined;
  if (!object) {
    if (reference.optional) return undefined;
    throw new ConfigError(`${kind.toLowerCase()} "${reference.name}" not found`);
  }
  const data = object.data ?? {};
  if (kind === "ConfigMap") return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      Buffer.from(value, "base64").toString("utf8"),
    ]),
  );
}

function fieldOf(pod: KubeObject, fieldPath: string): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (keyed) return String(at(pod, "metadata", keyed[1] ?? "", keyed[2] ?? "") ?? "");
  return String(at(pod, ...fieldPath.split(".")) ?? "");
}
