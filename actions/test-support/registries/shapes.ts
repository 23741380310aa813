import {
  content,
  descriptor,
  docker,
  layerOf,
  oci,
  type Algorithm,
  type Artifact,
  type Content,
} from "./artifact.ts";
import { sample } from "./samples.ts";

/** The forms that a manifest may have, each with what is special in its bytes. */
export const shapes: Record<string, () => Artifact> = {
  "one OCI manifest": () => alone(image("oci")),
  "one Docker manifest": () => alone(image("docker", { form: docker })),
  "OCI index": () => indexOf([image("a"), image("b", { architecture: "arm64" })]),
  "Docker list": () =>
    indexOf(
      [
        image("c", { form: docker }),
        image("d", { form: docker, architecture: "arm64", variant: "v8" }),
      ],
      { form: docker },
    ),
  "index in an index": () => {
    const inner = indexOf([image("e"), image("f", { architecture: "arm64" })]);
    const outer = { schemaVersion: 2, mediaType: oci.index, manifests: [descriptor(inner.top)] };
    return {
      top: content(oci.index, JSON.stringify(outer)),
      children: [...inner.children, inner.top],
      blobs: inner.blobs,
    };
  },
  "OCI index over Docker manifests": () => indexOf([image("g", { form: docker })]),
  "pretty-printed JSON": () =>
    indexOf([image("h", { write: (value) => JSON.stringify(value, null, "\t") })], {
      write: (value) => JSON.stringify(value, null, 3),
    }),
  "unknown fields": () => {
    const unknown = { "x-built-by": { farm: [1, 2, 3], at: null }, aNumber: 1e2 };
    return indexOf([image("i", { more: unknown })], { more: unknown, inDescriptors: unknown });
  },
  "artifactType in the descriptors": () =>
    indexOf([image("j")], { inDescriptors: { artifactType: oci.config } }),
  "attestations as of BuildKit": () => sample("att"),
  "artifact with a subject": () => {
    const about = image("k");
    const payload = content("application/spdx+json", '{"spdxVersion":"SPDX-2.3"}');
    const manifest = {
      schemaVersion: 2,
      mediaType: oci.manifest,
      artifactType: "application/spdx+json",
      config: { ...descriptor(emptyJson), data: "e30=" },
      layers: [descriptor(payload)],
      subject: descriptor(about.manifest),
    };
    return {
      top: content(oci.manifest, JSON.stringify(manifest)),
      children: [],
      blobs: [emptyJson, payload],
    };
  },
  "artifact of nothing but the empty descriptor": () => {
    const manifest = {
      schemaVersion: 2,
      mediaType: oci.manifest,
      artifactType: "application/vnd.example.marker",
      config: descriptor(emptyJson),
      layers: [descriptor(emptyJson)],
      annotations: { "org.example.marked": "yes" },
    };
    return {
      top: content(oci.manifest, JSON.stringify(manifest)),
      children: [],
      blobs: [emptyJson],
    };
  },
  "image without layers": () => alone(image("l", { layers: 0 })),
  "index without manifests": () => indexOf([]),
  "sha512 below a sha256": () => indexOf([image("m", { algorithm: "sha512" })]),
  "sha512 at the top": () => alone(image("n", { algorithm: "sha512" })),
  "annotations that are not ASCII": () =>
    indexOf([image("o", { more: { annotations: foreign } })], { more: { annotations: foreign } }),
  "escaped characters": () => {
    // As Go writes `<`, `>` and `&`, and as PHP writes `/`.
    const write = (value: unknown): string =>
      JSON.stringify(value)
        .replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)
        .replaceAll("example.org/", "example.org\\/");
    const more = { annotations: { "org.example.from": "<a@example.org/b> & more" } };
    return indexOf([image("p", { more, write })], { more, write });
  },
  "trailing newline": () => {
    const write = (value: unknown): string => `${JSON.stringify(value)}\n`;
    return indexOf([image("q", { write })], { write });
  },
  "Windows line ends": () => {
    const write = (value: unknown): string =>
      `${JSON.stringify(value, null, 2).replaceAll("\n", "\r\n")}\r\n`;
    return indexOf([image("r", { write })], { write });
  },
  "no mediaType in the bytes": () => {
    const write = (value: unknown): string =>
      JSON.stringify({ ...(value as object), mediaType: undefined });
    return indexOf([image("s", { write })], { write });
  },
};

type Form = typeof oci | typeof docker;
type Image = { manifest: Content; blobs: Content[]; platform: Record<string, string> };

const emptyJson = content(oci.empty, "{}");
const foreign = { "org.example.release": "Größe 中文 🚀 \u2028 naïve", "org.example.leer": "" };

function image(
  seed: string,
  options: {
    form?: Form;
    architecture?: string;
    variant?: string;
    layers?: number;
    algorithm?: Algorithm;
    more?: Record<string, unknown>;
    write?: (value: unknown) => string;
  } = {},
): Image {
  const { form = oci, architecture = "amd64", algorithm = "sha256", variant } = options;
  const platform = { os: "linux", architecture, ...(variant ? { variant } : {}) };
  const layers = Array.from({ length: options.layers ?? 2 }, (_, number) =>
    layerOf(2000, `${seed} ${number}`, { mediaType: form.layer, algorithm }),
  );
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) };
  const config = content(
    form.config,
    JSON.stringify({ ...platform, config: {}, rootfs }),
    algorithm,
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: form.manifest,
    config: descriptor(config),
    layers: layers.map(({ layer }) => descriptor(layer)),
    ...options.more,
  };
  const write = options.write ?? JSON.stringify;
  return {
    manifest: content(form.manifest, write(manifest), algorithm),
    blobs: [...layers.map(({ layer }) => layer), config],
    platform,
  };
}

function alone({ manifest, blobs }: Image): Artifact {
  return { top: manifest, children: [], blobs };
}

function indexOf(
  images: Image[],
  options: {
    form?: Form;
    more?: Record<string, unknown>;
    inDescriptors?: Record<string, unknown>;
    write?: (value: unknown) => string;
  } = {},
): Artifact {
  const { form = oci, write = JSON.stringify } = options;
  const index = {
    schemaVersion: 2,
    mediaType: form.index,
    manifests: images.map(({ manifest, platform }) => ({
      ...descriptor(manifest),
      platform,
      ...options.inDescriptors,
    })),
    ...options.more,
  };
  return {
    top: content(form.index, write(index)),
    children: images.map(({ manifest }) => manifest),
    blobs: images.flatMap(({ blobs }) => blobs),
  };
}
