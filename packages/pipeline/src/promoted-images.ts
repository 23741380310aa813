import type { Copied, Promoted, Promotion } from "@release-actions/registry";

/** One image after its promotion: what has which tag now, and what is needed to go back. */
export type PromotedImage = Copied & {
  name: string;
  /** Host and repository. */
  image: string;
  digest: string;
  tags: string[];
  /** What a tag had before, by the tag; only tags that had another digest. */
  displaced: Record<string, string>;
  /** `os/architecture` of each platform, where the content was looked at. */
  platforms: string[];
};

const nothing: Copied & { platforms: string[] } = {
  platforms: [],
  mounted: 0,
  uploaded: 0,
  bytes: 0,
  carried: [],
  left: [],
};

/** Puts together what the steps brought about, in the order of the images; tags that were not reached are left out. */
export function promotedImages(promotions: Promotion[], values: Promoted[]): PromotedImage[] {
  return promotions.map(({ name, source, target }) => {
    const own = values.filter((value) => value.image === name);
    const { platforms, mounted, uploaded, bytes, carried, left } =
      own.find((value) => value.effect === "content") ?? nothing;
    const tags = own.find((value) => value.effect === "tags")?.tags ?? [];
    return {
      name,
      image: `${target.host}/${target.repository}`,
      digest: source.digest ?? "",
      tags: tags.map(({ tag }) => tag),
      displaced: Object.fromEntries(
        tags.flatMap(({ tag, displaced }) => (displaced === undefined ? [] : [[tag, displaced]])),
      ),
      platforms,
      mounted,
      uploaded,
      bytes,
      carried,
      left,
    };
  });
}
