import { Fault } from "@release-actions/codes";
import { gunzipSync } from "node:zlib";
import type { Cluster } from "../kubernetes/cluster.ts";
import { isWaited } from "../kubernetes/kinds.ts";
import { readManifests } from "../kubernetes/manifests.ts";
import { isMapping, listAt, textAt, versionAnnotation } from "../kubernetes/object.ts";
import type { Running } from "../kubernetes/running.ts";
import { statusOf } from "../kubernetes/status.ts";
import { asTold } from "../kubernetes/workload.ts";

/** Labels of ours on helm's own record of a revision: which entry wanted it, and what went into it. */
export const entryLabel = "release-actions/entry";
export const contentLabel = "release-actions/content";

/** One revision of a Helm release, as the labels of its record tell it. */
export type Revision = {
  number: number;
  /** Helm's word: `deployed`, `failed`, `superseded`, `pending-upgrade`, … */
  status: string;
  entry?: string;
  content?: string;
  /** Unix seconds, by helm's clock. */
  since: number;
  /** The revision as helm packs it; read only where somebody wants to know what it had. */
  packed: string;
  record: { name: string; uid: string; resourceVersion: string };
};

const path = (namespace: string): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;

/** Every revision that helm remembers of a release, oldest first. One request. @throws Fault RA3008, RA3120 */
export async function readRevisions(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<Revision[]> {
  const { body } = await cluster.request("GET", path(namespace), {
    query: { labelSelector: `owner=helm,name=${name}` },
    object: `Helm's records of ${name} in ${namespace}`,
    secret: true,
  });
  return listAt(body, "items")
    .flatMap((item) => {
      const labels = isMapping(item["metadata"]) ? item["metadata"]["labels"] : undefined;
      const number = Number(textAt(labels, "version"));
      if (!Number.isInteger(number) || number < 1) return [];
      const [entry, content] = [textAt(labels, entryLabel), textAt(labels, contentLabel)];
      return [
        {
          number,
          status: textAt(labels, "status"),
          since: Number(textAt(labels, "modifiedAt") || textAt(labels, "createdAt")) || 0,
          packed: textAt(item, "data", "release"),
          ...(entry ? { entry } : {}),
          ...(content ? { content } : {}),
          record: {
            name: textAt(item, "metadata", "name"),
            uid: textAt(item, "metadata", "uid"),
            resourceVersion: textAt(item, "metadata", "resourceVersion"),
          },
        },
      ];
    })
    .toSorted((a, b) => a.number - b.number);
}

/** More than any record that fits into a Secret unpacks to. */
const unpackedLimit = 64 * 1024 * 1024;

/** The workloads of a revision as helm had recorded them; empty where its record cannot be read. */
export function workloadsOf({ packed }: Revision, namespace: string): Running[] {
  try {
    // The API has base64 for bytes, and helm puts base64 of a gzip in.
    const zipped = Buffer.from(Buffer.from(packed, "base64").toString("latin1"), "base64");
    const record: unknown = JSON.parse(
      gunzipSync(zipped, { maxOutputLength: unpackedLimit }).toString("utf8"),
    );
    return readManifests([{ path: "the revision", text: textAt(record, "manifest") }], (one) => one)
      .map(({ object }) => object)
      .filter(isWaited)
      .map((object) => {
        object.metadata.namespace ??= namespace;
        const version = object.metadata.annotations?.[versionAnnotation];
        return { ...asTold(object), ...(version ? { version } : {}) };
      });
  } catch {
    return [];
  }
}

/**
 * Takes back helm's record of an operation that was never finished, if it is still as it was seen: had its helm been alive and
 * written, the cluster refuses. What the operation applied stays, and the next one brings it to what it wants.
 * Answers whether it was taken back. @throws Fault RA3008, RA3120
 */
export async function forgetRevision(
  cluster: Cluster,
  namespace: string,
  { record }: Revision,
): Promise<boolean> {
  const { uid, resourceVersion } = record;
  try {
    await cluster.request("DELETE", `${path(namespace)}/${encodeURIComponent(record.name)}`, {
      body: {
        kind: "DeleteOptions",
        apiVersion: "v1",
        preconditions: { uid, resourceVersion },
      },
      object: `Helm's record ${record.name}`,
      secret: true,
    });
    return true;
  } catch (error) {
    // Somebody was faster: what there is now is read again.
    if (error instanceof Fault && [404, 409].includes(statusOf(error)?.status ?? 0)) return false;
    throw error;
  }
}
