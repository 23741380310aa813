import { createHash } from "node:crypto";
import { test } from "vitest";
import { mediaTypes, sha256 } from "./image.ts";
import { start, type Send, type Sent } from "./test-registry.ts";

export const repository = "org/app";
export const blob = Buffer.from("0123456789");
export const blobDigest = sha256(blob);
export const absent = sha256("absent");
export const config = { mediaType: mediaTypes.config, digest: blobDigest, size: blob.length };

export const sha512 = (bytes: Buffer | string): string =>
  `sha512:${createHash("sha512").update(bytes).digest("hex")}`;

/** The bytes of a manifest as a client writes it: indented, so that bytes written anew would be others. */
export const manifest = (fields: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify(
      { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [config], ...fields },
      null,
      3,
    ),
  );

export const index = (fields: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], ...fields }),
  );

export const descriptor = (bytes: Buffer, mediaType: string = mediaTypes.manifest) => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
});

/** A registry that holds one blob, and one manifest by the tag `v1`, in one repository. */
async function filled() {
  const { send, standIn } = await start();
  const at = (path: string): string => `/v2/${repository}/${path}`;
  const put = (reference: string, body: Buffer, type: string = mediaTypes.manifest) =>
    send("PUT", at(`manifests/${reference}`), { headers: { "content-type": type }, body });
  /** The address of a new upload. */
  const begin = async (query = ""): Promise<string> =>
    (await send("POST", at(`blobs/uploads/${query}`))).headers.get("location") ?? "";
  const patch = (location: string, range: string | undefined, body: string | Buffer) =>
    send("PATCH", location, {
      headers: range === undefined ? {} : { "content-range": range },
      body,
    });
  await send("PUT", `${await begin()}?digest=${blobDigest}`, { body: blob });
  await put("v1", manifest());
  return { send, standIn, at, put, begin, patch };
}

type Filled = Awaited<ReturnType<typeof filled>>;

/** One thing that the spec asks of a registry: the section, what it asks, and whether it is so. */
export type Row = [section: string, asks: string, holds: (registry: Filled) => Promise<void>];

export const json = (sent: Sent): unknown => JSON.parse(sent.body.toString());

export const location = (sent: Sent): string => sent.headers.get("location") ?? "";

/** What a GET of an address gives. */
export async function pulled(send: Send, path: string): Promise<[number, Buffer]> {
  const { status, body } = await send("GET", path);
  return [status, body];
}

/** Tries each row on a registry of its own. */
export function tryRows(rows: Row[]): void {
  test.each(rows)("%s: %s", async (_section, _asks, holds) => holds(await filled()));
}
