import type { Clock, Incoming, Reply } from "../stand-in.ts";
import type { Quirks } from "./quirks.ts";
import { specError } from "./spec-errors.ts";

/** Counts the reads of manifests, and refuses those that are too many until the time is over. */
export function createPullLimit(
  clock: Clock,
  pulls: Quirks["pulls"],
): (request: Incoming) => { refused?: Reply; headers: Record<string, string> } | undefined {
  let window = { ends: 0, pulled: 0 };
  return ({ method, url }) => {
    if (!pulls || !["GET", "HEAD"].includes(method) || !/\/manifests\/[^/]+$/.test(url.pathname))
      return undefined;
    const now = clock.now().getTime();
    if (now >= window.ends) window = { ends: now + pulls.seconds * 1000, pulled: 0 };
    const over = method === "GET" && window.pulled >= pulls.count;
    if (method === "GET" && !over) window.pulled += 1;
    const headers = {
      "ratelimit-limit": `${pulls.count};w=${pulls.seconds}`,
      "ratelimit-remaining": `${pulls.count - window.pulled};w=${pulls.seconds}`,
    };
    if (!over) return { headers };
    return {
      headers: { ...headers, "retry-after": String(Math.ceil((window.ends - now) / 1000)) },
      refused: specError("TOOMANYREQUESTS", "You have reached your pull rate limit."),
    };
  };
}
