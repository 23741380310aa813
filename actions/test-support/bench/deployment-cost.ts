import { bootControlPlane, type ControlPlaneAccess } from "@release-actions/stand-ins";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { installPeer } from "../registries/peers.ts";
import { openRealCluster, type RealCluster } from "../real-cluster.ts";
import { openStage } from "../stage.ts";
import { median } from "./process-cost.ts";

export const deployers = ["deploy-env", "kubectl", "helm 3", "helm 4"] as const;
export type Deployer = (typeof deployers)[number];

/** What is deployed over a release that runs. The last three never come up. */
export const deployments = ["new release", "again", "not found", "missing key", "crash"] as const;
export type Deployment = (typeof deployments)[number];

/** What a deployment cost. `late`: milliseconds from what the nodes reported last to the end of the process. */
export type DeploymentCost = {
  requests: number;
  wall: number;
  /** Absent where nothing came of it that could be waited for. */
  late?: number;
  said: string;
};

export type Deployments = {
  absent: string[];
  /** The middle run of each by its lateness. */
  costs: Partial<Record<Deployment, Partial<Record<Deployer, DeploymentCost>>>>;
};

type Task = { cluster: RealCluster; repository: string; folder: string };
type Run = { status: number | null; said: string; began: number; ended: number };
type Deploy = (task: Task) => Promise<Run>;

const host = "registry.example.org";
const deadline = 10;
const repositories: Record<Deployment, string> = {
  "new release": "shop/web-2",
  again: "shop/web-1",
  "not found": "shop/fault-not-found",
  "missing key": "shop/fault-missing-key",
  crash: "shop/fault-crash",
};
const digestOf = (repository: string): string =>
  `sha256:${createHash("sha256").update(repository).digest("hex")}`;

/** Deploys three pods of one Deployment on a real control plane with everything that is here, each in a namespace of its own. */
export async function measureDeployments(
  rounds: number,
  tell: (what: string) => void,
): Promise<Deployments> {
  const program = installPeer("control-plane");
  if ("absent" in program) return { absent: [program.absent], costs: {} };
  const absent: string[] = [];
  const found: [Deployer, Deploy][] = [
    ["deploy-env", byAction],
    ["kubectl", byKubectl(program.path)],
  ];
  for (const [name, peer] of [
    ["helm 3", "helm3"],
    ["helm 4", "helm4"],
  ] as const) {
    const helm = installPeer(peer);
    if ("path" in helm) found.push([name, byHelm(helm.path)]);
    else absent.push(helm.absent);
  }
  const plane = await bootControlPlane(program.path);
  try {
    const costs: Deployments["costs"] = {};
    for (const what of deployments) {
      const runs = new Map<Deployer, DeploymentCost[]>();
      for (let round = 1; round <= rounds; round += 1)
        for (const [name, deploy] of found) {
          tell(`${what}: ${name}, round ${round} of ${rounds}`);
          runs.set(name, [...(runs.get(name) ?? []), await measure(plane, deploy, what)]);
        }
      costs[what] = Object.fromEntries([...runs].map(([name, all]) => [name, middle(all)]));
    }
    return { absent, costs };
  } finally {
    await plane.close();
  }
}

function middle(runs: DeploymentCost[]): DeploymentCost {
  const by = (run: DeploymentCost): number => run.late ?? run.wall;
  const found = runs.find((run) => by(run) === median(runs.map(by))) ?? runs[0];
  if (!found) throw new Error("nothing was measured");
  return found;
}

async function measure(
  plane: ControlPlaneAccess,
  deploy: Deploy,
  what: Deployment,
): Promise<DeploymentCost> {
  await using cluster = await openRealCluster(plane, { tls: true });
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    writeFileSync(join(folder, "kubeconfig"), cluster.kubeconfig);
    const first = await deploy({ cluster, repository: repositories.again, folder });
    if (first.status !== 0) throw new Error(`the first release did not come up:\n${first.said}`);
    const repository = repositories[what];
    const reports = watchPods(plane, cluster.namespace, repository);
    const from = cluster.front.passed.length;
    const { status, said, began, ended } = await deploy({ cluster, repository, folder });
    const at = reports.stop();
    if ((status === 0) !== (what === "new release" || what === "again"))
      throw new Error(`${what} ended with ${status}:\n${said}`);
    return {
      requests: cluster.front.passed.length - from,
      wall: ended - began,
      ...(at === undefined || what === "again" ? {} : { late: ended - at }),
      said: tellingLine(said),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What people would read first of a program's output. */
function tellingLine(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /^::error|^error|^Error/i.test(line)) ?? lines.at(-1) ?? "";
}

type Reported = {
  spec: { containers: { image: string }[] };
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: {
      restartCount: number;
      state: { waiting?: { reason: string } };
    }[];
  };
  metadata: { uid: string };
};

/**
 * Notes when the nodes reported what decides: the last pod of this image ready, or the first that cannot heal. A container that
 * crashes can, until its second restart.
 */
function watchPods(
  plane: ControlPlaneAccess,
  namespace: string,
  repository: string,
): { stop(): number | undefined } {
  const ready = new Map<string, number>();
  let failed: number | undefined;
  const see = (pod: Reported): void => {
    if (!pod.spec.containers.some(({ image }) => image.includes(`${repository}@`))) return;
    const isReady = pod.status.conditions?.some(
      (one) => one.type === "Ready" && one.status === "True",
    );
    if (isReady && !ready.has(pod.metadata.uid)) ready.set(pod.metadata.uid, Date.now());
    for (const { restartCount, state } of pod.status.containerStatuses ?? [])
      if (
        state.waiting &&
        (state.waiting.reason !== "CrashLoopBackOff" || restartCount >= 2) &&
        state.waiting.reason !== "ImagePullBackOff"
      )
        failed ??= Date.now();
  };
  const watch = request(
    `${plane.server}/api/v1/namespaces/${namespace}/pods?watch=true`,
    {
      ca: plane.certificate,
      agent: false,
      headers: { authorization: `Bearer ${plane.adminToken}`, accept: "application/json" },
    },
    (answer) => {
      let rest = "";
      answer.on("error", () => undefined);
      answer.on("data", (chunk) => {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) see((JSON.parse(line) as { object: Reported }).object);
      });
    },
  );
  watch.on("error", () => undefined);
  watch.end();
  return {
    stop: () => {
      watch.destroy();
      return failed ?? [...ready.values()].toSorted((a, b) => a - b).at(-1);
    },
  };
}

function manifestOf(repository: string): string {
  const labels = { app: "web" };
  const secretKeyRef = { name: "db", key: "REPLICA_URL" };
  const container = {
    name: "web",
    image: `${host}/${repository}@${digestOf(repository)}`,
    env: [{ name: "URL", valueFrom: { secretKeyRef } }],
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
  };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 3,
      progressDeadlineSeconds: deadline,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
}

/** The built action, as a job's step runs it. */
const byAction: Deploy = async ({ cluster, repository }) => {
  await using stage = await openStage();
  const version = "1.0.0";
  const commit = stage.repository.commit({
    branch: stage.repository.defaultBranch,
    message: "A release",
    author: "ada",
    files: { "deploy/web.yml": manifestOf(repository) },
  });
  stage.repository.createTag(version, commit, "ada");
  const began = Date.now();
  const end = await stage.run("deploy-env", {
    tag: version,
    inputs: {
      config: "",
      images: `web=${host}/${repository}@${digestOf(repository)}`,
      manifests: "deploy/web.yml",
      namespace: cluster.namespace,
      timeout: "60s",
      kubeconfig: cluster.kubeconfig,
    },
  });
  return { status: end.status, said: end.log, began, ended: Date.now() };
};

function byKubectl(program: string): Deploy {
  return async ({ repository, folder, cluster }) => {
    const file = join(folder, "web.json");
    writeFileSync(file, manifestOf(repository));
    const kubectl = (...words: string[]): Promise<Run> =>
      run(
        program,
        ["kubectl", "--kubeconfig", join(folder, "kubeconfig"), "-n", cluster.namespace, ...words],
        folder,
      );
    const applied = await kubectl("apply", "-f", file);
    if (applied.status !== 0) return applied;
    const waited = await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    return { ...waited, began: applied.began };
  };
}

function byHelm(program: string): Deploy {
  return async ({ repository, folder, cluster }) => {
    const chart = join(folder, "chart");
    const files = {
      "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "templates/web.yaml": manifestOf(repository),
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(chart, path)), { recursive: true });
      writeFileSync(join(chart, path), text);
    }
    const words = ["upgrade", "--install", "web", chart, "--wait", "--timeout", "15s"];
    const where = ["--kubeconfig", join(folder, "kubeconfig"), "-n", cluster.namespace];
    return run(program, [...words, ...where], folder);
  };
}

/** Runs a program to its end; its home is the folder, so that kubectl and helm keep what they learn of the cluster between two runs. */
async function run(program: string, words: string[], home: string): Promise<Run> {
  const child = spawn(program, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: home },
  });
  const began = Date.now();
  let said = "";
  for (const output of [child.stdout, child.stderr])
    output.on("data", (text) => (said += String(text)));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, said, began, ended: Date.now() };
}
