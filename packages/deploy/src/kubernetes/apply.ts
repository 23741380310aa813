import { Fault } from "@release-actions/codes";
import type { Step } from "@release-actions/plan";
import { setTimeout as wait } from "node:timers/promises";
import { awaitEstablished, definitionOf, isDefinition, resourceBy } from "./definitions.ts";
import { unreadable, type Cluster } from "./cluster.ts";
import { isOfClientSideApply, takeOverFromKubectl } from "./hand-over.ts";
import { groupPath, groupVersion, knownResource, resourcePath, type Resource } from "./kinds.ts";
import {
  entryAnnotation,
  listAt,
  nameOf,
  textAt,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";
import type { Rendered } from "./rendered.ts";
import { statusOf } from "./status.ts";

/** The owner's name of what we apply. */
const fieldManager = "release-actions";

/** The objects of a release as the cluster answered them, in the order of applying. */
export type Applied = {
  entry: string;
  objects: KubeObject[];
  /** How many of them did not exist before. */
  created: number;
  /** An earlier run applied them; this one only read them. */
  resumed: boolean;
  /** How each of them is reached; asked anew where nobody remembers. */
  reach?: (object: KubeObject) => Promise<Resource>;
};

/** An apply that ended at an object: what was written before it, and why it ended. */
export class ApplyStopped extends Error {
  readonly written: number;
  readonly object: KubeObject;
  readonly fault: Fault;

  constructor(written: number, object: KubeObject, fault: Fault) {
    super(fault.message, { cause: fault });
    this.name = "ApplyStopped";
    this.written = written;
    this.object = object;
    this.fault = fault;
  }
}

/**
 * Applies every object server-side, in order, without force; the entry is written into each object's annotations. Fields that
 * kubectl applied client-side are taken over from it, of every other owner they stay. Applying again is harmless: the server changes nothing.
 * @throws ApplyStopped at the first object that is refused; Fault RA8001, RA8002 when the outcome is not known.
 */
export async function applyObjects(
  cluster: Cluster,
  rendered: Rendered,
  entry: string,
): Promise<Applied> {
  const applied: KubeObject[] = [];
  let created = 0;
  const resources = resourceFinder(cluster, rendered);
  for (const object of rendered.objects) {
    try {
      const answer = await applyOne(
        cluster,
        await resources(object),
        stamped(object, entry),
        rendered,
      );
      if (answer.status === 201) created += 1;
      const taken = appliedFrom(answer.body, object);
      applied.push(taken);
      if (isDefinition(taken)) await awaitEstablished(cluster, taken);
    } catch (error) {
      if (!(error instanceof Fault) || statusOf(error) === undefined || error.code === "RA3008")
        throw error;
      throw new ApplyStopped(applied.length, object, error);
    }
  }
  return { entry, objects: applied, created, resumed: false, reach: resources };
}

/**
 * Applying as a step. `look` reads the live objects and is done when all carry this entry and version; it ends at the
 * first that does not, so that a first run looks once. A refusal of the cluster while acting is thrown as its Fault.
 */
export function applyStep(cluster: Cluster, rendered: Rendered, entry: string): Step<Applied> {
  return {
    key: `apply ${rendered.namespace} ${rendered.version} ${entry}`,
    title: `Apply ${rendered.version} to namespace ${rendered.namespace}`,
    look: async () => {
      const resources = resourceFinder(cluster, rendered);
      const objects: KubeObject[] = [];
      // The last object is applied last: it is the one that a run which was cut off does not have.
      for (const object of rendered.objects.toReversed()) {
        const live = await readLive(cluster, await resources(object), object, rendered);
        const annotations = live?.metadata.annotations ?? {};
        const ours =
          annotations[entryAnnotation] === entry &&
          annotations[versionAnnotation] === rendered.version &&
          !isOfClientSideApply(live);
        if (!live || !ours) return { state: "todo" };
        objects.unshift(live);
      }
      return {
        state: "done",
        value: { entry, objects, created: 0, resumed: true, reach: resources },
      };
    },
    act: async () => {
      try {
        return await applyObjects(cluster, rendered, entry);
      } catch (error) {
        throw error instanceof ApplyStopped ? error.fault : error;
      }
    },
  };
}

/** What the cluster says it has now. Another object than was sent would be waited for, or not at all. */
function appliedFrom(body: unknown, sent: KubeObject): KubeObject {
  const isIt =
    textAt(body, "kind") === sent.kind &&
    textAt(body, "metadata", "name") === sent.metadata.name &&
    textAt(body, "metadata", "uid") !== "";
  if (!isIt) throw unreadable("PATCH", nameOf(sent));
  return body as KubeObject;
}

/** Sends one server-side apply. */
export async function sendApply(
  cluster: Cluster,
  resource: Resource,
  object: KubeObject,
  rendered: Rendered,
  query: { force: string; dryRun?: string } = { force: "false" },
): Promise<{ status: number; body: unknown }> {
  const namespace = object.metadata.namespace ?? rendered.namespace;
  const body = resource.namespaced
    ? { ...object, metadata: { ...object.metadata, namespace } }
    : object;
  return cluster.request(
    "PATCH",
    resourcePath(resource, { namespace, name: object.metadata.name }),
    {
      query: { fieldManager, ...query },
      contentType: "application/apply-patch+yaml",
      body,
      object: nameOf(body),
      secret: object.kind === "Secret",
    },
  );
}

async function applyOne(
  cluster: Cluster,
  resource: Resource,
  object: KubeObject,
  rendered: Rendered,
): Promise<{ status: number; body: unknown }> {
  const namespace = object.metadata.namespace ?? rendered.namespace;
  const path = resourcePath(resource, { namespace, name: object.metadata.name });
  const send = () => sendApply(cluster, resource, object, rendered);
  // A definition that was applied a moment ago is not served at once.
  const tries = definitionOf(rendered, object) ? 20 : 1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await send();
      if (!isOfClientSideApply(answer.body)) return answer;
      await takeOverFromKubectl(cluster, fieldManager, path, answer.body as KubeObject);
      return await send();
    } catch (error) {
      if (error instanceof Fault && error.code === "RA3121") {
        const live = await readLive(cluster, resource, object, rendered);
        if (!live || !isOfClientSideApply(live)) throw error;
        await takeOverFromKubectl(cluster, fieldManager, path, live);
        return await send();
      }
      if (attempt >= tries || !(error instanceof Fault) || error.code !== "RA3010") throw error;
      await wait(250);
    }
  }
}

export async function readLive(
  cluster: Cluster,
  resource: Resource,
  object: KubeObject,
  rendered: Rendered,
): Promise<KubeObject | undefined> {
  const namespace = object.metadata.namespace ?? rendered.namespace;
  try {
    const { body } = await cluster.request(
      "GET",
      resourcePath(resource, { namespace, name: object.metadata.name }),
      {
        object: nameOf(object),
        secret: object.kind === "Secret",
      },
    );
    return body as KubeObject;
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return undefined;
    throw error;
  }
}

function stamped(object: KubeObject, entry: string): KubeObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [entryAnnotation]: entry },
    },
  };
}

/** Finds how a kind is reached: the table, a definition among the objects, else one question to the cluster for each group. */
export function resourceFinder(
  cluster: Cluster,
  rendered: Rendered,
): (object: KubeObject) => Promise<Resource> {
  const asked = new Map<string, Promise<{ body: unknown }>>();
  return async (object) => {
    const { group, version } = groupVersion(object.apiVersion);
    const known = knownResource(object.apiVersion, object.kind);
    const definition = known ? undefined : definitionOf(rendered, object);
    if (known ?? definition) return known ?? resourceBy(definition as KubeObject, object);
    const path = groupPath(group, version);
    const answer =
      asked.get(path) ?? cluster.request("GET", path, { object: `API ${object.apiVersion}` });
    asked.set(path, answer);
    const found = listAt((await answer).body, "resources").find(
      (item) => item["kind"] === object.kind && !textAt(item, "name").includes("/"),
    );
    if (!found) {
      const said = `the API ${object.apiVersion} has no kind ${object.kind}`;
      throw new Fault("RA3010", {
        saw: `${nameOf(object)}: ${said}.`,
        cause: { status: 404, said },
      });
    }
    return {
      group,
      version,
      plural: textAt(found, "name"),
      namespaced: found["namespaced"] === true,
    };
  };
}
