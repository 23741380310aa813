import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { listen, movableClock } from "../stand-in.ts";
import type { Identity } from "./access.ts";
import { examplePull } from "./example-image.ts";
import { createKubernetesStandIn, type SavedKubernetes } from "./kubernetes-stand-in.ts";
import type { KubeObject } from "./object.ts";
import type { Deployment } from "./workloads.ts";

export type Answer = {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  json: unknown;
};

export type WatchEvent = { type: string; object: KubeObject };

/** For tests: a cluster that listens, with the images given as the sources of their server. */
export async function exampleCluster(
  images: Record<string, string>,
  tokens: Record<string, Identity> = {},
  addFiles?: (directory: string) => Promise<void>,
  saved?: SavedKubernetes,
  rests = false,
) {
  const directory = await mkdtemp(join(tmpdir(), "cluster-"));
  const clock = movableClock();
  const standIn = createKubernetesStandIn({
    clock,
    name: "cluster",
    tokens: { admin: { user: "admin" }, ...tokens },
    directory,
    pull: examplePull(images, addFiles),
    saved,
    rests,
  });
  const server = await listen(standIn);

  const call = (
    method: string,
    path: string,
    options: {
      body?: unknown;
      type?: string;
      token?: string | null;
      headers?: Record<string, string>;
    } = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { token = "admin", body } = options;
      const payload =
        body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      const headers = {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(payload
          ? {
              "content-type": options.type ?? "application/json",
              "content-length": Buffer.byteLength(payload),
            }
          : {}),
        ...options.headers,
      };
      const sent = request(`${server.url}${path}`, { method, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const isJson =
            String(answer.headers["content-type"]).includes("json") && !path.includes("watch=");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            json: isJson ? JSON.parse(text) : undefined,
          });
        });
      });
      sent.once("error", reject);
      sent.end(payload);
    });

  return {
    standIn,
    clock,
    url: server.url,
    directory,
    call,
    apply: (
      path: string,
      body: unknown,
      query = "fieldManager=deploy-env&force=true",
    ): Promise<Answer> =>
      call("PATCH", `${path}?${query}`, { body, type: "application/apply-patch+yaml" }),
    /** Collects a watch's events until `stop`. */
    watch(path: string): { events: WatchEvent[]; stop(): void } {
      const events: WatchEvent[] = [];
      let rest = "";
      const sent = request(
        `${server.url}${path}`,
        { headers: { authorization: "Bearer admin" } },
        (answer) => {
          answer.on("error", () => undefined);
          answer.on("data", (chunk: Buffer) => {
            const lines = (rest + chunk.toString("utf8")).split("\n");
            rest = lines.pop() ?? "";
            events.push(
              ...lines.filter((line) => line !== "").map((line) => JSON.parse(line) as WatchEvent),
            );
          });
        },
      );
      sent.on("error", () => undefined);
      sent.end();
      return { events, stop: () => void sent.destroy() };
    },
    async close(): Promise<void> {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until something holds; says what it last was when it never does. */
export async function until<T>(
  look: () => T | Promise<T>,
  holds: (value: T) => boolean,
  milliseconds = 25_000,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (performance.now() > end)
      throw new Error(`it never came true; last seen: ${JSON.stringify(value)?.slice(0, 2_000)}`);
    await wait(20);
  }
}

export const deploymentPath = (name: string, namespace = "default"): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** A Deployment of one container that serves on a named port. */
export function webDeployment(
  image: string,
  more: { replicas?: number; container?: object; spec?: object; name?: string } = {},
) {
  const { name = "web" } = more;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: more.replicas ?? 3,
      selector: { matchLabels: { app: name } },
      ...more.spec,
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: "web",
              image,
              ports: [{ name: "http", containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/ready", port: "http" } },
              ...more.container,
            },
          ],
        },
      },
    },
  };
}

export const webService = (name = "web") => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
});

export const webIngress = (host: string, name = "web") => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, namespace: "default" },
  spec: {
    rules: [
      {
        host,
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name, port: { name: "http" } } },
            },
          ],
        },
      },
    ],
  },
});

export const progressOf = (deployment: Deployment): string | undefined =>
  deployment.status.conditions?.find(({ type }) => type === "Progressing")?.reason;

/** The rollout of the newest generation is over and all is available. */
export const isRolledOut = ({ metadata, spec, status }: Deployment): boolean =>
  status.observedGeneration === metadata.generation &&
  status.updatedReplicas === spec.replicas &&
  status.replicas === spec.replicas &&
  status.availableReplicas === spec.replicas;
