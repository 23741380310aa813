/** What a registry reads in a manifest. */
export type ParsedManifest = {
  mediaType: string | undefined;
  /** Digests of the config and of the layers that are kept here. */
  blobs: string[];
  children: { digest: string; mediaType: string | undefined }[];
  subject: string | undefined;
  configType: string | undefined;
  /** Its own, else an image manifest's config's. */
  artifactType: string | undefined;
  annotations: unknown;
};

/** Undefined for bytes that are no manifest of schema 2. */
export function parseManifest(bytes: Buffer): ParsedManifest | undefined {
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
  const configType = text(config?.["mediaType"]);
  return {
    mediaType: text(manifest["mediaType"]),
    blobs: [...(config ? [config] : []), ...layers].map((blob) => text(blob["digest"]) ?? ""),
    children: descriptors(manifest["manifests"]).map((child) => ({
      digest: text(child["digest"]) ?? "",
      mediaType: text(child["mediaType"]),
    })),
    subject: text(record(manifest["subject"])?.["digest"]),
    configType,
    artifactType: text(manifest["artifactType"]) || configType,
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
