import type { Incoming, Reply } from "../stand-in.ts";
import { specError } from "./spec-errors.ts";
import { digestLike, isDigest, type Repository, type Store } from "./store.ts";

/** /v2/<name>/blobs/<digest> */
export function blobRoute(store: Store, request: Incoming, name: string, digest: string): Reply {
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  const repository = store.find(name);
  const blob = repository?.blobs.get(digest);
  if (!repository || !blob)
    return specError("BLOB_UNKNOWN", "blob unknown to registry", { detail: { digest } });
  switch (request.method) {
    case "GET":
    case "HEAD":
      return readBlob(
        blob,
        digest,
        request.method === "GET" ? request.headers["range"] : undefined,
      );
    case "DELETE":
      repository.blobs.delete(digest);
      return { status: 202, wrote: true, headers: { "content-length": "0" } };
    default:
      return specError("UNSUPPORTED", "the operation is unsupported");
  }
}

function readBlob(blob: Buffer, digest: string, range: string | undefined): Reply {
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  if (range === undefined)
    return {
      status: 200,
      headers: { ...headers, "content-length": String(blob.length) },
      body: blob,
    };
  const wanted = /^bytes=(\d+)-(\d*)$/.exec(range);
  const start = Number(wanted?.[1] ?? Number.NaN);
  const end = Math.min(wanted?.[2] ? Number(wanted[2]) : blob.length - 1, blob.length - 1);
  if (!wanted || start > end) {
    return specError("RANGE_INVALID", `invalid range ${range}`, {
      headers: { "content-range": `bytes */${blob.length}` },
    });
  }
  return {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${start}-${end}/${blob.length}` },
    body: blob.subarray(start, end + 1),
  };
}

/** POST /v2/<name>/blobs/uploads/ : a mount, a whole blob in one request, or the start of an upload. */
export function startUpload(store: Store, request: Incoming, name: string): Reply {
  if (request.method !== "POST") return specError("UNSUPPORTED", "the operation is unsupported");
  const query = request.url.searchParams;
  const repository = store.open(name);
  const mount = query.get("mount");
  if (mount !== null) {
    const blob = store.find(query.get("from") ?? "")?.blobs.get(mount);
    if (blob) return keep(repository, name, mount, blob);
  }
  const digest = query.get("digest");
  if (digest !== null) return finish(repository, name, digest, request.body);
  const id = store.nextUpload();
  repository.uploads.set(id, Buffer.alloc(0));
  return uploadState(202, name, id, 0);
}

/** /v2/<name>/blobs/uploads/<id> */
export function uploadRoute(store: Store, request: Incoming, name: string, id: string): Reply {
  const repository = store.find(name);
  const received = repository?.uploads.get(id);
  if (!repository || !received)
    return specError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  switch (request.method) {
    case "GET":
      return uploadState(204, name, id, received.length);
    case "PATCH": {
      if (outOfOrder(request, received.length)) return uploadState(416, name, id, received.length);
      const all = Buffer.concat([received, request.body]);
      repository.uploads.set(id, all);
      return uploadState(202, name, id, all.length);
    }
    case "PUT": {
      const digest = request.url.searchParams.get("digest");
      if (digest === null) return specError("DIGEST_INVALID", "the digest parameter is missing");
      if (outOfOrder(request, received.length)) return uploadState(416, name, id, received.length);
      const reply = finish(repository, name, digest, Buffer.concat([received, request.body]));
      if (reply.status === 201) repository.uploads.delete(id);
      return reply;
    }
    case "DELETE":
      repository.uploads.delete(id);
      return { status: 204, wrote: true };
    default:
      return specError("UNSUPPORTED", "the operation is unsupported");
  }
}

function outOfOrder(request: Incoming, received: number): boolean {
  const range = request.headers["content-range"];
  if (range === undefined) return false;
  const sent = /^(\d+)-(\d+)$/.exec(range);
  return (
    !sent ||
    Number(sent[1]) !== received ||
    Number(sent[2]) - Number(sent[1]) + 1 !== request.body.length
  );
}

function uploadState(status: number, name: string, id: string, received: number): Reply {
  return {
    status,
    wrote: status === 202,
    headers: {
      location: `/v2/${name}/blobs/uploads/${id}`,
      range: `0-${Math.max(0, received - 1)}`,
      "docker-upload-uuid": id,
      ...(status === 204 ? {} : { "content-length": "0" }),
    },
  };
}

function finish(repository: Repository, name: string, digest: string, bytes: Buffer): Reply {
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  const saw = digestLike(digest, bytes);
  if (saw !== digest) {
    return specError("DIGEST_INVALID", "provided digest did not match uploaded content", {
      detail: { digest: saw },
    });
  }
  return keep(repository, name, digest, bytes);
}

function keep(repository: Repository, name: string, digest: string, bytes: Buffer): Reply {
  repository.blobs.set(digest, bytes);
  return {
    status: 201,
    wrote: true,
    headers: {
      location: `/v2/${name}/blobs/${digest}`,
      "content-length": "0",
      "docker-content-digest": digest,
    },
  };
}
