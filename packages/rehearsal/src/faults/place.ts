import type { RecordedRequest } from "@release-actions/stand-ins";
import type { World } from "../world/world.ts";

/** One request that changes something, as a run of an act sends it when nothing is in its way. */
export type Place = {
  /** The stand-in that it goes to. */
  at: string;
  method: string;
  /** Path with its query; of a mail the receivers. */
  path: string;
  /** It is the how-manyth of its kind, from 1: reads of the same path count with it. */
  nth: number;
};

/** Every write of the runs since the marks were taken, stand-in after stand-in. */
export function placesSince(world: World, before: Record<string, number>): Place[] {
  return Object.entries(world.standIns).flatMap(([at, standIn]) => {
    const seen = new Map<string, number>();
    return standIn.requests.slice(before[at] ?? 0).flatMap((request): Place[] => {
      if (byPeople(request)) return [];
      const key = `${request.method} ${request.path}`;
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      return request.wrote ? [{ at, method: request.method, path: request.path, nth }] : [];
    });
  });
}

/** How many requests the runs sent since the marks were taken. */
export function requestsSince(world: World, before: Record<string, number>): number {
  return Object.entries(world.standIns)
    .flatMap(([at, standIn]) => standIn.requests.slice(before[at] ?? 0))
    .filter((request) => !byPeople(request)).length;
}

/** What people do by the API, the rehearsal does for them. */
const byPeople = ({ headers }: RecordedRequest): boolean => headers["user-agent"] === "rehearsal";

/** `github POST /repos/acme/shop/releases`, with the number where there are several. */
export function describePlace({ at, method, path, nth }: Place): string {
  return `${at} ${method} ${path}${nth > 1 ? ` (${nth})` : ""}`;
}
