import { Fault } from "@release-actions/codes";
import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { groupVersion, knownResource, resourcePath, type Resource } from "./kinds.ts";
import { listAt, nameOf, textAt, type KubeObject } from "./object.ts";
import type { Rendered } from "./rendered.ts";

/** The definition of an object's kind, where the release brings it along. */
export function definitionOf(
  rendered: Pick<Rendered, "objects">,
  object: KubeObject,
): KubeObject | undefined {
  const { group } = groupVersion(object.apiVersion);
  return rendered.objects.find(
    (other) =>
      isDefinition(other) &&
      textAt(other, "spec", "group") === group &&
      textAt(other, "spec", "names", "kind") === object.kind,
  );
}

/** How the objects of a definition are reached. */
export function resourceBy(definition: KubeObject, object: KubeObject): Resource {
  const { group, version } = groupVersion(object.apiVersion);
  return {
    group,
    version,
    plural: textAt(definition, "spec", "names", "plural"),
    namespaced: textAt(definition, "spec", "scope") === "Namespaced",
  };
}

export function isDefinition(object: KubeObject): boolean {
  return object.kind === "CustomResourceDefinition";
}

const patience = 30_000;

/**
 * Waits until the cluster serves the kind of a definition that was applied a moment ago.
 * @throws Fault RA3144 when its names are taken, or when it is not established after 30 s
 */
export async function awaitEstablished(cluster: Cluster, applied: KubeObject): Promise<void> {
  const resource = knownResource(applied.apiVersion, applied.kind);
  if (!resource) throw new Error("definitions are not in the table of kinds");
  const path = resourcePath(resource, { name: applied.metadata.name });
  const end = Date.now() + patience;
  for (let now = applied; ;) {
    if (holds(now, "Established", "True")) return;
    const refused = condition(now, "NamesAccepted", "False");
    if (refused !== undefined || Date.now() > end) {
      const said = textAt(refused, "message") || "not established";
      throw new Fault("RA3144", {
        saw: `${nameOf(applied)}: ${said}`,
        cause: { status: 409, said },
      });
    }
    await wait(200);
    const { body } = await cluster.request("GET", path, { object: nameOf(applied) });
    now = body as KubeObject;
  }
}

function holds(object: KubeObject, type: string, status: string): boolean {
  return condition(object, type, status) !== undefined;
}

function condition(
  object: KubeObject,
  type: string,
  status: string,
): Record<string, unknown> | undefined {
  return listAt(object, "status", "conditions").find(
    (one) => one["type"] === type && one["status"] === status,
  );
}
