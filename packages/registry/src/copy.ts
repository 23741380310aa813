import { Fault } from "@release-actions/codes";
import { fallbackTag, gatherAttached, type Attached } from "./attached.ts";
import type { Blob } from "./blob-stream.ts";
import { mediaTypes, readContent, type Manifest } from "./manifest.ts";
import type { Repository } from "./reference.ts";
import type { Registry } from "./registry.ts";
import { inParallel, repeatWhenLost } from "./repeat.ts";

/** Blobs and manifests on their way at the same time. */
const width = 8;

/** A signature, an SBOM or an attestation that came along. */
export type Carried = { digest: string; artifactType: string };

/** What a copy has moved: blobs taken over within the registry, blobs sent through here, and their bytes. */
export type Copied = {
  mounted: number;
  uploaded: number;
  bytes: number;
  carried: Carried[];
  /** Tags of signatures that the target has with another content: they stay as they are. */
  left: string[];
};

/**
 * Brings everything that a manifest points at into another repository, children before parents, but not the manifest itself;
 * and on wish what is attached to it. @throws Fault RA2003 when the source lacks a part, and those of the registry
 */
export async function copyContent(
  registry: Registry,
  top: Manifest,
  place: { from: Repository; to: Repository },
  wish: { referrers: boolean },
): Promise<Copied> {
  const { from, to } = place;
  const image = await gather(registry, [top], from);
  const manifests = [top, ...image.levels.flat()];
  const attached: Attached = wish.referrers
    ? await gatherAttached(
        registry,
        from,
        manifests.map(({ digest }) => digest),
        width,
      )
    : { referrers: [], tagged: [] };
  const around = [...attached.referrers, ...attached.tagged].map(({ manifest }) => manifest);
  const rest = await gather(registry, around, from);

  const copied: Copied = { mounted: 0, uploaded: 0, bytes: 0, carried: [], left: [] };
  const blobs = new Map([...image.blobs, ...rest.blobs].map((blob) => [blob.digest, blob]));
  await inParallel(blobs.values(), width, async (blob) => {
    const how = await registry.copyBlob(blob, from, to);
    copied[how] += 1;
    if (how === "uploaded") copied.bytes += blob.size;
  });
  for (const level of [...image.levels.toReversed(), ...rest.levels.toReversed()])
    await inParallel(level, width, (manifest) => put(registry, to, manifest));
  await putReferrers(registry, to, attached.referrers, copied);
  await inParallel(attached.tagged, width, (one) => putTagged(registry, to, one, copied));
  return copied;
}

async function put(
  registry: Registry,
  to: Repository,
  manifest: Manifest,
  tag?: string,
): Promise<{ subject: string | undefined }> {
  return repeatWhenLost(() =>
    registry.putManifest(to, tag ?? manifest.digest, manifest.bytes, manifest.mediaType),
  );
}

/** A registry that keeps no listing of referrers does not answer with their subject, and wants the listing put as a tag. */
async function putReferrers(
  registry: Registry,
  to: Repository,
  referrers: Attached["referrers"],
  copied: Copied,
): Promise<void> {
  const listed = new Set<string>();
  await inParallel(referrers, width, async ({ manifest }) => {
    const answer = await put(registry, to, manifest);
    if (answer.subject !== undefined) listed.add(manifest.digest);
  });
  for (const { manifest, artifactType } of referrers)
    copied.carried.push({ digest: manifest.digest, artifactType });
  const unlisted = Map.groupBy(
    referrers.filter(({ manifest }) => !listed.has(manifest.digest)),
    ({ subject }) => subject,
  );
  await inParallel(unlisted, width, async ([subject, about]) => {
    const tag = fallbackTag(subject);
    const before = await registry.manifest({ ...to, tag });
    const known = before ? readContent(before).children.map(({ digest }) => digest) : [];
    const missing = about.filter(({ manifest }) => !known.includes(manifest.digest));
    if (missing.length === 0) return;
    const index = indexWith(before, missing);
    await repeatWhenLost(() => registry.putManifest(to, tag, index, mediaTypes.index));
  });
}

/** The index of a subject's referrers with more of them; what else it says stays. */
function indexWith(before: Manifest | undefined, referrers: Attached["referrers"]): Buffer {
  const index = (
    before
      ? JSON.parse(before.bytes.toString("utf8"))
      : { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] }
  ) as { manifests: unknown[] };
  const descriptors = referrers.map(({ manifest, artifactType }) => ({
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    artifactType,
    annotations: readContent(manifest).annotations,
  }));
  return Buffer.from(JSON.stringify({ ...index, manifests: [...index.manifests, ...descriptors] }));
}

async function putTagged(
  registry: Registry,
  to: Repository,
  { tag, manifest }: Attached["tagged"][number],
  copied: Copied,
): Promise<void> {
  const there = await registry.resolve({ ...to, tag });
  if (there !== undefined && there !== manifest.digest) {
    copied.left.push(tag);
    return;
  }
  if (there === undefined) await put(registry, to, manifest, tag);
  copied.carried.push({ digest: manifest.digest, artifactType: tag.replace(/^.*\./, "") });
}

/** All blobs, and the manifests below the given ones, by depth. */
async function gather(
  registry: Registry,
  tops: Manifest[],
  from: Repository,
): Promise<{ blobs: Blob[]; levels: Manifest[][] }> {
  const blobs = new Map<string, Blob>();
  const levels: Manifest[][] = [];
  let parents = tops;
  for (;;) {
    const children = new Map<string, string>();
    for (const parent of parents) {
      const content = readContent(parent);
      for (const blob of content.blobs) blobs.set(blob.digest, blob);
      for (const child of content.children) children.set(child.digest, parent.digest);
    }
    if (children.size === 0) return { blobs: [...blobs.values()], levels };
    const level: Manifest[] = [];
    await inParallel(children, width, async ([digest, parent]) => {
      const child = await registry.manifest({ ...from, digest });
      if (!child)
        throw new Fault("RA2003", {
          saw: `${from.host}/${from.repository} lacks ${digest}, which ${parent} names`,
        });
      level.push(child);
    });
    levels.push(level);
    parents = level;
  }
}
