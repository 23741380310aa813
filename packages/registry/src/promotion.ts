import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { copyContent, type Copied } from "./copy.ts";
import { digestLike, isOfOneKind } from "./digest.ts";
import { platformsOf, readContent, type Manifest } from "./manifest.ts";
import {
  formatReference,
  isTag,
  repositoryOf,
  type Reference,
  type Repository,
} from "./reference.ts";
import type { Registry } from "./registry.ts";

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

/** A look at a tag that is older is made again before the tag is written. */
const staleAfter = 10_000;
/** The same where no tag may move: the answer to the write has to come within this time after the look. */
const rivalWithin = 3_000;

/**
 * The steps that give tested images their tags without building them anew, in the order in which they must run:
 * the content of all images, the names of displaced digests, and last all tags. A finished promotion run again
 * costs one HEAD a tag. @throws Fault RA2001 for a source without digest or a tag that is none
 */
export function promotionSteps(registry: Registry, options: PromotionOptions): Step<Promoted>[] {
  const lanes = options.images.map((image) => createLane(registry, image, options));
  return [
    ...lanes.map(contentStep),
    ...(options.previous && options.existing !== "overwrite"
      ? lanes.flatMap((lane) => lane.tags.map((tag) => previousStep(lane, tag)))
      : []),
    ...lanes.filter((lane) => lane.tags.length > 0).map(tagsStep),
    ...(options.existing === "refuse"
      ? lanes.filter((lane) => lane.tags.length > 0).map(aloneStep)
      : []),
  ];
}

/** One image's steps share what they have read, so that nothing is asked twice. */
type Lane = {
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

type TagState = {
  tag: string;
  reference: Reference;
  /** What the tag had when this run first looked; read once. */
  before(): Promise<string | undefined>;
  /** When that was. */
  lookedAt: number;
  /** When this run's own write was answered; undefined where it wrote nothing. */
  putAt?: number;
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

/** Its look decides for the whole image, before anything is written; its write brings content that no tag names yet. */
function contentStep(lane: Lane): Step<Promoted> {
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
      await refuseMoved(lane, [state]);
      const displaced = await displacedBy(lane, state);
      const reference = {
        ...repositoryOf(target),
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

/** Gives the image all of its tags, in one request where the registry can. */
function tagsStep(lane: Lane): Step<Promoted> {
  const { registry, image, digest, options } = lane;
  const place = `${image.target.host}/${image.target.repository}`;
  const names = lane.tags.map(({ tag }) => tag).join(", ");
  let written = false;
  const promoted = async (): Promise<Promoted> => {
    const tags = lane.tags.map(async (state) => {
      const displaced = isBlind(options) ? undefined : await displacedBy(lane, state);
      return { tag: state.tag, ...(displaced === undefined ? {} : { displaced }) };
    });
    return { effect: "tags", image: image.name, digest, tags: await Promise.all(tags) };
  };
  const missing = async (): Promise<TagState[]> => {
    if (isBlind(options) && !written) return lane.tags;
    const given = await Promise.all(
      lane.tags.map(async (state) =>
        bearsDigest(lane, await (written ? registry.resolve(state.reference) : state.before())),
      ),
    );
    return lane.tags.filter((_, at) => !given[at]);
  };

  return {
    key: `${options.entry}/tags/${place}:${names}@${digest}`,
    title: `${image.name}: ${names} ${lane.tags.length > 1 ? "are" : "is"} ${short(digest)}`,
    look: async () =>
      (await missing()).length === 0
        ? { state: "done", value: await promoted() }
        : { state: "todo" },
    act: async () => {
      const manifest = await needManifest(lane);
      const todo = await missing();
      if (!written) await refuseMoved(lane, todo);
      written = true;
      await registry.putTags(
        repositoryOf(image.target),
        todo.map(({ tag }) => tag),
        manifest,
      );
      for (const state of todo) state.putAt = options.now();
      return promoted();
    },
  };
}

/**
 * Looks whether another run wrote the same tags between this one's look and its write, which no registry prevents. Of two runs that
 * both look before either writes, the first to write waits here until the other must have written or knows itself too late:
 * so one of them says it in every order in which their requests can arrive. Asks nothing where nothing was written.
 */
function aloneStep(lane: Lane): Step<Promoted> {
  const { registry, image, options } = lane;
  const place = `${image.target.host}/${image.target.repository}`;
  const names = lane.tags.map(({ tag }) => tag).join(", ");
  return {
    key: `${options.entry}/alone/${place}:${names}@${lane.digest}`,
    title: `${image.name}: no other run gave ${names} another digest meanwhile`,
    look: async () => {
      for (const state of lane.tags) {
        const { putAt, lookedAt, reference } = state;
        if (putAt === undefined) continue;
        if (putAt - lookedAt > rivalWithin) {
          const saw = `${formatReference(reference)}: the registry took ${Math.ceil((putAt - lookedAt) / 1000)} s from the look to the end of the write, so another run may have had the tag in between`;
          return { state: "refused", refusal: refuse("RA2012", saw) };
        }
        await options.sleep(Math.max(0, putAt + rivalWithin - options.now()));
        const current = await registry.resolve(reference);
        if (!(await bearsDigest(lane, current))) {
          const saw = `${formatReference(reference)} was given ${lane.digest} by this run, and is ${current ?? "gone"} now`;
          return { state: "refused", refusal: refuse("RA2012", saw) };
        }
      }
      return { state: "done", value: { effect: "alone", image: image.name } };
    },
    // There is nothing to write: the look decides.
    act: async () => ({ effect: "alone", image: image.name }),
  };
}

/** A long copy gives others the time to move a tag. @throws Fault RA2011 */
async function refuseMoved(lane: Lane, states: TagState[]): Promise<void> {
  if (isBlind(lane.options)) return;
  for (const state of states) {
    const fresh = lane.options.existing === "refuse" ? rivalWithin / 2 : staleAfter;
    if (lane.options.now() - state.lookedAt < fresh) continue;
    state.lookedAt = lane.options.now();
    const [before, now] = [await state.before(), await lane.registry.resolve(state.reference)];
    if (now !== before && !(await bearsDigest(lane, now)))
      throw new Fault("RA2011", {
        saw: `${formatReference(state.reference)} was ${before ?? "not there"} when this run began, and is ${now ?? "gone"} now`,
      });
  }
}

/** Without a look at what is there; after an attempt that may have written, there is one. */
function isBlind(options: PromotionOptions): boolean {
  return options.existing === "overwrite" && !options.resuming;
}

function nothingCopied(): Copied {
  return { mounted: 0, uploaded: 0, bytes: 0, carried: [], left: [] };
}

async function displacedBy(lane: Lane, state: TagState): Promise<string | undefined> {
  const before = await state.before();
  return (await bearsDigest(lane, before)) ? undefined : before;
}

/** A registry may know the same bytes by another algorithm: a tag that was put alone has their sha256. */
async function bearsDigest(lane: Lane, digest: string | undefined): Promise<boolean> {
  if (digest === undefined || digest === lane.digest) return digest !== undefined;
  if (isOfOneKind(digest, lane.digest)) return false;
  const manifest = await lane.manifest();
  return manifest !== undefined && digestLike(digest, manifest.bytes) === digest;
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
