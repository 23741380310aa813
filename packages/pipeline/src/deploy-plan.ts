import { Fault } from "@release-actions/codes";
import { renderManifests } from "@release-actions/deploy";
import { readFiles, readTagFacts } from "@release-actions/github";
import { runningRelease, type Release } from "@release-actions/ledger";
import { formatReference, parseReference } from "@release-actions/registry";
import { schemeOf } from "@release-actions/versions";
import type { ClusterAccess } from "./cluster-access.ts";
import { readImages, readVersion } from "./candidate.ts";
import { milliseconds } from "./configuration/duration.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { wrongParts } from "./configuration/wrong-targets.ts";
import { connect, type Connection, type Logins } from "./connect.ts";
import type { Job } from "./job.ts";
import { outlineOf } from "./outline.ts";
import { openReleaseFiles, wrongPlace } from "./elsewhere.ts";
import { openSources } from "./release-tags.ts";
import { prepareChart, readEnvPlaceholders } from "./released-chart.ts";
import { placeToRead } from "./manifest-paths.ts";
import { manifestFiles } from "./released-manifests.ts";
import { jobPaths, prepareJobs } from "./release-jobs.ts";
import { prepareAwx } from "./released-awx.ts";
import { prepareScript } from "./released-script.ts";
import { isManifest, prepare, type Prepared } from "./prepared.ts";

export type DeployEnvInputs = Logins &
  ClusterAccess & {
    images?: string[];
    manifests?: string[];
    chart?: string;
    script?: string;
    awxTemplate?: string;
    awxUrl?: string;
    before?: string;
    after?: string;
    vars?: string[];
    values?: string[];
    envFiles?: string[];
    releaseName?: string;
    namespace?: string;
    cluster?: string;
    timeout?: string;
    onFailure?: string;
    dryRun: boolean;
    environment?: string;
    version?: string;
    config?: string;
  };

type Target = Pick<Prepared, "release" | "rendered" | "chart" | "script" | "awx" | "jobs">;

/** What deploy-env is about to bring out, and what it goes back to. */
export type DeployPlan = Target & {
  connection: Connection;
  environment: EnvironmentSettings;
  recorded: (() => Promise<Target>) | undefined;
  /** By the ledger. */
  recordedRelease: Release | undefined;
};

/** Reads the release and its target from the inputs, else from the file and the ledger. @throws Fault */
export async function readDeployPlan(inputs: DeployEnvInputs, job: Job): Promise<DeployPlan> {
  const connection = connect(inputs, job);
  const overrides = overridesOf(inputs);
  if (!inputs.images?.length) {
    if (!inputs.config)
      throw new Fault("RA1001", { saw: "`images` is not given, and `config` is empty" });
    const { world, pipeline, environment, history, release } = await outlineOf(
      connection,
      inputs,
      job,
    );
    const settings = { ...environment, deploy: targetOf(environment.deploy, overrides) };
    checkParts(settings.deploy);
    const prepared = await prepare(world, pipeline.product, settings, release, {
      jobs: ["before", "after"],
    });
    if (!prepared.rendered && !prepared.script && settings.deploy["awx-template"] === undefined)
      throw new Fault("RA1105", {
        saw: `environments.${environment.name}.deploy has no \`manifests\`, no \`chart\`, no \`awx-template\` and no \`script\``,
      });
    const recorded = runningRelease(history.current);
    return {
      connection,
      environment: settings,
      release,
      rendered: prepared.rendered,
      chart: prepared.chart,
      script: prepared.script,
      awx: prepared.awx,
      jobs: prepared.jobs,
      recorded:
        recorded === undefined
          ? undefined
          : () => prepare(world, pipeline.product, settings, recorded),
      recordedRelease: recorded,
    };
  }
  if (
    !overrides.manifests?.length &&
    overrides.chart === undefined &&
    overrides.script === undefined &&
    overrides["awx-template"] === undefined
  )
    throw new Fault("RA1001", {
      saw: "`manifests` is not given, and `chart`, `script` and `awx-template` are not either",
      next: "Name the files or folders of the manifests, one a line, the chart, the script, or the job template of AWX, under `with:`.",
    });
  checkParts(overrides);
  const components = readImages(inputs.images);
  const release = await releaseOf(connection, inputs, job, components);
  const name = inputs.environment ?? "environment";
  const environment: EnvironmentSettings = { name, deploy: overrides };
  const namespace = inputs.namespace ?? "default";
  const own = openReleaseFiles(
    connection.github,
    release,
    openSources(connection, inputs, "leave").open,
  );
  const placeholders = await readEnvPlaceholders(overrides, own, {
    product: job.env.repository.name,
    namespace,
    version: release.version,
    tag: release.tag,
    commit: release.commit,
    "short-sha": release.commit.slice(0, 7),
    environment: name,
    ...(components[0] ? { image: components[0].image, digest: components[0].digest } : {}),
  });
  const images = components.map(({ image, digest }) => ({
    image,
    reference: formatReference({ ...parseReference(image), digest }),
  }));
  const paths = overrides.manifests ?? [];
  const files = await readFiles(connection.github, release.commit, [
    ...paths.map(placeToRead),
    ...jobPaths(environment).map(([, path]) => path),
  ]);
  const base = {
    connection,
    environment,
    release,
    recorded: undefined,
    recordedRelease: undefined,
    jobs: prepareJobs(environment, release, files, {
      roles: ["before", "after"],
      placeholders,
      images,
      product: "",
      run: job.env.runId,
    }),
    awx: await prepareAwx(connection, environment, release, placeholders),
  };
  const script = await prepareScript(connection, environment, release, placeholders);
  if (script !== undefined || overrides["awx-template"] !== undefined)
    return { ...base, rendered: undefined, chart: undefined, script };
  const chart = await prepareChart(connection, overrides, release, placeholders, images, own);
  if (chart !== undefined) return { ...base, ...chart, script: undefined };
  const manifests = files.filter(({ path }) => isManifest(environment, path));
  const rendered = renderManifests({
    files: await manifestFiles(job, paths, manifests, own),
    images,
    namespace,
    placeholders: Object.fromEntries(
      Object.entries(placeholders).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
    version: release.version,
  });
  return { ...base, rendered, chart: undefined, script: undefined };
}

type DeploySettings = NonNullable<EnvironmentSettings["deploy"]>;

/** The file's settings with the inputs over them; a target that is given takes the place of the file's. */
function targetOf(file: DeploySettings | undefined, given: DeploySettings): DeploySettings {
  const {
    manifests,
    chart,
    script,
    vars,
    values,
    "release-name": name,
    "awx-template": template,
    ...rest
  } = file ?? {};
  const own = [given.manifests, given.chart, given.script, given["awx-template"]].some(
    (one) => one !== undefined,
  );
  return {
    ...rest,
    ...(own || template === undefined ? {} : { "awx-template": template }),
    ...(own || manifests === undefined ? {} : { manifests }),
    ...(own || chart === undefined ? {} : { chart }),
    ...(own || script === undefined ? {} : { script }),
    // What is the file's target's stays with it.
    ...(vars === undefined || given.manifests !== undefined ? {} : { vars }),
    ...(own || values === undefined ? {} : { values }),
    ...(own || name === undefined ? {} : { "release-name": name }),
    ...given,
  };
}

async function releaseOf(
  connection: Connection,
  inputs: DeployEnvInputs,
  job: Job,
  components: Release["components"],
): Promise<Release> {
  if (!inputs.version) {
    if (!job.variables["GITHUB_SHA"])
      throw new Fault("RA1003", { saw: "the variable GITHUB_SHA is missing" });
    return {
      version: job.env.refName,
      tag: job.env.refName,
      commit: job.variables["GITHUB_SHA"],
      components,
    };
  }
  const version = readVersion(schemeOf("semver"), inputs.version);
  const tag = "wrong" in version ? inputs.version : version.tag;
  const { commit } = await readTagFacts(connection.github, {
    tag,
    branches: [],
    checks: false,
    files: [],
  });
  if (commit === undefined) throw new Fault("RA1303", { saw: `there is no tag ${tag}` });
  return { version: inputs.version, tag, commit, components };
}

/** Lines `NAME=value`. @throws Fault RA1002 */
function readVars(given: string[]): Record<string, string> {
  const names = new Set<string>();
  return Object.fromEntries(
    given.map((line) => {
      const [, name, value] = /^\s*([A-Za-z_][\w.-]*)=(.*)$/s.exec(line) ?? [];
      if (name === undefined || value === undefined || value.includes("\0"))
        throw new Fault("RA1002", {
          saw: "`vars` has a line that is not NAME=value; each variable has a line of its own",
        });
      if (names.has(name)) throw new Fault("RA1002", { saw: `\`vars\` has ${name} twice` });
      names.add(name);
      return [name, value];
    }),
  );
}

/** @throws Fault RA1002 for what the target does not take */
function checkParts(deploy: DeploySettings): void {
  const [wrong] = wrongParts(deploy);
  if (wrong !== undefined) throw new Fault("RA1002", { saw: `\`${wrong.key}\` ${wrong.saw}` });
}

/** A path in the released commit, or `owner/repo/path@ref`. @throws Fault RA1002 */
function placeIn(input: string, text: string): string {
  const wrong = wrongPlace(text);
  if (wrong !== undefined)
    throw new Fault("RA1002", {
      saw: `\`${input}\` is ${JSON.stringify(text.slice(0, 200))}, which ${wrong}`,
    });
  return text;
}

function overridesOf(inputs: DeployEnvInputs): DeploySettings {
  const timeout = inputs.timeout === undefined ? undefined : milliseconds(inputs.timeout);
  if (inputs.timeout !== undefined && timeout === undefined)
    throw new Fault("RA1002", {
      saw: `\`timeout\` is ${JSON.stringify(inputs.timeout.slice(0, 60))}; it takes a duration such as 10m`,
    });
  const onFailure = inputs.onFailure;
  if (onFailure !== undefined && onFailure !== "rollback" && onFailure !== "keep")
    throw new Fault("RA1002", {
      saw: `\`on-failure\` is ${JSON.stringify(onFailure.slice(0, 60))}; it takes rollback or keep`,
    });
  const targets = [
    ...(inputs.manifests?.length ? ["manifests"] : []),
    ...(inputs.chart ? ["chart"] : []),
    ...(inputs.script ? ["script"] : []),
    ...(inputs.awxTemplate ? ["awx-template"] : []),
  ];
  if (targets.length > 1)
    throw new Fault("RA1002", {
      saw: `${targets.length === 2 ? "both " : ""}${targets.map((name) => `\`${name}\``).join(" and ")} are given; choose one`,
    });
  for (const name of ["script", "before", "after"] as const)
    if (inputs[name] && (inputs[name].startsWith("/") || inputs[name].split("/").includes("..")))
      throw new Fault("RA1002", { saw: `\`${name}\` is not a path inside the repository` });
  return {
    ...(inputs.manifests?.length ? { manifests: inputs.manifests } : {}),
    ...(inputs.chart ? { chart: placeIn("chart", inputs.chart) } : {}),
    ...(inputs.values?.length
      ? { values: inputs.values.map((one) => placeIn("values", one)) }
      : {}),
    ...(inputs.envFiles?.length
      ? { "env-files": inputs.envFiles.map((one) => placeIn("env-files", one)) }
      : {}),
    ...(inputs.releaseName ? { "release-name": inputs.releaseName } : {}),
    ...(inputs.script ? { script: inputs.script } : {}),
    ...(inputs.awxTemplate ? { "awx-template": inputs.awxTemplate } : {}),
    ...(inputs.before ? { before: inputs.before } : {}),
    ...(inputs.after ? { after: inputs.after } : {}),
    ...(inputs.awxUrl ? { "awx-url": inputs.awxUrl } : {}),
    ...(inputs.vars?.length ? { vars: readVars(inputs.vars) } : {}),
    ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
    ...(inputs.cluster ? { cluster: inputs.cluster } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(onFailure ? { "on-failure": onFailure } : {}),
  };
}
