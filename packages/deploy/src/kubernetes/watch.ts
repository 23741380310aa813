import { Fault } from "@release-actions/codes";
import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { isMapping, listAt, numberAt, textAt, type KubeObject } from "./object.ts";
import { statusOf } from "./status.ts";

export type WatchOptions = {
  path: string;
  query?: Record<string, string>;
  signal: AbortSignal;
  /** Milliseconds without a byte after which the connection is taken for dead; the server is asked to end it a little earlier. */
  silence: number;
  /** An object as it is now. */
  changed(object: KubeObject): void;
  deleted(object: KubeObject): void;
  /** What was known may be out of date: everything comes again with `changed`. */
  restarted(): void;
  /** Told once when the objects are asked for instead of watched, with the reason. */
  asks?(why: string): void;
};

const lineLimit = 8 * 1024 * 1024;
const longestPause = 5_000;
/** So many refusals in a row are believed of a server that had let the watch in: one that starts has not read its rules yet. */
const disbelief = 5;
/** After so many broken connections in a row, without an event between them, the objects are asked for beside each new attempt. */
const asksAfter = 4;
/** Pauses between two questions where nothing can be watched: from, to, in milliseconds. */
const askingPauses = [1_000, 5_000] as const;
/** So many broken connections in a row, without an event between them, are no longer a hiccup (about 45 s). */
const patience = 12;

/**
 * Watches a kind until the signal: first every object as it is, then every change.
 * After an end, a reset, silence or a version that is too old (410) it starts over without a version: the cluster then tells
 * everything that exists, which a resumed version would only promise once the first listing had surely been complete.
 * Where the caller may list and not watch, or no watch gets through, it asks for the list, every five seconds at last.
 * @throws Fault RA3008, RA3120, RA3010 … when the cluster refuses; RA3013 when it stays out of reach.
 */
export async function watch(cluster: Cluster, options: WatchOptions): Promise<void> {
  let broken = 0;
  let wasOpen = false;
  const ask = asker(cluster, options);
  let [asking, told] = [false, false];
  for (let first = true; !options.signal.aborted; first = false) {
    if (!first) options.restarted();
    try {
      for await (const event of events(cluster, options)) {
        if (event.type === "ERROR") throw inStream(event.object);
        broken = 0;
        asking = false;
        wasOpen = true;
        if (event.type === "DELETED") options.deleted(event.object as KubeObject);
        else if (event.type !== "BOOKMARK") options.changed(event.object as KubeObject);
      }
      // The server closes quiet watches; that is no fault.
      broken = 0;
      await pause(100, options.signal);
    } catch (error) {
      if (options.signal.aborted) return;
      if (!(error instanceof Fault)) throw error;
      broken += 1;
      const status = statusOf(error)?.status;
      const mayPass = wasOpen && (status === 401 || status === 403) && broken < disbelief;
      if (status === 403 && !mayPass) return askOn(ask, options, error);
      if (isFinal(status) && !mayPass) throw error;
      if (broken >= asksAfter && (await ask().catch(asFault)) === undefined) {
        if (!told) options.asks?.(error.saw);
        asking = told = true;
        broken = asksAfter;
      } else if (broken > patience)
        throw new Fault("RA3013", {
          saw: `The watch broke ${broken} times in a row: ${error.saw}`,
          cause: error,
        });
      const next = asking ? longestPause : Math.min(longestPause, 100 * 2 ** (broken - 1));
      await pause(next, options.signal);
    }
  }
}

/** Asks once for everything that exists, and tells what has gone since the last time. @throws Fault */
function asker(cluster: Cluster, options: WatchOptions): () => Promise<void> {
  let known = new Map<string, KubeObject>();
  return async () => {
    const { path, query, signal } = options;
    const { body } = await cluster.request("GET", path, query ? { query } : {});
    if (signal.aborted) return;
    const listed = listAt(body, "items").filter((item): item is KubeObject =>
      isMapping(item["metadata"]),
    );
    const now = new Map(
      listed.map((object) => [object.metadata.uid ?? object.metadata.name, object]),
    );
    for (const [uid, object] of known) if (!now.has(uid)) options.deleted(object);
    for (const object of listed) options.changed(object);
    known = now;
  };
}

/** Asks on and on, since a watch was refused. @throws Fault the refusal, where a list is refused too; RA3013 */
async function askOn(
  ask: () => Promise<void>,
  options: WatchOptions,
  refused: Fault,
): Promise<void> {
  const [shortest, longest] = askingPauses;
  let unanswered = 0;
  for (let turn = 0; !options.signal.aborted; turn++) {
    const fault = await ask().catch(asFault);
    if (options.signal.aborted) return;
    if (fault) {
      if (isFinal(statusOf(fault)?.status)) throw turn === 0 ? refused : fault;
      unanswered += 1;
      if (unanswered > patience) throw new Fault("RA3013", { saw: fault.saw, cause: fault });
    } else {
      unanswered = 0;
      if (turn === 0) options.asks?.(refused.saw);
    }
    await pause(Math.min(longest, shortest * 1.25 ** turn), options.signal);
  }
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

/** Refusals stand; a version that is too old, a limit and a failing server pass. */
function isFinal(status: number | undefined): boolean {
  return status !== undefined && status < 500 && status !== 410 && status !== 429;
}

type WatchEvent = { type: string; object: Record<string, unknown> };

async function* events(cluster: Cluster, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const query = {
    ...options.query,
    watch: "true",
    timeoutSeconds: String(Math.max(1, Math.floor((options.silence * 0.9) / 1000))),
  };
  const body = await cluster.stream(options.path, query, options.signal, options.silence);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > lineLimit)
        throw new Fault("RA8004", { saw: "One event of a watch is larger than 8 MiB." });
      for (const line of lines) {
        const event = parseEvent(line);
        if (event) yield event;
      }
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("RA8001", { saw: "The watch's connection ended.", cause: error });
  }
}

function parseEvent(line: string): WatchEvent | undefined {
  if (line.trim() === "") return undefined;
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new Fault("RA8005", { saw: "A line of a watch is not JSON." });
  }
  if (!isMapping(event) || typeof event["type"] !== "string" || !isMapping(event["object"])) {
    throw new Fault("RA8005", { saw: "A line of a watch is not an event." });
  }
  return { type: event["type"], object: event["object"] };
}

function inStream(status: Record<string, unknown>): Fault {
  const code = numberAt(status, "code") ?? 500;
  const said = textAt(status, "message");
  return new Fault("RA3012", {
    saw: `The cluster ended a watch: ${said}`,
    cause: { status: code, said },
  });
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}
