import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { copyContent } from "./copy.ts";
import type { Manifest } from "./manifest.ts";
import { formatReference, isTag, type Reference, type Repository } from "./reference.ts";
import type { Registry } from "./registry.ts";

/** One image on its way: the tested source by digest, and the tags that it gets in the target. */
export type Promotion = { name: string; source: Reference; target: Repository; tags: string[] };

/** What one step of a promotion has brought about. */
export type Promoted =
  | { effect: "content"; image: string; digest: string }
  /** `digest` is the displaced one that keeps a name; undefined when nothing was displaced. */
  | { effect: "previous"; image: string; tag: string; digest: string | undefined }
  | { effect: "tag"; image: string; tag: string; digest: string; displaced?: string };

export type PromotionOptions = {
  images: Promotion[];
  /** What to do when a tag has another digest. */
  existing: "move" | "refuse";
  /** Refuse any other digest. */
  expectDigest?: string;
  /** A displaced digest keeps the name `<tag>-previous`. */
  previous: boolean;
  /** Id of the ledger entry, part of every key. */
  entry: string;
};

/**
 * The steps that give tested images their tags without building them anew, in the order in which they must run:
 * the content of all images, the names of displaced digests, and last all tags. A finished promotion run again
 * costs one HEAD a tag. @throws Fault RA2001 for a source without digest or a tag that is none
 */
export function promotionSteps(registry: Registry, options: PromotionOptions): Step<Promoted>[] {
  const lanes = options.images.map((image) => createLane(registry, image, options));
  return [
    ...lanes.map(contentStep),
    ...(options.previous
      ? lanes.flatMap((lane) => lane.tags.map((tag) => previousStep(lane, tag)))
      : []),
    ...lanes.flatMap((lane) => lane.tags.map((tag) => tagStep(lane, tag))),
  ];
}

/** One image's steps share what they have read, so that nothing is asked twice. */
type Lane = {
  registry: Registry;
  image: Promotion;
  options: PromotionOptions;
  digest: string;
  tags: TagState[];
  /** The bytes to tag, from the target once they are there; undefined when the registry has them no longer. */
  manifest(): Promise<Manifest | undefined>;
  /** True when a tag of the target has the digest, and so all of its content. */
  inTarget: boolean;
};

type TagState = {
  tag: string;
  reference: Reference;
  /** What the tag had when this run first looked; read once. */
  before(): Promise<string | undefined>;
};

function createLane(registry: Registry, image: Promotion, options: PromotionOptions): Lane {
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
  const lane: Lane = {
    registry,
    image,
    options,
    digest,
    inTarget: false,
    tags: image.tags.map((tag) => {
      const reference = { host: target.host, repository: target.repository, tag };
      return { tag, reference, before: once(() => registry.resolve(reference)) };
    }),
    manifest: once(() => {
      const from = lane.inTarget ? target : source;
      return registry.manifest({ host: from.host, repository: from.repository, digest });
    }),
  };
  return lane;
}

/** Its look decides for the whole image, before anything is written; its write brings content that no tag names yet. */
function contentStep(lane: Lane): Step<Promoted> {
  const { registry, image, digest, options } = lane;
  const { source, target } = image;
  const place = `${target.host}/${target.repository}`;
  const value: Promoted = { effect: "content", image: image.name, digest };
  const isSamePlace = source.host === target.host && source.repository === target.repository;

  return {
    key: `${options.entry}/content/${place}@${digest}`,
    title: `${image.name}: content of ${short(digest)} in ${place}`,
    look: async (): Promise<Look<Promoted>> => {
      if (options.expectDigest !== undefined && options.expectDigest !== digest) {
        const saw = `${image.name} is ${digest}, and ${options.expectDigest} was expected`;
        return { state: "refused", refusal: refuse("RA2008", saw) };
      }
      for (const { tag, before } of lane.tags) {
        const current = await before();
        if (current === digest) lane.inTarget = true;
        else if (current !== undefined && options.existing === "refuse") {
          const saw = `${place}:${tag} is ${current}, not ${digest}`;
          return { state: "refused", refusal: refuse("RA2009", saw) };
        }
      }
      if (lane.tags.length === 0)
        lane.inTarget = (await registry.resolve({ ...target, digest })) === digest;
      if (lane.inTarget) return { state: "done", value };
      if (!(await lane.manifest())) {
        const saw = `${source.host}/${source.repository} has no ${digest}`;
        return { state: "refused", refusal: refuse("RA2003", saw) };
      }
      return isSamePlace ? { state: "done", value } : { state: "todo" };
    },
    act: async () => {
      const top = await needManifest(lane);
      await copyContent(registry, top, source, target);
      // With a tag the top manifest itself is put by the tag's own step, once.
      if (lane.tags.length === 0)
        await registry.putManifest(target, digest, top.bytes, top.mediaType);
      return value;
    },
  };
}

/** Gives the digest that a tag is about to lose a name of its own, before the tag moves. */
function previousStep(lane: Lane, state: TagState): Step<Promoted> {
  const { registry, image, options } = lane;
  const { target } = image;
  const tag = previousOf(state.tag);
  const done = (digest: string | undefined): Look<Promoted> => ({
    state: "done",
    value: { effect: "previous", image: image.name, tag, digest },
  });

  return {
    key: `${options.entry}/previous/${formatReference({ ...state.reference, tag })}`,
    title: `${image.name}: what ${state.tag} was keeps the name ${tag}`,
    look: async () => {
      const displaced = await displacedBy(lane, state);
      if (displaced === undefined) return done(undefined);
      const current = await registry.resolve({ ...state.reference, tag });
      return current === displaced ? done(displaced) : { state: "todo" };
    },
    act: async () => {
      const displaced = await displacedBy(lane, state);
      const reference = {
        host: target.host,
        repository: target.repository,
        ...(displaced ? { digest: displaced } : {}),
      };
      const manifest = await registry.manifest(reference);
      if (!manifest)
        throw new Fault("RA2003", {
          saw: `${formatReference(reference)} has gone since ${state.tag} was read`,
        });
      await registry.putManifest(target, tag, manifest.bytes, manifest.mediaType);
      return { effect: "previous", image: image.name, tag, digest: manifest.digest };
    },
  };
}

function tagStep(lane: Lane, state: TagState): Step<Promoted> {
  const { registry, image, digest, options } = lane;
  const { tag, reference } = state;
  let written = false;
  const promoted = async (): Promise<Promoted> => {
    const displaced = await displacedBy(lane, state);
    return {
      effect: "tag",
      image: image.name,
      tag,
      digest,
      ...(displaced === undefined ? {} : { displaced }),
    };
  };

  return {
    key: `${options.entry}/tag/${formatReference(reference)}@${digest}`,
    title: `${image.name}: ${tag} is ${short(digest)}`,
    look: async () => {
      const current = written ? await registry.resolve(reference) : await state.before();
      return current === digest ? { state: "done", value: await promoted() } : { state: "todo" };
    },
    act: async () => {
      const manifest = await needManifest(lane);
      written = true;
      await registry.putManifest(image.target, tag, manifest.bytes, manifest.mediaType);
      return promoted();
    },
  };
}

async function displacedBy(lane: Lane, state: TagState): Promise<string | undefined> {
  const before = await state.before();
  return before === lane.digest ? undefined : before;
}

async function needManifest(lane: Lane): Promise<Manifest> {
  const manifest = await lane.manifest();
  if (!manifest)
    throw new Fault("RA2003", {
      saw: `${lane.image.name}: ${lane.digest} has gone from the registry`,
    });
  return manifest;
}

function previousOf(tag: string): string {
  return `${tag}-previous`;
}

/** As people compare them: the first twelve digits. */
function short(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}

/** Remembers the first answer; a failure is not remembered. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
