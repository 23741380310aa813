import { listAt, mappingAt, textAt, type KubeObject } from "./object.ts";

type Amounts = Record<string, number>;

const factors: Record<string, number> = {
  n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** A Kubernetes quantity as a number: `500m`, `1.5Gi`, `2e3`; NaN for what is none. */
export function quantity(text: unknown): number {
  if (typeof text === "number") return text;
  const [, number = "", unit = ""] =
    /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]i?)?$/.exec(typeof text === "string" ? text : "") ??
    [];
  return number === "" ? Number.NaN : Number(number) * (factors[unit] ?? Number.NaN);
}

/** An amount of a resource for people: `2`, `500m`, `1.5Gi`. */
export function amount(resource: string, value: number): string {
  if (resource === "cpu" && Math.abs(value) < 1) return `${Math.round(value * 1000)}m`;
  const unit = /memory|storage|hugepages/.test(resource)
    ? (["Ti", "Gi", "Mi", "Ki"] as const).find((one) => Math.abs(value) >= (factors[one] ?? 1))
    : undefined;
  const scaled = unit ? value / (factors[unit] ?? 1) : value;
  return `${Math.round(scaled * 100) / 100}${unit ?? ""}`;
}

/** What a pod asks of a node: the sum of its containers, or its largest init container. */
export function requestsOf(pod: KubeObject): Amounts {
  const total: Amounts = { pods: 1 };
  for (const container of listAt(pod, "spec", "containers"))
    for (const [name, value] of Object.entries(asked(container)))
      total[name] = (total[name] ?? 0) + value;
  for (const container of listAt(pod, "spec", "initContainers"))
    for (const [name, value] of Object.entries(asked(container)))
      total[name] = Math.max(total[name] ?? 0, value);
  return total;
}

function asked(container: Record<string, unknown>): Amounts {
  const { requests, limits } = mappingAt(container, "resources") as Record<string, unknown>;
  const all = { ...mappingAt(limits), ...mappingAt(requests) };
  return Object.fromEntries(
    Object.entries(all)
      .map(([name, value]) => [name, quantity(value)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  );
}

/** Why the scheduler finds no node, in words, as far as its sentence and the pod say; begins with a colon. */
export function shortOf(pod: KubeObject, said: string): string {
  const requests = requestsOf(pod);
  const lacking = lackingOf(said)
    .filter((name) => requests[name] !== undefined)
    .map((name) => `${amount(name, requests[name] ?? 0)} of ${name}`);
  if (lacking.length > 0) return `: it asks for ${lacking.join(" and ")}, which no node has free`;
  if (/affinity\/selector/.test(said)) return ": no node has the labels that it asks for";
  if (/untolerated taint/.test(said)) return ": every node is kept for other pods by a taint";
  return "";
}

function lackingOf(said: string): string[] {
  return [
    ...new Set([...said.matchAll(/Insufficient ([-./\w]*\w)/g)].map(([, name]) => name ?? "")),
  ];
}

/** How much the roomiest node lacks of what the scheduler names; begins with a colon, and is undefined where the nodes do not tell. */
export function measuredShort(
  pod: KubeObject,
  said: string,
  nodes: readonly KubeObject[],
  pods: readonly KubeObject[],
): string | undefined {
  const requests = requestsOf(pod);
  const parts = lackingOf(said).flatMap((name) => {
    const wanted = requests[name];
    if (wanted === undefined) return [];
    const best = nodes
      .filter((node) => mappingAt(node, "spec")["unschedulable"] !== true)
      .map((node) => ({ node: node.metadata.name, ...freeOn(node, pods, name) }))
      .filter(({ all }) => Number.isFinite(all))
      .toSorted((a, b) => b.free - a.free)[0];
    if (!best || best.free >= wanted) return [];
    return [
      `it asks for ${amount(name, wanted)} of ${name}, and ${best.node} has ${amount(name, best.free)} of ${amount(name, best.all)} free: ${amount(name, wanted - best.free)} short`,
    ];
  });
  return parts.length > 0 ? `: ${parts.join("; ")}` : undefined;
}

function freeOn(
  node: KubeObject,
  pods: readonly KubeObject[],
  resource: string,
): { free: number; all: number } {
  const all = quantity(mappingAt(node, "status", "allocatable")[resource]);
  const taken = pods
    .filter(
      (pod) =>
        textAt(pod, "spec", "nodeName") === node.metadata.name &&
        !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase")),
    )
    .reduce((sum, pod) => sum + (requestsOf(pod)[resource] ?? 0), 0);
  return { free: all - taken, all };
}
