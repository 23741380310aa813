import { definitionOf } from "./definitions.ts";
import { knownResource } from "./kinds.ts";
import { nameOf, isMapping, listAt, mappingAt, type KubeObject } from "./object.ts";
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

/** What has been waited long enough for: silence, and a failure that may be older than this apply. */
export type Waited = { silence: boolean; old: boolean };

/** True for what may still get ready. */
export function isOpen(seen: Observation, { object, standing }: Beside, waited: Waited): boolean {
  if (standing.is === "coming") return true;
  if (standing.is === "failed") return !waited.old && mayBeOld(seen, object);
  return standing.is === "unknown" && standing.silent && !waited.silence;
}

/** The apply was answered with this very status, and it does not say of which generation it is. */
function mayBeOld(seen: Observation, object: KubeObject): boolean {
  const status = mappingAt(object, "status");
  return (
    !("observedGeneration" in status) &&
    knownResource(object.apiVersion, object.kind) === undefined &&
    seen.firstStatus.get(keyOf(object)) === JSON.stringify(status)
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
