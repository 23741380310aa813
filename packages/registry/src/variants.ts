import { readContent } from "./manifest.ts";
import type { Reference } from "./reference.ts";
import type { Registry } from "./registry.ts";

/** The digests that an index points at, of its platforms' manifests and all others; none of a single manifest, or of none. */
export async function variantDigests(
  registry: Pick<Registry, "manifest">,
  reference: Reference,
): Promise<string[]> {
  const manifest = await registry.manifest(reference);
  return manifest === undefined ? [] : readContent(manifest).children.map(({ digest }) => digest);
}
