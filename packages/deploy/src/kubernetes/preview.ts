import { Fault } from "@release-actions/codes";
import { readLive, resourceFinder, sendApply } from "./apply.ts";
import { causeOfRefusal, type Cause } from "./cause.ts";
import type { Cluster } from "./cluster.ts";
import { definitionOf } from "./definitions.ts";
import { differenceOf, type FieldChange } from "./difference.ts";
import { isOfClientSideApply } from "./hand-over.ts";
import { knownResource } from "./kinds.ts";
import { nameOf, type KubeObject } from "./object.ts";
import type { Rendered } from "./rendered.ts";
import { statusOf } from "./status.ts";

/** What applying one object would do, by the cluster's own dry run. */
export type Preview = { object: string } & (
  | { effect: "same" }
  /** `unchecked`: why the cluster could not try it. */
  | { effect: "created"; unchecked?: string }
  | { effect: "changed"; fields: FieldChange[]; takenOver: boolean }
  | { effect: "refused"; cause: Cause }
);

/**
 * Asks the cluster what applying would do, and writes nothing: two requests for each object.
 * @throws Fault when it cannot be known: RA3008, RA8001 …
 */
export async function previewApply(cluster: Cluster, rendered: Rendered): Promise<Preview[]> {
  const resources = resourceFinder(cluster, rendered);
  const previews: Preview[] = [];
  for (const object of rendered.objects) {
    const name = nameOf(object);
    try {
      const resource = await resources(object);
      const live = await readLive(cluster, resource, object, rendered);
      // kubectl's fields would be taken over first, which no dry run can do.
      const takenOver = live !== undefined && isOfClientSideApply(live);
      const { body } = await sendApply(cluster, resource, object, rendered, {
        dryRun: "All",
        force: String(takenOver),
      });
      if (live === undefined) previews.push({ object: name, effect: "created" });
      else {
        const fields = differenceOf(live, body as KubeObject);
        previews.push(
          fields.length === 0 && !takenOver
            ? { object: name, effect: "same" }
            : { object: name, effect: "changed", fields, takenOver },
        );
      }
    } catch (error) {
      if (!(error instanceof Fault) || statusOf(error) === undefined || error.code === "RA3008")
        throw error;
      const unchecked = comesWithRelease(rendered, object, error);
      previews.push(
        unchecked
          ? { object: name, effect: "created", unchecked }
          : { object: name, effect: "refused", cause: causeOfRefusal(object, error) },
      );
    }
  }
  return previews;
}

/** A dry run makes no namespace and no kind for the objects that come after it. */
function comesWithRelease(
  rendered: Rendered,
  object: KubeObject,
  fault: Fault,
): string | undefined {
  const namespace = object.metadata.namespace ?? rendered.namespace;
  const bringsNamespace = rendered.objects.some(
    (other) => other.kind === "Namespace" && other.metadata.name === namespace,
  );
  if (fault.code === "RA3009" && bringsNamespace)
    return `its namespace ${namespace} is part of the release and does not exist yet`;
  const bringsKind =
    knownResource(object.apiVersion, object.kind) === undefined &&
    definitionOf(rendered, object) !== undefined;
  return fault.code === "RA3010" && bringsKind
    ? `its kind ${object.kind} is part of the release and does not exist yet`
    : undefined;
}
