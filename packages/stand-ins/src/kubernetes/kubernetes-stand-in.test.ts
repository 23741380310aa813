import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  deploymentPath,
  exampleCluster,
  isRolledOut,
  progressOf,
  until,
  webDeployment,
  webIngress,
  webService,
} from "./example-cluster.ts";
import { crashingSource, serverSource } from "./example-image.ts";
import type { KubeObject } from "./object.ts";
import type { ContainerState, Deployment, Pod, ReplicaSet } from "./workloads.ts";

const v1 = "registry.example.org/web:v1";
const v2 = "registry.example.org/web:v2";
const broken = "registry.example.org/web:broken";
const images = { [v1]: serverSource("v1"), [v2]: serverSource("v2"), [broken]: crashingSource };

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
afterEach(async () => cluster.close());

const path = deploymentPath("web");
const current = async () => (await cluster.call("GET", path)).json as Deployment;
const objects = <T extends KubeObject>(kind: string): T[] =>
  cluster.standIn.objects(kind, "default") as T[];
type EventObject = KubeObject & { reason: string; message: string };
const stateOf = (pod: KubeObject | undefined): ContainerState | undefined =>
  (pod as Pod | undefined)?.status.containerStatuses?.[0]?.state;
const messageOf = (answer: { json: unknown }): string =>
  (answer.json as { message: string }).message;
const rolledOut = () => until(current, isRolledOut);
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** What the ingress answers for a host. */
async function visit(host: string, url = "/"): Promise<{ status: number; text: string }> {
  const server = createServer(cluster.standIn.ingress(host));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${url}`);
  const text = await answer.text();
  server.closeAllConnections();
  server.close();
  return { status: answer.status, text };
}

test("a Deployment's pods are processes that answer through Service and Ingress", async () => {
  cluster = await exampleCluster(images);
  cluster.standIn.apply(webService());
  cluster.standIn.apply(webIngress("web.example.org"));
  expect(await visit("web.example.org")).toMatchObject({ status: 503 });
  expect(await visit("other.example.org")).toMatchObject({ status: 404 });
  const created = await cluster.apply(
    path,
    webDeployment(v1, {
      container: { env: [{ name: "GREETING", value: "hello from $(NODE_ENV)" }] },
    }),
  );
  expect(created.status).toBe(201);
  await rolledOut();

  const pods = cluster.standIn.pods("default");
  expect(pods).toHaveLength(3);
  expect(new Set(pods.map((pod) => pod.containers[0]?.port)).size).toBe(3);
  for (const pod of pods) {
    expect(pod.ready).toBe(true);
    expect(pod.containers[0]?.imageID).toMatch(/^registry\.example\.org\/web@sha256:[0-9a-f]{64}$/);
    expect(alive(pod.containers[0]?.pid ?? 0)).toBe(true);
  }
  const answer = await visit("web.example.org", "/hello?a=b");
  expect(JSON.parse(answer.text)).toMatchObject({
    version: "v1",
    path: "/hello?a=b",
    host: "web.example.org",
    greeting: "hello from production",
  });
  expect(cluster.standIn.endpoints("default", "web", { number: 80 })).toHaveLength(3);
  expect(cluster.standIn.endpoints("default", "absent")).toBeUndefined();

  const proxied = await cluster.call(
    "GET",
    `/api/v1/namespaces/default/pods/${pods[0]?.name}:8080/proxy/deep/path?x=1`,
  );
  expect(proxied.json).toMatchObject({ version: "v1", path: "/deep/path?x=1" });
  const byService = await cluster.call(
    "GET",
    "/api/v1/namespaces/default/services/web:http/proxy/",
  );
  expect(byService.json).toMatchObject({ version: "v1" });
});

test("a new image is rolled out without a gap, and the old processes end", async () => {
  cluster = await exampleCluster(images);
  cluster.standIn.apply(webService());
  cluster.standIn.apply(webIngress("web.example.org"));
  await cluster.apply(path, webDeployment(v1));
  await rolledOut();
  const old = cluster.standIn.pods("default").map((pod) => pod.containers[0]?.pid ?? 0);
  const answers: number[] = [];
  let over = false;
  const visiting = (async () => {
    while (!over) answers.push((await visit("web.example.org")).status);
  })();
  await cluster.apply(path, webDeployment(v2));
  await rolledOut();
  over = true;
  await visiting;
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(JSON.parse((await visit("web.example.org")).text)).toMatchObject({ version: "v2" });
  await until(
    () => old.filter(alive),
    (left) => left.length === 0,
  );
});

test("a crashing build: reasons, both logs, events; the old build goes on serving; the template put back reuses the old ReplicaSet", async () => {
  cluster = await exampleCluster(images);
  cluster.standIn.apply(webService());
  await cluster.apply(path, webDeployment(v1));
  const before = await rolledOut();
  await cluster.apply(path, webDeployment(broken));
  const pod = await until(
    () => objects<Pod>("Pod").find((one) => stateOf(one)?.waiting?.reason === "CrashLoopBackOff"),
    (found) => found !== undefined,
  );
  if (!pod) throw new Error("no pod crashed");
  const [status] = pod.status.containerStatuses ?? [];
  expect(status).toMatchObject({
    ready: false,
    restartCount: 1,
    lastState: { terminated: { exitCode: 3, reason: "Error" } },
  });
  expect(status?.state.waiting?.message).toMatch(
    /^back-off 10s restarting failed container=web pod=web-/,
  );
  const log = `/api/v1/namespaces/default/pods/${pod.metadata.name}/log`;
  expect(await cluster.call("GET", `${log}?container=web`)).toMatchObject({
    status: 200,
    text: "starting\nFATAL: cannot reach the database\n",
    headers: { "content-type": "text/plain" },
  });
  expect((await cluster.call("GET", `${log}?previous=true&tailLines=1`)).text).toBe(
    "FATAL: cannot reach the database\n",
  );
  expect((await cluster.call("GET", `${log}?container=nope`)).json).toMatchObject({
    code: 400,
    message: `container nope is not valid for pod ${pod.metadata.name}`,
  });
  const events = await cluster.call(
    "GET",
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.uid%3D${pod.metadata.uid}`,
  );
  expect((events.json as { items: EventObject[] }).items.map((event) => event.reason)).toEqual(
    expect.arrayContaining(["Scheduled", "Pulled", "Created", "Started", "BackOff"]),
  );
  expect(cluster.standIn.endpoints("default", "web")).toHaveLength(3);

  const template = [{ op: "replace", path: "/spec/template", value: before.spec.template }];
  await cluster.call("PATCH", path, { body: template, type: "application/json-patch+json" });
  const after = await rolledOut();
  expect(after.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
  const sets = objects<ReplicaSet>("ReplicaSet");
  expect(sets).toHaveLength(2);
  expect(sets.find((set) => set.spec.replicas === 3)?.metadata.annotations).toMatchObject({
    "deployment.kubernetes.io/revision": "3",
    "deployment.kubernetes.io/revision-history": "1",
  });
});

test("an image that is not there: ErrImagePull with the registry's words, then ImagePullBackOff", async () => {
  cluster = await exampleCluster(images);
  const seen = cluster.watch("/api/v1/namespaces/default/pods?watch=true");
  const absent = "registry.example.org/web:absent";
  await cluster.apply(path, webDeployment(absent, { replicas: 1 }));
  const reasons = () => seen.events.map((event) => stateOf(event.object)?.waiting);
  await until(reasons, (all) => all.some((waiting) => waiting?.reason === "ImagePullBackOff"));
  expect(reasons().find((waiting) => waiting?.reason === "ErrImagePull")?.message).toBe(
    `rpc error: code = NotFound desc = failed to pull and unpack image "${absent}": failed to resolve reference "${absent}": ${absent}: not found`,
  );
  seen.stop();
  expect(
    messageOf(
      await cluster.call(
        "GET",
        `/api/v1/namespaces/default/pods/${seen.events[0]?.object.metadata.name}/log`,
      ),
    ),
  ).toMatch(/waiting to start: trying and failing to pull image$/);
});

test("a build that is never ready: the deadline passes by the clock, and is met by nothing else", async () => {
  cluster = await exampleCluster(images);
  const unready = webDeployment(v1, {
    replicas: 1,
    container: { env: [{ name: "READY", value: "503" }] },
  });
  await cluster.apply(path, unready);
  await until(
    () => objects<EventObject>("Event"),
    (events) =>
      events.some(
        (event) =>
          event.reason === "Unhealthy" &&
          event.message === "Readiness probe failed: HTTP probe failed with statuscode: 503",
      ),
  );
  expect(progressOf(await current())).toBe("ReplicaSetUpdated");
  cluster.clock.advance(601_000);
  const late = await until(
    current,
    (deployment) => progressOf(deployment) === "ProgressDeadlineExceeded",
  );
  expect(late.status).toMatchObject({ observedGeneration: 1, unavailableReplicas: 1 });
});
