import type { Pod } from "./workloads.ts";

const factors: Record<string, number> = {
  n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** An amount of a resource as a number: `500m`, `1Gi`; NaN for what is none. */
export function quantity(text: unknown): number {
  const [, number, unit = ""] = /^([+-]?[\d.]+)([numkMGTPE]i?)?$/.exec(String(text)) ?? [];
  return number === undefined ? Number.NaN : Number(number) * (factors[unit] ?? Number.NaN);
}

/** What a pod's containers ask for together, or may take together; what none of them names is left out. */
export function requestsOf(pod: Pod, which: "requests" | "limits"): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { resources = {} } of pod.spec.containers) {
    const given =
      which === "limits" ? resources.limits : { ...resources.limits, ...resources.requests };
    for (const [name, value] of Object.entries(given ?? {}))
      total[name] = (total[name] ?? 0) + quantity(value);
  }
  return total;
}
