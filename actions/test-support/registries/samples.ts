import { content, descriptor, layerOf, oci, type Artifact, type Content } from "./artifact.ts";

const mebibyte = 1024 * 1024;

/** The images of comparisons: one of one platform, an index of eight, and what BuildKit leaves with attestations. */
export type SampleName = "single" | "idx8" | "att";

export const sampleNames: readonly SampleName[] = ["single", "idx8", "att"];

/** Builds a sample; the same each time. */
export function sample(name: SampleName): Artifact {
  if (name === "single") return single();
  return name === "idx8" ? eightPlatforms() : attested();
}

type Platform = { os: string; architecture: string; variant?: string };

function single(): Artifact {
  const { manifest, blobs } = image("single", { os: "linux", architecture: "amd64" }, 5 * mebibyte);
  return { top: manifest, children: [], blobs };
}

/** As `crane index append` leaves it: compact JSON, and an artifactType in each descriptor. */
function eightPlatforms(): Artifact {
  const architectures = ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "mips64le"];
  const images = architectures.map((architecture) => {
    const platform = { os: "linux", architecture };
    return { platform, ...image(`idx8 ${architecture}`, platform, mebibyte) };
  });
  const manifests = images.map(({ manifest, platform }) => ({
    ...descriptor(manifest),
    platform,
    artifactType: oci.config,
  }));
  const index = { schemaVersion: 2, mediaType: oci.index, manifests };
  return {
    top: content(oci.index, JSON.stringify(index)),
    children: images.map(({ manifest }) => manifest),
    blobs: images.flatMap(({ blobs }) => blobs),
  };
}

/** As BuildKit leaves it: two platforms, an attestation manifest for each, indented JSON. */
function attested(): Artifact {
  const images = ["amd64", "arm64"].map((architecture) => {
    const platform = { os: "linux", architecture };
    return { platform, ...image(`att ${architecture}`, platform, mebibyte, "  ") };
  });
  const attestations = images.map(({ manifest }) => attestationOf(manifest));
  const index = {
    schemaVersion: 2,
    mediaType: oci.index,
    manifests: [
      ...images.map(({ manifest, platform }) => ({ ...descriptor(manifest), platform })),
      ...attestations.map(({ manifest, about }) => ({
        ...descriptor(manifest),
        annotations: {
          "vnd.docker.reference.digest": about,
          "vnd.docker.reference.type": "attestation-manifest",
        },
        platform: { architecture: "unknown", os: "unknown" },
      })),
    ],
  };
  return {
    top: content(oci.index, JSON.stringify(index, null, 2)),
    children: [...images, ...attestations].map(({ manifest }) => manifest),
    blobs: [...images, ...attestations].flatMap(({ blobs }) => blobs),
  };
}

/** One platform of three layers of a size. */
function image(
  seed: string,
  platform: Platform,
  size: number,
  indent = "",
): { manifest: Content; blobs: Content[] } {
  const layers = [1, 2, 3].map((number) => layerOf(size, `${seed} ${number}`));
  const config = content(
    oci.config,
    JSON.stringify({
      ...platform,
      config: { Labels: { "org.opencontainers.image.version": "1.0.0" } },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: oci.manifest,
    config: descriptor(config),
    layers: layers.map(({ layer }) => descriptor(layer)),
  };
  return {
    manifest: content(oci.manifest, JSON.stringify(manifest, null, indent)),
    blobs: [...layers.map(({ layer }) => layer), config],
  };
}

function attestationOf(image: Content): { manifest: Content; about: string; blobs: Content[] } {
  const statements = ["https://slsa.dev/provenance/v1", "https://spdx.dev/Document"].map(
    (predicateType) => ({
      predicateType,
      blob: content(
        "application/vnd.in-toto+json",
        JSON.stringify({
          _type: "https://in-toto.io/Statement/v0.1",
          predicateType,
          subject: [{ name: "_", digest: { sha256: image.digest.slice("sha256:".length) } }],
        }),
      ),
    }),
  );
  const config = content(
    oci.config,
    JSON.stringify({
      architecture: "unknown",
      os: "unknown",
      config: {},
      rootfs: { type: "layers", diff_ids: statements.map(({ blob }) => blob.digest) },
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: oci.manifest,
    config: descriptor(config),
    layers: statements.map(({ blob, predicateType }) => ({
      ...descriptor(blob),
      annotations: { "in-toto.io/predicate-type": predicateType },
    })),
  };
  return {
    manifest: content(oci.manifest, JSON.stringify(manifest, null, 2)),
    about: image.digest,
    blobs: [...statements.map(({ blob }) => blob), config],
  };
}
