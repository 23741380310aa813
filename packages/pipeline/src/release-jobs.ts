import {
  renderJob,
  runJob,
  type Cluster,
  type JobRole,
  type ReleaseJob,
  type ReleasedImage,
} from "@release-actions/deploy";
import { Fault } from "@release-actions/codes";
import type { Release } from "@release-actions/ledger";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { Placeholders } from "./configuration/placeholders.ts";
import type { Connection } from "./connect.ts";
import type { Trouble } from "./trouble.ts";

/** The Jobs that stand around a release's rollout. */
export type ReleaseJobs = Partial<Record<JobRole, ReleaseJob>>;

/** The files of the environment's Jobs. */
export function jobPaths(
  environment: Pick<EnvironmentSettings, "deploy">,
  roles: readonly JobRole[] = ["before", "after"],
): [JobRole, string][] {
  return roles.flatMap((role): [JobRole, string][] => {
    const path = environment.deploy?.[role];
    return path === undefined ? [] : [[role, path]];
  });
}

/** Reads the Jobs of a release from its own files. @throws Fault RA3005, RA3502 */
export function prepareJobs(
  environment: Pick<EnvironmentSettings, "name" | "deploy">,
  release: Release,
  files: readonly { path: string; text: string }[],
  about: {
    roles: readonly JobRole[];
    placeholders: Placeholders;
    images: readonly ReleasedImage[];
    product: string;
    /** Of GitHub: what is restored again by another run is another Job. */
    run: number;
  },
): ReleaseJobs {
  const { roles, placeholders, images, product, run } = about;
  const same = [product, environment.name, release.version, release.commit];
  const digests = release.components.map(({ name, digest }) => `${name}=${digest}`).toSorted();
  const jobs = jobPaths(environment, roles).map(([role, path]) => {
    const file = files.find((one) => one.path === path);
    if (file === undefined)
      throw new Fault("RA3502", { saw: `${path} is not a file of the released commit` });
    const job = renderJob({
      role,
      file,
      images,
      namespace: placeholders.namespace ?? "default",
      placeholders: Object.fromEntries(
        Object.entries(placeholders).filter((one): one is [string, string] => one[1] !== undefined),
      ),
      version: release.version,
      identity: [...same, ...digests, ...(role === "restore" ? [run] : [])].join(" "),
    });
    return [role, job] as const;
  });
  return Object.fromEntries(jobs);
}

/**
 * Runs the Job of a place in the deployment, where the release has one; undefined: there is none, or it succeeded.
 * @throws Fault when it is not known how it ended
 */
export async function runReleaseJob(
  world: Pick<Connection, "job" | "records" | "steps">,
  job: ReleaseJob | undefined,
  cluster: Cluster | undefined,
  options: { entry: string; timeout: number; again: boolean },
): Promise<Trouble | undefined> {
  if (job === undefined) return undefined;
  if (cluster === undefined)
    throw new Fault("RA1001", {
      saw: `\`kubeconfig\` is not given, and ${job.path} is a Job of the cluster`,
      next: "Add the secret to GitHub's environment and `kubeconfig: ${{ secrets.KUBECONFIG }}` under `with:`.",
    });
  const started = performance.now();
  const { name, failure } = await runJob(cluster, job, {
    ...options,
    now: () => performance.now(),
    progress: (line) => world.job.say(line),
    steps: world.steps,
  });
  const title = `Wait for the Job ${name} (${job.role})`;
  const milliseconds = Math.round(performance.now() - started);
  world.records.push({ key: title, title, result: failure ? "failed" : "done", milliseconds });
  return failure;
}
