import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** Fires at most once, for the request it matches. */
export type PlannedFault = {
  matches(request: { method: string; host: string; path: string }): boolean;
  /**
   * Before the request takes effect; after it did and before the answer; or in the middle: when so many bytes of its
   * body have come in, or so many of the answer's body have gone out.
   */
  when: "before" | "after" | { received: number } | { sent: number };
  does:
    | "reset"
    | "hang"
    | { status: number; headers?: Record<string, string>; body?: string | Buffer }
    | AlteredBody
    | (() => void | "gone");
};

/**
 * The answer that there is, with another body, where the fault strikes `after`: the byte at one place is wrong; the end
 * is missing, and the length agrees with that; or it comes slowly, so many bytes every so many milliseconds.
 */
export type AlteredBody = { flip: number } | { keep: number } | { drip: number; every: number };

type Bytes = Buffer | AsyncIterable<Buffer>;

export function takeFault(
  faults: PlannedFault[],
  request: { method: string; host: string; path: string },
): PlannedFault | undefined {
  const index = faults.findIndex((fault) => fault.matches(request));
  return index < 0 ? undefined : faults.splice(index, 1)[0];
}

/** Returns true when the answer is the fault's and nothing else is to be written. */
export function applyFault({ does }: PlannedFault, response: ServerResponse): boolean {
  if (does === "hang") return true;
  if (typeof does === "function") {
    // `gone`: whoever asked is no longer there, so nothing is answered, and before it took effect nothing is done.
    if (does() !== "gone") return false;
    response.destroy();
  } else if (does !== "reset" && !("status" in does)) return false;
  else if (does === "reset" || response.headersSent) response.destroy();
  else {
    response.writeHead(does.status, does.headers);
    response.end(does.body);
  }
  return true;
}

/** The body that goes out where a fault changes it, with the length that it announces. */
export function alterBody(
  { when, does }: PlannedFault,
  body: Bytes,
  length: number,
): { body: Bytes; length: number } {
  if (when !== "after" || typeof does !== "object" || "status" in does) return { body, length };
  if ("flip" in does) return { body: flipped(body, does.flip), length };
  if ("drip" in does) return { body: dripping(body, does.drip, does.every), length };
  const kept = Math.min(does.keep, length);
  return { body: first(body, kept), length: kept };
}

/** So many bytes of a body and no more. */
export async function* first(body: Bytes, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunksOf(body)) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

/** A body in the pieces that it has. */
export async function* chunksOf(body: Bytes): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) yield body;
  else yield* body;
}

async function* flipped(body: Bytes, at: number): AsyncGenerator<Buffer> {
  let start = 0;
  for await (const chunk of chunksOf(body)) {
    const changed = Buffer.from(chunk);
    if (at >= start && at < start + chunk.length) changed[at - start]! ^= 0xff;
    yield changed;
    start += chunk.length;
  }
}

async function* dripping(body: Bytes, bytes: number, every: number): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(body)) {
    for (let at = 0; at < chunk.length; at += bytes) {
      yield chunk.subarray(at, at + bytes);
      await wait(every);
    }
  }
}
