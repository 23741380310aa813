import { Fault } from "@release-actions/codes";
import type { Blob } from "./blob.ts";
import { readContent, type Manifest } from "./manifest.ts";
import type { Repository } from "./reference.ts";
import type { Registry } from "./registry.ts";
import { inParallel, repeatWhenLost } from "./repeat.ts";

/** Blobs and manifests on their way at the same time. */
const width = 8;

/**
 * Brings everything that a manifest points at into another repository, children before parents, but not the manifest itself.
 * @throws Fault RA2003 when the source lacks a part, and those of the registry
 */
export async function copyContent(
  registry: Registry,
  top: Manifest,
  from: Repository,
  to: Repository,
): Promise<void> {
  const found = await gather(registry, top, from);
  await inParallel(found.blobs, width, (blob) => registry.copyBlob(blob, from, to));
  for (const level of found.levels.toReversed()) {
    await inParallel(level, width, (manifest) =>
      repeatWhenLost(() =>
        registry.putManifest(to, manifest.digest, manifest.bytes, manifest.mediaType),
      ),
    );
  }
}

/** All blobs, and the manifests below the top one, by depth. */
async function gather(
  registry: Registry,
  top: Manifest,
  from: Repository,
): Promise<{ blobs: Blob[]; levels: Manifest[][] }> {
  const blobs = new Map<string, Blob>();
  const levels: Manifest[][] = [];
  let parents = [top];
  for (;;) {
    const children = new Set<string>();
    for (const content of parents.map(readContent)) {
      for (const blob of content.blobs) blobs.set(blob.digest, blob);
      for (const child of content.children) children.add(child.digest);
    }
    if (children.size === 0) return { blobs: [...blobs.values()], levels };
    const level: Manifest[] = [];
    await inParallel(children, width, async (digest) => {
      const child = await registry.manifest({
        host: from.host,
        repository: from.repository,
        digest,
      });
      if (!child) {
        throw new Fault("RA2003", {
          saw: `${from.host}/${from.repository} lacks ${digest}, which ${top.digest} names`,
        });
      }
      level.push(child);
    });
    levels.push(level);
    parents = level;
  }
}
