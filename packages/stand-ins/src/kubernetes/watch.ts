import type { ServerResponse } from "node:http";
import type { KubeObject } from "./object.ts";
import { groupVersion, qualified, type Resource } from "./resources.ts";
import type { Match } from "./selectors.ts";
import { expired } from "./status.ts";
import type { Change, Store } from "./store.ts";

type WatchOptions = {
  store: Store;
  resource: Resource;
  namespace: string | undefined;
  matches: Match;
  /** As the query has it: absent or "0" begins with everything there is. */
  resourceVersion: string | undefined;
  timeoutSeconds: number | undefined;
  bookmarks: boolean;
  /** `sendInitialEvents=true`: a bookmark tells where the beginning ends. */
  initialEvents: boolean;
  /** Ends the watch: the client is gone, or the server closes. */
  ended: AbortSignal;
};

const bookmarkMilliseconds = 60_000;

/** Writes one JSON line per change until the time is over or one side goes. */
export async function watch(response: ServerResponse, options: WatchOptions): Promise<void> {
  const { store, resource, matches, ended } = options;
  response.flushHeaders();
  const send = (type: string, object: unknown): void =>
    void response.write(`${JSON.stringify({ type, object })}\n`);
  const bookmark = (annotations?: Record<string, string>): void =>
    send("BOOKMARK", {
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata: {
        resourceVersion: String(store.revision()),
        ...(annotations ? { annotations } : {}),
      },
    });
  const report = (change: Change): void => {
    const event = seen(change, options, matches);
    if (event) send(event.type, event.object);
  };

  const from = Number(options.resourceVersion ?? "0");
  if (from > 0 && !options.initialEvents) {
    if (from < store.oldest()) {
      send("ERROR", expired(from, store.oldest()));
      response.end();
      return;
    }
    for (const change of store.since(from)) report(change);
  } else {
    for (const object of store.list(resource, options.namespace))
      if (matches(object)) send("ADDED", object);
    if (options.initialEvents && options.bookmarks)
      bookmark({ "k8s.io/initial-events-end": "true" });
  }
  // A version from the future is waited for in silence.
  const unsubscribe = store.subscribe((change) => {
    if (change.revision > from) report(change);
  });
  const ticker = options.bookmarks ? setInterval(bookmark, bookmarkMilliseconds) : undefined;
  await untilEnd(options.timeoutSeconds, ended);
  clearInterval(ticker);
  unsubscribe();
  response.end();
}

/** What a change means to a watch with selectors: coming into view is ADDED, going out of it is DELETED. */
function seen(
  change: Change,
  options: WatchOptions,
  matches: Match,
): { type: Change["type"]; object: KubeObject } | undefined {
  const { object, previous } = change;
  if (qualified(change.resource) !== qualified(options.resource)) return undefined;
  if (options.namespace !== undefined && object.metadata.namespace !== options.namespace)
    return undefined;
  const now = change.type !== "DELETED" && matches(object);
  const before = previous !== undefined && matches(previous);
  if (now) return { type: before ? "MODIFIED" : "ADDED", object };
  if (!before) return undefined;
  if (change.type === "DELETED") return { type: "DELETED", object };
  return {
    type: "DELETED",
    object: {
      ...previous,
      metadata: { ...previous.metadata, resourceVersion: object.metadata.resourceVersion },
    },
  };
}

async function untilEnd(timeoutSeconds: number | undefined, ended: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (ended.aborted) return resolve();
    const timer =
      timeoutSeconds === undefined ? undefined : setTimeout(resolve, timeoutSeconds * 1000);
    ended.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
