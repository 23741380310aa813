import { Fault } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { isWaited, knownResource, resourcePath, type WaitedKind } from "./kinds.ts";
import {
  entryAnnotation,
  isMapping,
  listAt,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";
import type { Rendered } from "./rendered.ts";
import { statusOf } from "./status.ts";
import {
  asTold,
  isPodOf,
  speaksForItself,
  wantedImages,
  workloadOf,
  type Workload,
} from "./workload.ts";

/** Which workloads are asked for. */
export type Asked = {
  namespace: string;
  workloads: { kind: WaitedKind; name: string; namespace?: string }[];
};

/** A workload as it runs, and which release put it there, if one of ours did. */
export type Running = Workload & { entry?: string; version?: string };

/**
 * Reads what runs now: for each workload the digests of its ready pods. Workloads that do not exist are left out.
 * One request for each kind and namespace, and one for the pods of each namespace.
 * @throws Fault RA3008, RA3120
 */
export async function readRunning(cluster: Cluster, asked: Rendered | Asked): Promise<Running[]> {
  const wanted = wantedOf(asked);
  const namespaces = Map.groupBy(wanted, (one) => one.namespace);
  const perNamespace = await Promise.all(
    [...namespaces].map(async ([namespace, group]) => {
      const [pods, objects] = await Promise.all([
        readPods(cluster, namespace),
        readKinds(cluster, namespace, group),
      ]);
      return objects.map((object) => runningOf(object, pods));
    }),
  );
  return perNamespace.flat();
}

/** Workloads as they are before an apply, and what they run. */
export type Look = { objects: KubeObject[]; running: Running[] };

/**
 * Looks at a release's workloads: one request for each kind and namespace. Where a workload is complete and pinned by digest
 * its own account is taken; only of others the pods are read too.
 * @throws Fault RA3008, RA3120
 */
export async function lookAt(cluster: Cluster, rendered: Rendered): Promise<Look> {
  const namespaces = Map.groupBy(wantedOf(rendered), (one) => one.namespace);
  const looks = await Promise.all(
    [...namespaces].map(async ([namespace, group]) => {
      const objects = await readKinds(cluster, namespace, group);
      const pods = objects.every(isPinnedAndDone) ? [] : await readPods(cluster, namespace);
      return { objects, running: objects.map((object) => runningOf(object, pods)) };
    }),
  );
  return {
    objects: looks.flatMap(({ objects }) => objects),
    running: looks.flatMap(({ running }) => running),
  };
}

function isPinnedAndDone(object: KubeObject): boolean {
  return speaksForItself(object) && wantedImages(object).every(({ digest }) => digest !== "");
}

function wantedOf(
  asked: Rendered | Asked,
): { kind: WaitedKind; name: string; namespace: string }[] {
  if ("workloads" in asked)
    return asked.workloads.map((one) => ({ ...one, namespace: one.namespace ?? asked.namespace }));
  return asked.objects.filter(isWaited).map(({ kind, metadata }) => ({
    kind: kind as WaitedKind,
    name: metadata.name,
    namespace: metadata.namespace ?? asked.namespace,
  }));
}

async function readPods(cluster: Cluster, namespace: string): Promise<KubeObject[]> {
  return readList(cluster, `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`);
}

async function readKinds(
  cluster: Cluster,
  namespace: string,
  group: readonly { kind: WaitedKind; name: string }[],
): Promise<KubeObject[]> {
  const kinds = [...Map.groupBy(group, (one) => one.kind)];
  const lists = await Promise.all(
    kinds.map(([kind, ones]) => readKind(cluster, kind, namespace, ones)),
  );
  return lists.flat();
}

async function readKind(
  cluster: Cluster,
  kind: WaitedKind,
  namespace: string,
  ones: { name: string }[],
): Promise<KubeObject[]> {
  const resource = knownResource("apps/v1", kind);
  if (!resource) throw new Error("a waited kind is not in the table");
  const only = ones.length === 1 ? ones[0] : undefined;
  const query: Record<string, string> = only ? { fieldSelector: `metadata.name=${only.name}` } : {};
  const all = await readList(cluster, resourcePath(resource, { namespace }), query);
  return all
    .map((object) => ({ ...object, apiVersion: "apps/v1", kind }))
    .filter((object) => ones.some((one) => one.name === object.metadata.name));
}

async function readList(
  cluster: Cluster,
  path: string,
  query: Record<string, string> = {},
): Promise<KubeObject[]> {
  try {
    const { body } = await cluster.request("GET", path, { query });
    return listAt(body, "items").filter((item): item is KubeObject => isMapping(item["metadata"]));
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return [];
    throw error;
  }
}

function runningOf(object: KubeObject, pods: readonly KubeObject[]): Running {
  const workload =
    speaksForItself(object) && pods.length === 0
      ? asTold(object)
      : workloadOf(
          object,
          pods.filter((pod) => isPodOf(pod, object)),
        );
  const { [entryAnnotation]: entry, [versionAnnotation]: version } =
    object.metadata.annotations ?? {};
  return { ...workload, ...(entry ? { entry } : {}), ...(version ? { version } : {}) };
}
