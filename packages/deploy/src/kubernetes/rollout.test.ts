import { createTransport, type Transport } from "@release-actions/net";
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectCluster,
  readRunning,
  renderManifests,
  rollOut,
  rolloutStep,
  type Rendered,
  type RolloutOptions,
} from "../index.ts";

/** Rollouts on the cluster stand-in: its pods are processes of this machine. */

const builds: Record<string, string> = {
  "1.0.0": "setInterval(() => {}, 1000)",
  "2.0.0": "console.log('second'); setInterval(() => {}, 1000)",
  crash: "console.log('starting'); console.error('FATAL: no database'); process.exit(3)",
};
const digestOf = (version: string): string =>
  `sha256:${createHash("sha256").update(version).digest("hex")}`;
const image = "registry.example.org/catalogue/web";
const referenceOf = (version: string): string => `${image}:${version}@${digestOf(version)}`;

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

let directory: string;
let standIn: KubernetesStandIn;
let server: Awaited<ReturnType<typeof listen>>;
let transport: Transport;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "deploy-"));
  standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    tokens: { admin: { user: "admin" }, ci: role, reader: { user: "reader", rules: [] } },
    pull: async (reference) => {
      const version = Object.keys(builds).find((one) => referenceOf(one) === reference);
      if (!version) throw new Error("manifest unknown");
      return {
        digest: digestOf(version),
        manifestDigest: digestOf(`${version} linux/amd64`),
        config: { entrypoint: ["node"], cmd: ["/app.js"], env: {}, workingDir: "/", labels: {} },
        unpack: (folder) => writeFile(join(folder, "app.js"), builds[version] ?? ""),
      };
    },
  });
  server = await listen(standIn);
  transport = createTransport({ env: {}, userAgent: "test" });
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "catalogue" } });
});

afterEach(async () => {
  transport.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

function connect(token = "ci") {
  const kubeconfig = JSON.stringify({
    "current-context": "x",
    contexts: [{ name: "x", context: { cluster: "x", user: "x", namespace: "catalogue" } }],
    clusters: [{ name: "x", cluster: { server: server.url } }],
    users: [{ name: "x", user: { token } }],
  });
  return connectCluster({ transport, kubeconfig, allowExec: false });
}

type Shape = {
  replicas?: number;
  container?: Record<string, unknown>;
  more?: string;
  namespace?: string;
  spec?: Record<string, unknown>;
};

function render(version: string, shape: Shape = {}): Rendered {
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

async function roll(rendered: Rendered, more: Partial<RolloutOptions> & { token?: string } = {}) {
  const { token, ...options } = more;
  return rollOut(await connect(token), rendered, {
    timeout: 20_000,
    entry: "318",
    now: Date.now,
    steady: 500,
    ...options,
  });
}

/** What was asked of the cluster since a point, without the watches' queries. */
function asked(from = 0): string[] {
  return standIn.requests
    .slice(from)
    .map(({ method, path }) => `${method} ${path.split("?", 1)[0] ?? ""}`);
}

const web = "/apis/apps/v1/namespaces/catalogue/deployments/web";
const running = (version: string) => [
  { container: "web", reference: referenceOf(version), digest: digestOf(version) },
];

describe("a rollout that gets through", () => {
  it("takes three requests, with no more rights than needed", async () => {
    const rollout = await roll(render("1.0.0"));
    expect(rollout).toMatchObject({ result: "passed", written: 1 });
    expect(rollout.workloads).toEqual([
      {
        kind: "Deployment",
        name: "web",
        namespace: "catalogue",
        images: running("1.0.0"),
        ready: 2,
        wanted: 2,
      },
    ]);
    expect(asked().toSorted()).toEqual([
      "GET /api/v1/namespaces/catalogue/pods",
      "GET /apis/apps/v1/namespaces/catalogue/deployments",
      `PATCH ${web}`,
    ]);
    expect(standIn.pods("catalogue").map((pod) => pod.ready)).toEqual([true, true]);
  });

  it("replaces the running release, and is unchanged in one request the second time", async () => {
    await roll(render("1.0.0"));
    expect(await roll(render("2.0.0"), { entry: "319" })).toMatchObject({
      result: "passed",
      workloads: [{ images: running("2.0.0") }],
    });
    const from = standIn.requests.length;
    expect(await roll(render("2.0.0"), { entry: "319" })).toMatchObject({
      result: "unchanged",
      workloads: [{ images: running("2.0.0"), ready: 2 }],
    });
    expect(asked(from)).toEqual([`PATCH ${web}`]);
    expect(standIn.requests.at(-1)?.wrote).toBe(false);
  });

  it("does not restart the pods of an identical release that another entry deploys", async () => {
    await roll(render("1.0.0"));
    const before = standIn
      .pods("catalogue")
      .map((pod) => pod.name)
      .toSorted();
    expect((await roll(render("1.0.0"), { entry: "400" })).result).toBe("unchanged");
    expect(
      standIn
        .pods("catalogue")
        .map((pod) => pod.name)
        .toSorted(),
    ).toEqual(before);
    expect(standIn.objects("Deployment", "catalogue")[0]?.metadata.annotations).toMatchObject({
      "release-actions/entry": "400",
    });
  });

  it("goes on when the watch is cut", async () => {
    standIn.faults.push({
      matches: ({ path }) => path.includes("/pods?"),
      when: "before",
      does: "reset",
    });
    standIn.faults.push({
      matches: ({ path }) => path.includes("/deployments?"),
      when: "after",
      does: "reset",
    });
    expect((await roll(render("1.0.0"))).result).toBe("passed");
  });

  it("does not take a process that was only started for one that runs", async () => {
    const started = Date.now();
    expect((await roll(render("1.0.0"), { steady: 700 })).result).toBe("passed");
    expect(Date.now() - started).toBeGreaterThanOrEqual(700);
    const container = {
      ports: [{ containerPort: 8080 }],
      readinessProbe: { exec: { command: ["node", "--version"] }, periodSeconds: 1 },
    };
    expect((await roll(render("2.0.0", { container }), { steady: 600_000 })).result).toBe("passed");
  });

  it("has nothing to wait for with no replicas", async () => {
    expect(await roll(render("1.0.0", { replicas: 0 }))).toMatchObject({
      result: "passed",
      workloads: [{ ready: 0, wanted: 0 }],
    });
  });
});

describe("a rollout that does not get through", () => {
  it("ends when the image is not in the registry, and the old pods still run", async () => {
    await roll(render("1.0.0"));
    const rollout = await roll(render("lost"), { entry: "319" });
    expect(rollout).toMatchObject({
      result: "failed",
      cause: { code: "RA3101", container: "web" },
      workloads: [{ images: running("1.0.0"), ready: 2 }],
    });
    expect(rollout.cause?.clusterSaid).toContain("not found");
    expect(rollout.seconds).toBeLessThan(5);
  });

  it("gives exit code and last words of a crash", async () => {
    const { result, cause, seconds } = await roll(render("crash"));
    expect(result).toBe("failed");
    expect(cause).toMatchObject({
      code: "RA3108",
      exitCode: 3,
      log: ["starting", "FATAL: no database"],
    });
    expect(cause?.plain).toContain("ended with exit code 3, restarted");
    expect(cause?.plain).toContain("its last line was: FATAL: no database");
    expect(cause?.next).toMatch(/^kubectl -n catalogue logs web-[-\w]+ -c web/);
    expect(seconds).toBeLessThan(10);
  });

  it("names the key that a secret does not have", async () => {
    const container = {
      env: [
        { name: "URL", valueFrom: { secretKeyRef: { name: "catalogue-db", key: "REPLICA_URL" } } },
      ],
    };
    const more =
      "apiVersion: v1\nkind: Secret\nmetadata: { name: catalogue-db }\nstringData: { URL: x }\n";
    const { cause } = await roll(render("1.0.0", { container, more }));
    expect(cause).toMatchObject({
      code: "RA3105",
      clusterSaid: "couldn't find key REPLICA_URL in Secret catalogue/catalogue-db",
    });
    expect(cause?.plain).toMatch(
      /^[12] of 2 new pods of Deployment catalogue\/web did not get ready, because the secret catalogue-db has no key REPLICA_URL\.$/,
    );
    expect(
      (
        await roll(
          render("1.0.0", { container: { envFrom: [{ configMapRef: { name: "settings" } }] } }),
        )
      ).cause?.code,
    ).toBe("RA3106");
  });

  it("waits for a probe until the deadline and gives its answer", async () => {
    const container = {
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
    };
    const { cause, seconds } = await roll(render("1.0.0", { container, replicas: 1 }), {
      timeout: 2_500,
    });
    expect(cause).toMatchObject({ code: "RA3110", container: "web" });
    expect(cause?.plain).toContain("never became ready: Readiness probe failed");
    expect(seconds).toBeGreaterThanOrEqual(2.5);
  });

  it("goes back to the release before, and does not blame it for the dying pods of the bad one", async () => {
    await roll(render("1.0.0"));
    expect((await roll(render("crash"), { entry: "319" })).result).toBe("failed");
    const back = await roll(render("1.0.0"), { entry: "319" });
    expect(back).toMatchObject({
      result: "passed",
      workloads: [{ images: running("1.0.0"), ready: 2, wanted: 2 }],
    });
    const cluster = await connect();
    expect(await readRunning(cluster, render("1.0.0"))).toMatchObject([
      { images: running("1.0.0"), ready: 2, entry: "319", version: "1.0.0" },
    ]);
  });
});

describe("a cluster that refuses", () => {
  it("says which rule is missing, and that nothing was written", async () => {
    const rollout = await roll(render("1.0.0"), { token: "reader" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 0,
      workloads: [],
      cause: { code: "RA3120", object: "Deployment catalogue/web" },
    });
    expect(rollout.cause?.next).toBe(
      'Add to the Role of reader in namespace catalogue: {apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"]}',
    );
    await expect(roll(render("1.0.0"), { token: "nobody" })).rejects.toMatchObject({
      code: "RA3008",
    });
  });

  it("names owner and field of a conflict", async () => {
    await roll(render("1.0.0"));
    standIn.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "catalogue" },
      spec: { replicas: 3 },
    });
    const { cause } = await roll(render("2.0.0"), { entry: "319" });
    expect(cause).toMatchObject({ code: "RA3121" });
    expect(cause?.plain).toContain(".spec.replicas belongs to operator");
  });

  it("says which field never changes, and what was written before", async () => {
    await roll(render("1.0.0"));
    const other = render("2.0.0", {
      spec: { selector: { matchLabels: { app: "web", tier: "front" } } },
      more: "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n",
    });
    const rollout = await roll(other, { entry: "319" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 1,
      cause: { code: "RA3122", object: "Deployment catalogue/web" },
    });
    expect(rollout.cause?.plain).toContain("spec.selector");
  });

  it("names a namespace that does not exist", async () => {
    const rollout = await roll(render("1.0.0", { namespace: "nope" }), { token: "admin" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 0,
      cause: { code: "RA3009", next: "kubectl create namespace nope" },
    });
  });

  it("does not know a kind", async () => {
    const more = "apiVersion: example.org/v1\nkind: Widget\nmetadata: { name: w }\n";
    expect((await roll(render("1.0.0", { more }), { token: "admin" })).cause?.code).toBe("RA3010");
  });
});

describe("the rollout as a step", () => {
  it("is looked at, done, and not done twice", async () => {
    const cluster = await connect();
    const step = rolloutStep(cluster, render("1.0.0"), {
      timeout: 20_000,
      entry: "318",
      now: Date.now,
      steady: 0,
    });
    expect(await step.look()).toEqual({ state: "todo" });
    expect((await step.act()).result).toBe("passed");
    expect(standIn.requests).toHaveLength(4);
    const from = standIn.requests.length;
    expect(await step.look()).toMatchObject({
      state: "done",
      value: { result: "passed", written: 0, workloads: [{ images: running("1.0.0") }] },
    });
    expect(asked(from).filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  it("finds its own work after an answer that was lost", async () => {
    const cluster = await connect();
    const step = rolloutStep(cluster, render("1.0.0"), {
      timeout: 20_000,
      entry: "318",
      now: Date.now,
      steady: 0,
    });
    standIn.faults.push({
      matches: ({ method }) => method === "PATCH",
      when: "after",
      does: "reset",
    });
    await expect(step.act()).rejects.toMatchObject({ code: "RA8002", outcome: "unknown" });
    expect(await step.look()).toMatchObject({ state: "done", value: { result: "passed" } });
    expect(standIn.requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });
});

describe("reading", () => {
  it("tells the cluster's identity, and who may not know it", async () => {
    const uid = standIn
      .objects("Namespace")
      .find((object) => object.metadata.name === "kube-system")?.metadata.uid;
    expect(await (await connect("admin")).identity()).toBe(uid);
    await expect((await connect()).identity()).rejects.toMatchObject({ code: "RA3120" });
  });

  it("tells what runs, and leaves out what does not exist", async () => {
    await roll(render("1.0.0"));
    const from = standIn.requests.length;
    const cluster = await connect();
    const found = await readRunning(cluster, {
      namespace: "catalogue",
      workloads: [
        { kind: "Deployment", name: "web" },
        { kind: "Deployment", name: "absent" },
      ],
    });
    expect(found).toEqual([
      {
        kind: "Deployment",
        name: "web",
        namespace: "catalogue",
        images: running("1.0.0"),
        ready: 2,
        wanted: 2,
        entry: "318",
        version: "1.0.0",
      },
    ]);
    expect(standIn.requests.length - from).toBe(2);
  });
});
