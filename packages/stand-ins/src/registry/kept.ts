import { createHash, randomUUID } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Bytes in the parts in which they came, in memory or in files. Nobody changes a part: copies may share them. */
export type Kept = readonly (Buffer | { file: string; size: number })[];

export function sizeOf(kept: Kept): number {
  return kept.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : part.size), 0);
}

/** All of the bytes at once. */
export function bytesOf(kept: Kept): Buffer {
  const [only, ...others] = kept;
  if (Buffer.isBuffer(only) && others.length === 0) return only;
  return Buffer.concat(
    kept.map((part) => (Buffer.isBuffer(part) ? part : readFileSync(part.file))),
  );
}

/** The bytes from one place up to another, piece by piece. */
export async function* piecesOf(kept: Kept, start = 0, end = sizeOf(kept)): AsyncGenerator<Buffer> {
  let begin = 0;
  for (const part of kept) {
    const size = Buffer.isBuffer(part) ? part.length : part.size;
    const from = Math.max(0, start - begin);
    const to = Math.min(size, end - begin);
    begin += size;
    if (from >= to) continue;
    if (Buffer.isBuffer(part)) yield part.subarray(from, to);
    else
      yield* createReadStream(part.file, {
        start: from,
        end: to - 1,
        highWaterMark: 256 * 1024,
      }) as AsyncIterable<Buffer>;
  }
}

/** The digest in an algorithm, `sha256` or `sha512`. */
export async function digestOf(kept: Kept, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of piecesOf(kept)) hash.update(piece);
  return `${algorithm}:${hash.digest("hex")}`;
}

/** Keeps what comes: in a new file of the folder, or in memory where there is none. Nothing is kept of what breaks off. */
export async function keep(
  content: AsyncIterable<Buffer>,
  folder: string | undefined,
): Promise<Kept> {
  if (folder === undefined) {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    return chunks.length === 0 ? [] : [Buffer.concat(chunks)];
  }
  const file = join(folder, randomUUID());
  const target = await open(file, "wx");
  let size = 0;
  try {
    for await (const chunk of content) {
      await target.write(chunk);
      size += chunk.length;
    }
  } catch (error) {
    size = 0;
    throw error;
  } finally {
    await target.close();
    if (size === 0) await rm(file);
  }
  return size === 0 ? [] : [{ file, size }];
}
