import { Fault } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { isMapping, listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import { statusOf } from "./status.ts";

const clientSide = "kubectl-client-side-apply";
const lastApplied = "f:kubectl.kubernetes.io/last-applied-configuration";
const tries = 5;

type Entry = Record<string, unknown>;

/** True where `kubectl apply` without `--server-side` owns fields: they would stay when a later release leaves them out. */
export function isOfClientSideApply(object: unknown): boolean {
  return entriesOf(object).some(isClientSide);
}

/**
 * Makes the fields that kubectl applied client-side the manager's own, as kubectl does before its first server-side apply. No
 * value changes; the next apply may then change and take away these fields. Nothing happens when there are none.
 * @throws Fault as `request`
 */
export async function takeOverFromKubectl(
  cluster: Cluster,
  manager: string,
  path: string,
  live: KubeObject,
): Promise<void> {
  const object = nameOf(live);
  let now = live;
  for (let attempt = 1; isOfClientSideApply(now); attempt += 1) {
    try {
      await cluster.request("PATCH", path, {
        contentType: "application/json-patch+json",
        object,
        secret: live.kind === "Secret",
        body: [
          { op: "replace", path: "/metadata/managedFields", value: handedOver(now, manager) },
          // Refused when somebody wrote in between.
          {
            op: "replace",
            path: "/metadata/resourceVersion",
            value: now.metadata.resourceVersion ?? "",
          },
        ],
      });
      return;
    } catch (error) {
      const changed = error instanceof Fault && statusOf(error)?.status === 409;
      if (!changed || attempt === tries) throw error;
      const { body } = await cluster.request("GET", path, {
        object,
        secret: live.kind === "Secret",
      });
      now = body as KubeObject;
    }
  }
}

function handedOver(live: KubeObject, manager: string): Entry[] {
  const entries = entriesOf(live);
  const isOurs = (entry: Entry): boolean =>
    entry["manager"] === manager &&
    entry["operation"] === "Apply" &&
    entry["apiVersion"] === live.apiVersion &&
    entry["subresource"] === undefined;
  const moved = entries.filter(isClientSide);
  const ours = entries.find(isOurs);
  const fieldsV1 = [...(ours ? [ours] : []), ...moved].reduce<Record<string, unknown>>(
    (all, entry) => union(all, entry["fieldsV1"]),
    {},
  );
  return [
    ...entries.filter((entry) => !isOurs(entry) && !isClientSide(entry)),
    {
      manager,
      operation: "Apply",
      apiVersion: live.apiVersion,
      time: textAt(ours ?? moved[0], "time"),
      fieldsType: "FieldsV1",
      fieldsV1,
    },
  ];
}

/**
 * By its name; older kubectls have another, and are known by the annotation that `kubectl apply` keeps. So is what stands for
 * all writers from before the first server-side apply. Others keep that annotation too, and stay the owners of theirs.
 */
function isClientSide(entry: Entry): boolean {
  if (entry["operation"] !== "Update" || entry["subresource"] !== undefined) return false;
  const manager = textAt(entry, "manager");
  if (manager === clientSide) return true;
  const annotations = at(entry["fieldsV1"], "f:metadata", "f:annotations");
  return (
    /^(kubectl|before-first-apply)/.test(manager) &&
    isMapping(annotations) &&
    lastApplied in annotations
  );
}

function entriesOf(object: unknown): Entry[] {
  return listAt(object, "metadata", "managedFields");
}

/** Both sets of fields; they are trees of keys without values. */
function union(one: Record<string, unknown>, other: unknown): Record<string, unknown> {
  const all = { ...one };
  for (const [key, child] of Object.entries(isMapping(other) ? other : {}))
    all[key] = isMapping(all[key]) ? union(all[key], child) : child;
  return all;
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((here, part) => (isMapping(here) ? here[part] : undefined), value);
}
