import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Bytes with the name that their content gives them. */
export type Content = { digest: string; mediaType: string; bytes: Buffer };

/** An image as a build leaves it: `index` is what a tag points at; children come before their parents. */
export type Image = { index: Content; manifests: Content[]; blobs: Content[] };

export type ImageFile = { path: string; content: string | Buffer; mode?: number };

export type ImageSource = {
  files: ImageFile[];
  entrypoint: string[];
  env?: Record<string, string>;
  labels?: Record<string, string>;
  /** `os/architecture`; default linux/amd64 and linux/arm64. */
  platforms?: string[];
  /** Adds an attestation manifest for each platform, in BuildKit's form. */
  attestations?: true;
  created: Date;
};

type Descriptor = {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { architecture: string; os: string };
};

export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  statement: "application/vnd.in-toto+json",
} as const;

/** Builds an index with one manifest a platform over one shared layer. Equal sources give equal digests. */
export async function buildImage(source: ImageSource): Promise<Image> {
  const tar = await packFiles(source.files, source.created);
  const layer = content(mediaTypes.layer, compress(tar));
  const blobs = [layer];
  const manifests: Content[] = [];
  const children: Descriptor[] = [];
  const attested: Descriptor[] = [];

  for (const platform of source.platforms ?? ["linux/amd64", "linux/arm64"]) {
    const [os = "linux", architecture = "amd64"] = platform.split("/");
    const config = jsonContent(mediaTypes.config, configOf(source, os, architecture, sha256(tar)));
    const manifest = jsonContent(mediaTypes.manifest, manifestOf(config, [descriptor(layer)]));
    blobs.push(config);
    manifests.push(manifest);
    children.push({ ...descriptor(manifest), platform: { architecture, os } });
    if (!source.attestations) continue;
    const attestation = attest(manifest.digest, source.created);
    blobs.push(...attestation.blobs);
    manifests.push(attestation.manifest);
    attested.push(attestation.descriptor);
  }

  const index = jsonContent(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...children, ...attested],
  });
  return { index, manifests, blobs };
}

/** Puts an image and its tag straight into a registry stand-in, past its protocol. Returns the tag's digest. */
export function pushImage(
  standIn: { putImage(repository: string, tag: string, image: Image): string },
  repository: string,
  tag: string,
  image: Image,
): string {
  return standIn.putImage(repository, tag, image);
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Names bytes by their sha256. */
export function content(mediaType: string, bytes: Buffer): Content {
  return { digest: sha256(bytes), mediaType, bytes };
}

function configOf(source: ImageSource, os: string, architecture: string, diffId: string): unknown {
  return {
    architecture,
    os,
    created: source.created.toISOString(),
    config: {
      Env: Object.entries(source.env ?? {}).map(([name, value]) => `${name}=${value}`),
      Entrypoint: source.entrypoint,
      WorkingDir: "/",
      ...(source.labels ? { Labels: source.labels } : {}),
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created: source.created.toISOString(), created_by: "COPY . /" }],
  };
}

function attest(
  subject: string,
  created: Date,
): { manifest: Content; blobs: Content[]; descriptor: Descriptor } {
  const predicateType = "https://slsa.dev/provenance/v1";
  const statement = jsonContent(mediaTypes.statement, {
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [{ name: "_", digest: { sha256: subject.slice("sha256:".length) } }],
    predicateType,
    predicate: { runDetails: { metadata: { finishedOn: created.toISOString() } } },
  });
  const config = jsonContent(mediaTypes.config, {
    architecture: "unknown",
    os: "unknown",
    config: {},
    rootfs: { type: "layers", diff_ids: [statement.digest] },
  });
  const layer = {
    ...descriptor(statement),
    annotations: { "in-toto.io/predicate-type": predicateType },
  };
  const manifest = jsonContent(mediaTypes.manifest, manifestOf(config, [layer]));
  return {
    manifest,
    blobs: [statement, config],
    descriptor: {
      ...descriptor(manifest),
      annotations: {
        "vnd.docker.reference.digest": subject,
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { architecture: "unknown", os: "unknown" },
    },
  };
}

function manifestOf(config: Content, layers: Descriptor[]): unknown {
  return { schemaVersion: 2, mediaType: mediaTypes.manifest, config: descriptor(config), layers };
}

function descriptor(of: Content): Descriptor {
  return { mediaType: of.mediaType, digest: of.digest, size: of.bytes.length };
}

/** Indented as BuildKit writes it, so that a client that serializes again is found out by the digest. */
function jsonContent(mediaType: string, value: unknown): Content {
  return content(mediaType, Buffer.from(JSON.stringify(value, null, 2)));
}

async function packFiles(files: ImageFile[], mtime: Date): Promise<Buffer> {
  const archive = pack();
  const inOrder = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of inOrder) {
    const header = {
      name: file.path.replace(/^\/+/, ""),
      mode: file.mode ?? 0o644,
      mtime,
      uid: 0,
      gid: 0,
    };
    archive.entry(header, file.content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** gzip whose header names no operating system: the tenth byte differs between machines. */
function compress(bytes: Buffer): Buffer {
  const zipped = gzipSync(bytes);
  zipped[9] = 0xff;
  return zipped;
}
