import { Fault } from "@release-actions/codes";
import type { TagList } from "./listings.ts";
import { readContent, type Descriptor, type Manifest } from "./manifest.ts";
import type { Repository } from "./reference.ts";
import type { Registry } from "./registry.ts";
import { inParallel } from "./repeat.ts";

/** What is about an image without being part of it: signatures, SBOMs, attestations. */
export type Attached = {
  /** Manifests that name their subject, nearest to the image first. */
  referrers: { manifest: Manifest; subject: string; artifactType: string }[];
  /** Tags of the form `sha256-….sig`, by which signatures were found before there were referrers. */
  tagged: { tag: string; manifest: Manifest }[];
};

/** Nobody signs so often; a registry that names more is not believed. */
const most = 1000;
const legacyEndings = [".sig", ".att", ".sbom"];

/**
 * Finds everything attached to the given digests, and to what is attached to them. One listing of the repository's tags and
 * one of the referrers of each digest; where the registry has no such listing, the tags of the referrers' tag schema.
 * @throws Fault RA8005 when there is more than anybody attaches, and those of the registry
 */
export async function gatherAttached(
  registry: Registry,
  from: Repository,
  subjects: string[],
  width: number,
): Promise<Attached> {
  const tags = await firstTags(registry, from);
  const isThere = (tag: string): boolean => !tags.complete || tags.tags.includes(tag);
  const readTag = async (tag: string): Promise<Manifest | undefined> =>
    isThere(tag) ? registry.manifest({ ...from, tag }) : undefined;

  let hasListing = true;
  const listingOf = async (digest: string): Promise<Descriptor[]> => {
    const listed = hasListing ? await registry.referrers(from, digest) : undefined;
    if (listed !== undefined) return listed;
    hasListing = false;
    const index = await readTag(fallbackTag(digest));
    return index ? readContent(index).children : [];
  };

  const found: Attached["referrers"] = [];
  const seen = new Set(subjects);
  for (let about = subjects; about.length > 0;) {
    const listings = new Map<string, Descriptor[]>();
    const listReferrers = async (subject: string): Promise<void> => {
      listings.set(subject, await listingOf(subject));
    };
    // The first listing tells whether the registry has any, so that the others need not ask in vain.
    const [first = "", ...others] = about;
    await listReferrers(first);
    await inParallel(others, width, listReferrers);

    const fresh = about.flatMap((subject) =>
      (listings.get(subject) ?? []).flatMap(({ digest, artifactType }) => {
        if (seen.has(digest)) return [];
        seen.add(digest);
        return { subject, digest, artifactType };
      }),
    );
    if (seen.size > most)
      throw new Fault("RA8005", {
        saw: `${from.host}/${from.repository} names more than ${most} signatures and other attachments`,
      });
    const manifests = new Map<string, Manifest | undefined>();
    await inParallel(fresh, width, async ({ digest }) => {
      manifests.set(digest, await registry.manifest({ ...from, digest }));
    });
    about = [];
    for (const { subject, digest, artifactType } of fresh) {
      const manifest = manifests.get(digest);
      // Listed and gone: a cleaning took it.
      if (!manifest) continue;
      const content = readContent(manifest);
      const type = artifactType ?? content.artifactType ?? content.config?.mediaType;
      found.push({ manifest, subject, artifactType: type ?? manifest.mediaType });
      about.push(digest);
    }
  }

  const names = tags.complete
    ? subjects.flatMap((digest) =>
        tags.tags.filter((tag) => tag.startsWith(`${fallbackTag(digest)}.`)),
      )
    : legacyEndings.map((ending) => `${fallbackTag(subjects[0] ?? "")}${ending}`);
  const tagged: Attached["tagged"] = [];
  await inParallel(names, width, async (tag) => {
    const manifest = await readTag(tag);
    if (manifest) tagged.push({ tag, manifest });
  });
  return { referrers: found, tagged };
}

/** The first page of the tags. Who may pull may not always list. */
async function firstTags(registry: Registry, from: Repository): Promise<TagList> {
  try {
    return await registry.firstTags(from);
  } catch (error) {
    if (error instanceof Fault && error.code === "RA2004") return { tags: [], complete: false };
    throw error;
  }
}

/** The tag under which a registry without a referrers listing keeps an index of them. */
export function fallbackTag(digest: string): string {
  return digest.replace(":", "-");
}
