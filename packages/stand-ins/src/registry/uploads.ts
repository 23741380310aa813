import type { Incoming, Reply } from "../stand-in.ts";
import { originOf } from "./address.ts";
import { digestOf, keep, sizeOf, type Kept } from "./kept.ts";
import type { Quirks } from "./quirks.ts";
import { specError, unsupported } from "./spec-errors.ts";
import { algorithmOf, isDigest, type Repository, type Store } from "./store.ts";

export type Uploads = { store: Store; quirks: Quirks; folder: string | undefined };

/** True for the requests that carry a blob, or a part of one. */
export function carriesBlob({ method, path }: { method: string; path: string }): boolean {
  return ["POST", "PATCH", "PUT"].includes(method) && /^\/v2\/.+\/blobs\/uploads\//.test(path);
}

/** POST /v2/<name>/blobs/uploads/ : a mount, a whole blob in one request, or the start of an upload. */
export async function startUpload(
  uploads: Uploads,
  request: Incoming,
  name: string,
): Promise<Reply> {
  const { store, quirks, folder } = uploads;
  if (request.method !== "POST") return unsupported();
  const query = request.url.searchParams;
  const algorithm = query.get("digest-algorithm");
  if (algorithm !== null && algorithm !== "sha256" && !(algorithm === "sha512" && quirks.sha512))
    return specError("DIGEST_INVALID", `digests in ${algorithm} are not supported`);
  const mount = query.get("mount");
  const from = query.get("from");
  if (mount !== null && quirks.mount === "unauthorized")
    return specError("UNAUTHORIZED", `project ${from?.split("/")[0]} not found`);
  const source = mount === null ? undefined : mountable(uploads, mount, from);
  const repository = store.open(name);
  if (mount !== null && source && quirks.mount === "done")
    return hold(uploads, request, { repository, name }, mount, source);
  const digest = query.get("digest");
  if (digest !== null && quirks.singlePost)
    return finish(
      uploads,
      request,
      { repository, name },
      digest,
      await keep(request.content, folder),
    );
  const id = store.nextUpload();
  repository.uploads.set(id, []);
  return uploadState(uploads, request, { status: 202, name, id, kept: [] });
}

function mountable(
  { store, quirks }: Uploads,
  digest: string,
  from: string | null,
): Kept | undefined {
  if (from === null) return quirks.mountFromAny ? store.blob(digest) : undefined;
  return store.find(from)?.blobs.get(digest);
}

/** /v2/<name>/blobs/uploads/<id> */
export async function uploadRoute(
  uploads: Uploads,
  request: Incoming,
  name: string,
  id: string,
): Promise<Reply> {
  const { store, quirks, folder } = uploads;
  const repository = store.find(name);
  const kept = repository?.uploads.get(id);
  if (!repository || !kept)
    return specError("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  const query = request.url.searchParams;
  if (quirks.uploadState && query.get("_state") !== stateOf(kept))
    return specError("BLOB_UPLOAD_INVALID", "blob upload invalid");
  switch (request.method) {
    case "GET":
      return uploadState(uploads, request, { status: 204, name, id, kept });
    case "PATCH":
    case "PUT": {
      const digest = query.get("digest");
      if (request.method === "PUT" && digest === null)
        return specError("DIGEST_INVALID", "the digest parameter is missing");
      const end = endOf(request, kept, quirks);
      if (end === "out of order" || (end !== undefined && end - sizeOf(kept) > quirks.chunkLimit))
        return uploadState(uploads, request, { status: 416, name, id, kept });
      const all = [...kept, ...(await keep(request.content, folder))];
      // Another request may have added to the upload, or ended it, while this one was read.
      if ((end !== undefined && end !== sizeOf(all)) || repository.uploads.get(id) !== kept)
        return uploadState(uploads, request, { status: 416, name, id, kept });
      if (request.method === "PATCH") {
        repository.uploads.set(id, all);
        return uploadState(uploads, request, { status: 202, name, id, kept: all });
      }
      const reply = await finish(uploads, request, { repository, name }, digest ?? "", all);
      if (reply.status === 201) repository.uploads.delete(id);
      return reply;
    }
    case "DELETE":
      repository.uploads.delete(id);
      return { status: 204, wrote: true };
    default:
      return unsupported();
  }
}

/** How much there is after a chunk that names its range; undefined without one. */
function endOf(request: Incoming, kept: Kept, quirks: Quirks): number | "out of order" | undefined {
  const range = request.headers["content-range"];
  if (range === undefined || quirks.uploadState) return undefined;
  const [, start, end] = /^(\d+)-(\d+)$/.exec(range) ?? [];
  return start !== undefined && Number(start) === sizeOf(kept) && Number(end) >= Number(start)
    ? Number(end) + 1
    : "out of order";
}

function stateOf(kept: Kept): string {
  return Buffer.from(`offset ${sizeOf(kept)}`).toString("base64url");
}

function uploadState(
  { quirks }: Uploads,
  request: Incoming,
  upload: { status: 202 | 204 | 416; name: string; id: string; kept: Kept },
): Reply {
  const { status, name, id, kept } = upload;
  const told = sizeOf(quirks.stuckRange ? kept.slice(0, 1) : kept);
  const state = quirks.uploadState ? `?_state=${stateOf(kept)}` : "";
  return {
    status,
    wrote: status === 202,
    headers: {
      location: locationOf(quirks, request, `/v2/${name}/blobs/uploads/${id}${state}`),
      range: `0-${Math.max(0, told - 1)}`,
      "docker-upload-uuid": id,
      ...(status === 204 ? {} : { "content-length": "0" }),
    },
  };
}

type Target = { repository: Repository; name: string };

async function finish(
  uploads: Uploads,
  request: Incoming,
  target: Target,
  digest: string,
  kept: Kept,
): Promise<Reply> {
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  const saw = await digestOf(kept, algorithmOf(digest));
  if (saw !== digest) {
    return specError("DIGEST_INVALID", "provided digest did not match uploaded content", {
      detail: { digest: saw },
    });
  }
  const name = uploads.quirks.sha512 ? digest : await digestOf(kept, "sha256");
  return hold(uploads, request, target, name, kept);
}

function hold(
  { quirks }: Uploads,
  request: Incoming,
  { repository, name }: Target,
  digest: string,
  kept: Kept,
): Reply {
  repository.blobs.set(digest, kept);
  return {
    status: 201,
    wrote: true,
    headers: {
      location: locationOf(quirks, request, `/v2/${name}/blobs/${digest}`),
      "content-length": "0",
      "docker-content-digest": digest,
    },
  };
}

/** An address in an answer, in the form in which a registry gives it. */
export function locationOf(quirks: Quirks, request: Incoming, path: string): string {
  return quirks.absoluteLocations ? originOf(request.host) + path : path;
}
