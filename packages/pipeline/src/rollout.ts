import { runChecks, type Check, type ChecksReport } from "@release-actions/checks";
import { Fault } from "@release-actions/codes";
import {
  lookForImages,
  readRunning,
  rollOut,
  type Cluster,
  type Rollout,
  type RolloutOptions,
  type Running,
} from "@release-actions/deploy";
import type { StepRecord } from "@release-actions/plan";
import { parseReference, variantDigests, type Registry } from "@release-actions/registry";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { Connection, World } from "./connect.ts";
import { deployByChart } from "./released-chart.ts";
import { deployByAwx, type PreparedAwx } from "./released-awx.ts";
import { runReleaseJob } from "./release-jobs.ts";
import { deployByScript } from "./released-script.ts";
import { troubleOf, type Deployed, type Trouble } from "./trouble.ts";
import type { Prepared } from "./prepared.ts";

export const defaultTimeout = 600_000;
export const defaultDeadline = 600_000;

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
  /** Told what ran before anything is written. */
  looked?: RolloutOptions["looked"];
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
  if (script !== undefined) return deployByScript(world, script, cluster, { ...options, timeout });
  if (awx !== undefined) {
    const { again = false } = options;
    return deployByAwx(world, environment, awx, cluster, { ...options, timeout, again });
  }
  if (rendered === undefined || cluster === undefined)
    return { rollout: undefined, trouble: undefined };
  if (chart !== undefined)
    return deployByChart(world, { chart, rendered }, cluster, {
      timeout,
      entry: options.entry,
      ...(options.platforms ? { platforms: options.platforms } : {}),
      ...(options.looked ? { looked: options.looked } : {}),
    });
  const rollout = await rollOut(cluster, rendered, {
    timeout,
    entry: options.entry,
    now: () => performance.now(),
    progress: (line) => world.job.say(line),
    ...(options.platforms ? { platforms: options.platforms } : {}),
    ...(options.looked ? { looked: options.looked } : {}),
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
