import { createHash } from "node:crypto";
import {
  findTemplate,
  openAwx,
  runTemplate,
  scriptVariables,
  type RolloutOptions,
  verifyImages,
  type Awx,
  type AwxTemplate,
  type Cluster,
  type Expected,
} from "@release-actions/deploy";
import { Fault } from "@release-actions/codes";
import type { Release } from "@release-actions/ledger";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { Placeholders } from "./configuration/placeholders.ts";
import type { Connection } from "./connect.ts";
import { expectedOf, filledVars } from "./released-images.ts";
import { shortestVerification } from "./released-script.ts";
import { troubleOf, type Deployed } from "./trouble.ts";

/** A release that a job template of AWX brings out, looked at before the first write. */
export type PreparedAwx = {
  awx: Awx;
  template: AwxTemplate;
  variables: Record<string, string>;
  /** What tells this release from others of the same entry. */
  release: string;
  /** What the cluster must run when the job has done its work. */
  expected: Expected;
};

/**
 * Finds the environment's job template and looks whether it takes the release; undefined where AWX is not its target, or
 * where nobody gave a token, as in a job that only tests.
 * @throws Fault RA1105, RA3206, RA3601 to RA3606
 */
export async function prepareAwx(
  world: Pick<Connection, "transport" | "awxToken">,
  environment: Pick<EnvironmentSettings, "name" | "deploy">,
  release: Release,
  placeholders: Placeholders,
): Promise<PreparedAwx | undefined> {
  const { "awx-template": template, "awx-url": url, vars = {} } = environment.deploy ?? {};
  if (template === undefined || !world.awxToken) return undefined;
  if (url === undefined)
    throw new Fault("RA1105", { saw: `the environment ${environment.name} has no \`awx-url\`` });
  const { expected } = expectedOf(release, placeholders);
  const variables = scriptVariables(
    {
      version: release.version,
      environment: environment.name,
      ...expected,
      commit: release.commit,
      vars: filledVars(vars, placeholders, release),
    },
    {},
  );
  const awx = openAwx({ transport: world.transport, url, token: world.awxToken });
  return {
    awx,
    template: await findTemplate(awx, template, Object.keys(variables)),
    variables,
    release: `${release.version} ${createHash("sha256").update(JSON.stringify(variables)).digest("hex").slice(0, 12)}`,
    expected,
  };
}

/**
 * Launches the job once and waits for it; what an earlier attempt launched is found. With a cluster the pods are asked
 * afterwards: a job that was successful says nothing about what runs.
 * @throws Fault when it is not known how it ended
 */
export async function deployByAwx(
  world: Pick<Connection, "job" | "records" | "steps">,
  environment: Pick<EnvironmentSettings, "name">,
  prepared: PreparedAwx,
  cluster: Cluster | undefined,
  options: {
    timeout: number;
    resumed: boolean;
    entry: string;
    way: string;
    again: boolean;
    platforms?: RolloutOptions["platforms"];
  },
): Promise<Deployed> {
  const started = performance.now();
  const { job, steps, records } = world;
  const { awx, template, variables, release, expected } = prepared;
  const { owner, name } = job.env.repository;
  const note = (title: string, result: "done" | "already-done" | "failed", since: number): void => {
    const milliseconds = Math.round(performance.now() - since);
    records.push({ key: title, title, result, milliseconds });
  };
  const seconds = (): number => (performance.now() - started) / 1000;

  const run = await runTemplate(
    awx,
    template,
    {
      key: {
        entry: `${owner}/${name} ${environment.name} ${options.entry}`,
        way: options.way,
        release,
      },
      variables,
      again: options.again,
    },
    {
      timeout: options.timeout,
      now: steps.now,
      sleep: steps.sleep,
      progress: (line) => job.say(line),
      resumed: options.resumed,
      steps,
    },
  );
  const title = `Run the AWX job template ${template.name}${run.job === undefined ? "" : `, job ${run.job}`}`;
  note(title, run.failure ? "failed" : run.found ? "already-done" : "done", started);
  const rollout = { workloads: [], notes: [], written: run.launched ? 1 : 0 };
  if (run.failure !== undefined)
    return { rollout: { ...rollout, result: "failed", seconds: seconds() }, trouble: run.failure };
  if (cluster === undefined) {
    const unseen = `What the AWX job ${run.job} made was not verified: no kubeconfig is given`;
    job.warn("Nothing was verified", `${unseen}. The smoke test decides.`);
    note(unseen, "done", performance.now());
    return { rollout: { ...rollout, result: "passed", seconds: seconds() }, trouble: undefined };
  }

  const since = performance.now();
  const verified = await verifyImages(cluster, expected, {
    timeout: Math.max(shortestVerification, options.timeout - (since - started)),
    now: () => performance.now(),
    progress: (line) => job.say(line),
    ...(options.platforms ? { platforms: options.platforms } : {}),
  });
  note("Verify the digests in every pod", verified.passed ? "done" : "failed", since);
  const { workloads, cause } = verified;
  const ended = { ...rollout, workloads, notes: [], seconds: seconds() };
  return verified.passed
    ? { rollout: { ...ended, result: "passed" }, trouble: undefined }
    : {
        rollout: { ...ended, result: "failed", ...(cause ? { cause } : {}) },
        trouble: troubleOf(cause),
      };
}
