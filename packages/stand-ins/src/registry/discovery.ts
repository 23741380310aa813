import { json, type Incoming, type Reply } from "../stand-in.ts";
import { mediaTypes, type Content } from "./image.ts";
import { parseManifest } from "./parsed-manifest.ts";
import type { Quirks } from "./quirks.ts";
import { specError, unsupported } from "./spec-errors.ts";
import { isDigest, type Store } from "./store.ts";

/** /v2/<name>/tags/list */
export function tagsRoute(store: Store, quirks: Quirks, request: Incoming, name: string): Reply {
  if (request.method !== "GET") return unsupported();
  const repository = store.find(name);
  if (!repository)
    return specError("NAME_UNKNOWN", "repository name not known to registry", { detail: { name } });
  const query = request.url.searchParams;
  const asked = query.get("n");
  if (asked !== null && !/^\d+$/.test(asked))
    return specError("SIZE_INVALID", `invalid number of results ${asked}`);
  const last = query.get("last") ?? "";
  const rest = [...repository.tags.keys()].toSorted().filter((tag) => tag > last);
  const count = Math.min(asked === null ? rest.length : Number(asked), quirks.pageSize);
  const tags = rest.slice(0, count);
  const more = tags.length < rest.length && tags.length > 0;
  const next = `/v2/${name}/tags/list?n=${count}&last=${encodeURIComponent(tags.at(-1) ?? "")}`;
  return json(200, { name, tags }, more ? { headers: { link: `<${next}>; rel="next"` } } : {});
}

/** /v2/<name>/referrers/<digest> */
export function referrersRoute(
  store: Store,
  quirks: Quirks,
  request: Incoming,
  name: string,
  digest: string,
): Reply {
  if (!quirks.referrers) return specError("MANIFEST_UNKNOWN", "manifest unknown");
  if (request.method !== "GET") return unsupported();
  if (!isDigest(digest)) return specError("DIGEST_INVALID", `invalid digest ${digest}`);
  const query = request.url.searchParams;
  const wanted = query.get("artifactType");
  const after = query.get("last") ?? "";
  const all = [...(store.find(name)?.manifests.values() ?? [])]
    .flatMap((manifest) => referrerOf(manifest, digest))
    .filter((referrer) => wanted === null || referrer.artifactType === wanted);
  const rest = all.slice(all.findIndex((referrer) => referrer.digest === after) + 1);
  const manifests = rest.slice(0, quirks.pageSize);
  const next = new URLSearchParams({
    ...(wanted === null ? {} : { artifactType: wanted }),
    last: manifests.at(-1)?.digest ?? "",
  });
  return json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      headers: {
        "content-type": mediaTypes.index,
        ...(wanted === null ? {} : { "oci-filters-applied": "artifactType" }),
        ...(manifests.length < rest.length
          ? { link: `</v2/${name}/referrers/${digest}?${next}>; rel="next"` }
          : {}),
      },
    },
  );
}

type Referrer = {
  mediaType: string;
  digest: string;
  size: number;
  artifactType: string | undefined;
  annotations?: unknown;
};

function referrerOf(manifest: Content, subject: string): Referrer[] {
  const parsed = parseManifest(manifest.bytes);
  if (parsed?.subject !== subject) return [];
  return [
    {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      artifactType: parsed.artifactType,
      ...(parsed.annotations ? { annotations: parsed.annotations } : {}),
    },
  ];
}
