import { Fault } from "@release-actions/codes";
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
  const tags = await registry.listTags(from);
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

  const found = new Map<string, Attached["referrers"][number]>();
  const seen = new Set(subjects);
  for (let about = subjects; about.length > 0;) {
    const next: string[] = [];
    // The first listing tells whether the registry has any, so that the others need not ask in vain.
    const [first = "", ...others] = about;
    const visit = async (subject: string): Promise<void> => {
      await inParallel(await listingOf(subject), width, async ({ digest, artifactType }) => {
        if (seen.has(digest)) return;
        seen.add(digest);
        if (seen.size > most)
          throw new Fault("RA8005", {
            saw: `${from.host}/${from.repository} names more than ${most} signatures and other attachments`,
          });
        const manifest = await registry.manifest({ ...from, digest });
        // Listed and gone: a cleaning took it.
        if (!manifest) return;
        const content = readContent(manifest);
        found.set(digest, {
          manifest,
          subject,
          artifactType:
            artifactType ?? content.artifactType ?? content.config?.mediaType ?? manifest.mediaType,
        });
        next.push(digest);
      });
    };
    await visit(first);
    await inParallel(others, width, visit);
    about = next;
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
  return { referrers: [...found.values()], tagged };
}

/** The tag under which a registry without a referrers listing keeps an index of them. */
export function fallbackTag(digest: string): string {
  return digest.replace(":", "-");
}
