import { Fault } from "@release-actions/codes";
import type { Answer } from "@release-actions/net";
import { Readable } from "node:stream";
import { finishDigest, hashLike } from "./digest.ts";
import { noteBytes } from "./passed-bytes.ts";
import { repositoryUrl, unexpected, type Session } from "./session.ts";

export type Blob = { digest: string; size: number };

export type BlobReading = {
  /** Told of each piece as it passes, in bytes. */
  progress?: ((bytes: number) => void) | undefined;
  /** Milliseconds in which a piece of some size has to arrive; default 30 000. */
  patience?: number | undefined;
};

const tries = 5;
const defaultPatience = 30_000;
/** A connection that brings fewer bytes than this in the time allowed is given up. */
const slowest = 64 * 1024;

/**
 * A blob's bytes as they arrive. Where they break off the rest is asked for; the last piece is handed on when the whole is
 * known to be right. The stream fails with RA2006 when it is not, with RA8001 when it breaks off too often.
 */
export function openBlob(
  session: Session,
  repository: string,
  blob: Blob,
  reading: BlobReading = {},
): Readable {
  return Readable.from(readBlob(session, repository, blob, reading), { objectMode: false });
}

async function* readBlob(
  session: Session,
  repository: string,
  blob: Blob,
  { progress, patience = defaultPatience }: BlobReading,
): AsyncGenerator<Buffer> {
  const hash = hashLike(blob.digest);
  let size = 0;
  let last: Buffer | undefined;
  for (let attempt = 1; attempt === 1 || size < blob.size; attempt += 1) {
    const answer = await ask(session, repository, blob, size);
    // A registry without ranges sends all of it again.
    let known = answer.status === 206 ? 0 : size;
    const stop = endWhenSlow(answer.body, patience, () => size);
    let broken: unknown;
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        const piece = chunk.subarray(Math.min(known, chunk.length));
        known -= chunk.length - piece.length;
        size += piece.length;
        hash.update(piece);
        if (size > blob.size) throw mismatch(repository, blob, "more bytes than its manifest says");
        if (last) yield last;
        last = piece;
        progress?.(piece.length);
        noteBytes(chunk.length);
      }
    } catch (error) {
      if (error instanceof Fault) throw error;
      broken = error;
    } finally {
      stop();
    }
    if (size < blob.size && attempt >= tries) throw brokenOff(repository, blob, size, broken);
  }
  const saw = finishDigest(blob.digest, hash);
  if (saw !== blob.digest) throw mismatch(repository, blob, `the bytes of ${saw}`);
  if (last) yield last;
}

/** The blob from its byte `start` on, or from its beginning when the registry knows no ranges. */
async function ask(
  session: Session,
  repository: string,
  blob: Blob,
  start: number,
): Promise<Answer & { body: Readable }> {
  const answer = await session.send(
    { repository, action: "pull" },
    {
      method: "GET",
      url: repositoryUrl(session, repository, `blobs/${blob.digest}`),
      ...(start > 0 ? { headers: { range: `bytes=${start}-` } } : {}),
      stream: true,
    },
  );
  const { body, status } = answer;
  if (body && (status === 200 || (status === 206 && start > 0))) return { ...answer, body };
  body?.resume();
  if (status === 404)
    throw new Fault("RA2003", { saw: `${repository} has no blob ${blob.digest}` });
  throw unexpected(answer, `GET ${repository} blob ${blob.digest}`);
}

/** Ends a body that hardly moves. */
function endWhenSlow(body: Readable, patience: number, position: () => number): () => void {
  let before = position();
  const timer = setInterval(() => {
    if (position() - before < slowest)
      body.destroy(Object.assign(new Error("the blob hardly moves"), { code: "ETIMEDOUT" }));
    before = position();
  }, patience);
  return () => clearInterval(timer);
}

function brokenOff(repository: string, blob: Blob, size: number, cause: unknown): Fault {
  return new Fault("RA8001", {
    saw: `GET ${repository} blob ${blob.digest} broke off ${tries} times, last after ${size} of ${blob.size} bytes`,
    cause,
  });
}

function mismatch(repository: string, blob: Blob, saw: string): Fault {
  return new Fault("RA2006", {
    saw: `${repository} blob ${blob.digest}: the registry sent ${saw}`,
  });
}
