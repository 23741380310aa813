import { createTransport } from "@release-actions/net";
import {
  kubeconfigOf,
  standBefore,
  type ClusterAnswer,
  type ClusterFront,
} from "@release-actions/stand-ins";
import { createHash } from "node:crypto";
import {
  connectCluster,
  renderManifests,
  rollOut,
  type Cluster,
  type Rendered,
  type Rollout,
  type RolloutOptions,
} from "../../index.ts";

/** A cluster to roll out on, the stand-in or a real one, with a namespace of one test. */
export type Ground = {
  namespace: string;
  /** What the deployment's requests pass. */
  front: ClusterFront;
  /** Tokens of an account with the rights that a deployment needs, of one that has none, and of one that may list and not watch. */
  tokens: { deployer: string; reader: string; lister: string };
  /** A token of the deployer that is good for so many seconds. */
  tokenFor(seconds: number): string;
  kubeconfig(token?: string): string;
  connect(token?: string): Promise<Cluster>;
  roll(rendered: Rendered, more?: Partial<RolloutOptions> & { token?: string }): Promise<Rollout>;
  /** What was asked by deployments since a point: without hosts and queries, sorted. */
  asked(from?: number): string[];
  /** As the cluster's administrator, past the front. */
  ask(method: string, path: string, body?: unknown, contentType?: string): Promise<ClusterAnswer>;
  /** From now on a webhook denies objects of this resource (`deployments`, `pods`) in the namespace, with this message. */
  deny(resource: "deployments" | "pods", message: string): Promise<void>;
  /** Ends the API server and starts it again. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

export type GroundOptions = {
  /** The API server will be restarted, which nobody else may notice. */
  alone?: boolean;
};
export type OpenGround = (options?: GroundOptions) => Promise<Ground>;

export const webhookName = "policy.example.org";

/** Rights of the account that deploys: what the documentation asks for, and no more. */
export const deployerRules = [
  {
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets", "daemonsets"],
    verbs: ["get", "list", "watch", "patch", "create"],
  },
  { apiGroups: [""], resources: ["pods", "pods/log", "events"], verbs: ["get", "list", "watch"] },
  {
    apiGroups: [""],
    resources: ["configmaps", "secrets", "services"],
    verbs: ["get", "patch", "create"],
  },
];

/** The same for an account that may not watch. */
export const listerRules = deployerRules.map((rule) => ({
  ...rule,
  verbs: rule.verbs.filter((verb) => verb !== "watch"),
}));

/** What both grounds have in common: the front, and the deployment's own way to the cluster. */
export async function groundBefore(
  cluster: { url: string; certificate?: string },
  rest: Pick<Ground, "namespace" | "tokens" | "tokenFor" | "ask" | "deny" | "restart" | "close">,
): Promise<Ground> {
  const front = await standBefore(cluster);
  const transport = createTransport({ env: {}, userAgent: "test" });
  const { namespace, tokens } = rest;
  const kubeconfig = (token = tokens.deployer): string =>
    kubeconfigOf({ server: front.url, token, namespace });
  const connect = (token?: string): Promise<Cluster> =>
    connectCluster({ transport, kubeconfig: kubeconfig(token), allowExec: false });
  return {
    ...rest,
    front,
    kubeconfig,
    connect,
    roll: async (rendered, more = {}) => {
      const { token, ...options } = more;
      return rollOut(await connect(token), rendered, {
        timeout: 60_000,
        entry: "318",
        now: Date.now,
        ...options,
      });
    },
    asked: (from = 0) =>
      front.passed
        .slice(from)
        .map(({ method, path }) => `${method} ${path.split("?", 1)[0] ?? ""}`)
        .toSorted(),
    close: async () => {
      transport.close();
      await front[Symbol.asyncDispose]();
      await rest.close();
    },
  };
}

export const image = "registry.example.org/catalogue/web";
/** A build's digest follows from its tag. */
export const digestOf = (tag: string): string =>
  `sha256:${createHash("sha256").update(tag).digest("hex")}`;
export const referenceOf = (tag: string): string => `${image}:${tag}@${digestOf(tag)}`;

export type Shape = {
  name?: string;
  kind?: "Deployment" | "StatefulSet" | "DaemonSet";
  replicas?: number;
  /** Put over the spec, the pod's spec, the container. */
  spec?: Record<string, unknown>;
  pod?: Record<string, unknown>;
  container?: Record<string, unknown>;
  /** Further manifests. */
  more?: string;
};

/** The objects of a build, as a manifest has them: one workload whose readiness is probed. */
export function workloadOf(shape: Shape = {}): Record<string, unknown> {
  const { name = "web", kind = "Deployment" } = shape;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas: shape.replicas ?? 2 }),
      ...(kind === "StatefulSet" ? { serviceName: name } : {}),
      selector: { matchLabels: { app: name } },
      ...shape.spec,
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          ...shape.pod,
          containers: [
            {
              name: "web",
              image,
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
              ...shape.container,
            },
          ],
        },
      },
    },
  };
}

/** A build with these workloads, rendered for the ground's namespace. Its tag says how its containers behave. */
export function release(
  ground: Pick<Ground, "namespace">,
  tag: string,
  ...shapes: Shape[]
): Rendered {
  const all = shapes.length === 0 ? [{}] : shapes;
  return renderManifests({
    files: all.flatMap((shape, index) => [
      { path: `${index}.json`, text: JSON.stringify(workloadOf(shape)) },
      ...(shape.more ? [{ path: `${index}-more.yml`, text: shape.more }] : []),
    ]),
    images: [{ image, reference: referenceOf(tag) }],
    namespace: ground.namespace,
    placeholders: {},
    version: tag,
  });
}

/** What the containers run at a build. */
export const running = (tag: string) => [
  { container: "web", reference: referenceOf(tag), digest: digestOf(tag) },
];
