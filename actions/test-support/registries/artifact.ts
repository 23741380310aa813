import { createCipheriv, createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** Bytes with the name that their content gives them. */
export type Content = { digest: string; mediaType: string; bytes: Buffer };

/** Something that a tag can point at: `top`, the manifests below it (children first), and all blobs. */
export type Artifact = { top: Content; children: Content[]; blobs: Content[] };

export type Algorithm = "sha256" | "sha512";

export const oci = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  empty: "application/vnd.oci.empty.v1+json",
} as const;

export const docker = {
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

export function content(
  mediaType: string,
  bytes: Buffer | string,
  algorithm: Algorithm = "sha256",
): Content {
  const buffer = Buffer.from(bytes);
  const hex = createHash(algorithm).update(buffer).digest("hex");
  return { digest: `${algorithm}:${hex}`, mediaType, bytes: buffer };
}

export function descriptor(of: Content): { mediaType: string; digest: string; size: number } {
  return { mediaType: of.mediaType, digest: of.digest, size: of.bytes.length };
}

/** A gzipped layer that does not shrink, the same for the same seed. */
export function layerOf(
  size: number,
  seed: string,
  form: { mediaType: string; algorithm?: Algorithm } = { mediaType: oci.layer },
): { layer: Content; diffId: string } {
  const key = createHash("sha256").update(seed).digest();
  const bytes = createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
  return {
    layer: content(form.mediaType, gzipSync(bytes, { level: 1 }), form.algorithm),
    diffId: content("", bytes).digest,
  };
}

/** Everything of an artifact, its top last. */
export function contentsOf({ top, children, blobs }: Artifact): Content[] {
  return [...blobs, ...children, top];
}
