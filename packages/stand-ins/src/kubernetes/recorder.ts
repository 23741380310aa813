import type { Clock } from "../stand-in.ts";
import { timestamp, type Fields, type KubeObject } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";

export type Recorder = (
  about: KubeObject,
  event: { type: "Normal" | "Warning"; reason: string; message: string; from: string },
) => void;

/** The Event object of each event that was written, and when by this process's own time. */
export type Written = Map<string, { name: string; at: number }>;

const quietMilliseconds = 1_000;

/** Writes Events. The same event again raises its count, at most once a second. */
export function createRecorder(store: Store, clock: Clock, written: Written): Recorder {
  const resource = resourceOfKind("Event");

  return (about, { type, reason, message, from }) => {
    const { namespace = "default", name, uid } = about.metadata;
    const key = JSON.stringify([uid, type, reason, message]);
    const known = written.get(key);
    if (known && performance.now() - known.at < quietMilliseconds) return;
    const now = timestamp(clock.now());
    const existing =
      known && store.get<KubeObject & { count: number }>(resource, namespace, known.name);
    if (existing) {
      store.change(resource, existing, (draft) => {
        draft.count += 1;
        (draft as Fields)["lastTimestamp"] = now;
      });
      written.set(key, { name: existing.metadata.name, at: performance.now() });
      return;
    }
    const eventName = `${name}.${(store.revision() + 1).toString(16).padStart(16, "0")}`;
    store.insert(resource, {
      kind: "Event",
      apiVersion: "v1",
      metadata: { name: eventName, namespace },
      involvedObject: {
        kind: about.kind,
        namespace,
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion: about.metadata.resourceVersion,
      },
      reason,
      message,
      source: { component: from },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: from,
      reportingInstance: "",
    });
    written.set(key, { name: eventName, at: performance.now() });
  };
}
