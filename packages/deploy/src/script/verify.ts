import type { Code } from "@release-actions/codes";
import { Fault } from "@release-actions/codes";
import { causeOf, type Cause } from "../kubernetes/cause.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { fullImageName, splitImage } from "../kubernetes/image.ts";
import { knownResource, resourcePath, waitedKinds } from "../kubernetes/kinds.ts";
import {
  containersOf,
  isMapping,
  listAt,
  nameOf,
  podSpecOf,
  textAt,
  type KubeObject,
} from "../kubernetes/object.ts";
import {
  isOut,
  observationOf,
  podsOf,
  seePod,
  type Observation,
} from "../kubernetes/observation.ts";
import { observe, type RolloutOptions } from "../kubernetes/rollout.ts";
import { statusOf } from "../kubernetes/status.ts";
import { isPodOf, workloadOf, type Workload } from "../kubernetes/workload.ts";
import type { ScriptImage } from "./variables.ts";

/** What a script should have made. */
export type Expected = { namespace: string; images: readonly ScriptImage[] };

/** What the namespace runs of the expected images, at one look. */
export type Sight = {
  /** The workloads that hold one of the images. */
  workloads: Workload[];
  /** Components whose image no workload holds. */
  missing: ScriptImage[];
  /** Every component is held, every workload is complete and every pod runs the expected digest. */
  asExpected: boolean;
};

/** How a verification ended. */
export type Verification = {
  passed: boolean;
  workloads: Workload[];
  /** Only when it did not pass. */
  cause?: Cause;
};

/**
 * Looks once at the Deployments, StatefulSets and DaemonSets of a namespace that hold one of the images.
 * @throws Fault RA3008, RA3120
 */
export async function lookForImages(cluster: Cluster, expected: Expected): Promise<Sight> {
  const holders = await readHolders(cluster, expected);
  const pods = await readList(
    cluster,
    `/api/v1/namespaces/${encodeURIComponent(expected.namespace)}/pods`,
  );
  const seen = observationFor(holders, expected);
  for (const pod of pods) seePod(seen, pod);
  const missing = missingOf(holders, expected);
  return {
    workloads: holders.map((holder) => workloadOf(holder, podsOf(seen, holder))),
    missing,
    asExpected:
      missing.length === 0 && holders.every((holder) => isOut(seen, holder, acceptedOf(expected))),
  };
}

/**
 * Watches what somebody else's program made until every workload that holds one of the images is rolled out and every pod runs
 * the expected digest, by the node's own account; or until something stands in the way, or until the deadline.
 * @throws Fault RA3008, RA3013, RA3120
 */
export async function verifyImages(
  cluster: Cluster,
  expected: Expected,
  options: Omit<RolloutOptions, "entry">,
): Promise<Verification> {
  const started = options.now();
  const holders = await readHolders(cluster, expected);
  const missing = missingOf(holders, expected);
  if (missing.length > 0)
    return {
      passed: false,
      workloads: holders.map(asItIs),
      cause: causeOfMissing(missing, expected),
    };
  const other = holders.flatMap((holder) => pinnedOtherwise(holder, expected)).at(0);
  if (other) return { passed: false, workloads: holders.map(asItIs), cause: other };
  const seen = observationFor(holders, expected);
  const ended = await observe(
    cluster,
    { digests: acceptedOf(expected), objects: holders },
    seen,
    options,
    started,
  );
  const workloads = [...seen.workloads.values()].map((workload) =>
    workloadOf(
      workload,
      [...seen.pods.values()].filter((pod) => isPodOf(pod, workload)),
    ),
  );
  return ended
    ? { passed: false, workloads, cause: await causeOf(cluster, ended, seen) }
    : { passed: true, workloads };
}

function observationFor(holders: readonly KubeObject[], expected: Expected): Observation {
  const digests = new Map(
    expected.images.map(({ image, digest }) => [fullImageName(image), digest]),
  );
  return observationOf(holders, (workload) => pinned(workload, digests));
}

/** The workload as it would be if its template named the expected digests; the cluster's object is not changed. */
function pinned(workload: KubeObject, digests: ReadonlyMap<string, string>): KubeObject {
  const copy = structuredClone(workload);
  for (const container of containersOf(podSpecOf(copy))) {
    const { name } = splitImage(textAt(container, "image"));
    const digest = digests.get(fullImageName(name));
    if (digest !== undefined) container["image"] = `${name}@${digest}`;
  }
  return copy;
}

async function readHolders(cluster: Cluster, expected: Expected): Promise<KubeObject[]> {
  const lists = await Promise.all(
    waitedKinds.map(async (kind) => {
      const resource = knownResource("apps/v1", kind);
      if (!resource) throw new Error("a waited kind is not in the table");
      const all = await readList(
        cluster,
        resourcePath(resource, { namespace: expected.namespace }),
      );
      // Objects in a list do not always name their kind.
      return all.map((object) => ({ ...object, apiVersion: "apps/v1", kind }));
    }),
  );
  const wanted = new Set(expected.images.map(({ image }) => fullImageName(image)));
  return lists.flat().filter((object) => [...heldBy(object)].some((name) => wanted.has(name)));
}

async function readList(cluster: Cluster, path: string): Promise<KubeObject[]> {
  try {
    const { body } = await cluster.request("GET", path);
    return listAt(body, "items").filter((item): item is KubeObject => isMapping(item["metadata"]));
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return [];
    throw error;
  }
}

function heldBy(object: KubeObject): Set<string> {
  return new Set(
    containersOf(podSpecOf(object)).map((container) =>
      fullImageName(splitImage(textAt(container, "image")).name),
    ),
  );
}

function missingOf(holders: readonly KubeObject[], expected: Expected): ScriptImage[] {
  const held = new Set(holders.flatMap((holder) => [...heldBy(holder)]));
  return expected.images.filter(({ image }) => !held.has(fullImageName(image)));
}

function acceptedOf(expected: Expected): Record<string, string[]> {
  return Object.fromEntries(expected.images.map(({ digest }) => [digest, [digest]]));
}

function asItIs(object: KubeObject): Workload {
  return workloadOf(object, []);
}

/** A template that pins another digest: no waiting makes it right. */
function pinnedOtherwise(holder: KubeObject, expected: Expected): Cause[] {
  return containersOf(podSpecOf(holder)).flatMap((container) => {
    const reference = textAt(container, "image");
    const { name, digest } = splitImage(reference);
    const image = expected.images.find((one) => fullImageName(one.image) === fullImageName(name));
    if (image === undefined || digest === undefined || digest === image.digest) return [];
    const named = textAt(container, "name");
    return [
      cause("RA3115", holder, {
        plain: `${nameOf(holder)} is told to run ${digest} in container ${named}, and ${image.name} of this release is ${image.digest}.`,
        said: reference,
        container: named,
        next: "Let the script set the image from the variable of the component.",
      }),
    ];
  });
}

function causeOfMissing(missing: readonly ScriptImage[], expected: Expected): Cause {
  const named = missing.map(({ name, image }) => `${name} (${image})`).join(", ");
  return {
    code: "RA3203",
    plain: `No Deployment, StatefulSet or DaemonSet in namespace ${expected.namespace} holds the image of ${named}.`,
    clusterSaid: "",
    object: `Namespace ${expected.namespace}`,
    next: `kubectl -n ${expected.namespace} get deployments,statefulsets,daemonsets -o wide`,
  };
}

function cause(
  code: Code,
  object: KubeObject,
  about: { plain: string; said: string; container: string; next: string },
): Cause {
  return {
    code,
    plain: about.plain,
    clusterSaid: about.said,
    object: nameOf(object),
    container: about.container,
    next: about.next,
  };
}
