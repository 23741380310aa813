import { Fault } from "@release-actions/codes";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ReleasedImage } from "../kubernetes/rendered.ts";
import { unpackArchive } from "../script/archive.ts";
import { findProgram } from "../script/find-program.ts";
import { hider } from "../script/hider.ts";
import { runProgram, type ProgramEnd } from "../script/program.ts";
import { lentVariables } from "../script/variables.ts";
import { nestedValues } from "./chart-values.ts";
import { placePostRenderer } from "./post-renderer.ts";

/** The helm of the runner. */
export type Helm = { path: string; major: 3 | 4; version: string };

/** A chart with all that it is rendered from, as the pipeline read it. */
export type Chart = {
  /** Name of the Helm release. */
  name: string;
  namespace: string;
  /** Of the product. */
  version: string;
  /** The commit that holds the chart, and all of it as a gzipped tar. */
  commit: string;
  archive: Buffer;
  /** Path of the chart in it, and how people name the place. */
  path: string;
  place: string;
  /** Value files in their order. */
  values: readonly { name: string; text: string }[];
  /** `deploy.vars`, filled; they win over the value files. */
  vars: Readonly<Record<string, string>>;
  images: readonly ReleasedImage[];
};

/** A chart in a folder of this job, ready for helm. */
export type OpenChart = Chart & {
  helm: Helm;
  /** The unpacked commit; no message needs to name it. */
  tree: string;
  /** The same for the same chart, values and images. */
  content: string;
  /** Runs helm on it. `output` takes what helm prints as its result. */
  run(
    command: readonly string[],
    more: {
      timeout: number;
      line: (text: string) => void;
      output?: (bytes: Buffer) => void;
      kubeconfig?: string;
    },
  ): Promise<ProgramEnd>;
  /** Where the post-renderer's texts come and go, and helm's words for it. */
  postRenderer: { folder: string; options: string[] };
};

/** Finds the job's helm and asks for its version. @throws Fault RA3401 */
export async function findHelm(
  variables: Readonly<Record<string, string | undefined>>,
  temp: string,
): Promise<Helm> {
  const path = await findProgram("helm", variables["PATH"]);
  if (path === undefined) throw new Fault("RA3401", { saw: "there is no `helm` on the PATH" });
  const said: string[] = [];
  await mkdir(temp, { recursive: true });
  const end = await runProgram(path, {
    args: ["version", "--short"],
    cwd: temp,
    env: lentVariables(variables),
    timeout: 30_000,
    line: (text) => said.push(text),
  });
  const version = said.map((line) => /^v?(\d+)\.[^\s]*/.exec(line.trim())).find(Boolean);
  const major = Number(version?.[1]);
  if (end.how !== "exited" || end.code !== 0 || version?.[0] === undefined)
    throw new Fault("RA3401", {
      saw: `\`helm version\` did not tell a version: ${said.at(-1)?.slice(0, 200) ?? "it said nothing"}`,
    });
  if (major !== 3 && major !== 4)
    throw new Fault("RA3401", { saw: `the helm on the PATH is ${version[0]}, not version 3 or 4` });
  return { path, major, version: version[0] };
}

/**
 * Unpacks a chart into a folder that nobody but the job's user may read, and that goes with the process.
 * @throws Fault RA3402, RA3205
 */
export async function openChart(
  chart: Chart,
  helm: Helm,
  job: { variables: Readonly<Record<string, string | undefined>>; temp: string },
): Promise<OpenChart> {
  await mkdir(job.temp, { recursive: true });
  const folder = await mkdtemp(join(job.temp, "release-chart-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const tree = join(folder, "tree");
  const home = join(folder, "helm");
  for (const made of [tree, home]) await mkdir(made);
  await unpackArchive(chart.archive, tree);
  const at = join(tree, chart.path);
  const isChart = await stat(join(at, "Chart.yaml")).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isChart) throw new Fault("RA3402", { saw: `${chart.place} has no Chart.yaml` });

  const files: string[] = [];
  const put = async (name: string, text: string): Promise<void> => {
    const file = join(folder, name);
    await writeFile(file, text, { mode: 0o600, flag: "wx" });
    files.push(file);
  };
  for (const [index, { text }] of chart.values.entries()) await put(`values-${index}.yaml`, text);
  await put("vars.json", JSON.stringify(nestedValues(chart.vars)));

  const env = {
    ...lentVariables(job.variables),
    // Its own settings, plugins and caches stay out: the same files give the same objects on every runner.
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    KUBECACHEDIR: join(home, "kube"),
    TMPDIR: home,
  };
  return {
    ...chart,
    helm,
    tree,
    content: contentOf(chart),
    postRenderer: await placePostRenderer(helm.major, join(home, "data")),
    run: async ([command = "", ...options], { timeout, line, output, kubeconfig }) => {
      const access = join(folder, "kubeconfig");
      if (kubeconfig !== undefined) await writeFile(access, kubeconfig, { mode: 0o600 });
      try {
        return await runProgram(helm.path, {
          args: [
            command,
            chart.name,
            at,
            "--namespace",
            chart.namespace,
            ...files.flatMap((file) => ["--values", file]),
            ...options,
          ],
          cwd: folder,
          env: { ...env, KUBECONFIG: kubeconfig === undefined ? "/dev/null" : access },
          timeout,
          line,
          ...(output ? { output } : {}),
        });
      } finally {
        await rm(access, { force: true });
      }
    },
  };
}

/** The last words of a helm that failed, with what is secret hidden. */
export function lastWords(
  { tree }: Pick<OpenChart, "tree">,
  secrets: readonly string[],
): { line: (text: string) => string; all: string[]; why(): string } {
  const hide = hider(secrets);
  const all: string[] = [];
  return {
    all,
    line: (text) => {
      const line = hide(text).replaceAll(`${tree}/`, "").slice(0, 2000);
      all.push(line);
      if (all.length > 20) all.shift();
      return line;
    },
    why: () =>
      (all.findLast((line) => line.startsWith("Error: ")) ?? all.at(-1) ?? "it said nothing")
        .replace(/^Error: /, "")
        .slice(0, 1000),
  };
}

function contentOf(chart: Chart): string {
  const { commit, values, vars, images, name, namespace, version, place } = chart;
  const parts = [commit, place, name, namespace, version, values, vars, images];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
