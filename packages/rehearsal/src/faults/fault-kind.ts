import type { World } from "../world/world.ts";
import type { Place } from "./place.ts";

/** What goes wrong at a place. `before` the write takes effect, or `after` it did and before it is answered. */
export type FaultKind = {
  name: string;
  when: "before" | "after";
  does: "kill" | "reset" | "hang" | 502;
  /** Lists of GitHub and Zenodo show a change only after so many later reads. */
  stale?: number;
};

export const faultKinds: readonly FaultKind[] = [
  { name: "kill before", when: "before", does: "kill" },
  { name: "kill after", when: "after", does: "kill" },
  { name: "kill after, lists stale for 1 read", when: "after", does: "kill", stale: 1 },
  { name: "kill after, lists stale for 3 reads", when: "after", does: "kill", stale: 3 },
  { name: "502 after", when: "after", does: 502 },
  { name: "reset after", when: "after", does: "reset" },
  { name: "hang after", when: "after", does: "hang" },
];

/** A mail server that says no has not taken the mail: there is no answer like a gateway's 502. */
export const canStrike = ({ does }: FaultKind, { at }: Place): boolean =>
  !(at === "smtp" && does === 502);

/** Plants the fault in the world. Returns whether it has struck. */
export function plantFault(world: World, kind: FaultKind, place: Place): () => boolean {
  if (kind.stale !== undefined) world.delayLists(kind.stale);
  const kill = (): "gone" => world.runs.kill();
  if (place.at === "smtp" && kind.does !== 502) {
    const faults = world.mailFaults ?? [];
    const fault = {
      at: "DOT" as const,
      when: kind.when,
      does: kind.does === "kill" ? kill : kind.does,
      to: place.path.split(",")[0] ?? "",
    };
    faults.push(fault);
    return () => !faults.includes(fault);
  }
  const { faults } = world.standIn(place.at);
  let seen = 0;
  const fault = {
    matches: ({ method, path }: { method: string; path: string }) =>
      method === place.method && path === place.path && (seen += 1) === place.nth,
    when: kind.when,
    does: kind.does === "kill" ? kill : kind.does === 502 ? { status: 502 } : kind.does,
  };
  faults.push(fault);
  return () => !faults.includes(fault);
}
