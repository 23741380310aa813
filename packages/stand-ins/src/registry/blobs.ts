import type { Incoming, Reply } from "../stand-in.ts";
import { siblingOf } from "./address.ts";
import { piecesOf, sizeOf, type Kept } from "./kept.ts";
import type { Quirks } from "./quirks.ts";
import { specError, unsupported } from "./spec-errors.ts";
import { isDigest, type Store } from "./store.ts";

/** /v2/<name>/blobs/<digest> */
export function blobRoute(
  store: Store,
  quirks: Quirks,
  request: Incoming,
  name: string,
  digest: string,
): Reply {
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  if (request.method === "DELETE" && !quirks.deletes) return unsupported();
  const repository = store.find(name);
  const blob = repository?.blobs.get(digest);
  if (!repository || !blob)
    return specError("BLOB_UNKNOWN", "blob unknown to registry", { detail: { digest } });
  switch (request.method) {
    case "GET":
      if (quirks.blobHost !== undefined) return redirect(request, quirks.blobHost, digest);
      return readBlob(blob, digest, request);
    case "HEAD":
      return readBlob(blob, digest, request);
    case "DELETE":
      repository.blobs.delete(digest);
      return { status: 202, wrote: true, headers: { "content-length": "0" } };
    default:
      return unsupported();
  }
}

const storage = "/storage/";

/** What a storage behind the registry serves by signed addresses: whoever sends credentials as well is refused. */
export function storageRoute(store: Store, request: Incoming): Reply | undefined {
  if (!request.url.pathname.startsWith(storage)) return undefined;
  const digest = request.url.pathname.slice(storage.length);
  const blob = store.blob(digest);
  if (!blob || request.url.searchParams.get("signature") !== signatureOf(digest))
    return { status: 403, body: "the signature does not match\n" };
  if (request.headers["authorization"] !== undefined)
    return { status: 400, body: "only one way of authentication is allowed\n" };
  return readBlob(blob, digest, request);
}

function redirect(request: Incoming, host: string, digest: string): Reply {
  const location = `${siblingOf(request.host, host)}${storage}${digest}?signature=${signatureOf(digest)}`;
  return { status: 307, headers: { location, "content-length": "0" } };
}

function signatureOf(digest: string): string {
  return Buffer.from(digest.slice(-12)).toString("base64url");
}

function readBlob(blob: Kept, digest: string, request: Incoming): Reply {
  const size = sizeOf(blob);
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  const range = wantedRange(request, size);
  if (range === "unsatisfiable")
    return { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } };
  if (!range)
    return {
      status: 200,
      headers: { ...headers, "content-length": String(size) },
      body: piecesOf(blob),
    };
  return {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(range.end - range.start),
      "content-range": `bytes ${range.start}-${range.end - 1}/${size}`,
    },
    body: piecesOf(blob, range.start, range.end),
  };
}

/** What RFC 9110 reads in a Range. Undefined is the whole: so are several ranges, and what cannot be read. */
function wantedRange(
  request: Incoming,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  // If-Range names a version by a validator, and blobs are answered without one.
  if (request.method !== "GET" || request.headers["if-range"] !== undefined) return undefined;
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(request.headers["range"] ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") {
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : "unsatisfiable";
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return start < end ? { start, end } : "unsatisfiable";
}
