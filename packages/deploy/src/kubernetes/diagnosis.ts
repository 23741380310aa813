import { Fault } from "@release-actions/codes";
import type { Cluster } from "./cluster.ts";
import { isMapping, listAt, textAt, type KubeObject } from "./object.ts";
import type { About, Warning } from "./obstacle.ts";

const lines = 50;
const bytes = 16 * 1024;

/** The last lines of a container's log, the newest 50 and at most 16 KiB; none when the cluster refuses it. */
export async function readLog(
  cluster: Cluster,
  about: About,
  which: "current" | "previous",
): Promise<string[]> {
  const query = {
    container: about.container ?? "",
    tailLines: String(lines),
    limitBytes: String(4 * bytes),
    ...(which === "previous" ? { previous: "true" } : {}),
  };
  const path = `${inNamespace(about)}/pods/${encodeURIComponent(about.name)}/log`;
  const answer = await cluster.request("GET", path, { query }).catch(nothing);
  return typeof answer?.body === "string" ? lastLines(answer.body) : [];
}

function lastLines(text: string): string[] {
  const all = text.split("\n").filter((line) => line.trim() !== "");
  let room = bytes;
  const kept: string[] = [];
  for (const line of all.slice(-lines).toReversed()) {
    const short = line.slice(0, 1000);
    room -= Buffer.byteLength(short);
    if (room < 0) break;
    kept.unshift(short);
  }
  return kept;
}

/**
 * What the cluster warned about an object, oldest first; none when it refuses to tell. A StatefulSet's pods take over the names
 * of their predecessors, so the uid belongs to it where it is known.
 */
export async function readWarnings(
  cluster: Cluster,
  about: About,
  uid: string | undefined,
): Promise<Warning[]> {
  const only = uid ? `,involvedObject.uid=${uid}` : "";
  const fieldSelector = `involvedObject.kind=${about.kind},involvedObject.name=${about.name}${only}`;
  const path = `${inNamespace(about)}/events`;
  const answer = await cluster.request("GET", path, { query: { fieldSelector } }).catch(nothing);
  return listAt(answer?.body, "items")
    .flatMap((event) => warningOf(event) ?? [])
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** An event as a warning; undefined for one that is none. */
export function warningOf(event: unknown): Warning | undefined {
  if (textAt(event, "type") !== "Warning") return undefined;
  const at =
    textAt(event, "series", "lastObservedTime") ||
    textAt(event, "lastTimestamp") ||
    textAt(event, "eventTime") ||
    textAt(event, "metadata", "creationTimestamp");
  return { reason: textAt(event, "reason"), message: textAt(event, "message"), at };
}

/** The nodes and all pods, for those who may see them; undefined for the others. */
export async function readRoom(
  cluster: Cluster,
): Promise<{ nodes: KubeObject[]; pods: KubeObject[] } | undefined> {
  const nodes = await cluster.request("GET", "/api/v1/nodes").catch(nothing);
  if (!nodes) return undefined;
  const pods = await cluster.request("GET", "/api/v1/pods").catch(nothing);
  if (!pods) return undefined;
  return { nodes: itemsOf(nodes.body), pods: itemsOf(pods.body) };
}

function itemsOf(body: unknown): KubeObject[] {
  return listAt(body, "items").filter((item): item is KubeObject => isMapping(item["metadata"]));
}

function inNamespace({ namespace }: About): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
}

function nothing(error: unknown): undefined {
  if (error instanceof Fault) return undefined;
  throw error;
}
