import { Fault } from "@release-actions/codes";
import { digestLike, isOfOneKind } from "./digest.ts";
import type { Manifest } from "./manifest.ts";
import type { Promotion, PromotionOptions } from "./promotion.ts";
import {
  formatReference,
  isTag,
  repositoryOf,
  type Reference,
  type Repository,
} from "./reference.ts";
import type { Registry } from "./registry.ts";

/** One image's steps share what they have read, so that nothing is asked twice. */
export type Lane = {
  registry: Registry;
  image: Promotion;
  options: PromotionOptions;
  digest: string;
  from: Repository;
  tags: TagState[];
  /** The bytes to tag, from the target once they are there; undefined when the registry has them no longer. */
  manifest(): Promise<Manifest | undefined>;
  /** True when a tag of the target has the digest, and so all of its content. */
  inTarget: boolean;
};

export type TagState = {
  tag: string;
  reference: Reference;
  /** What the tag had when this run first looked; read once. */
  before(): Promise<string | undefined>;
  /** When that was. */
  lookedAt: number;
  /** When this run's own write was answered; undefined where it wrote nothing. */
  putAt?: number;
};

export function createLane(registry: Registry, image: Promotion, options: PromotionOptions): Lane {
  const { source, target } = image;
  const digest = source.digest;
  if (digest === undefined) {
    throw new Fault("RA2001", {
      saw: `${formatReference(source)} has no digest, and only a digest can be promoted`,
    });
  }
  for (const tag of image.tags) {
    const longest = options.previous ? previousOf(tag) : tag;
    if (!isTag(longest))
      throw new Fault("RA2001", { saw: `"${longest}" cannot be a tag of ${target.repository}` });
  }
  registry.expectPush(target, source);
  const from = repositoryOf(source);
  const lane: Lane = {
    registry,
    image,
    options,
    digest,
    from,
    inTarget: false,
    tags: image.tags.map((tag) => {
      const state: TagState = {
        tag,
        reference: { ...repositoryOf(target), tag },
        lookedAt: 0,
        before: once(() => {
          state.lookedAt = options.now();
          return registry.resolve(state.reference);
        }),
      };
      return state;
    }),
    manifest: once(() =>
      registry.manifest({ ...(lane.inTarget ? repositoryOf(target) : from), digest }),
    ),
  };
  return lane;
}

/** Without a look at what is there; after an attempt that may have written, there is one. */
export function isBlind(options: PromotionOptions): boolean {
  return options.existing === "overwrite" && !options.resuming;
}

export async function displacedBy(lane: Lane, state: TagState): Promise<string | undefined> {
  const before = await state.before();
  return (await bearsDigest(lane, before)) ? undefined : before;
}

/** A registry may know the same bytes by another algorithm: a tag that was put alone has their sha256. */
export async function bearsDigest(lane: Lane, digest: string | undefined): Promise<boolean> {
  if (digest === undefined || digest === lane.digest) return digest !== undefined;
  if (isOfOneKind(digest, lane.digest)) return false;
  const manifest = await lane.manifest();
  return manifest !== undefined && digestLike(digest, manifest.bytes) === digest;
}

export async function needManifest(lane: Lane): Promise<Manifest> {
  const manifest = await lane.manifest();
  if (!manifest)
    throw new Fault("RA2003", {
      saw: `${lane.image.name}: ${lane.digest} has gone from the registry`,
    });
  return manifest;
}

export function previousOf(tag: string): string {
  return `${tag}-previous`;
}

/** As people compare them: the first twelve digits. */
export function short(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}

/** Remembers the first answer; a failure is not remembered. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
