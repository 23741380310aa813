import { refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { copyContent, type Copied } from "./copy.ts";
import { bearsDigest, isBlind, needManifest, short, type Lane } from "./lane.ts";
import { platformsOf, readContent } from "./manifest.ts";
import type { Promoted } from "./promotion.ts";
import { formatReference, repositoryOf } from "./reference.ts";

/** Its look decides for the whole image, before anything is written; its write brings content that no tag names yet. */
export function contentStep(lane: Lane): Step<Promoted> {
  const { registry, image, digest, options } = lane;
  const { source, target } = image;
  const place = `${target.host}/${target.repository}`;
  const isSamePlace = source.host === target.host && source.repository === target.repository;
  const promoted = async (copied: Copied): Promise<Promoted> => {
    const top = lane.inTarget ? undefined : await lane.manifest();
    const platforms = top ? platformsOf(readContent(top)) : [];
    return { effect: "content", image: image.name, digest, platforms, ...copied };
  };

  return {
    key: `${options.entry}/content/${place}@${digest}`,
    title: `${image.name}: content of ${short(digest)} in ${place}`,
    look: async (): Promise<Look<Promoted>> => {
      if (options.expectDigest !== undefined && options.expectDigest !== digest) {
        const saw = `${image.name} is ${digest}, and ${options.expectDigest} was expected`;
        return { state: "refused", refusal: refuse("RA2008", saw) };
      }
      for (const { tag, before } of lane.tags) {
        if (isBlind(options)) break;
        const current = await before();
        if (await bearsDigest(lane, current)) lane.inTarget = true;
        else if (current !== undefined && options.existing === "refuse") {
          const saw = `${place}:${tag} is ${current}, not ${digest}`;
          return { state: "refused", refusal: refuse("RA2009", saw) };
        }
      }
      if (lane.tags.length === 0)
        lane.inTarget = (await registry.resolve({ ...repositoryOf(target), digest })) === digest;
      if (lane.inTarget) return { state: "done", value: await promoted(nothingCopied()) };
      const whole = await wholeImage(lane);
      if (whole !== undefined) {
        const saw = `${image.name}: ${digest} is one platform of ${formatReference({ ...lane.from, tag: source.tag ?? "" })}, which is ${whole}`;
        return { state: "refused", refusal: refuse("RA2010", saw) };
      }
      if (!(await lane.manifest())) {
        const saw = `${source.host}/${source.repository} has no ${digest}`;
        return { state: "refused", refusal: refuse("RA2003", saw) };
      }
      return isSamePlace
        ? { state: "done", value: await promoted(nothingCopied()) }
        : { state: "todo" };
    },
    act: async () => {
      const top = await needManifest(lane);
      const copied = await copyContent(
        registry,
        top,
        { from: lane.from, to: repositoryOf(target) },
        options,
      );
      // With a tag the top manifest itself is put by the tags' own step, once.
      if (lane.tags.length === 0)
        await registry.putManifest(target, digest, top.bytes, top.mediaType);
      return promoted(copied);
    },
  };
}

/** The digest of the index that has the source's tag, when the source's digest is only a part of it. */
async function wholeImage({ image, registry, digest }: Lane): Promise<string | undefined> {
  const { source } = image;
  if (source.tag === undefined) return undefined;
  // The bytes of the tag serve as those of the digest where they are the same: the look costs nothing then.
  const tagged = await registry.manifest({ ...repositoryOf(source), tag: source.tag });
  if (tagged === undefined || tagged.digest === digest) return undefined;
  const isPart = readContent(tagged).children.some((child) => child.digest === digest);
  return isPart ? tagged.digest : undefined;
}

function nothingCopied(): Copied {
  return { mounted: 0, uploaded: 0, bytes: 0, carried: [], left: [] };
}
