import { createTransport } from "@release-actions/net";
import {
  createKubernetesStandIn,
  listen,
  type Identity,
  type KubernetesStandIn,
} from "@release-actions/stand-ins";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  connectCluster,
  renderManifests,
  rollOut,
  type Cluster,
  type Rendered,
  type Rollout,
  type RolloutOptions,
} from "../index.ts";

const builds: Record<string, string> = {
  "1.0.0": "setInterval(() => {}, 1000)",
  "2.0.0": "console.log('second'); setInterval(() => {}, 1000)",
  crash: "console.log('starting'); console.error('FATAL: no database'); process.exit(3)",
};
export const digestOf = (version: string): string =>
  `sha256:${createHash("sha256").update(version).digest("hex")}`;
const image = "registry.example.org/catalogue/web";
export const referenceOf = (version: string): string => `${image}:${version}@${digestOf(version)}`;

const role: Identity = {
  user: "system:serviceaccount:catalogue:ci",
  rules: [
    {
      apiGroups: ["apps"],
      resources: ["deployments"],
      verbs: ["get", "list", "watch", "patch", "create"],
      namespaces: ["catalogue"],
    },
    {
      apiGroups: [""],
      resources: ["pods", "pods/log", "events"],
      verbs: ["get", "list", "watch"],
      namespaces: ["catalogue"],
    },
    {
      apiGroups: [""],
      resources: ["configmaps", "secrets"],
      verbs: ["get", "patch", "create"],
      namespaces: ["catalogue"],
    },
  ],
};

/** What Jobs around a rollout need. */
const runsJobs: Identity = {
  user: "system:serviceaccount:catalogue:jobs",
  rules: [
    {
      apiGroups: ["batch"],
      resources: ["jobs"],
      verbs: ["get", "list", "create", "delete"],
      namespaces: ["catalogue"],
    },
    {
      apiGroups: [""],
      resources: ["pods", "pods/log", "events"],
      verbs: ["get", "list"],
      namespaces: ["catalogue"],
    },
  ],
};

/** A cluster with the namespace `catalogue`; its pods are processes of this machine. */
export type Stage = {
  standIn: KubernetesStandIn;
  connect(token?: string): Promise<Cluster>;
  roll(rendered: Rendered, more?: Partial<RolloutOptions> & { token?: string }): Promise<Rollout>;
  /** What was asked of the cluster since a point, without queries. */
  asked(from?: number): string[];
  close(): Promise<void>;
};

/** `means`: what a reference stands for in the registry, where it is a moving tag. */
export async function openStage(
  means: (reference: string) => string = (reference) => reference,
): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "deploy-"));
  const standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    tokens: {
      admin: { user: "admin" },
      ci: role,
      jobs: runsJobs,
      reader: { user: "reader", rules: [] },
    },
    pull: (reference) => pullBuild(means(reference)),
  });
  const server = await listen(standIn);
  const transport = createTransport({ env: {}, userAgent: "test" });
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "catalogue" } });
  const connect = (token = "ci"): Promise<Cluster> => {
    const kubeconfig = JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "x", user: "x", namespace: "catalogue" } }],
      clusters: [{ name: "x", cluster: { server: server.url } }],
      users: [{ name: "x", user: { token } }],
    });
    return connectCluster({ transport, kubeconfig, allowExec: false });
  };
  return {
    standIn,
    connect,
    roll: async (rendered, more = {}) => {
      const { token, ...options } = more;
      return rollOut(await connect(token), rendered, {
        timeout: 20_000,
        entry: "318",
        now: Date.now,
        steady: 500,
        ...options,
      });
    },
    asked: (from = 0) =>
      standIn.requests
        .slice(from)
        .map(({ method, path }) => `${method} ${path.split("?", 1)[0] ?? ""}`),
    close: async () => {
      transport.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function pullBuild(reference: string) {
  const version = Object.keys(builds).find((one) => referenceOf(one) === reference);
  if (!version) throw new Error("manifest unknown");
  return {
    digest: digestOf(version),
    manifestDigest: digestOf(`${version} linux/amd64`),
    config: { entrypoint: ["node"], cmd: ["/app.js"], env: {}, workingDir: "/", labels: {} },
    unpack: (folder: string) => writeFile(join(folder, "app.js"), builds[version] ?? ""),
  };
}

export type Shape = {
  replicas?: number;
  container?: Record<string, unknown>;
  /** Put over the pod's spec. */
  pod?: Record<string, unknown>;
  more?: string;
  namespace?: string;
  spec?: Record<string, unknown>;
};

/** The release of a version: one Deployment, and what the test adds to it. */
export function render(version: string, shape: Shape = {}): Rendered {
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: shape.replicas ?? 2,
      selector: { matchLabels: { app: "web" } },
      ...shape.spec,
      template: {
        metadata: { labels: { app: "web", tier: "front" } },
        spec: {
          terminationGracePeriodSeconds: 1,
          ...shape.pod,
          containers: [{ name: "web", image, ...shape.container }],
        },
      },
    },
  };
  return renderManifests({
    files: [
      { path: "web.yml", text: JSON.stringify(deployment) },
      ...(shape.more ? [{ path: "more.yml", text: shape.more }] : []),
    ],
    images: [{ image, reference: referenceOf(version) }],
    namespace: shape.namespace ?? "catalogue",
    placeholders: {},
    version,
  });
}

/** The path of the Deployment. */
export const web = "/apis/apps/v1/namespaces/catalogue/deployments/web";

/** What its pods run at a version. */
export const running = (version: string) => [
  { container: "web", reference: referenceOf(version), digest: digestOf(version) },
];
