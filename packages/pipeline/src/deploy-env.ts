import { Fault } from "@release-actions/codes";
import { renderManifests, rollOut, type Running } from "@release-actions/deploy";
import { readFiles, readTagFacts } from "@release-actions/github";
import { runningRelease, type Release } from "@release-actions/ledger";
import { markdownCode, markdownText } from "@release-actions/markdown";
import { formatReference, parseReference } from "@release-actions/registry";
import { schemeOf } from "@release-actions/versions";
import { readImages, readVersion } from "./candidate.ts";
import { milliseconds } from "./configuration/duration.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { connect, type Connection, type Logins } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { outlineOf } from "./outline.ts";
import { lines } from "./report/summaries.ts";
import { shortDigest } from "./report/sentences.ts";
import { defaultTimeout, openCluster, prepare, whatRuns } from "./rollout.ts";

export type DeployEnvInputs = Logins & {
  images?: string[];
  manifests?: string[];
  namespace?: string;
  cluster?: string;
  timeout?: string;
  onFailure?: string;
  allowExec: boolean;
  dryRun: boolean;
  environment?: string;
  version?: string;
  kubeconfig?: string;
  config?: string;
};

export type DeployEnvOutputs = {
  result: "passed" | "failed" | "rolled-back" | "unchanged";
  running: string;
  previous: string;
  url: string;
  reasons: string;
};

/** Makes an environment run exactly these digests and waits; after a failure the recorded release comes back. @throws Fault */
export async function deployEnv(
  inputs: DeployEnvInputs,
  job: Job,
): Promise<ActionResult<DeployEnvOutputs>> {
  const plan = await planOf(inputs, job);
  const { connection, environment } = plan;
  const cluster = await openCluster(
    connection,
    {
      ...(inputs.kubeconfig ? { kubeconfig: inputs.kubeconfig } : {}),
      allowExec: inputs.allowExec,
    },
    environment,
  );
  const before = await whatRuns(cluster, plan.rendered);
  const place = environment.name;
  const base = { url: environment.url ?? "", previous: digestsOf(before), reasons: "[]" };
  if (inputs.dryRun) {
    return {
      ok: true,
      outputs: { ...base, result: "unchanged", running: digestsOf(before) },
      summary: lines(
        `### Dry run for ${markdownText(place)}`,
        "",
        "Nothing was written. These objects would be applied:",
        "",
        ...plan.rendered.objects.map(
          (object) => `- ${markdownText(`${object.kind} ${object.metadata.name}`)}`,
        ),
      ),
    };
  }
  const options = {
    timeout: environment.deploy?.timeout ?? defaultTimeout,
    entry: `run-${job.env.runId}`,
    now: () => performance.now(),
    progress: (line: string) => job.say(line),
  };
  const rollout = await rollOut(cluster, plan.rendered, options);
  if (rollout.result !== "failed") {
    const running = await whatRuns(cluster, plan.rendered);
    return {
      ok: true,
      outputs: { ...base, result: rollout.result, running: digestsOf(running) },
      summary: lines(
        `### ${markdownText(place)} runs ${rollout.result === "unchanged" ? "what it ran before" : "the new digests"}`,
        "",
        ...table(running),
      ),
    };
  }
  const why = rollout.cause;
  const back = environment.deploy?.["on-failure"] === "keep" ? undefined : plan.recorded;
  const wayBack =
    back === undefined
      ? undefined
      : await rollOut(cluster, (await back()).rendered ?? plan.rendered, options);
  const rolledBack = wayBack !== undefined && wayBack.result !== "failed";
  const running = await whatRuns(cluster, plan.rendered);
  const now = rolledBack
    ? "runs its recorded release again"
    : plan.recorded === undefined
      ? "has no recorded release to go back to, and was left as it is"
      : "was left as it is";
  return {
    ok: false,
    outputs: {
      ...base,
      result: rolledBack ? "rolled-back" : "failed",
      running: digestsOf(running),
      reasons: JSON.stringify([
        { rule: "rollout", holds: false, saw: why?.plain ?? "", code: why?.code, next: why?.next },
      ]),
    },
    summary: lines(
      `### The deployment failed. ${markdownText(place)} ${now}.`,
      "",
      `**Why:** ${markdownText(why?.plain ?? "unknown")}`,
      "",
      `**Next:** ${markdownText(why?.next ?? "Look at the pods.")}`,
      "",
      ...table(running),
    ),
    failure: {
      title: `${place} was not deployed`,
      message:
        `${why?.code ?? ""} ${place} ${now}: ${why?.plain ?? ""} Next: ${why?.next ?? ""}`.trim(),
    },
  };
}

type Plan = {
  connection: Connection;
  environment: EnvironmentSettings;
  rendered: ReturnType<typeof renderManifests>;
  recorded: (() => ReturnType<typeof prepare>) | undefined;
};

async function planOf(inputs: DeployEnvInputs, job: Job): Promise<Plan> {
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
    const settings = { ...environment, deploy: { ...environment.deploy, ...overrides } };
    const { rendered } = await prepare(world, pipeline.product, settings, release);
    if (rendered === undefined)
      throw new Fault("RA1105", {
        saw: `environments.${environment.name}.deploy has no \`manifests\``,
      });
    const recorded = runningRelease(history.current);
    return {
      connection,
      environment: settings,
      rendered,
      recorded:
        recorded === undefined
          ? undefined
          : () => prepare(world, pipeline.product, settings, recorded),
    };
  }
  if (!inputs.manifests?.length)
    throw new Fault("RA1001", {
      saw: "`manifests` is not given",
      next: "Name the files or folders of the manifests, one a line, under `with:`.",
    });
  const components = readImages(inputs.images);
  const release = await releaseOf(connection, inputs, job, components);
  const name = inputs.environment ?? "environment";
  const files = await readFiles(connection.github, release.commit, inputs.manifests);
  const namespace = inputs.namespace ?? "default";
  const rendered = renderManifests({
    files: files.filter((file) => /\.(ya?ml|json)$/.test(file.path)),
    images: components.map(({ image, digest }) => ({
      image,
      reference: formatReference({ ...parseReference(image), digest }),
    })),
    namespace,
    placeholders: {
      namespace,
      version: release.version,
      tag: release.tag,
      commit: release.commit,
      "short-sha": release.commit.slice(0, 7),
      environment: name,
    },
    version: release.version,
  });
  return { connection, environment: { name, deploy: overrides }, rendered, recorded: undefined };
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

function overridesOf(inputs: DeployEnvInputs): NonNullable<EnvironmentSettings["deploy"]> {
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
  return {
    ...(inputs.manifests?.length ? { manifests: inputs.manifests } : {}),
    ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
    ...(inputs.cluster ? { cluster: inputs.cluster } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(onFailure ? { "on-failure": onFailure } : {}),
  };
}

function digestsOf(running: Running[]): string {
  return JSON.stringify(
    Object.fromEntries(
      running.map((workload) => [
        `${workload.kind}/${workload.name}`,
        [...new Set(workload.images.map((image) => image.digest))],
      ]),
    ),
  );
}

function table(running: Running[]): string[] {
  return [
    "| Workload | Ready | Digests |",
    "| --- | --- | --- |",
    ...running.map(
      (workload) =>
        `| ${markdownText(`${workload.kind} ${workload.name}`)} | ${workload.ready} of ${workload.wanted} | ${[...new Set(workload.images.map((image) => image.digest))].map((digest) => markdownCode(shortDigest(digest))).join(", ")} |`,
    ),
  ];
}
