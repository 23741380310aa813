import type { Step } from "@release-actions/plan";
import type { Copied } from "./copy.ts";
import { contentStep } from "./content-step.ts";
import { createLane } from "./lane.ts";
import type { Reference, Repository } from "./reference.ts";
import type { Registry } from "./registry.ts";
import { aloneStep, previousStep, tagsStep } from "./tag-steps.ts";

/**
 * One image on its way: the tested source by digest, and the tags that it gets in the target. A source with a tag besides is
 * refused when the tag is an image for several platforms and the digest only one of them.
 */
export type Promotion = { name: string; source: Reference; target: Repository; tags: string[] };

/** What one step of a promotion has brought about. */
export type Promoted =
  /** `platforms` of an index that was read; nothing is counted of what an earlier run has moved. */
  | ({ effect: "content"; image: string; digest: string; platforms: string[] } & Copied)
  /** `digest` is the displaced one that keeps a name; undefined when nothing was displaced. */
  | { effect: "previous"; image: string; tag: string; digest: string | undefined }
  | { effect: "tags"; image: string; digest: string; tags: { tag: string; displaced?: string }[] }
  /** No other run gave the image's tags another digest while this one did. */
  | { effect: "alone"; image: string };

export type PromotionOptions = {
  images: Promotion[];
  /**
   * What to do when a tag has another digest. `refuse` also looks once more after the write, for a run that began at the same
   * moment. `overwrite` does not even ask: one request a tag less, nothing is known of what was displaced, and so nothing keeps a
   * name; a run again asks.
   */
  existing: "move" | "refuse" | "overwrite";
  /** Signatures, SBOMs and attestations come along into another repository. */
  referrers: boolean;
  /** Refuse any other digest. */
  expectDigest?: string;
  /** A displaced digest keeps the name `<tag>-previous`. */
  previous: boolean;
  /** Id of the ledger entry, part of every key. */
  entry: string;
  /** An earlier attempt may have written already. */
  resuming: boolean;
  /** Milliseconds of a clock that only runs forward. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
};

/**
 * The steps that give tested images their tags without building them anew, in the order in which they must run:
 * the content of all images, the names of displaced digests, and last all tags. A finished promotion run again
 * costs one HEAD a tag. @throws Fault RA2001 for a source without digest or a tag that is none
 */
export function promotionSteps(registry: Registry, options: PromotionOptions): Step<Promoted>[] {
  const lanes = options.images.map((image) => createLane(registry, image, options));
  const tagged = lanes.filter((lane) => lane.tags.length > 0);
  return [
    ...lanes.map(contentStep),
    ...(options.previous && options.existing !== "overwrite"
      ? lanes.flatMap((lane) => lane.tags.map((tag) => previousStep(lane, tag)))
      : []),
    ...tagged.map(tagsStep),
    ...(options.existing === "refuse" ? tagged.map(aloneStep) : []),
  ];
}
