import { Fault, type Finding } from "@release-actions/codes";
import type { Transport } from "@release-actions/net";
import {
  formatReference,
  parseReference,
  type Promotion,
  type Reference,
  type Registry,
  type Repository,
} from "@release-actions/registry";
import type { Placeholders } from "./configuration/placeholders.ts";
import { unfilledIn, wrongInTag, type Moment } from "./configuration/tag-template.ts";
import { connect, openRegistry, openTransport, type Logins } from "./connect.ts";
import { isCommit } from "./image-of-commit.ts";
import { settleTags, tagWishes, type TagWish } from "./image-tags.ts";
import type { Job } from "./job.ts";
import { outlineOf } from "./outline.ts";
import { givenVersion } from "./request.ts";

export type PlanInputs = Logins & {
  images?: string[];
  imageTags?: string[];
  environment?: string;
  version?: string;
  config?: string;
};

/** Which digests get which tags, all of it known before the first write. */
export type PromotionPlan = {
  promotions: Promotion[];
  registry: Registry;
  transport: Transport;
  /** Taken from the pipeline's file: displaced digests keep a name. */
  fromFile: boolean;
  findings: Finding[];
};

/** Called as blob bytes pass. */
type Progress = (bytes: number) => void;

/** Reads what is to be promoted from the inputs, else from the file and the ledger. @throws Fault RA1001, RA1002, RA1105, RA12xx, RA20xx */
export async function planPromotion(
  inputs: PlanInputs,
  job: Job,
  progress: Progress,
): Promise<PromotionPlan> {
  checkTemplates(inputs.imageTags ?? []);
  if (inputs.images?.length) return planAlone(inputs, inputs.images.map(readLine), job, progress);
  if (!inputs.config)
    throw new Fault("RA1001", { saw: "`images` is not given, and `config` is empty" });
  return planFromFile(inputs, job, progress);
}

async function planFromFile(
  inputs: PlanInputs,
  job: Job,
  progress: Progress,
): Promise<PromotionPlan> {
  const connection = connect(inputs, job);
  const { world, pipeline, environment, release, placeholders, evidence } = await outlineOf(
    connection,
    inputs,
    job,
    progress,
  );
  const given = inputs.imageTags?.length ? inputs.imageTags : undefined;
  const wishes = tagWishes(environment, placeholders, release, given);
  const tags = await settleTags(world.registry, wishes, {
    otherwise: { at: world.github.now(), zone: pipeline.timezone },
    resuming: job.env.runAttempt > 1,
  });
  return {
    promotions: wishes.map(({ target, digest }, index) => ({
      name: release.components[index]?.name ?? target.repository,
      source: { ...target, digest },
      target,
      tags: tags[index] ?? [],
    })),
    registry: world.registry,
    transport: world.transport,
    fromFile: true,
    findings: evidence === undefined ? [] : [evidence],
  };
}

type Line = { source: Reference; target: Reference };

async function planAlone(
  inputs: PlanInputs,
  images: Line[],
  job: Job,
  progress: Progress,
): Promise<PromotionPlan> {
  const templates = inputs.imageTags ?? [];
  if (templates.length === 0)
    throw new Fault("RA1001", {
      saw: "`image-tags` is not given",
      next: "Name the tags, one a line, under `with:`.",
    });
  const nameOf = namesOf(images.map(({ target }) => target));
  const base = placeholdersOf(inputs, job);
  // Told before the first request: what may still come is only the image's commit.
  refuseUnfilled(templates, { ...imagePlaceholders, ...base });
  const transport = openTransport(job);
  const registry = openRegistry(
    inputs,
    job,
    transport,
    images.map(({ target }) => target.host),
    progress,
  );
  const wishes = await Promise.all(
    images.map(async ({ source, target }): Promise<TagWish & { source: Promotion["source"] }> => {
      const digest = await digestOf(source, registry);
      // A tag beside the digest says which image was meant: one platform's part of it is refused.
      const tag = source.digest === undefined ? undefined : source.tag;
      const from: Reference = {
        host: source.host,
        repository: source.repository,
        ...(tag === undefined ? {} : { tag }),
        digest,
      };
      const { host, repository } = target;
      const values: Placeholders = {
        ...base,
        component: repository.slice(repository.lastIndexOf("/") + 1),
        image: `${host}/${repository}`,
        digest,
        ...(templates.some((template) => /\$\{(?:commit|short-sha)\b/.test(template))
          ? await commitOf(source, from, registry)
          : {}),
      };
      refuseUnfilled(templates, values, formatReference(source));
      return { source: from, target: { host, repository }, digest, templates, values };
    }),
  );
  const otherwise: Moment = { at: new Date(), zone: "UTC" };

  const resuming = job.env.runAttempt > 1;
  const tags = await settleTags(registry, wishes, { otherwise, resuming });
  return {
    promotions: wishes.map(({ source, target }, index) => ({
      name: nameOf(target),
      source,
      target,
      tags: tags[index] ?? [],
    })),
    registry,
    transport,
    fromFile: false,
    findings: [],
  };
}

/** The repository names an image, with its host where another registry's has the same name. @throws Fault RA1002 for a target that is there twice */
function namesOf(targets: Repository[]): (target: Repository) => string {
  const places = targets.map(formatReference);
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined)
    throw new Fault("RA1002", {
      saw: `\`images\` has two lines with the target ${twice}; they would fight for its tags`,
    });
  return (target) =>
    targets.filter(({ repository }) => repository === target.repository).length > 1
      ? formatReference(target)
      : target.repository;
}

/** What every image has, or may have. */
const imagePlaceholders: Placeholders = {
  component: "-",
  image: "-",
  digest: "-",
  commit: "0".repeat(40),
  "short-sha": "0".repeat(7),
};

/** What is known of a run without the file. */
function placeholdersOf(inputs: PlanInputs, job: Job): Placeholders {
  const version = inputs.version ?? givenVersion(job);
  return {
    ...(inputs.environment ? { environment: inputs.environment } : {}),
    ...(version ? { version } : {}),
    ...(job.env.refType === "tag" ? { tag: job.env.refName } : {}),
  };
}

/** The commit that an image was built from: its source's tag where that is one, else its own revision label. */
async function commitOf(
  source: Reference,
  image: Promotion["source"],
  registry: Registry,
): Promise<Pick<Placeholders, "commit" | "short-sha">> {
  const tag = source.tag !== undefined && isCommit(source.tag) ? source.tag : undefined;
  const known = tag ?? (await registry.labels(image))?.revision;
  if (known === undefined || !isCommit(known)) return {};
  return { "short-sha": known.slice(0, 7), ...(known.length === 40 ? { commit: known } : {}) };
}

/** A placeholder that does not exist is an error before anything is asked. @throws Fault RA1002 */
function checkTemplates(templates: string[]): void {
  const [wrong] = templates.flatMap((template) => wrongInTag(template, true));
  if (wrong !== undefined)
    throw new Fault("RA1002", {
      saw: `\`image-tags\` has the placeholder ${JSON.stringify(`\${${wrong.slice(0, 100)}}`)}, which does not exist`,
    });
}

/** @throws Fault RA1002 */
function refuseUnfilled(templates: string[], values: Placeholders, image?: string): void {
  const [unknown] = templates.flatMap((template) => unfilledIn(template, values));
  if (unknown === undefined) return;
  throw new Fault("RA1002", {
    saw: `\`image-tags\` has the placeholder \${${unknown}}, and nothing says its value${image === undefined ? " without the file" : ` for ${image}`}`,
    next: "Without the file there are ${environment} and ${version} (the inputs or the event), ${tag} (on a tag), ${commit} and ${short-sha} (the source's tag, else its label org.opencontainers.image.revision), ${component}, ${date:…} and ${unix}.",
  });
}

/** A line `source -> target`. @throws Fault RA1002, RA2001 */
function readLine(line: string): Line {
  const [from, to, ...more] = line.split("->").map((part) => part.trim());
  if (!from || !to || more.length > 0)
    throw new Fault("RA1002", {
      saw: `\`images\` has the line ${JSON.stringify(line.slice(0, 200))}; it takes source -> target`,
    });
  const target = parseReference(to);
  if (target.tag !== undefined || target.digest !== undefined)
    throw new Fault("RA1002", {
      saw: `the target ${formatReference(target)} has a tag or digest; tags go into \`image-tags\``,
    });
  return { source: parseReference(from), target };
}

/**
 * Without a digest the source's tag is read once, and only its digest is used from then on; what was read are the bytes to tag.
 * @throws Fault RA1206
 */
async function digestOf(source: Reference, registry: Registry): Promise<string> {
  const digest = source.digest ?? (await registry.manifest(source))?.digest;
  if (digest === undefined)
    throw new Fault("RA1206", { saw: `the registry has no ${formatReference(source)}` });
  return digest;
}
