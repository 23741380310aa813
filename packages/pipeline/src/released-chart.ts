import { Fault } from "@release-actions/codes";
import {
  deployChart,
  findHelm,
  isReleaseName,
  openChart,
  renderChart,
  type Cluster,
  type OpenChart,
  type ReleasedImage,
  type Rendered,
  type RolloutOptions,
} from "@release-actions/deploy";
import type { Release } from "@release-actions/ledger";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { envKeysIn, fill, type Placeholders } from "./configuration/placeholders.ts";
import type { Connection } from "./connect.ts";
import { readEnvFile, type EnvValue } from "./env-file.ts";
import type { ReleaseFiles } from "./elsewhere.ts";
import { troubleOf, type Deployed } from "./trouble.ts";

/** A release's chart with everything that it needs, rendered once without the cluster before the first write. */
export type PreparedChart = { chart: OpenChart; rendered: Rendered };

/** The keys of the env files as placeholders. @throws Fault RA3407, RA3408 for what `vars` asks for, RA3409, RA5004 */
export async function readEnvPlaceholders(
  deploy: EnvironmentSettings["deploy"],
  files: ReleaseFiles,
  placeholders: Placeholders,
): Promise<Placeholders> {
  const values = new Map<string, EnvValue>();
  const names = (deploy?.["env-files"] ?? []).map((template) => fill(template, placeholders));
  for (const name of names) {
    const { text } = await files.text(name);
    for (const [key, value] of readEnvFile(name, text)) values.set(key, value);
  }
  for (const [name, template] of Object.entries(deploy?.vars ?? {}))
    for (const key of envKeysIn(template)) {
      const value = values.get(key);
      if (value === undefined)
        throw new Fault("RA3408", {
          saw: `\`vars.${name}\` asks for \${env:${key}}, and ${names.length === 0 ? "there is no `env-files`" : `${names.join(", ")} has no ${key}`}`,
        });
      if ("wrong" in value) throw new Fault("RA3407", { saw: value.wrong });
    }
  return {
    ...placeholders,
    ...Object.fromEntries(
      [...values].flatMap(([key, value]) =>
        "value" in value ? [[`env:${key}`, value.value]] : [],
      ),
    ),
  };
}

/** Fetches and renders a release's chart; undefined where the environment has none. @throws Fault RA34xx, RA3205, RA3007 */
export async function prepareChart(
  { job }: Pick<Connection, "job">,
  deploy: EnvironmentSettings["deploy"],
  release: Release,
  placeholders: Placeholders,
  images: readonly ReleasedImage[],
  files: ReleaseFiles,
): Promise<PreparedChart | undefined> {
  if (deploy?.chart === undefined) return undefined;
  const name = releaseName(deploy["release-name"], placeholders);
  const helm = await findHelm(job.variables, job.env.temp);
  const place = fill(deploy.chart, placeholders);
  const { commit, archive, path } = await files.archive(place);
  const values: { name: string; text: string }[] = [];
  for (const template of deploy.values ?? []) {
    const file = await files.text(fill(template, placeholders));
    values.push({ name: file.path, text: file.text });
  }
  const chart = await openChart(
    {
      name,
      namespace: placeholders.namespace ?? "default",
      version: release.version,
      commit,
      archive,
      path,
      place,
      values,
      vars: Object.fromEntries(
        Object.entries(deploy.vars ?? {}).map(([key, template]) => [
          key,
          fill(template, placeholders),
        ]),
      ),
      images,
    },
    helm,
    { variables: job.variables, temp: job.env.temp },
  );
  return { chart, rendered: await renderChart(chart) };
}

/** Brings a chart out by helm and waits by ourselves. @throws Fault when it is not known how it ended */
export async function deployByChart(
  world: Pick<Connection, "job" | "records">,
  { chart, rendered }: PreparedChart,
  cluster: Cluster,
  options: Pick<RolloutOptions, "timeout" | "entry" | "platforms" | "looked">,
): Promise<Deployed> {
  const { job } = world;
  const rollout = await deployChart(cluster, chart, rendered, {
    ...options,
    now: () => performance.now(),
    progress: (line) => job.say(line),
    say: (line) => job.say(line),
  });
  const title = `Bring out ${chart.version} as Helm release ${chart.name} from ${chart.place}`;
  world.records.push({
    key: title,
    title,
    result: rollout.result === "failed" ? "failed" : rollout.again ? "done" : "already-done",
    milliseconds: Math.round(rollout.seconds * 1000),
  });
  return { rollout, trouble: rollout.result === "failed" ? troubleOf(rollout.cause) : undefined };
}

/** As the file says; else the product's name as Helm can take it. */
function releaseName(template: string | undefined, placeholders: Placeholders): string {
  const name =
    template === undefined
      ? (placeholders.product ?? "")
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, "-")
          .replaceAll(/^-|-$/g, "")
      : fill(template, placeholders);
  if (isReleaseName(name)) return name;
  throw new Fault("RA1002", {
    saw: `\`release-name\` is ${JSON.stringify(name.slice(0, 100))}, which Helm does not take: at most 53 small letters, digits, hyphens and dots`,
  });
}
