import { promoteByAction, repositoryOf, tagOf } from "../registries/action.ts";
import type { Artifact } from "../registries/artifact.ts";
import { clientAt, clientNames, plainHttp, type ClientName } from "../registries/clients.ts";
import {
  countBefore,
  tally,
  type CountingProxy,
  type Passed,
} from "../registries/counting-proxy.ts";
import { startDockerRegistry } from "../registries/docker-registry.ts";
import { startEmbeddedRegistry } from "../registries/embedded-registry.ts";
import { installPeer } from "../registries/peers.ts";
import { sample, sampleNames, type SampleName } from "../registries/samples.ts";
import { seedArtifact } from "../registries/seed.ts";
import { median, observed } from "./process-cost.ts";

export const promoters = ["promote-image", ...clientNames] as const;
export type Promoter = (typeof promoters)[number];

export const scenarios = [
  "retag",
  "again",
  "four tags",
  "another repository",
  "another registry",
  "again there",
] as const;
export type Scenario = (typeof scenarios)[number];

/** What a promotion cost; wall in milliseconds, bytes of bodies in both directions. */
export type PromotionCost = {
  requests: number;
  /** Of ours: looks at tags before they are written, and questions for what refers to the image. */
  looks: number;
  referrers: number;
  bytes: number;
  /** Of the process; of the four runs together where a client gives one tag at a time. */
  wall: number;
  /** Of ours: from the first line that is not Node's own. */
  inProcess?: number;
  memory: number | undefined;
};

export type PromotionRow = {
  scenario: Scenario;
  image: SampleName;
  /** The least requests that can be asked, without looks. */
  floor: number;
  costs: Partial<Record<Promoter, PromotionCost | { failed: string }>>;
};

export type Promotions = {
  registry: string;
  /** What is not here, and why. */
  absent: string[];
  rows: PromotionRow[];
};

type Registries = {
  one: CountingProxy;
  other: CountingProxy;
  behind: { one: string; other: string };
};
type Task = { source: string; targets: string[] };
type Run = { wall: number; inProcess?: number; memory: number | undefined };
type Promote = (task: Task) => Promise<Run>;

/** Promotes each sample in each scenario with everything that is here, all in turn within each round. */
export async function measurePromotions(
  rounds: number,
  tell: (what: string) => void,
): Promise<Promotions> {
  const absent: string[] = [];
  const clients: ClientName[] = [];
  for (const name of clientNames) {
    const peer = installPeer(name);
    if ("path" in peer) clients.push(name);
    else absent.push(peer.absent);
  }
  const server = installPeer("docker-registry");
  if ("absent" in server) absent.push(`${server.absent}; the embedded registry is taken`);
  const start = (): ReturnType<typeof startDockerRegistry | typeof startEmbeddedRegistry> =>
    "path" in server ? startDockerRegistry(server.path) : startEmbeddedRegistry();
  await using first = await start();
  await using second = await start();

  const rows: PromotionRow[] = [];
  for (const image of sampleNames) {
    const artifact = sample(image);
    await seedArtifact(first.host, `${image}/app`, "built", artifact);
    const measured = new Map<string, PromotionCost[]>();
    const failures = new Map<string, string>();
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of ["promote-image", ...clients] as const) {
        tell(`${image}: ${name}, round ${round} of ${rounds}`);
        // New addresses and a new client: skopeo remembers which blobs it has seen at which address.
        await using one = await countBefore(first.host);
        await using other = await countBefore(second.host);
        const registries = { one, other, behind: { one: first.host, other: second.host } };
        const promote = promoterOf(name);
        for (const scenario of scenarios) {
          const task = taskOf(scenario, registries, { image, artifact, by: `${name}-${round}` });
          const key = `${scenario} ${name}`;
          try {
            const cost = await measure(promote, task, registries, artifact);
            measured.set(key, [...(measured.get(key) ?? []), cost]);
          } catch (error) {
            const { cause, message } = error as Error;
            failures.set(key, typeof cause === "string" ? cause : message);
          }
        }
      }
    }
    for (const scenario of scenarios) {
      const costs: PromotionRow["costs"] = {};
      for (const name of promoters) {
        const failed = failures.get(`${scenario} ${name}`);
        const runs = measured.get(`${scenario} ${name}`);
        if (failed !== undefined) costs[name] = { failed };
        else if (runs) costs[name] = middle(runs);
      }
      rows.push({ scenario, image, floor: floorOf(scenario, artifact), costs });
    }
  }
  return {
    registry: "path" in server ? "Docker's registry" : "the embedded registry",
    absent,
    rows,
  };
}

function floorOf(scenario: Scenario, { children, blobs }: Artifact): number {
  const manifests = children.length + 1;
  const distinct = new Set(blobs.map(({ digest }) => digest)).size;
  if (scenario === "retag") return 2;
  if (scenario === "four tags") return 5;
  if (scenario === "another repository") return 2 * manifests + distinct;
  if (scenario === "another registry") return 2 * manifests + 3 * distinct;
  return 1;
}

function taskOf(
  scenario: Scenario,
  { one, other }: Registries,
  of: { image: SampleName; artifact: Artifact; by: string },
): Task {
  const here = `${one.host}/${of.image}/app`;
  const targets: Record<Scenario, string[]> = {
    retag: [`${here}:${of.by}`],
    again: [`${here}:${of.by}`],
    "four tags": ["1", "1.2", "1.2.3", "latest"].map((tag) => `${here}:${of.by}-${tag}`),
    "another repository": [`${one.host}/${of.image}/${of.by}:1.2.3`],
    "another registry": [`${other.host}/${of.image}/${of.by}:1.2.3`],
    "again there": [`${other.host}/${of.image}/${of.by}:1.2.3`],
  };
  return { source: `${here}@${of.artifact.top.digest}`, targets: targets[scenario] };
}

/** @throws Error where a target has not the digest afterwards */
async function measure(
  promote: Promote,
  task: Task,
  { one, other, behind }: Registries,
  artifact: Artifact,
): Promise<PromotionCost> {
  const take = (): Passed[] => [...one.take(), ...other.take()];
  take();
  const run = await promote(task);
  const passed = take();
  for (const target of task.targets) {
    const digest = await digestOf(
      target.replace(one.host, behind.one).replace(other.host, behind.other),
    );
    if (digest !== artifact.top.digest) throw new Error(`${target} is ${digest ?? "not there"}`);
  }
  const { looks, referrers } = tally(passed);
  const bytes = passed.reduce((sum, { sent, got }) => sum + sent + got, 0);
  return { requests: passed.length, looks, referrers, bytes, ...run };
}

async function digestOf(reference: string): Promise<string | undefined> {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: "HEAD",
    headers: {
      accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json",
    },
  });
  return answer.headers.get("docker-content-digest") ?? undefined;
}

/** The middle run by its wall time; counts are the same in all. */
function middle(runs: PromotionCost[]): PromotionCost {
  const wall = median(runs.map((run) => run.wall));
  const [first] = runs;
  const run = runs.find((one) => one.wall === wall) ?? first;
  if (!run) throw new Error("nothing was measured");
  const memory = Math.max(...runs.map((one) => one.memory ?? 0));
  return { ...run, memory: memory > 0 ? memory : undefined };
}

function promoterOf(name: Promoter): Promote {
  if (name === "promote-image") return ours;
  const peer = installPeer(name);
  if ("absent" in peer) throw new Error(peer.absent);
  const client = clientAt(name, peer.path);
  return async ({ source, targets }) => {
    const runs: Run[] = [];
    for (const target of targets)
      runs.push(await client.measure(...commands[name](source, target)));
    const memory = Math.max(...runs.map((run) => run.memory ?? 0));
    return {
      wall: runs.reduce((sum, { wall }) => sum + wall, 0),
      memory: memory > 0 ? memory : undefined,
    };
  };
}

const commands: Record<ClientName, (source: string, target: string) => string[]> = {
  crane: (source, target) =>
    repositoryOf(source) === repositoryOf(target)
      ? ["tag", source, tagOf(target)]
      : ["copy", source, target],
  regctl: (source, target) => [
    ...plainHttp(source),
    ...plainHttp(target),
    "image",
    "copy",
    source,
    target,
  ],
  skopeo: (source, target) => [
    "--insecure-policy",
    "copy",
    "--all",
    "--preserve-digests",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    `docker://${source}`,
    `docker://${target}`,
  ],
};

/** The built action, as a job's step runs it. */
async function ours({ source, targets }: Task): Promise<Run> {
  const { variables, cost } = observed();
  const began = performance.now();
  const end = await promoteByAction({ source, targets }, { variables });
  const wall = performance.now() - began;
  if (end.status !== 0) throw new Error(`promote-image failed:\n${end.log}`);
  const memory = end.peakMemory === undefined ? undefined : end.peakMemory * 1024 * 1024;
  return { wall, inProcess: cost().wall, memory };
}
