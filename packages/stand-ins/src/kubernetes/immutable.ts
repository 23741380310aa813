import { at, equal, isFields, type Fields, type KubeObject } from "./object.ts";
import type { Resource } from "./resources.ts";
import type { Invalid } from "./status.ts";

const wrong = (field: string, value: unknown, why: string): Invalid => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});
const items = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** What a change touches that may not change. */
export function immutableCauses(
  resource: Resource,
  object: KubeObject,
  before: KubeObject,
): Invalid[] {
  const fixed =
    {
      Deployment: ["selector"],
      ReplicaSet: ["selector"],
      DaemonSet: ["selector"],
      Job: ["selector", "template", "completions"],
    }[resource.kind] ?? [];
  const spec = fixed
    .filter((name) => !equal(at(object, "spec", name), at(before, "spec", name)))
    .map((name) => wrong(`spec.${name}`, at(object, "spec", name) ?? null, "field is immutable"));
  if (
    resource.kind === "Pod" &&
    !equal(withoutImages(object["spec"]), withoutImages(before["spec"]))
  )
    return [
      {
        reason: "FieldValueInvalid",
        field: "spec",
        message:
          "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
      },
    ];
  const kept = changeable[resource.kind];
  if (kept && !equal(without(object["spec"], kept.fields), without(before["spec"], kept.fields)))
    return [{ reason: "FieldValueInvalid", field: "spec", message: `Forbidden: ${kept.rule}` }];
  if (resource.kind === "Secret" && object["type"] !== before["type"])
    return [wrong("type", object["type"], "field is immutable")];
  if (before["immutable"] === true && !equal(object["data"], before["data"]))
    return [
      {
        reason: "FieldValueInvalid",
        field: "data",
        message: "Forbidden: field is immutable when `immutable` is set",
      },
    ];
  const address = at(before, "spec", "clusterIP");
  if (resource.kind === "Service" && address && at(object, "spec", "clusterIP") !== address)
    return [
      ...spec,
      wrong("spec.clusterIPs[0]", at(object, "spec", "clusterIP"), "may not change once set"),
    ];
  return spec;
}

/** Kinds whose spec is fixed but for these fields. */
const changeable: Record<string, { fields: string[]; rule: string }> = {
  StatefulSet: {
    fields: [
      "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
      "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    ],
    rule: "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  },
  PersistentVolumeClaim: {
    fields: ["resources", "volumeName", "volumeAttributesClassName"],
    rule: "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
  },
}; // prettier-ignore

const without = (value: unknown, names: string[]): unknown =>
  isFields(value)
    ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
    : value;

function withoutImages(spec: unknown): unknown {
  if (!isFields(spec)) return spec;
  const without = (value: unknown): unknown => items(value).map(({ image: _, ...rest }) => rest);
  const { nodeName: _, activeDeadlineSeconds: __, tolerations: ___, ...rest } = spec;
  return {
    ...rest,
    containers: without(spec["containers"]),
    initContainers: without(spec["initContainers"]),
  };
}
