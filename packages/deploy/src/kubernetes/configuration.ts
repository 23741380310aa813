import { Fault } from "@release-actions/codes";
import { resourceFinder } from "./apply.ts";
import type { Cluster } from "./cluster.ts";
import { resourcePath } from "./kinds.ts";
import {
  digestOf,
  entryAnnotation,
  isMapping,
  listAt,
  nameOf,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";
import type { Rendered } from "./rendered.ts";
import { statusOf } from "./status.ts";

/** What the objects of a release say in the cluster at one moment, without what the cluster itself writes. */
export type Configuration = {
  /** By `Deployment shop/web`: a short digest; `absent` where there is no such object. */
  digests: Record<string, string>;
  /** The contents themselves; undefined where only the digests were kept. Values of secrets are digests here too. */
  contents: Record<string, unknown> | undefined;
};

/** Annotations that another rollout of the same content changes. */
const changing = new Set([
  entryAnnotation,
  versionAnnotation,
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
  "kubectl.kubernetes.io/last-applied-configuration",
]);
const mostDifferences = 20;

/**
 * Reads the live objects that a release is about to apply: one list for each kind and namespace that has several, else one
 * request each. What the caller may not read is left out.
 * @throws Fault RA3008, RA8001
 */
export async function readConfiguration(
  cluster: Cluster,
  rendered: Rendered,
): Promise<Configuration> {
  const resources = resourceFinder(cluster, rendered);
  const contents: Record<string, unknown> = {};
  const groups = Map.groupBy(rendered.objects, (object) =>
    [object.apiVersion, object.kind, object.metadata.namespace ?? ""].join(" "),
  );
  for (const objects of groups.values()) {
    const [first] = objects;
    if (first === undefined) continue;
    try {
      const resource = await resources(first);
      // A secret is asked for by its name: the others are none of ours.
      const together = objects.length > 1 && first.kind !== "Secret" && resource.namespaced;
      const namespace = first.metadata.namespace ?? rendered.namespace;
      const listed = together
        ? await readAll(cluster, resourcePath(resource, { namespace }))
        : undefined;
      for (const object of objects) {
        const { name } = object.metadata;
        const path = resourcePath(resource, { namespace, name });
        const live = listed
          ? listed.find(({ metadata }) => metadata.name === name)
          : await readOne(cluster, path, object);
        contents[nameOf(object)] = live === undefined ? undefined : contentOf(live, object.kind);
      }
    } catch (error) {
      // A kind that the cluster does not know yet, or that the caller may only write.
      if (!(error instanceof Fault) || !["RA3010", "RA3120", "RA3009"].includes(error.code))
        throw error;
    }
  }
  const digests = Object.entries(contents).map(([name, content]) => [
    name,
    content === undefined ? "absent" : digestOf(content),
  ]);
  return { digests: Object.fromEntries(digests) as Record<string, string>, contents };
}

/** Every difference, a sentence each, without texts that could be secret. The first twenty. */
export function differencesOf(before: Configuration, after: Configuration): string[] {
  const all = Object.keys(before.digests).flatMap((name) => {
    const [was, is] = [before.digests[name], after.digests[name]];
    if (is === undefined || was === is) return [];
    if (was === "absent") return [`${name} was not there and stays`];
    if (is === "absent") return [`${name} is gone`];
    if (before.contents === undefined || after.contents === undefined)
      return [`${name} is another`];
    return fieldsOf(before.contents[name], after.contents[name]).map(
      (field) => `${name}: ${field}`,
    );
  });
  return all.length <= mostDifferences
    ? all
    : [...all.slice(0, mostDifferences), `and ${all.length - mostDifferences} more`];
}

/** All but what the cluster keeps for itself. */
function contentOf(live: KubeObject, kind: string): unknown {
  const { apiVersion: _version, kind: _kind, metadata, status: _status, ...rest } = live;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([name]) => !changing.has(name)),
  );
  const content = { ...rest, labels: metadata.labels ?? {}, annotations };
  return kind === "Secret" ? hashed(content) : content;
}

/** The values of a secret as digests: they are compared and never told. */
function hashed(content: Record<string, unknown>): Record<string, unknown> {
  const hide = (value: unknown): unknown =>
    isMapping(value)
      ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, digestOf(text)]))
      : value;
  return { ...content, data: hide(content["data"]), stringData: hide(content["stringData"]) };
}

function fieldsOf(was: unknown, is: unknown, path = ""): string[] {
  if (digestOf({ at: was }) === digestOf({ at: is })) return [];
  if (isMapping(was) && isMapping(is))
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) =>
      fieldsOf(was[key], is[key], path === "" ? key : `${path}.${key}`),
    );
  if (Array.isArray(was) && Array.isArray(is) && was.length === is.length)
    return was.flatMap((item, index) => fieldsOf(item, is[index], `${path}[${index}]`));
  return isOpen(was, path) && isOpen(is, path)
    ? [`${path} was ${shown(was)} and is ${shown(is)}`]
    : [`${path} is another`];
}

/** Texts may be passwords, wherever they stand; numbers, switches and the names of images are none. */
function isOpen(value: unknown, path: string): boolean {
  return typeof value !== "object" && (typeof value !== "string" || path.endsWith(".image"));
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : String(value).slice(0, 200);
}

async function readAll(cluster: Cluster, path: string): Promise<KubeObject[]> {
  const { body } = await cluster.request("GET", path);
  return listAt(body, "items").filter((item): item is KubeObject => isMapping(item["metadata"]));
}

async function readOne(
  cluster: Cluster,
  path: string,
  object: KubeObject,
): Promise<KubeObject | undefined> {
  try {
    const { body } = await cluster.request("GET", path, {
      object: nameOf(object),
      secret: object.kind === "Secret",
    });
    return body as KubeObject;
  } catch (error) {
    if (error instanceof Fault && statusOf(error)?.status === 404) return undefined;
    throw error;
  }
}
