import { runChecks, type Check, type ChecksReport } from "@release-actions/checks";
import { Fault } from "@release-actions/codes";
import {
  connectCluster,
  lookForImages,
  readRunning,
  renderManifests,
  rollOut,
  type Cluster,
  type ManifestFile,
  type OpenChart,
  type JobRole,
  type ReleasedImage,
  type Rendered,
  type Rollout,
  type RolloutOptions,
  type Running,
} from "@release-actions/deploy";
import { readFiles } from "@release-actions/github";
import type { Release } from "@release-actions/ledger";
import type { StepRecord } from "@release-actions/plan";
import { parseReference, variantDigests, type Registry } from "@release-actions/registry";
import { kubeconfigOf, type ClusterAccess } from "./cluster-access.ts";
import { withLanguages } from "./configuration/languages.ts";
import { readChecks } from "./configuration/pipeline-file.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { fill, type Placeholders } from "./configuration/placeholders.ts";
import type { Moment } from "./configuration/tag-template.ts";
import type { CheckFile } from "./configuration/schema.ts";
import type { Connection, World } from "./connect.ts";
import { imageTagsOf, type ImageTags } from "./image-tags.ts";
import { openReleaseFiles } from "./elsewhere.ts";
import { deployByChart, prepareChart, readEnvPlaceholders } from "./released-chart.ts";
import { isOf, placeToRead } from "./manifest-paths.ts";
import { manifestFiles } from "./released-manifests.ts";
import { deployByAwx, prepareAwx, type PreparedAwx } from "./released-awx.ts";
import { jobPaths, prepareJobs, runReleaseJob, type ReleaseJobs } from "./release-jobs.ts";
import { deployByScript, prepareScript, type PreparedScript } from "./released-script.ts";
import { troubleOf, type Deployed, type Trouble } from "./trouble.ts";

export type { Trouble } from "./trouble.ts";

export const defaultTimeout = 600_000;
export const defaultDeadline = 600_000;

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

/** Opens the environment's cluster and asks who it is, where the file says who it must be. @throws Fault RA1001, RA3001…, RA3014 */
export async function openCluster(
  world: Pick<World, "transport" | "job">,
  given: ClusterAccess,
  environment: Pick<EnvironmentSettings, "name"> & {
    deploy?: { cluster?: string | undefined } | undefined;
  },
): Promise<Cluster> {
  if (!given.kubeconfig) {
    throw new Fault("RA1001", {
      saw: `\`kubeconfig\` is not given, and ${environment.name} deploys to a cluster`,
      next: "Add the secret to GitHub's environment and `kubeconfig: ${{ secrets.KUBECONFIG }}` under `with:`.",
    });
  }
  const cluster = await connectCluster({
    transport: world.transport,
    kubeconfig: kubeconfigOf(given.kubeconfig, world.job),
    allowExec: given.allowExec ?? false,
    allowInsecure: given.insecureSkipTlsVerify ?? false,
  });
  for (const secret of cluster.secrets) world.job.mask(secret);
  for (const warning of cluster.warnings) world.job.warn("The cluster's access", warning);
  const wanted = environment.deploy?.cluster;
  if (wanted !== undefined) {
    const is = await cluster.identity();
    if (is !== wanted)
      throw new Fault("RA3014", {
        saw: `the kubeconfig leads to the cluster ${is}, and the file says ${wanted}`,
      });
  }
  return cluster;
}

/**
 * The cluster of an environment, where it has one: manifests need it, a script may do without, and then nothing of what it
 * made is verified. @throws as `openCluster`
 */
export async function openTarget(
  world: Pick<World, "transport" | "job">,
  given: ClusterAccess & { awxToken?: string },
  environment: EnvironmentSettings,
): Promise<Cluster | undefined> {
  const { deploy, gate } = environment;
  const asksCluster = (gate?.preflight ?? []).some(
    (check) => "backup" in check && check.backup.startsWith("cronjob/"),
  );
  if (deploy?.manifests?.length || deploy?.chart !== undefined)
    return openCluster(world, given, environment);
  const byAwx = deploy?.["awx-template"] !== undefined;
  if (byAwx && !given.awxToken)
    throw new Fault("RA1001", {
      saw: `\`awx-token\` is not given, and ${environment.name} is deployed by a job template of AWX`,
      next: "Add the secret to GitHub's environment and `awx-token: ${{ secrets.AWX_TOKEN }}` under `with:`.",
    });
  if (jobPaths(environment).length > 0) return openCluster(world, given, environment);
  if (deploy?.script === undefined && !byAwx && !asksCluster) return undefined;
  if (given.kubeconfig) return openCluster(world, given, environment);
  if (deploy?.cluster !== undefined)
    throw new Fault("RA1001", {
      saw: `\`kubeconfig\` is not given, and \`deploy.cluster\` of ${environment.name} says which cluster it must lead to`,
      next: "Give `kubeconfig`, or take `cluster` out of the file.",
    });
  return undefined;
}

/** Which way an entry goes: to its release, or back to the recorded one, in earnest or to try it. */
export type Way = "forward" | "back" | "exercise-back" | "exercise-again";

export type DeployOptions = {
  /** The ledger's, or what stands for it. */
  entry: string;
  /** An earlier attempt of this run may have brought it out. */
  resumed: boolean;
  way: Way;
  /** Whether the release's Jobs run: not on a way back, which undoes nothing that they did. */
  jobs: boolean;
  /** What this very entry has seen fail is done anew. */
  again?: boolean;
  /** Asked when a node names another digest than the image's. */
  platforms?: RolloutOptions["platforms"];
};

export type Outcome = Deployed & { smoke: ChecksReport | undefined };

/**
 * Rolls a prepared release out and tests it.
 * @throws Fault when it is not known how it ended
 */
export async function bringOut(
  world: World,
  environment: EnvironmentSettings,
  prepared: Prepared,
  cluster: Cluster | undefined,
  options: DeployOptions,
): Promise<Outcome> {
  const deployed = await deployRelease(world, environment, prepared, cluster, {
    ...options,
    platforms: platformsIn(world.registry),
  });
  if (deployed.trouble !== undefined) return { ...deployed, smoke: undefined };
  const started = performance.now();
  const smoke = await smokeTest(world, environment, prepared);
  if (smoke !== undefined)
    note(
      world,
      `Ask ${smoke.results.length} smoke checks of ${prepared.release.version}`,
      smoke.passed ? "done" : "failed",
      performance.now() - started,
    );
  return {
    rollout: deployed.rollout,
    smoke,
    trouble: smoke === undefined || smoke.passed ? undefined : smokeTrouble(smoke),
  };
}

/** Brings a release out between its Jobs, and waits for the pods. @throws Fault when it is not known how it ended */
export async function deployRelease(
  world: Pick<Connection, "job" | "records" | "steps">,
  environment: Pick<EnvironmentSettings, "name" | "deploy">,
  prepared: Pick<Prepared, "release" | "rendered" | "chart" | "script" | "awx" | "jobs">,
  cluster: Cluster | undefined,
  options: DeployOptions,
): Promise<Deployed> {
  const { before, after } = options.jobs ? prepared.jobs : {};
  const timeout = environment.deploy?.timeout ?? defaultTimeout;
  const waiting = { entry: options.entry, timeout, again: options.again ?? false };
  const early = await runReleaseJob(world, before, cluster, waiting);
  if (early !== undefined)
    return {
      rollout: { result: "failed", workloads: [], notes: [], written: 0, seconds: 0 },
      trouble: early,
      untouched: "The Job before the rollout did not succeed, so nothing was rolled out",
    };
  const deployed = await bringTargetOut(world, environment, prepared, cluster, options);
  if (deployed.trouble !== undefined) return deployed;
  return { ...deployed, trouble: await runReleaseJob(world, after, cluster, waiting) };
}

/** Applies a release's manifests or chart, runs its script or launches its job template. */
async function bringTargetOut(
  world: Pick<Connection, "job" | "records" | "steps">,
  environment: Pick<EnvironmentSettings, "name" | "deploy">,
  {
    release,
    rendered,
    chart,
    script,
    awx,
  }: Pick<Prepared, "release" | "rendered" | "chart" | "script" | "awx">,
  cluster: Cluster | undefined,
  options: DeployOptions,
): Promise<Deployed> {
  const timeout = environment.deploy?.timeout ?? defaultTimeout;
  if (script !== undefined)
    return deployByScript(world, script, cluster, { timeout, resumed: options.resumed });
  if (awx !== undefined) {
    const { again = false } = options;
    return deployByAwx(world, environment, awx, cluster, { ...options, timeout, again });
  }
  if (rendered === undefined || cluster === undefined)
    return { rollout: undefined, trouble: undefined };
  if (chart !== undefined)
    return deployByChart(world, { chart, rendered }, cluster, { timeout, entry: options.entry });
  const rollout = await rollOut(cluster, rendered, {
    timeout,
    entry: options.entry,
    now: () => performance.now(),
    progress: (line) => world.job.say(line),
    ...(options.platforms ? { platforms: options.platforms } : {}),
  });
  for (const line of rollout.notes) world.job.say(line);
  note(
    world,
    `Roll out ${rendered.objects.length} objects of ${release.version}`,
    rollout.result === "unchanged"
      ? "already-done"
      : rollout.result === "passed"
        ? "done"
        : "failed",
    rollout.seconds * 1000,
  );
  if (rollout.result !== "failed") return { rollout, trouble: undefined };
  return { rollout, trouble: troubleOf(rollout.cause) };
}

/** Asks a registry what variants an image has; one that does not answer knows none. */
export function platformsIn(registry: Registry): NonNullable<RolloutOptions["platforms"]> {
  return async (reference) => {
    try {
      return await variantDigests(registry, parseReference(reference));
    } catch (error) {
      if (error instanceof Fault) return [];
      throw error;
    }
  };
}

/** A stretch of the way that is no step of its own, for the summary's list of what was done. */
function note(
  world: Pick<Connection, "records">,
  title: string,
  result: StepRecord["result"],
  milliseconds: number,
): void {
  world.records.push({ key: title, title, result, milliseconds: Math.round(milliseconds) });
}

/** Runs the release's smoke checks; undefined when it has none. */
export async function smokeTest(
  world: Pick<World, "transport" | "job"> & { steps: Pick<World["steps"], "sleep"> },
  environment: Pick<EnvironmentSettings, "url" | "smoke">,
  prepared: Pick<Prepared, "checks" | "identity" | "placeholders">,
): Promise<ChecksReport | undefined> {
  if (prepared.checks.length === 0 && prepared.identity === undefined) return undefined;
  const variables = Object.fromEntries(
    Object.entries(prepared.placeholders).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  return runChecks(prepared.checks as Check[], {
    transport: world.transport,
    ...(prepared.identity ? { identity: prepared.identity as Check } : {}),
    ...(environment.url ? { base: environment.url } : {}),
    variables,
    deadline: environment.smoke?.deadline ?? defaultDeadline,
    settle: environment.smoke?.settle ?? 1,
    now: () => performance.now(),
    sleep: world.steps.sleep,
    progress: (line) => world.job.say(line),
  });
}

export function smokeTrouble(smoke: ChecksReport): Trouble {
  const failed = smoke.findings.filter((finding) => !finding.holds);
  const first = failed[0];
  return {
    code: first?.code ?? "RA4001",
    plain: `${failed.length} of ${smoke.results.length} smoke checks failed: ${failed.map((finding) => `${finding.rule}: ${finding.saw}`).join("; ")}`,
    next: first?.next ?? "Mend the release, or run the job again if the service it asks was down.",
  };
}

/** What runs now, asked of the cluster: the workloads of the manifests, or those that hold the images that somebody else brings out. */
export async function whatRuns(
  cluster: Cluster | undefined,
  {
    rendered,
    script,
    awx,
  }: Pick<Prepared, "rendered" | "script"> & {
    awx: Pick<PreparedAwx, "expected"> | undefined;
  },
): Promise<Running[]> {
  const of = rendered ?? script ?? awx;
  if (cluster === undefined || of === undefined) return [];
  return "expected" in of
    ? (await lookForImages(cluster, of.expected)).workloads
    : readRunning(cluster, of);
}

/** What runs after a rollout: as its watches saw it last, or asked of the cluster where there was nothing to watch. */
export async function whatRunsAfter(
  rollout: Rollout | undefined,
  cluster: Cluster | undefined,
  of: Parameters<typeof whatRuns>[1],
): Promise<Running[]> {
  const watched = of.rendered === undefined ? [] : (rollout?.workloads ?? []);
  return watched.length > 0 ? watched : whatRuns(cluster, of);
}
