import { statSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { sampleJobs, type SampleJob } from "../sample-jobs.ts";
import { runTwice, type Asked } from "../sample-runs.ts";
import { openStage } from "../stage.ts";
import { emptyStart, median, observed, refusedStart, type Cost } from "./process-cost.ts";

/** What an action costs. `start` and CPU in multiples of the `node -e 0` that ran beside it. */
export type ActionCost = {
  action: string;
  about: string;
  cluster: boolean;
  /** Bytes of the files that a first run loads, of the release tree. */
  bytes: number;
  /** An input that is refused at once. */
  start: number;
  /** The first word of a cluster, which refuses the credentials; only of actions that speak to one. */
  clusterStart?: number;
  first: { cpu: number; memory: number; requests: Record<keyof Asked, number> };
  again: { cpu: number; memory: number; requests: Record<keyof Asked, number> };
};

export type Rounds = {
  /** Of refused starts. */
  starts: number;
  /** Of whole runs. */
  runs: number;
};

const tree = resolve(import.meta.dirname, "../../../out/release");

/** Bytes of everything that a job downloads. */
export function treeBytes(): number {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** Measures the actions of these names, all in turn within each round, so that a busy machine is busy for all. */
export async function measureActions(
  names: readonly string[],
  rounds: Rounds,
  tell: (what: string) => void,
): Promise<{ empty: number; actions: ActionCost[] }> {
  const jobs = sampleJobs.filter(({ action }) => names.includes(action));
  const empty: number[] = [];
  const starts = jobs.map((): number[] => []);
  for (let round = 1; round <= rounds.starts; round += 1) {
    tell(`starts, round ${round} of ${rounds.starts}`);
    for (const [index, { action }] of jobs.entries()) {
      empty.push(emptyStart());
      starts[index]?.push(refusedStart(join(tree, action, "index.js")));
    }
  }
  const unit = median(empty);
  const actions: ActionCost[] = [];
  for (const [index, job] of jobs.entries()) {
    tell(`${job.action}: whole runs`);
    const whole = await wholeRuns(job, rounds.runs);
    tell(`${job.action}: its cluster`);
    const clusterStarts = job.cluster ? await untilCluster(job, rounds.runs) : undefined;
    actions.push({
      action: job.action,
      about: job.about,
      cluster: job.cluster,
      start: median(starts[index] ?? []) / unit,
      ...(clusterStarts === undefined ? {} : { clusterStart: clusterStarts }),
      ...whole,
    });
  }
  return { empty: unit, actions };
}

async function wholeRuns(
  job: SampleJob,
  rounds: number,
): Promise<Pick<ActionCost, "bytes" | "first" | "again">> {
  const { cost: loaded } = await oneRun(job, true);
  const runs: Awaited<ReturnType<typeof oneRun>>[] = [];
  const empty: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    empty.push(emptyStart());
    runs.push(await oneRun(job, false));
    empty.push(emptyStart());
  }
  const unit = median(empty);
  const of = (which: "first" | "again") => ({
    cpu: median(runs.map(({ cost }) => cost[which].cpu)) / unit,
    memory: median(runs.map(({ cost }) => cost[which].memory)),
    requests: runs[0]?.requests[which] ?? counts(undefined),
  });
  return { bytes: loaded.first.bytes, first: of("first"), again: of("again") };
}

async function oneRun(job: SampleJob, loads: boolean) {
  await using stage = await openStage();
  const watches = { 1: observed(loads), 2: observed(loads) };
  const { first, again } = await runTwice(stage, job, (attempt) => watches[attempt].variables);
  if (first.end.status !== 0 || again.end.status !== 0)
    throw new Error(`the sample job of ${job.action} failed:\n${first.end.log}\n${again.end.log}`);
  const cost: Record<"first" | "again", Cost> = {
    first: watches[1].cost(),
    again: watches[2].cost(),
  };
  return { cost, requests: { first: counts(first.asked), again: counts(again.asked) } };
}

function counts(asked: Asked | undefined): Record<keyof Asked, number> {
  const of = (system: keyof Asked): number => asked?.[system].length ?? 0;
  return {
    github: of("github"),
    registry: of("registry"),
    cluster: of("cluster"),
    zenodo: of("zenodo"),
    site: of("site"),
  };
}

/** The same job with credentials that the cluster does not know: the run ends at the first word of the cluster. */
async function untilCluster(job: SampleJob, rounds: number): Promise<number> {
  await using stage = await openStage();
  const wish = await job.prepare(stage);
  const kubeconfig = stage.kubeconfig.replace(/"token":"[^"]*"/, '"token":"nobodys-token"');
  const empty: number[] = [];
  const starts: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    empty.push(emptyStart());
    const asked = stage.cluster.requests.length;
    const { variables, cost } = observed();
    const end = await stage.run(job.action, {
      ...wish,
      inputs: { ...wish.inputs, kubeconfig },
      variables,
    });
    const answers = stage.cluster.requests.slice(asked);
    if (end.status !== 1 || answers.length === 0 || answers.some(({ status }) => status !== 401))
      throw new Error(`${job.action} did not end at the cluster's refusal:\n${end.log}`);
    starts.push(cost().cpu);
    empty.push(emptyStart());
  }
  return median(starts) / median(empty);
}
