import type { Incoming, Reply } from "../stand-in.ts";
import { mediaTypes, sha256 } from "./image.ts";
import { parseManifest, type ParsedManifest } from "./parsed-manifest.ts";
import type { Quirks } from "./quirks.ts";
import { specError, unsupported } from "./spec-errors.ts";
import { digestLike, isDigest, isTag, lookUp, type Repository, type Store } from "./store.ts";
import { locationOf } from "./uploads.ts";

const manifestTypes: readonly string[] = [
  mediaTypes.manifest,
  mediaTypes.index,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** The configs that a registry takes which keeps images and charts only. */
const knownConfigs: readonly string[] = [
  mediaTypes.config,
  "application/vnd.docker.container.image.v1+json",
  "application/vnd.cncf.helm.config.v1+json",
];

const manifestLimit = 4 * 1024 * 1024;

/** /v2/<name>/manifests/<reference> */
export function manifestRoute(
  store: Store,
  quirks: Quirks,
  request: Incoming,
  name: string,
  reference: string,
): Reply {
  if (!isDigest(reference) && !isTag(reference)) {
    if (reference.includes(":")) return specError("DIGEST_INVALID", `invalid digest ${reference}`);
    return request.method === "PUT"
      ? specError("MANIFEST_INVALID", `invalid tag ${reference}`)
      : unknown(reference);
  }
  switch (request.method) {
    case "GET":
    case "HEAD":
      return readManifest(store.find(name), reference);
    case "PUT":
      return putManifest(store, quirks, request, name, reference);
    case "DELETE":
      return quirks.deletes ? deleteManifest(store.find(name), reference) : unsupported();
    default:
      return unsupported();
  }
}

function unknown(reference: string): Reply {
  return specError("MANIFEST_UNKNOWN", "manifest unknown", { detail: { reference } });
}

function readManifest(repository: Repository | undefined, reference: string): Reply {
  const manifest = lookUp(repository, reference);
  if (!manifest) return unknown(reference);
  return {
    status: 200,
    headers: {
      "content-type": manifest.mediaType,
      "content-length": String(manifest.bytes.length),
      "docker-content-digest": manifest.digest,
    },
    body: manifest.bytes,
  };
}

function putManifest(
  store: Store,
  quirks: Quirks,
  request: Incoming,
  name: string,
  reference: string,
): Reply {
  if (request.body.length > manifestLimit) {
    return { ...specError("SIZE_INVALID", "manifest is larger than 4 MiB"), status: 413 };
  }
  const digest = isDigest(reference) ? digestLike(reference, request.body) : sha256(request.body);
  if (isDigest(reference) && (digest !== reference || !(quirks.sha512 || isSha256(digest)))) {
    return specError("DIGEST_INVALID", "provided digest did not match uploaded content", {
      detail: { digest },
    });
  }
  const parsed = parseManifest(request.body);
  const mediaType =
    (request.headers["content-type"] ?? "").split(";")[0]?.trim() || parsed?.mediaType || "(none)";
  const wrong = parsed ? wrongIn(parsed, mediaType, quirks) : "it is no JSON with schemaVersion 2";
  if (!parsed || wrong !== undefined) return specError("MANIFEST_INVALID", `manifest: ${wrong}`);
  const repository = store.open(name);
  const missing =
    parsed.blobs.find((blob) => !repository.blobs.has(blob)) ??
    parsed.children.find((child) => !repository.manifests.has(child.digest))?.digest;
  if (missing !== undefined) {
    return specError("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {
      detail: { digest: missing },
    });
  }
  const parameters = quirks.tagParameters ? request.url.searchParams.getAll("tag") : [];
  const tags = isDigest(reference) ? [...new Set(parameters)] : [reference];
  const refused = tagRefused(repository, name, tags, quirks);
  if (refused) return refused;

  repository.manifests.set(digest, { digest, mediaType, bytes: request.body });
  for (const tag of tags) repository.tags.set(tag, digest);
  return {
    status: 201,
    wrote: true,
    headers: {
      location: locationOf(quirks, request, `/v2/${name}/manifests/${digest}`),
      "content-length": "0",
      "docker-content-digest": digest,
      ...(parsed.subject !== undefined && quirks.referrers
        ? { "oci-subject": parsed.subject }
        : {}),
      ...(isDigest(reference) && tags.length > 0 ? { "oci-tag": tags.join(", ") } : {}),
    },
  };
}

function isSha256(digest: string): boolean {
  return digest.startsWith("sha256:");
}

/** Why a manifest is not taken, whatever else the repository holds. */
function wrongIn(parsed: ParsedManifest, mediaType: string, quirks: Quirks): string | undefined {
  if (!manifestTypes.includes(mediaType)) return `media type ${mediaType} is not that of one`;
  if (parsed.mediaType !== undefined && parsed.mediaType !== mediaType)
    return `content-type ${mediaType} differs from its mediaType`;
  const foreign = parsed.children.find((child) => child.mediaType?.includes("vnd.docker."));
  if (!quirks.mixedIndexes && mediaType === mediaTypes.index && foreign)
    return `'${foreign.mediaType}' is not one of the types of an OCI index`;
  const config = parsed.configType;
  if (!quirks.artifacts && config !== undefined && !knownConfigs.includes(config))
    return `config of type ${config} is not supported`;
  return undefined;
}

function tagRefused(
  repository: Repository,
  name: string,
  tags: string[],
  quirks: Quirks,
): Reply | undefined {
  const invalid = tags.find((tag) => !isTag(tag));
  if (invalid !== undefined) return specError("MANIFEST_INVALID", `invalid tag ${invalid}`);
  const there = quirks.immutableTags && tags.find((tag) => repository.tags.has(tag));
  if (typeof there !== "string") return undefined;
  return specError(
    "TAG_INVALID",
    `The image tag '${there}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`,
  );
}

function deleteManifest(repository: Repository | undefined, reference: string): Reply {
  if (!repository || !lookUp(repository, reference)) return unknown(reference);
  if (isDigest(reference)) {
    repository.manifests.delete(reference);
    for (const [tag, digest] of repository.tags)
      if (digest === reference) repository.tags.delete(tag);
  } else {
    repository.tags.delete(reference);
  }
  return { status: 202, wrote: true, headers: { "content-length": "0" } };
}
