import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import {
  bearsDigest,
  displacedBy,
  isBlind,
  needManifest,
  previousOf,
  short,
  type Lane,
  type TagState,
} from "./lane.ts";
import type { Promoted } from "./promotion.ts";
import { formatReference, repositoryOf } from "./reference.ts";

/** A look at a tag that is older is made again before the tag is written. */
const staleAfter = 10_000;
/** The same where no tag may move: the answer to the write has to come within this time after the look. */
const rivalWithin = 3_000;

/** Gives the digest that a tag is about to lose a name of its own, before the tag moves. */
export function previousStep(lane: Lane, state: TagState): Step<Promoted> {
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
export function tagsStep(lane: Lane): Step<Promoted> {
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
      lane.tags.map(async (state) => {
        if (!written) return bearsDigest(lane, await state.before());
        const given = await bearsDigest(lane, await registry.resolve(state.reference));
        // The answer to the write was lost: it is known only now.
        if (given) state.putAt ??= options.now();
        return given;
      }),
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
      // What is there after a write without an answer may be another run's.
      await refuseMoved(lane, todo, written ? 0 : undefined);
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
export function aloneStep(lane: Lane): Step<Promoted> {
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
async function refuseMoved(
  lane: Lane,
  states: TagState[],
  fresh = lane.options.existing === "refuse" ? rivalWithin / 2 : staleAfter,
): Promise<void> {
  if (isBlind(lane.options)) return;
  for (const state of states) {
    if (lane.options.now() - state.lookedAt < fresh) continue;
    state.lookedAt = lane.options.now();
    const [before, now] = [await state.before(), await lane.registry.resolve(state.reference)];
    if (now !== before && !(await bearsDigest(lane, now)))
      throw new Fault("RA2011", {
        saw: `${formatReference(state.reference)} was ${before ?? "not there"} when this run began, and is ${now ?? "gone"} now`,
      });
  }
}
