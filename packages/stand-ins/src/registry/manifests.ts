import { json, type Incoming, type Reply } from "../stand-in.ts";
import { mediaTypes, sha256, type Content } from "./image.ts";
import { specError } from "./spec-errors.ts";
import { digestLike, isDigest, isTag, lookUp, type Repository, type Store } from "./store.ts";

const manifestTypes: readonly string[] = [
  mediaTypes.manifest,
  mediaTypes.index,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

const manifestLimit = 4 * 1024 * 1024;

/** /v2/<name>/manifests/<reference> */
export function manifestRoute(
  store: Store,
  request: Incoming,
  name: string,
  reference: string,
): Reply {
  if (!isDigest(reference) && !isTag(reference)) {
    return reference.includes(":")
      ? specError("DIGEST_INVALID", `invalid digest ${reference}`)
      : specError("TAG_INVALID", `invalid tag ${reference}`);
  }
  switch (request.method) {
    case "GET":
    case "HEAD":
      return readManifest(store.find(name), reference);
    case "PUT":
      return putManifest(store, request, name, reference);
    case "DELETE":
      return deleteManifest(store.find(name), reference);
    default:
      return specError("UNSUPPORTED", "the operation is unsupported");
  }
}

function readManifest(repository: Repository | undefined, reference: string): Reply {
  const manifest = lookUp(repository, reference);
  if (!manifest)
    return specError("MANIFEST_UNKNOWN", "manifest unknown", { detail: { reference } });
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

function putManifest(store: Store, request: Incoming, name: string, reference: string): Reply {
  if (request.body.length > manifestLimit) {
    return { ...specError("SIZE_INVALID", "manifest is larger than 4 MiB"), status: 413 };
  }
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (!manifestTypes.includes(mediaType)) {
    return specError(
      "MANIFEST_INVALID",
      `media type ${mediaType || "(none)"} is not that of a manifest`,
    );
  }
  const digest = isDigest(reference) ? digestLike(reference, request.body) : sha256(request.body);
  if (isDigest(reference) && digest !== reference) {
    return specError("DIGEST_INVALID", "provided digest did not match uploaded content", {
      detail: { digest },
    });
  }
  const parsed = parseManifest(request.body);
  if (!parsed)
    return specError("MANIFEST_INVALID", "manifest is not a JSON object with schemaVersion 2");
  if (parsed.mediaType !== undefined && parsed.mediaType !== mediaType) {
    return specError(
      "MANIFEST_INVALID",
      `content-type ${mediaType} differs from the manifest's mediaType`,
    );
  }
  const repository = store.open(name);
  const missing =
    parsed.blobs.find((blob) => !repository.blobs.has(blob)) ??
    parsed.children.find((child) => !repository.manifests.has(child));
  if (missing !== undefined) {
    return specError("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {
      detail: { digest: missing },
    });
  }

  repository.manifests.set(digest, { digest, mediaType, bytes: request.body });
  if (!isDigest(reference)) repository.tags.set(reference, digest);
  return {
    status: 201,
    wrote: true,
    headers: {
      location: `/v2/${name}/manifests/${digest}`,
      "content-length": "0",
      "docker-content-digest": digest,
      ...(parsed.subject ? { "oci-subject": parsed.subject } : {}),
    },
  };
}

function deleteManifest(repository: Repository | undefined, reference: string): Reply {
  if (!repository || !lookUp(repository, reference))
    return specError("MANIFEST_UNKNOWN", "manifest unknown");
  if (isDigest(reference)) {
    repository.manifests.delete(reference);
    for (const [tag, digest] of repository.tags)
      if (digest === reference) repository.tags.delete(tag);
  } else {
    repository.tags.delete(reference);
  }
  return { status: 202, wrote: true, headers: { "content-length": "0" } };
}

/** /v2/<name>/tags/list */
export function tagsRoute(store: Store, request: Incoming, name: string): Reply {
  if (request.method !== "GET") return specError("UNSUPPORTED", "the operation is unsupported");
  const repository = store.find(name);
  if (!repository)
    return specError("NAME_UNKNOWN", "repository name not known to registry", { detail: { name } });
  const last = request.url.searchParams.get("last") ?? "";
  const rest = [...repository.tags.keys()].toSorted().filter((tag) => tag > last);
  const asked = request.url.searchParams.get("n");
  const count = asked === null ? rest.length : Number(asked);
  if (!Number.isInteger(count) || count < 0)
    return specError("SIZE_INVALID", `invalid number of results ${asked}`);
  const tags = rest.slice(0, count);
  const more = tags.length < rest.length && tags.length > 0;
  const next = `/v2/${name}/tags/list?n=${count}&last=${encodeURIComponent(tags.at(-1) ?? "")}`;
  return json(200, { name, tags }, more ? { headers: { link: `<${next}>; rel="next"` } } : {});
}

/** /v2/<name>/referrers/<digest> */
export function referrersRoute(
  store: Store,
  request: Incoming,
  name: string,
  digest: string,
): Reply {
  if (request.method !== "GET") return specError("UNSUPPORTED", "the operation is unsupported");
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  const wanted = request.url.searchParams.get("artifactType");
  const manifests = [...(store.find(name)?.manifests.values() ?? [])]
    .flatMap((manifest) => referrerOf(manifest, digest))
    .filter((referrer) => wanted === null || referrer.artifactType === wanted);
  return json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      headers: {
        "content-type": mediaTypes.index,
        ...(wanted === null ? {} : { "oci-filters-applied": "artifactType" }),
      },
    },
  );
}

function referrerOf(manifest: Content, subject: string): { artifactType: string | undefined }[] {
  const parsed = parseManifest(manifest.bytes);
  if (parsed?.subject !== subject) return [];
  return [
    {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      artifactType: parsed.artifactType,
      ...(parsed.annotations ? { annotations: parsed.annotations } : {}),
    } as { artifactType: string | undefined },
  ];
}

type Parsed = {
  mediaType: string | undefined;
  blobs: string[];
  children: string[];
  subject: string | undefined;
  artifactType: string | undefined;
  annotations: unknown;
};

function parseManifest(bytes: Buffer): Parsed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
  const manifest = record(value);
  if (manifest?.["schemaVersion"] !== 2) return undefined;
  const config = record(manifest["config"]);
  // A layer with urls lives elsewhere and need not be here.
  const layers = descriptors(manifest["layers"]).filter((layer) => !Array.isArray(layer["urls"]));
  return {
    mediaType: text(manifest["mediaType"]),
    blobs: [...(config ? [config] : []), ...layers].map((blob) => text(blob["digest"]) ?? ""),
    children: descriptors(manifest["manifests"]).map((child) => text(child["digest"]) ?? ""),
    subject: text(record(manifest["subject"])?.["digest"]),
    artifactType: text(manifest["artifactType"]) ?? text(config?.["mediaType"]),
    annotations: manifest["annotations"],
  };
}

function descriptors(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map((item) => record(item) ?? {}) : [];
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
