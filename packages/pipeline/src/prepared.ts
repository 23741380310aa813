import {
  renderManifests,
  type ManifestFile,
  type OpenChart,
  type JobRole,
  type ReleasedImage,
  type Rendered,
} from "@release-actions/deploy";
import { readFiles } from "@release-actions/github";
import type { Release } from "@release-actions/ledger";
import { withLanguages } from "./configuration/languages.ts";
import { readChecks } from "./configuration/pipeline-file.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { fill, type Placeholders } from "./configuration/placeholders.ts";
import type { Moment } from "./configuration/tag-template.ts";
import type { CheckFile } from "./configuration/schema.ts";
import type { World } from "./connect.ts";
import { imageTagsOf, type ImageTags } from "./image-tags.ts";
import { openReleaseFiles } from "./elsewhere.ts";
import { prepareChart, readEnvPlaceholders } from "./released-chart.ts";
import { isOf, placeToRead } from "./manifest-paths.ts";
import { manifestFiles } from "./released-manifests.ts";
import { prepareAwx, type PreparedAwx } from "./released-awx.ts";
import { jobPaths, prepareJobs, type ReleaseJobs } from "./release-jobs.ts";
import { prepareScript, type PreparedScript } from "./released-script.ts";

/** Everything that a release needs to be rolled out, read and checked before the first write. */
export type Prepared = {
  release: Release;
  /** Of a release that is applied from manifests or a chart. */
  rendered: Rendered | undefined;
  /** Of a release that is brought out by helm. */
  chart: OpenChart | undefined;
  /** Of a release that is brought out by its own script. */
  script: PreparedScript | undefined;
  /** Of a release that is brought out by a job template of AWX. */
  awx: PreparedAwx | undefined;
  /** Around its rollout. */
  jobs: ReleaseJobs;
  checks: CheckFile[];
  identity: CheckFile | undefined;
  placeholders: Placeholders;
  tags: ImageTags;
};

/** Reads a release's own files at its own commit. `moment`: that of its image tags, see `imageTagsOf`. `jobs`: which of its Jobs are to run. @throws Fault RA5004, RA1102, RA1103, RA3005…, RA3204… */
export async function prepare(
  world: World,
  product: string,
  environment: EnvironmentSettings,
  release: Release,
  more: { moment?: Moment; jobs?: readonly JobRole[] } = {},
): Promise<Prepared> {
  const { moment, jobs = [] } = more;
  const own = openReleaseFiles(world.github, release, (repository) =>
    world.sources.open(repository),
  );
  const placeholders = await readEnvPlaceholders(
    environment.deploy,
    own,
    releasePlaceholders(product, environment, release),
  );
  const tags = await imageTagsOf(world, environment, placeholders, release, moment);
  const manifests = environment.deploy?.manifests ?? [];
  const checksPath =
    typeof environment.smoke?.checks === "string" ? environment.smoke.checks : undefined;
  const files = await readFiles(world.github, release.commit, [
    ...manifests.map(placeToRead),
    ...(checksPath ? [checksPath] : []),
    ...jobPaths(environment, jobs).map(([, path]) => path),
  ]);
  const checksFile = files.find((file) => file.path === checksPath);
  const read = checksFile
    ? await withLanguages(() => readChecks(checksFile.path, checksFile.text))
    : { checks: (environment.smoke?.checks as CheckFile[] | undefined) ?? [] };
  const images = releasedImages(release, tags);
  const chart = await prepareChart(world, environment.deploy, release, placeholders, images, own);
  const rendered =
    manifests.length === 0
      ? chart?.rendered
      : render(
          release,
          await manifestFiles(
            world.job,
            manifests,
            files.filter((file) => file.path !== checksPath && isManifest(environment, file.path)),
            own,
          ),
          placeholders,
          images,
        );
  return {
    release: withElsewhere(release, own.elsewhere()),
    rendered,
    chart: chart?.chart,
    script: await prepareScript(world, environment, release, placeholders),
    awx: await prepareAwx(world, environment, release, placeholders),
    jobs: prepareJobs(environment, release, files, {
      roles: jobs,
      placeholders,
      images,
      product,
      run: world.job.env.runId,
    }),
    checks: read.checks,
    identity: environment.smoke?.identity ?? ("identity" in read ? read.identity : undefined),
    placeholders,
    tags,
  };
}

/** The release with the commits that its places elsewhere meant: the ledger keeps them, and a rollback takes them. */
function withElsewhere(
  { elsewhere: _, ...release }: Release,
  read: Record<string, string>,
): Release {
  return Object.keys(read).length === 0 ? release : { ...release, elsewhere: read };
}

/** A Job of its own place is no manifest, also where it lies among them. */
export function isManifest(
  environment: Pick<EnvironmentSettings, "deploy">,
  path: string,
): boolean {
  if (jobPaths(environment, ["before", "after", "restore"]).some(([, job]) => job === path))
    return false;
  return (environment.deploy?.manifests ?? []).some((wanted) => isOf(wanted, path));
}

function render(
  release: Release,
  files: ManifestFile[],
  placeholders: Placeholders,
  images: ReleasedImage[],
): Rendered {
  return renderManifests({
    files,
    images,
    namespace: placeholders.namespace ?? "default",
    placeholders: Object.fromEntries(
      Object.entries(placeholders).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
    version: release.version,
  });
}

/** People read the tag, the cluster runs the digest. */
function releasedImages(release: Release, tags: ImageTags): ReleasedImage[] {
  return release.components.map(({ name, image, digest }) => {
    const [tag] = tags.get(name) ?? [];
    return {
      image,
      reference: tag === undefined ? `${image}@${digest}` : `${image}:${tag}@${digest}`,
    };
  });
}

/** The values of `${…}` for a release into an environment. */
export function releasePlaceholders(
  product: string,
  environment: EnvironmentSettings,
  release: Release,
): Placeholders {
  const base: Placeholders = {
    product,
    version: release.version,
    tag: release.tag,
    commit: release.commit,
    "short-sha": release.commit.slice(0, 7),
    environment: environment.name,
    ...(environment.url ? { url: environment.url } : {}),
    ...(release.components[0]
      ? { image: release.components[0].image, digest: release.components[0].digest }
      : {}),
  };
  return { ...base, namespace: fill(environment.deploy?.namespace ?? "default", base) };
}
