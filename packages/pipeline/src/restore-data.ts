import type { Entry } from "@release-actions/ledger";
import type { Approved, Ending } from "./bring-or-take-back.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { runReleaseJob } from "./release-jobs.ts";
import { defaultTimeout, smokeTest, smokeTrouble } from "./rollout.ts";

/** As much of an environment as a restore needs: nothing is rolled out. */
export function restoredEnvironment(environment: EnvironmentSettings): EnvironmentSettings {
  const { namespace, cluster, timeout, restore } = environment.deploy ?? {};
  return {
    ...environment,
    deploy: {
      ...(namespace === undefined ? {} : { namespace }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(restore === undefined ? {} : { restore }),
    },
  };
}

/** Runs the release's restore Job once in this run, and tests what runs. Whatever comes of it, the same release runs. */
export async function restoreData(run: Approved, entry: Entry): Promise<Ending> {
  const { world, environment, release, prepared, cluster } = run;
  const trouble = await runReleaseJob(world, prepared.jobs.restore, cluster, {
    entry: entry.id,
    timeout: environment.deploy?.timeout ?? defaultTimeout,
    again: false,
  });
  const smoke = trouble === undefined ? await smokeTest(world, environment, prepared) : undefined;
  const end = trouble ?? (smoke === undefined || smoke.passed ? undefined : smokeTrouble(smoke));
  return {
    result: end === undefined ? "passed" : "failed",
    runs: release,
    trouble: end,
    ...(end === undefined
      ? {}
      : { noWayBack: "A restore is not taken back: the data are as the Job left them." }),
    outcome: { rollout: undefined, smoke, trouble: end },
    running: [],
  };
}
