import { Fault } from "@release-actions/codes";
import { markdownCode, markdownText } from "@release-actions/markdown";
import {
  formatReference,
  parseReference,
  promotionSteps,
  type Promotion,
  type Reference,
  type Registry,
} from "@release-actions/registry";
import { connect, openRegistry, openTransport, type Logins, type World } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { outlineOf } from "./outline.ts";
import { lines } from "./report/summaries.ts";
import { imageTagsOf } from "./rollout.ts";
import { runToEnd } from "./run-to-end.ts";

export type PromoteImageInputs = Logins & {
  images?: string[];
  imageTags?: string[];
  expectDigest?: string;
  existing: "move" | "refuse";
  environment?: string;
  version?: string;
  config?: string;
};

export type PromoteImageOutputs = {
  digest: string;
  previousDigest: string;
  changed: string;
  images: string;
  reasons: string;
};

/** Gives tested images their next tag, by digest; a finished run again writes nothing. @throws Fault RA1001, RA1002, RA20xx */
export async function promoteImage(
  inputs: PromoteImageInputs,
  job: Job,
): Promise<ActionResult<PromoteImageOutputs>> {
  const { promotions, registry, world } = await promotionsOf(inputs, job);
  if (inputs.expectDigest !== undefined && promotions.length > 1) {
    throw new Fault("RA1002", {
      saw: `\`expect-digest\` is for one image, and there are ${promotions.length}`,
    });
  }
  const by = {
    now: () => performance.now(),
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
    resuming: job.env.runAttempt > 1,
  };
  const steps = promotionSteps(registry, {
    images: promotions,
    existing: inputs.existing,
    ...(inputs.expectDigest ? { expectDigest: inputs.expectDigest } : {}),
    previous: world !== undefined,
    referrers: true,
    entry: `run-${job.env.runId}`,
    ...by,
  });
  let changed = false;
  let previousDigest: string | undefined;
  for (const step of steps) {
    const outcome = await runToEnd(step, by);
    changed ||= outcome.record.result === "done";
    if (outcome.value.effect === "tags")
      previousDigest ??= outcome.value.tags.find(({ displaced }) => displaced)?.displaced;
    job.say(`✓ ${step.title}${outcome.record.result === "already-done" ? " (already done)" : ""}`);
  }
  const [first] = promotions;
  return {
    ok: true,
    outputs: {
      digest: first?.source.digest ?? "",
      previousDigest: previousDigest ?? "",
      changed: String(changed),
      images: JSON.stringify(
        Object.fromEntries(
          promotions.map(({ name, source, target, tags }) => [
            name,
            { image: `${target.host}/${target.repository}`, digest: source.digest, tags },
          ]),
        ),
      ),
      reasons: "[]",
    },
    summary: lines(
      changed ? "### Images promoted" : "### Nothing was left to do: every tag has its digest",
      "",
      "| Image | Digest | Tags |",
      "| --- | --- | --- |",
      ...promotions.map(
        ({ target, source, tags }) =>
          `| ${markdownText(`${target.host}/${target.repository}`)} | ${markdownCode(source.digest ?? "")} | ${tags.map(markdownCode).join(", ")} |`,
      ),
    ),
  };
}

async function promotionsOf(
  inputs: PromoteImageInputs,
  job: Job,
): Promise<{ promotions: Promotion[]; registry: Registry; world: World | undefined }> {
  if (inputs.images?.length) {
    const wanted = inputs.images.map(readLine);
    const registry = openRegistry(
      inputs,
      job,
      openTransport(job),
      wanted.map(({ target }) => target.host),
    );
    if (!inputs.imageTags?.length)
      throw new Fault("RA1001", {
        saw: "`image-tags` is not given",
        next: "Name the tags, one a line, under `with:`.",
      });
    const tags = inputs.imageTags;
    return {
      promotions: await Promise.all(wanted.map((one) => promotionOf(one, tags, registry))),
      registry,
      world: undefined,
    };
  }
  if (!inputs.config)
    throw new Fault("RA1001", { saw: "`images` is not given, and `config` is empty" });
  const { world, environment, release, placeholders } = await outlineOf(
    connect(inputs, job),
    inputs,
    job,
  );
  const promotions = release.components.map((component) => {
    const source = parseReference(`${component.image}@${component.digest}`);
    const tags = inputs.imageTags?.length
      ? inputs.imageTags
      : imageTagsOf(environment, placeholders, component);
    return {
      name: component.name,
      source,
      target: { host: source.host, repository: source.repository },
      tags,
    };
  });
  return { promotions, registry: world.registry, world };
}

type Wanted = { source: Reference; target: Reference };

/** A line `source -> target`. @throws Fault RA1002, RA2001 */
function readLine(line: string): Wanted {
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

/** Without a digest the source's tag is resolved once, and only its digest is used from then on. */
async function promotionOf(
  { source, target }: Wanted,
  tags: string[],
  registry: Registry,
): Promise<Promotion> {
  const digest = source.digest ?? (await registry.resolve(source));
  if (digest === undefined)
    throw new Fault("RA1206", { saw: `the registry has no ${formatReference(source)}` });
  return {
    name: target.repository,
    source: { host: source.host, repository: source.repository, digest },
    target: { host: target.host, repository: target.repository },
    tags,
  };
}
