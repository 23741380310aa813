import { Fault } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { knownResource, resourcePath } from "./kinds.ts";
import { textAt } from "./object.ts";
import { statusOf } from "./status.ts";

/**
 * When a CronJob last succeeded, as the cluster writes it; empty when it never did. undefined: there is no such CronJob.
 * @throws Fault RA3008, RA3120, RA3012
 */
export async function lastSuccessOf(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const resource = knownResource("batch/v1", "CronJob");
  if (!resource) throw new Error("CronJob is not in the table of kinds");
  try {
    const { body } = await cluster.request("GET", resourcePath(resource, { namespace, name }), {
      object: `CronJob ${namespace}/${name}`,
    });
    return textAt(body, "status", "lastSuccessfulTime");
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return undefined;
    throw error;
  }
}
