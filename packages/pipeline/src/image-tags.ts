import { Fault } from "@release-actions/codes";
import type { Release } from "@release-actions/ledger";
import { parseReference, type Registry, type Repository } from "@release-actions/registry";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { Placeholders } from "./configuration/placeholders.ts";
import {
  fillTag,
  holdsTime,
  tagForm,
  unfilledIn,
  type Moment,
} from "./configuration/tag-template.ts";

/** The tags of each component's image, by the component's name. */
export type ImageTags = ReadonlyMap<string, string[]>;

/** One image's templates, and what fills them. */
export type TagWish = {
  target: Repository;
  digest: string;
  templates: string[];
  values: Placeholders;
};

/** Tags of a form whose digest is asked for, newest first; older ones are not those of an attempt that is to be continued. */
const looks = 96;
const atOnce = 8;

/** The wishes of a release's components in an environment. @throws Fault RA1105 for a placeholder that has no value there */
export function tagWishes(
  environment: EnvironmentSettings,
  placeholders: Placeholders,
  release: Release,
  templates = environment["image-tags"] ?? ["${environment}"],
): TagWish[] {
  return release.components.map(({ name, image, digest }) => {
    const { host, repository } = parseReference(image);
    const values = { ...placeholders, component: name, image, digest };
    const [unknown] = templates.flatMap((template) => unfilledIn(template, values));
    if (unknown !== undefined)
      throw new Fault("RA1105", {
        saw: `the image tags of ${environment.name} have the placeholder \${${unknown}}, and nothing says its value there`,
        next: `Take \${${unknown}} out of \`image-tags\`, or give the environment what it stands for.`,
      });
    return { target: { host, repository }, digest, templates, values };
  });
}

/**
 * The tags of a release in an environment. `moment`: of the ledger's entry; without it a tag with a time is the one that the
 * digest got when it was promoted, and is left out where it got none.
 */
export async function imageTagsOf(
  { registry }: { registry: Registry },
  environment: EnvironmentSettings,
  placeholders: Placeholders,
  release: Release,
  moment?: Moment,
): Promise<ImageTags> {
  const wishes = tagWishes(environment, placeholders, release);
  const tags =
    moment === undefined
      ? await settleTags(registry, wishes)
      : wishes.map(({ templates, values }) =>
          templates.map((template) => fillTag(template, values, moment)),
        );
  return new Map(release.components.map(({ name }, index) => [name, tags[index] ?? []]));
}

/**
 * The tags of images where no ledger says when they were first given: a tag of the target that fits the template and has the
 * digest counts, and its time counts for the image's other tags. `otherwise`: the time of what has no such tag. `resuming`: the
 * run was started again, so what its first attempt gave one image it meant for all.
 */
export async function settleTags(
  registry: Pick<Registry, "tags" | "resolve">,
  wishes: TagWish[],
  by: { otherwise?: Moment; resuming?: boolean } = {},
): Promise<string[][]> {
  const lists = new Map<string, Promise<string[]>>();
  const listOf = (target: Repository): Promise<string[]> => {
    const place = `${target.host}/${target.repository}`;
    const list = lists.get(place) ?? registry.tags(target);
    lists.set(place, list);
    return list;
  };
  const found = await Promise.all(
    wishes.map(async (wish) => {
      const timed = wish.templates.filter(holdsTime);
      const tags = timed.length === 0 ? [] : await listOf(wish.target);
      const given = await Promise.all(
        timed.map((template) => lookFor(registry, wish, template, tags)),
      );
      return new Map(timed.map((template, index) => [template, given[index]]));
    }),
  );
  const latest = (given: (Given | undefined)[]): number | undefined => {
    const times = given.flatMap((one) => (one?.seconds === undefined ? [] : [one.seconds]));
    return times.length === 0 ? undefined : Math.max(...times);
  };
  const ofAll = by.resuming ? latest(found.flatMap((given) => [...given.values()])) : undefined;
  return wishes.map(({ templates, values }, index) => {
    const given = found[index];
    const seconds = latest([...(given?.values() ?? [])]) ?? ofAll;
    const moment: Moment | undefined =
      seconds === undefined || by.otherwise === undefined
        ? by.otherwise
        : { at: new Date(seconds * 1000), zone: by.otherwise.zone };
    return templates.flatMap((template) => {
      const tag = given?.get(template)?.tag;
      if (tag !== undefined) return [tag];
      return holdsTime(template) && moment === undefined ? [] : [fillTag(template, values, moment)];
    });
  });
}

type Given = { tag: string; seconds: number | undefined };

/** The newest tag of the template's form that has the digest. */
async function lookFor(
  registry: Pick<Registry, "resolve">,
  { target, digest, values }: TagWish,
  template: string,
  tags: string[],
): Promise<Given | undefined> {
  const form = tagForm(template, values);
  const fitting = tags
    .flatMap((tag) => {
      const match = form.exec(tag);
      const unix = match?.groups?.["unix"];
      return match ? [{ tag, seconds: unix === undefined ? undefined : Number(unix) }] : [];
    })
    .toSorted(
      (a, b) => (b.seconds ?? 0) - (a.seconds ?? 0) || (a.tag < b.tag ? 1 : a.tag > b.tag ? -1 : 0),
    )
    .slice(0, looks);
  for (let from = 0; from < fitting.length; from += atOnce) {
    const some = fitting.slice(from, from + atOnce);
    const digests = await Promise.all(some.map(({ tag }) => registry.resolve({ ...target, tag })));
    const index = digests.indexOf(digest);
    if (index >= 0) return some[index];
  }
  return undefined;
}
