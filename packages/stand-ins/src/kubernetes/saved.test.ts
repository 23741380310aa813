import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  deploymentPath,
  exampleCluster,
  isRolledOut,
  until,
  webDeployment,
  webIngress,
  webService,
} from "./example-cluster.ts";
import { crashingSource, serverSource } from "./example-image.ts";
import type { KubernetesStandIn, SavedKubernetes } from "./kubernetes-stand-in.ts";
import type { Deployment, Job, Pod } from "./workloads.ts";

const [v1, v2] = ["registry.example.org/web:v1", "registry.example.org/web:v2"];
const [crashing, job] = ["registry.example.org/crash:v1", "registry.example.org/job:v1"];
const images = {
  [v1]: serverSource("v1"),
  [v2]: serverSource("v2"),
  [crashing]: crashingSource,
  [job]: `console.log("migrated");\n`,
};
type Service = { clusterIP: string };
const namespaced = "/api/v1/namespaces/default";
const path = deploymentPath("web");

type Cluster = Awaited<ReturnType<typeof exampleCluster>>;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(
  saved?: SavedKubernetes,
  pulls: Record<string, string> = images,
  rests = false,
) {
  const cluster = await exampleCluster(pulls, {}, undefined, saved, rests);
  closers.push(cluster.close);
  return cluster;
}

const rolledOut = ({ call }: Cluster) =>
  until(async () => (await call("GET", path)).json as Deployment, isRolledOut);

/** A cluster with a Deployment that was rolled out twice, a finished Job, a Service and an Ingress. */
async function lived(): Promise<Cluster> {
  const cluster = await start();
  const { call, apply } = cluster;
  await call("POST", `${namespaced}/configmaps`, {
    body: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "settings" },
      data: { GREETING: "hello" },
    },
  });
  await call("POST", `${namespaced}/services`, { body: webService() });
  await call("POST", "/apis/networking.k8s.io/v1/namespaces/default/ingresses", {
    body: webIngress("web.example.org"),
  });
  const container = { envFrom: [{ configMapRef: { name: "settings" } }] };
  await apply(path, webDeployment(v2, { replicas: 2, container }));
  await rolledOut(cluster);
  await apply(path, webDeployment(v1, { replicas: 2, container }));
  await rolledOut(cluster);
  await call("POST", "/apis/batch/v1/namespaces/default/jobs", {
    body: {
      kind: "Job",
      apiVersion: "batch/v1",
      metadata: { name: "migrate" },
      spec: {
        template: { spec: { restartPolicy: "Never", containers: [{ name: "job", image: job }] } },
      },
    },
  });
  await until(
    () => cluster.standIn.objects("Job") as Job[],
    ([one]) => one?.status.succeeded === 1,
  );
  // The pods of v2 are gone before the cluster is saved, and those of v1 began before the ConfigMap was another.
  await settled(cluster.standIn);
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { GREETING: "later" },
  });
  return cluster;
}

/** All that a cluster holds, kind by kind. */
const content = (cluster: KubernetesStandIn) =>
  Object.fromEntries(cluster.kinds().map((kind) => [kind, cluster.objects(kind)]));
const settled = (cluster: KubernetesStandIn) =>
  until(
    () => cluster.objects("Pod") as Pod[],
    (pods) => pods.length === 3 && pods.every((pod) => !pod.metadata.deletionTimestamp),
  );

/** What the cluster's entrance answers. */
async function visit({ standIn }: Cluster): Promise<Record<string, unknown>> {
  const server = createServer(standIn.ingress("web.example.org"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, agent: false }, (answer) => {
        let whole = "";
        answer.on("data", (chunk: Buffer) => (whole += chunk.toString()));
        answer.once("end", () => resolve(`${answer.statusCode} ${whole}`));
      });
      sent.once("error", reject).end();
    });
    expect(text).toMatch(/^200 /);
    return JSON.parse(text.slice(4)) as Record<string, unknown>;
  } finally {
    server.close();
  }
}

/** The first container of the first pod of a Deployment. */
const containerOf = ({ standIn }: Cluster, name: string) =>
  podsOf(standIn, name)[0]?.status.containerStatuses?.[0];
const podsOf = (cluster: KubernetesStandIn, name: string) =>
  (cluster.objects("Pod") as Pod[]).filter(({ metadata }) => metadata.name.startsWith(`${name}-`));

const pids = ({ standIn }: Cluster) =>
  standIn.pods("default").flatMap(({ containers }) => containers.flatMap(({ pid = [] }) => pid));

test("a cluster goes on from what was saved, twice and apart, after the first one was closed", async () => {
  const original = await lived();
  const saved = original.standIn.save();
  const asSaved = content(original.standIn);
  expect(Object.keys(asSaved)).toEqual(
    expect.arrayContaining(["Deployment", "ReplicaSet", "Pod", "Job", "Event", "Node", "Ingress"]),
  );
  const running = pids(original);

  await original.call("DELETE", path);
  await original.standIn.close();

  // Nothing is pulled again.
  const [one, other] = [await start(saved, {}), await start(saved)];
  await Promise.all([one.standIn.ready(), other.standIn.ready()]);
  const all = [...pids(one), ...pids(other)];
  expect(new Set([...running, ...all]).size).toBe(running.length + 4);
  for (const pid of all) expect(process.kill(pid, 0)).toBe(true);
  expect(await visit(one)).toMatchObject({ version: "v1", greeting: "hello" });
  expect(await visit(other)).toMatchObject({ version: "v1", greeting: "hello" });
  expect([one.standIn.requests, one.standIn.faults]).toEqual([[], []]);
  // Some rounds of probes later it is all the same still.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(content(one.standIn)).toEqual(asSaved);

  const [done] = podsOf(one.standIn, "migrate");
  expect(one.standIn.log("default", done?.metadata.name ?? "")).toBe("migrated\n");

  // A rollout in one of them runs as ever: one more ReplicaSet, one more revision.
  const revision = Number((asSaved["Deployment"] as Deployment[])[0]?.metadata.generation);
  await other.apply(path, webDeployment(v2, { replicas: 1 }));
  const after = await rolledOut(other);
  expect(after.metadata).toMatchObject({
    generation: revision + 1,
    annotations: { "deployment.kubernetes.io/revision": "3" },
  });
  expect(await visit(other)).toMatchObject({ version: "v2" });
  expect(content(one.standIn)).toEqual(asSaved);
  const third = await start(saved);
  await third.standIn.ready();
  expect(content(third.standIn)).toEqual(asSaved);
});

test("a container that rests is started by the first who connects, and is ended like any other", async () => {
  const original = await lived();
  const resting = await start(original.standIn.save(), images, true);
  const asSaved = content(original.standIn);
  await resting.standIn.ready();
  expect(pids(resting)).toEqual([]);
  expect(content(resting.standIn)).toEqual(asSaved);
  const [pod, second] = podsOf(resting.standIn, "web");
  const before = original.standIn.log("default", pod?.metadata.name ?? "");
  expect(resting.standIn.log("default", pod?.metadata.name ?? "")).toBe(before);

  // Two at once, through the API: both wait for the one process that they start.
  const proxied = `${namespaced}/pods/${pod?.metadata.name}:http/proxy/x?y=1`;
  const answers = await Promise.all([resting.call("GET", proxied), resting.call("GET", proxied)]);
  for (const { json } of answers) expect(json).toMatchObject({ version: "v1", path: "/x?y=1" });
  const [pid] = pids(resting);
  expect(pids(resting)).toHaveLength(1);
  expect((await resting.call("GET", proxied)).json).toMatchObject({ greeting: "hello" });
  expect(content(resting.standIn)).toEqual(asSaved);

  // What rests and what was woken can be saved again.
  const again = await start(resting.standIn.save(), {}, true);
  await again.standIn.ready();
  expect(await visit(again)).toMatchObject({ version: "v1", greeting: "hello" });
  expect(content(again.standIn)).toEqual(asSaved);

  const list = `${namespaced}/pods?watch=true&fieldSelector=metadata.name%3D${second?.metadata.name}`;
  const watch = resting.watch(list);
  await resting.apply(path, webDeployment(v2, { replicas: 2 }));
  await rolledOut(resting);
  expect(await visit(resting)).toMatchObject({ version: "v2" });
  await settled(resting.standIn);
  expect(() => process.kill(pid ?? 0, 0)).toThrow("ESRCH");
  const ends = watch.events.map(({ type, object }) => {
    const [status] = (object as Pod).status.containerStatuses ?? [];
    return [type, Object.keys(status?.state ?? {})[0]];
  });
  expect(ends.slice(-2)).toEqual([
    ["MODIFIED", "terminated"],
    ["DELETED", "terminated"],
  ]);
  watch.stop();
  const killed = resting.standIn
    .objects("Event")
    .filter(
      ({ reason, involvedObject }) =>
        reason === "Killing" && (involvedObject as { name: string }).name === second?.metadata.name,
    );
  expect(killed).toHaveLength(1);
});

test("a watch begins at the revision that was saved, and reports what comes", async () => {
  const original = await lived();
  const one = await start(original.standIn.save());
  const list = (await one.call("GET", `${namespaced}/pods`)).json as {
    metadata: { resourceVersion: string };
  };
  const watch = one.watch(
    `${namespaced}/pods?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
  );
  await one.standIn.ready();
  expect(watch.events).toEqual([]);
  const [pod] = podsOf(one.standIn, "web");
  await one.call("DELETE", `${namespaced}/pods/${pod?.metadata.name}`);
  await until(
    () => watch.events.map(({ type }) => type),
    (types) => types.includes("ADDED") && types.includes("DELETED"),
  );
  // The new pod has an address of its own, and so has a new Service.
  const after = await until(
    () => one.standIn.objects("Pod") as Pod[],
    (pods) => pods.length === 3 && pods.every(({ status }) => status.podIP !== undefined),
  );
  expect(new Set(after.map(({ status }) => status.podIP)).size).toBe(3);
  one.standIn.apply(webService("second"));
  const ips = one.standIn.objects("Service").map(({ spec }) => (spec as Service).clusterIP);
  expect(new Set(ips).size).toBe(2);
  watch.stop();
});

test("what was in progress goes on: a container that crashes, a rollout that has not begun", async () => {
  const original = await start();
  await original.apply(path, webDeployment(crashing, { replicas: 1 }));
  await until(
    () => containerOf(original, "web"),
    (status) => status?.state.waiting?.reason === "CrashLoopBackOff" && status.restartCount > 1,
  );
  // Asked for, and saved before any controller has looked.
  original.standIn.apply(webDeployment(v1, { replicas: 1, name: "late" }));
  const [saved, before] = [original.standIn.save(), containerOf(original, "web")];
  const one = await start(saved);
  await one.standIn.ready();
  await until(
    () => containerOf(one, "web"),
    (status) => (status?.restartCount ?? 0) > (before?.restartCount ?? 0),
  );
  await until(
    async () => (await one.call("GET", deploymentPath("late"))).json as Deployment,
    isRolledOut,
  );
});

test("a container that does not come back is told, and is restarted as any other", async () => {
  const once = "registry.example.org/once:v1";
  const source = `import { existsSync, writeFileSync } from "node:fs";
if (existsSync(process.env.MARK)) process.exit(4);
writeFileSync(process.env.MARK, "");
${serverSource("once")}`;
  const original = await start(undefined, { [once]: source });
  const container = { env: [{ name: "MARK", value: join(original.directory, "mark") }] };
  await original.apply(path, webDeployment(once, { replicas: 1, container }));
  await rolledOut(original);
  const one = await start(original.standIn.save(), {});
  await expect(one.standIn.ready()).rejects.toThrow(
    /^container web of pod web-\S+ was ready when it was saved, and does not answer now$/,
  );
  const status = await until(
    () => containerOf(one, "web"),
    (seen) => seen?.restartCount === 1,
  );
  expect(status).toMatchObject({ ready: false, lastState: { terminated: { exitCode: 4 } } });
});
