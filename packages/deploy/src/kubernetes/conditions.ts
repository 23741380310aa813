import { isMapping, listAt, mappingAt, textAt, type KubeObject } from "./object.ts";

/** How an object stands by the conditions of its status. */
export type Verdict =
  | { is: "ready" }
  /** Its controller is at it, or has not begun. */
  | { is: "coming"; because: string; clusterSaid: string }
  /** Its controller says that it will not come by itself. */
  | { is: "failed"; because: string; clusterSaid: string }
  /** Nothing in it says whether it is ready. */
  | { is: "unknown"; because: string };

/** Conditions that say it all, the most telling first. */
const deciding = ["Ready", "Healthy", "Available", "Succeeded", "Complete", "Completed"];

/**
 * Reads an object of a kind that this program does not know: the generation that its controller has seen, then the conditions
 * that most controllers write. A status that says nothing of the kind is "unknown", which nobody has to wait for.
 */
export function verdictByConditions(object: KubeObject): Verdict {
  const generation = object.metadata.generation ?? 0;
  const status = mappingAt(object, "status");
  const seen = generationIn(status["observedGeneration"]);
  if (seen !== undefined && seen < generation)
    return {
      is: "coming",
      because: `its controller has not looked at generation ${generation} yet`,
      clusterSaid: `status.observedGeneration is ${seen}`,
    };
  const conditions = listAt(status, "conditions").filter(
    (condition) => textAt(condition, "type") !== "",
  );
  const named = (type: string): Record<string, unknown> | undefined =>
    conditions.find((condition) => condition["type"] === type);
  const current = (condition: Record<string, unknown>): boolean =>
    (generationIn(condition["observedGeneration"]) ?? generation) >= generation;
  const holds = (type: string): Record<string, unknown> | undefined => {
    const condition = named(type);
    return condition?.["status"] === "True" && current(condition) ? condition : undefined;
  };
  const stalled = holds("Stalled") ?? holds("Failed");
  if (stalled)
    return { is: "failed", because: "its controller gave up", clusterSaid: sentence(stalled) };
  const reconciling = holds("Reconciling");
  if (reconciling)
    return {
      is: "coming",
      because: "its controller is still at it",
      clusterSaid: sentence(reconciling),
    };
  const condition = deciding.map(named).find((found) => found !== undefined);
  if (condition === undefined)
    return {
      is: "unknown",
      because: isMapping(object["status"])
        ? "none of its conditions says whether it is ready"
        : "it has no status",
    };
  if (condition["status"] === "True" && current(condition)) return { is: "ready" };
  return {
    is: "coming",
    because: current(condition)
      ? `its condition ${textAt(condition, "type")} is ${textAt(condition, "status") || "unknown"}`
      : `its condition ${textAt(condition, "type")} is of an earlier generation`,
    clusterSaid: sentence(condition),
  };
}

/** Some controllers write the generation as a text, some a hash in its place, which counts for nothing. */
function generationIn(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : undefined;
}

function sentence(condition: Record<string, unknown>): string {
  const [reason, message] = [textAt(condition, "reason"), textAt(condition, "message")];
  return [reason, message].filter(Boolean).join(": ") || textAt(condition, "type");
}

/** True for an object whose controller, if it has one, has not said anything yet. */
export function isSilent(object: KubeObject): boolean {
  return !isMapping(object["status"]);
}
