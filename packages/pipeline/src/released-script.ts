import {
  checkArchive,
  lookForImages,
  runScript,
  scriptVariables,
  verifyImages,
  type Cluster,
  type Expected,
  type Rollout,
  type RolloutOptions,
  type ScriptFacts,
} from "@release-actions/deploy";
import type { Release } from "@release-actions/ledger";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { Placeholders } from "./configuration/placeholders.ts";
import type { Connection } from "./connect.ts";
import { filledVars } from "./released-images.ts";
import { troubleOf, type Deployed, type Trouble } from "./trouble.ts";

/** A release's own script with everything that it needs, read before the first write. */
export type PreparedScript = {
  path: string;
  /** The released commit, gzipped tar. */
  archive: Buffer;
  facts: ScriptFacts;
  /** What the cluster must run when the script has done its work. */
  expected: Expected;
};

/** A verification begins with at least this much time, however long the script took. */
export const shortestVerification = 30_000;

/** Fetches the released commit and looks whether its script can be run. @throws Fault RA3204, RA3205, RA3206, RA50xx */
export async function prepareScript(
  world: Pick<Connection, "github" | "job">,
  environment: Pick<EnvironmentSettings, "name" | "deploy">,
  release: Release,
  placeholders: Placeholders,
): Promise<PreparedScript | undefined> {
  const { script, vars = {} } = environment.deploy ?? {};
  if (script === undefined) return undefined;
  const namespace = placeholders.namespace ?? "default";
  const images = release.components.map(({ name, image, digest }) => ({ name, image, digest }));
  const facts: ScriptFacts = {
    version: release.version,
    environment: environment.name,
    namespace,
    commit: release.commit,
    images,
    vars: filledVars(vars, placeholders, release),
  };
  // Names that clash are said now, not after the first write.
  scriptVariables(facts, {});
  const { owner, name } = world.github.repository;
  const archive = await world.github.download(
    `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/tarball/${encodeURIComponent(release.commit)}`,
  );
  await checkArchive(archive, script);
  return { path: script, archive, facts, expected: { namespace, images } };
}

/**
 * Runs the script and verifies what it made. A script has no key: where an earlier attempt may have run it, the cluster is
 * asked first, and a script that cannot be shown to have done its work is run again.
 * @throws Fault RA3008, RA3013, RA3120 when it is not known how it ended
 */
export async function deployByScript(
  world: Pick<Connection, "job" | "records">,
  script: PreparedScript,
  cluster: Cluster | undefined,
  options: { timeout: number; resumed: boolean; platforms?: RolloutOptions["platforms"] },
): Promise<Deployed> {
  const started = performance.now();
  const { job } = world;
  const { version } = script.facts;
  const note = (title: string, result: "done" | "already-done" | "failed", since: number): void => {
    const milliseconds = Math.round(performance.now() - since);
    world.records.push({ key: title, title, result, milliseconds });
  };
  const end = (
    result: Rollout["result"],
    more: Partial<Rollout>,
    trouble: Trouble | undefined,
  ): Deployed => ({
    rollout: {
      result,
      workloads: [],
      notes: [],
      written: 1,
      seconds: (performance.now() - started) / 1000,
      ...more,
    },
    trouble,
  });

  // Asked on a first run too: a cluster that may not be read is told before the script has run.
  const sight = cluster && (await lookForImages(cluster, script.expected));
  if (options.resumed && sight?.asExpected) {
    const title = `${version} already runs: ${script.path} is not run again`;
    job.say(title);
    note(title, "already-done", started);
    return end("passed", { workloads: sight.workloads, written: 0 }, undefined);
  }
  if (options.resumed)
    job.say(`An earlier attempt may have run ${script.path}; it is run again for ${version}.`);

  const failure = await runScript({
    script: script.path,
    archive: script.archive,
    facts: script.facts,
    variables: job.variables,
    ...(cluster ? { kubeconfig: cluster.kubeconfig, secrets: cluster.secrets } : {}),
    temp: job.env.temp,
    timeout: options.timeout,
    say: (line) => job.say(line),
  });
  note(`Run ${script.path} of ${version}`, failure ? "failed" : "done", started);
  if (failure !== undefined) {
    const { code, plain, next, last, ran } = failure;
    return end("failed", { written: ran ? 1 : 0 }, { code, plain, next, log: last });
  }
  if (cluster === undefined) {
    const title = `What ${script.path} made was not verified: no kubeconfig is given`;
    job.warn("Nothing was verified", `${title}. The smoke test decides.`);
    note(title, "done", performance.now());
    return end("passed", {}, undefined);
  }

  const since = performance.now();
  const verified = await verifyImages(cluster, script.expected, {
    timeout: Math.max(shortestVerification, options.timeout - (since - started)),
    now: () => performance.now(),
    progress: (line) => job.say(line),
    ...(options.platforms ? { platforms: options.platforms } : {}),
  });
  note(`Verify the digests of ${version} in every pod`, verified.passed ? "done" : "failed", since);
  const { workloads, cause } = verified;
  if (verified.passed) return end("passed", { workloads }, undefined);
  return end("failed", { workloads, ...(cause ? { cause } : {}) }, troubleOf(cause));
}
