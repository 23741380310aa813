import { createTransport } from "@release-actions/net";
import { kubeconfigOf, type ControlPlaneAccess } from "@release-actions/stand-ins";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  connectCluster,
  findHelm,
  openChart,
  renderChart,
  type Chart,
  type Cluster,
  type OpenChart,
  type Rendered,
} from "../index.ts";
import { archiveOf, file } from "./archive.ts";

const scripts = resolve(import.meta.dirname, "../../../../.ci/peers");

/** A program of `.ci/peers`, installed into the user's cache first; absent is said loudly, and is a failure in CI. */
export function peerProgram(name: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(join(scripts, name), ["install"], {
    encoding: "utf8",
  });
  if (status === 0) return stdout.trim();
  if (process.env["CI"] === "true") throw new Error(stderr);
  console.warn(`SKIPPED: ${stderr.trim()}`);
  return undefined;
}

export const image = "registry.example.org/shop/web";
export const digestOf = (version: string): string =>
  `sha256:${createHash("sha256").update(version).digest("hex")}`;

/** A chart of ours: a Deployment, and what a test adds or replaces. */
export const chartFiles: Record<string, string> = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
  "values.yaml": `image: ${image}\ntag: latest\nreplicas: 1\n`,
  "templates/web.yaml": `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  progressDeadlineSeconds: 60
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: web
          image: "{{ .Values.image }}:{{ .Values.tag }}"
          env:
            - {name: GREETING, value: {{ .Values.greeting | default "yes" | quote }}}
          readinessProbe: {httpGet: {path: /, port: 80}}
`,
};

/** The files of a chart as the archive of a commit. */
export const chartArchive = (more: Record<string, string> = {}): Promise<Buffer> =>
  archiveOf(
    Object.entries({ ...chartFiles, ...more }).map(([name, text]) =>
      file(`shop-0000000/charts/web/${name}`, text),
    ),
  );

/** A version of the shop as a chart. `tag`: of the image, by which the simulated node chooses a fault. */
export async function chartOf(
  version: string,
  more: Partial<Chart> & { tag?: string; files?: Record<string, string> } = {},
): Promise<Chart> {
  const { tag = version, files, ...rest } = more;
  return {
    name: "web",
    namespace: "default",
    version,
    commit: digestOf(JSON.stringify(files ?? {})).slice(-40),
    archive: await chartArchive(files),
    path: "charts/web",
    place: "charts/web",
    values: [],
    vars: {},
    images: [{ image, reference: `${image}:${tag}@${digestOf(version)}` }],
    ...rest,
  };
}

/** A namespace of a cluster, seen through a door that counts, and a folder for the job. */
export type ChartGround = {
  namespace: string;
  cluster: Cluster;
  /** `METHOD path` of each request that passed, with its query. */
  passed: string[];
  temp: string;
  variables: Record<string, string>;
  open(chart: Chart): Promise<{ chart: OpenChart; rendered: Rendered }>;
  ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Record<string, unknown>>;
  close(): Promise<void>;
};

/** Opens a namespace of the control plane for the helm at this path. */
export async function openChartGround(
  plane: ControlPlaneAccess,
  helm: string,
): Promise<ChartGround> {
  const passed: string[] = [];
  const onwards = new URL(plane.server);
  const door = createServer(
    { cert: plane.certificate, key: plane.serverKey },
    (incoming, outgoing) => {
      passed.push(`${incoming.method} ${incoming.url}`);
      const onward = request({
        hostname: onwards.hostname,
        port: onwards.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        ca: plane.certificate,
        agent: false,
      });
      incoming.pipe(onward);
      onward.on("response", (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      outgoing.on("close", () => onward.destroy());
    },
  );
  await new Promise<void>((ready) => door.listen(0, "127.0.0.1", ready));
  const namespace = `charts-${randomBytes(4).toString("hex")}`;
  const temp = await mkdtemp(join(tmpdir(), "charts-"));
  const transport = createTransport({ env: {}, userAgent: "test" });
  const access = { token: plane.adminToken, certificate: plane.certificate, namespace };
  const straight = await connectCluster({
    transport,
    kubeconfig: kubeconfigOf({ ...access, server: plane.server }),
    allowExec: false,
  });
  await straight.request("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  const cluster = await connectCluster({
    transport,
    kubeconfig: kubeconfigOf({
      ...access,
      server: `https://127.0.0.1:${(door.address() as AddressInfo).port}`,
    }),
    allowExec: false,
  });
  const variables = { PATH: `${dirname(helm)}:/usr/bin:/bin`, HOME: temp };
  return {
    namespace,
    cluster,
    passed,
    temp,
    variables,
    open: async (chart) => {
      const opened = await openChart({ ...chart, namespace }, await findHelm(variables, temp), {
        variables,
        temp,
      });
      return { chart: opened, rendered: await renderChart(opened) };
    },
    ask: async (method, path, body) =>
      (await straight.request(method, path, { body })).body as Record<string, unknown>,
    close: async () => {
      await straight.request("DELETE", `/api/v1/namespaces/${namespace}`);
      transport.close();
      door.closeAllConnections();
      door.close();
      await rm(temp, { recursive: true, force: true });
    },
  };
}
