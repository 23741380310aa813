import { createHash } from "node:crypto";

/** A cluster to deploy to with faults, the stand-in or a real one, with a namespace of one test. */
export type ReasonCluster = {
  namespace: string;
  /** Of the account that deploys, of one without rights, and of one that the cluster does not know any more. */
  kubeconfig(who?: "deployer" | "reader" | "expired"): string;
  /** As the cluster's administrator. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  close(): Promise<void>;
};

const looks = ["get", "list", "watch"];
const brings = ["get", "patch", "create"];
const workloads = { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"] };
const reports = { apiGroups: [""], resources: ["pods", "pods/log", "events"], verbs: looks };
const settings = {
  apiGroups: [""],
  resources: ["configmaps", "secrets", "services", "persistentvolumeclaims"],
};

/** What the accounts may do in the namespace: the one that deploys, and one that only looks. */
export const accountRules = {
  deployer: [
    { ...workloads, verbs: [...looks, "patch", "create"] },
    reports,
    { ...settings, verbs: brings },
  ],
  reader: [{ ...workloads, verbs: looks }, reports, { ...settings, verbs: ["get"] }],
};

/** Opens a cluster in which a container whose image is named `fault-<name>` suffers that fault. */
export type OpenReasonCluster = () => Promise<ReasonCluster>;

/** The image of a good build, or of one with a fault. */
export const imageOf = (fault = "web"): string =>
  `registry.example.org/catalogue/${fault === "web" ? fault : `fault-${fault}`}`;
export const digestOf = (image: string): string =>
  `sha256:${createHash("sha256").update(image).digest("hex")}`;

export type Shape = {
  kind?: "Deployment" | "StatefulSet" | "DaemonSet";
  /** Put over the spec, the pod's spec, the container. */
  spec?: Record<string, unknown>;
  pod?: Record<string, unknown>;
  container?: Record<string, unknown>;
};

/** The workload of a build, as a manifest has it: two pods whose readiness is probed. */
export function workload(image: string, shape: Shape = {}): Record<string, unknown> {
  const { kind = "Deployment" } = shape;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "web" },
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas: 2 }),
      ...(kind === "StatefulSet" ? { serviceName: "web" } : {}),
      selector: { matchLabels: { app: "web" } },
      ...shape.spec,
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          terminationGracePeriodSeconds: 1,
          ...shape.pod,
          containers: [
            {
              name: "web",
              image,
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
              ...shape.container,
            },
          ],
        },
      },
    },
  };
}

const plurals = { Deployment: "deployments", StatefulSet: "statefulsets", DaemonSet: "daemonsets" };

/** Brings the good build out, as an earlier deployment of ours did, and waits for its pods. */
export async function bringGood(cluster: ReasonCluster, shape: Shape = {}): Promise<void> {
  const { kind = "Deployment" } = shape;
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/${plurals[kind]}/web?fieldManager=release-actions`;
  const image = imageOf();
  const good = workload(`${image}@${digestOf(image)}`, { kind });
  const { status, body } = await cluster.ask("PATCH", path, good, "application/apply-patch+yaml");
  if (status > 201) throw new Error(`the good build was not taken: ${JSON.stringify(body)}`);
  const wanted = kind === "DaemonSet" ? 1 : 2;
  for (let tries = 0; (await readyDigests(cluster)).length < wanted; tries++) {
    if (tries > 400) throw new Error("the good build did not get ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

type PodList = {
  items: {
    metadata: { deletionTimestamp?: string };
    status: {
      conditions?: { type: string; status: string }[];
      containerStatuses?: { imageID: string }[];
    };
  }[];
};

/** The digests that the ready pods of the namespace run, by their nodes' account. */
export async function readyDigests(cluster: ReasonCluster): Promise<string[]> {
  const { body } = await cluster.ask("GET", `/api/v1/namespaces/${cluster.namespace}/pods`);
  return (body as unknown as PodList).items
    .filter(({ metadata, status }) => {
      const ready = status.conditions?.find(({ type }) => type === "Ready");
      return metadata.deletionTimestamp === undefined && ready?.status === "True";
    })
    .flatMap(({ status }) =>
      (status.containerStatuses ?? []).map(({ imageID }) => imageID.slice(-71)),
    );
}
