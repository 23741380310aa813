import { definitionOf } from "./definitions.ts";
import { nameOf, isMapping, listAt, type KubeObject } from "./object.ts";
import type { Observation } from "./observation.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Rendered } from "./rendered.ts";
import { mountedClaims, standingOf, type Standing } from "./standing.ts";

/** An object beside the workloads, and how it stands. */
export type Beside = { object: KubeObject; standing: Standing };

/** Tells two objects apart that have one kind and name in two groups. */
export function keyOf(object: KubeObject): string {
  return `${object.apiVersion} ${nameOf(object)}`;
}

/** How everything beside the workloads stands now. */
export function besidesOf(
  seen: Observation,
  rendered: Pick<Rendered, "digests" | "objects">,
): Beside[] {
  const mounted = mountedClaims([...seen.workloads.values()]);
  return [...seen.others.values()].map((object) => {
    const standing = standingOf(object, { mounted, digests: rendered.digests });
    return standing.is === "unknown" && standing.silent && isMute(rendered, object)
      ? { object, standing: { ...standing, silent: false } }
      : { object, standing };
  });
}

/** Not ready yet. `silent`: how long a controller that said nothing yet is listened to, whether it was long enough. */
export function isOpen({ standing }: Beside, silenceIsOver: boolean): boolean {
  return (
    standing.is === "coming" || (standing.is === "unknown" && standing.silent && !silenceIsOver)
  );
}

export function obstacleIn({ standing }: Beside): Obstacle | undefined {
  return "obstacle" in standing ? standing.obstacle : undefined;
}

/** What people should know of objects that were not waited for. */
export function notesOf(besides: readonly Beside[]): string[] {
  return besides.flatMap(({ standing }) => ("note" in standing ? (standing.note ?? []) : []));
}

/** Its definition is in this release and gives it no status that a controller could write apart. */
function isMute(rendered: Pick<Rendered, "objects">, object: KubeObject): boolean {
  const definition = definitionOf(rendered, object);
  if (definition === undefined) return false;
  const version = object.apiVersion.split("/").at(-1);
  const served = listAt(definition, "spec", "versions").find((one) => one["name"] === version);
  return !isMapping(served?.["subresources"]) || !("status" in served["subresources"]);
}
