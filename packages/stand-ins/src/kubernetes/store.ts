import { randomUUID } from "node:crypto";
import type { Clock } from "../stand-in.ts";
import type { Webhook } from "./admission.ts";
import { copy, equal, tidyMetadata, timestamp, type KubeObject, type Metadata } from "./object.ts";
import { qualified, type Resource } from "./resources.ts";

export type Change = {
  revision: number;
  type: "ADDED" | "MODIFIED" | "DELETED";
  resource: Resource;
  object: KubeObject;
  previous?: KubeObject;
};

/** An object before it is stored: the store gives uid, version and time. */
export type Draft = {
  kind: string;
  apiVersion: string;
  metadata: Partial<Metadata> & { name: string };
  [field: string]: unknown;
};

/** The objects, their one growing revision and the changes that a watch can still be given. Stored objects are never changed in place. */
export type Store = ReturnType<typeof createStore>;

/** What is stored at one moment. */
export type StoreState = { objects: Map<string, KubeObject>; revision: number };

const keptChanges = 2_000;

/** `saved`: goes on from there, and from then on it is the store's own. Its changes are forgotten, as by `compact`. */
export function createStore(clock: Clock, saved?: StoreState) {
  const objects = saved?.objects ?? new Map<string, KubeObject>();
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  // A server that was just started has a past as well: revision 1 is always too old to watch from.
  let revision = saved?.revision ?? 100;
  let oldest = revision;

  const key = (resource: Resource, namespace: string | undefined, name: string): string =>
    `${qualified(resource)}/${namespace ?? ""}/${name}`;
  const keyOf = (
    resource: Resource,
    object: { metadata: { namespace?: string; name: string } },
  ): string => key(resource, object.metadata.namespace, object.metadata.name);

  const record = (change: Omit<Change, "revision">): void => {
    const recorded = { ...change, revision };
    history.push(recorded);
    if (history.length > keptChanges) oldest = history.shift()?.revision ?? oldest;
    for (const listener of listeners) listener(recorded);
  };

  const get = <T extends KubeObject = KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): T | undefined => objects.get(key(resource, namespace, name)) as T | undefined;

  const store = {
    /** Who is asked before an object is stored. */
    webhooks: [] as Webhook[],
    state: (): StoreState => ({ objects, revision }),
    revision: (): number => revision,
    /** The oldest revision from which a watch can start. */
    oldest: (): number => oldest,
    get,

    list<T extends KubeObject = KubeObject>(resource: Resource, namespace?: string): T[] {
      const prefix =
        namespace === undefined
          ? `${qualified(resource)}/`
          : `${qualified(resource)}/${namespace}/`;
      return [...objects.entries()]
        .filter(([name]) => name.startsWith(prefix))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([, object]) => object as T);
    },

    /** Stores a new object. A dry run only returns what would be stored. */
    insert(resource: Resource, draft: Draft, options: { dryRun?: boolean } = {}): KubeObject {
      const next = revision + 1;
      const { kind, apiVersion, metadata, ...rest } = copy(draft);
      const object: KubeObject = {
        kind,
        apiVersion,
        metadata: tidyMetadata({
          ...metadata,
          uid: metadata.uid ?? randomUUID(),
          ...(options.dryRun ? {} : { resourceVersion: String(next) }),
          ...(resource.generation ? { generation: 1 } : {}),
          creationTimestamp: timestamp(clock.now()),
        } as Metadata),
        ...rest,
      };
      if (options.dryRun) return object;
      revision = next;
      objects.set(keyOf(resource, object), object);
      record({ type: "ADDED", resource, object });
      return object;
    },

    /** Stores a new state. Nothing happens, and the stored object is returned, when nothing differs. A dry run only returns it. */
    replace<T extends KubeObject>(
      resource: Resource,
      next: T,
      options: { dryRun?: boolean; countsAnnotations?: boolean } = {},
    ): T {
      const previous = objects.get(keyOf(resource, next));
      if (!previous) throw new Error(`${keyOf(resource, next)} is not stored`);
      const { kind, apiVersion, metadata, ...rest } = copy<KubeObject>(next);
      const { generation } = previous.metadata;
      const specChanged =
        resource.generation &&
        (!equal(rest["spec"], previous["spec"]) ||
          (options.countsAnnotations === true &&
            !equal(metadata.annotations, previous.metadata.annotations)));
      const object: KubeObject = {
        kind,
        apiVersion,
        metadata: tidyMetadata({
          ...metadata,
          resourceVersion: previous.metadata.resourceVersion,
          ...(generation === undefined
            ? {}
            : { generation: specChanged ? generation + 1 : generation }),
        }),
        ...rest,
      };
      if (equal(object, previous)) return previous as T;
      if (options.dryRun) return object as T;
      revision += 1;
      object.metadata.resourceVersion = String(revision);
      objects.set(keyOf(resource, object), object);
      record({ type: "MODIFIED", resource, object, previous });
      return object as T;
    },

    /** Changes a copy of the stored object and stores it. Undefined when there is none. */
    change<T extends KubeObject>(
      resource: Resource,
      object: T,
      edit: (draft: T) => void,
    ): T | undefined {
      const stored = objects.get(keyOf(resource, object)) as T | undefined;
      if (!stored || stored.metadata.uid !== object.metadata.uid) return undefined;
      const draft = copy(stored);
      edit(draft);
      return store.replace(resource, draft);
    },

    remove(resource: Resource, object: KubeObject): void {
      const previous = objects.get(keyOf(resource, object));
      if (!previous || previous.metadata.uid !== object.metadata.uid) return;
      revision += 1;
      objects.delete(keyOf(resource, object));
      const last = copy(previous);
      last.metadata.resourceVersion = String(revision);
      record({ type: "DELETED", resource, object: last, previous });
    },

    /** The changes after a revision, oldest first. */
    since: (from: number): Change[] => history.filter((change) => change.revision > from),

    subscribe(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** Forgets the history, as etcd's compaction does: older watches are answered with 410. */
    compact(): void {
      history.length = 0;
      oldest = revision;
    },
  };
  return store;
}
