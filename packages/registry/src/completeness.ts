import { readContent, type Manifest } from "./manifest.ts";
import type { Reference, Repository } from "./reference.ts";
import { inParallel } from "./repeat.ts";
import { repositoryUrl, unexpected, type Session } from "./session.ts";

/** Questions on their way at the same time. */
const width = 8;

/** A part of an image that can no longer be pulled. */
export type Missing = { kind: "manifest" | "blob"; digest: string };

/**
 * What a pull of the image would not find: each manifest of it is read, however deep they nest, and each blob is asked for once
 * by HEAD. Empty when all of it is there. @throws Fault RA2006, RA8005 and the registry's
 */
export async function findMissing(
  options: {
    session: Session;
    manifest: (reference: Reference) => Promise<Manifest | undefined>;
  },
  image: Repository & { digest: string },
): Promise<Missing[]> {
  const { host, repository } = image;
  const missing: Missing[] = [];
  const blobs = new Set<string>();
  const seen = new Set<string>();
  let level = [image.digest];
  while (level.length > 0) {
    const next = new Set<string>();
    await inParallel(level, width, async (digest) => {
      seen.add(digest);
      const manifest = await options.manifest({ host, repository, digest });
      if (manifest === undefined) return void missing.push({ kind: "manifest", digest });
      const content = readContent(manifest);
      for (const blob of content.blobs) blobs.add(blob.digest);
      for (const child of content.children) next.add(child.digest);
    });
    level = [...next].filter((digest) => !seen.has(digest));
  }
  await inParallel(blobs, width, async (digest) => {
    if (!(await hasBlob(options.session, image, digest))) missing.push({ kind: "blob", digest });
  });
  return missing;
}

/** A redirect to the registry's store says that the blob is there; the store itself often signs for GET only. */
async function hasBlob(session: Session, of: Repository, digest: string): Promise<boolean> {
  const answer = await session.send(
    { repository: of.repository, action: "pull" },
    {
      method: "HEAD",
      url: repositoryUrl(session, of.repository, `blobs/${digest}`),
      redirect: "return",
    },
  );
  if (answer.status === 404) return false;
  if (answer.status === 200 || (answer.status >= 300 && answer.status < 400)) return true;
  throw unexpected(answer, `HEAD ${of.host}/${of.repository} blob ${digest}`);
}
