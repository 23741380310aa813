import { Fault } from "@release-actions/codes";
import { isDigest } from "./digest.ts";

/** A manifest or index as the registry keeps it: the bytes are never written anew, else the digest would change. */
export type Manifest = { digest: string; mediaType: string; bytes: Buffer };

export type Descriptor = {
  digest: string;
  size: number;
  mediaType: string;
  /** `os/architecture`, where an index says it. */
  platform: string | undefined;
  /** What kind of artifact it is, where an index of referrers says it. */
  artifactType: string | undefined;
};

export type ManifestContent = {
  /** Of an index; empty for a single manifest. */
  children: Descriptor[];
  config: Descriptor | undefined;
  /** Config and layers that the registry itself keeps. */
  blobs: Descriptor[];
  /** The digest of what this is about, as a signature is about an image. */
  subject: string | undefined;
  artifactType: string | undefined;
  annotations: Record<string, string>;
};

export const mediaTypes = { index: "application/vnd.oci.image.index.v1+json" };

export const manifestTypes = [
  mediaTypes.index,
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  // Withdrawn before OCI 1.1 was done, and still kept by registries that took it.
  "application/vnd.oci.artifact.manifest.v1+json",
];

/** Reads what a manifest or index points at. @throws Fault RA8005 */
export function readContent(manifest: Manifest): ManifestContent {
  const value = parseObject(manifest.bytes, manifest.digest);
  const config =
    value["config"] === undefined ? undefined : descriptor(value["config"], manifest.digest);
  // A layer with urls is kept elsewhere, and registries do not ask for it.
  const layers = [...list(value["layers"]), ...list(value["blobs"])].filter(
    (layer) => !Array.isArray(record(layer)["urls"]),
  );
  return {
    children: list(value["manifests"]).map((child) => descriptor(child, manifest.digest)),
    config,
    blobs: [
      ...(config ? [config] : []),
      ...layers.map((layer) => descriptor(layer, manifest.digest)),
    ],
    subject:
      value["subject"] === undefined
        ? undefined
        : descriptor(value["subject"], manifest.digest).digest,
    artifactType: typeof value["artifactType"] === "string" ? value["artifactType"] : undefined,
    annotations: texts(value["annotations"]),
  };
}

/** The platforms that an index has a manifest for; attestations are of `unknown/unknown`. Empty for a single manifest. */
export function platformsOf(content: ManifestContent): string[] {
  const named = content.children.flatMap(({ platform }) => platform ?? []);
  return [...new Set(named)].filter((platform) => !platform.startsWith("unknown/"));
}

/** The labels in an image's config blob. @throws Fault RA8005 */
export function readLabels(config: Buffer, digest: string): Record<string, string> {
  return texts(record(parseObject(config, digest)["config"])["Labels"]);
}

/** The media type that the bytes name themselves, for registries that do not say it. */
export function mediaTypeIn(bytes: Buffer, digest: string): string {
  const mediaType = parseObject(bytes, digest)["mediaType"];
  if (typeof mediaType === "string") return mediaType;
  throw new Fault("RA8005", { saw: `the manifest ${digest} does not say what it is` });
}

function descriptor(value: unknown, parent: string): Descriptor {
  const { digest, size, mediaType, platform, artifactType } = record(value);
  if (typeof digest !== "string" || !isDigest(digest) || typeof size !== "number" || !(size >= 0)) {
    throw new Fault("RA8005", {
      saw: `the manifest ${parent} points at something without digest and size`,
    });
  }
  const { os, architecture } = record(platform);
  return {
    digest,
    size,
    mediaType: typeof mediaType === "string" ? mediaType : "",
    platform:
      typeof os === "string" && typeof architecture === "string"
        ? `${os}/${architecture}`
        : undefined,
    artifactType: typeof artifactType === "string" ? artifactType : undefined,
  };
}

function parseObject(bytes: Buffer, digest: string): Record<string, unknown> {
  try {
    return record(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw new Fault("RA8005", { saw: `the content ${digest} is not JSON`, cause });
  }
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
