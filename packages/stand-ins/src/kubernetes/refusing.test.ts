import { afterEach, expect, test } from "vitest";
import {
  deploymentPath,
  exampleCluster,
  isRolledOut,
  until,
  webDeployment,
} from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";
import type { KubeObject } from "./object.ts";
import type { Deployment, Pod } from "./workloads.ts";

const v1 = "registry.example.org/web:v1";
const path = deploymentPath("web");

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
afterEach(async () => cluster.close());

const pods = (): Pod[] => cluster.standIn.objects("Pod", "default") as Pod[];
const warnings = (): string[] =>
  cluster.standIn
    .objects("Event", "default")
    .filter((event) => event["type"] === "Warning")
    .map((event) => `${String(event["reason"])}: ${String(event["message"])}`);
const deployment = async (): Promise<Deployment> =>
  (await cluster.call("GET", path)).json as Deployment;
const conditionOf = ({ status }: Deployment, type: string) =>
  status.conditions?.find((condition) => condition.type === type);
const open = async (source = serverSource("v1")) => {
  cluster = await exampleCluster({ [v1]: source });
};

test("a quota lets no pod more in, is told on the Deployment, and heals when it is raised", async () => {
  await open();
  const quota = (count: string): KubeObject =>
    cluster.standIn.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small", namespace: "default" },
      spec: { hard: { pods: count } },
    });
  quota("1");
  await cluster.apply(path, webDeployment(v1, { replicas: 2 }));
  const failed = await until(deployment, (one) => conditionOf(one, "ReplicaFailure") !== undefined);
  expect(conditionOf(failed, "ReplicaFailure")).toMatchObject({
    status: "True",
    reason: "FailedCreate",
    message: expect.stringMatching(
      /^pods "web-\S+" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1$/,
    ) as string,
  });
  expect(conditionOf(failed, "Progressing")?.status).toBe("True");
  quota("2");
  const healed = await until(deployment, isRolledOut);
  expect(conditionOf(healed, "ReplicaFailure")).toBeUndefined();
});

test("a quota of cpu wants to be told what a pod asks for", async () => {
  await open();
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "cpu", namespace: "default" },
    spec: { hard: { "requests.cpu": "1" } },
  });
  const pod = (cpu: object) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: { containers: [{ name: "web", image: v1, ...cpu }] },
  });
  const make = (body: object) => cluster.call("POST", "/api/v1/namespaces/default/pods", { body });
  const unsaid = await make(pod({}));
  expect(unsaid.json).toMatchObject({
    code: 403,
    message: 'pods "p" is forbidden: failed quota: cpu: must specify requests.cpu for: web',
  });
  const over = await make(pod({ resources: { requests: { cpu: "1500m" } } }));
  expect(over.json).toMatchObject({
    message:
      'pods "p" is forbidden: exceeded quota: cpu, requested: requests.cpu=1.5, used: requests.cpu=0, limited: requests.cpu=1',
  });
});

test("a webhook denies an object, or is silent, and nothing is stored", async () => {
  await open();
  let says: ReturnType<(typeof cluster.standIn.webhooks)[0]["says"]> = { denies: "no signature" };
  cluster.standIn.webhooks.push({
    name: "policy.example.org",
    says: ({ kind }) => (kind === "Deployment" ? says : undefined),
  });
  const denied = await cluster.apply(path, webDeployment(v1));
  expect(denied).toMatchObject({
    status: 400,
    json: { message: 'admission webhook "policy.example.org" denied the request: no signature' },
  });
  says = "silence";
  expect(await cluster.apply(path, webDeployment(v1))).toMatchObject({
    status: 500,
    json: { message: expect.stringContaining('failed calling webhook "policy.example.org"') },
  });
  says = undefined;
  expect((await cluster.call("GET", path)).status).toBe(404);
  expect((await cluster.apply(path, webDeployment(v1))).status).toBe(201);
});

test("a pod that asks for more than the node has waits, and is placed when there is room", async () => {
  await open();
  const asking = (cpu: string) =>
    webDeployment(v1, { replicas: 1, container: { resources: { requests: { cpu } } } });
  await cluster.apply(path, asking("33"));
  const [pod] = await until(pods, ([one]) => (one?.status.conditions ?? []).length > 0);
  expect(pod?.status.conditions?.[0]).toMatchObject({
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message:
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  });
  expect(warnings()[0]).toMatch(/^FailedScheduling: /);
  await cluster.apply(path, asking("32"));
  await until(deployment, isRolledOut);
});

test("a volume of a missing secret keeps a pod waiting, until the secret is there", async () => {
  await open();
  const shape = webDeployment(v1, { replicas: 1 });
  const { spec } = shape.spec.template;
  Object.assign(spec, {
    volumes: [{ name: "tls", secret: { secretName: "cert", items: [{ key: "tls.crt" }] } }],
  });
  await cluster.apply(path, shape);
  await until(warnings, (all) => all.length > 0);
  expect(warnings()).toEqual([
    'FailedMount: MountVolume.SetUp failed for volume "tls" : secret "cert" not found',
  ]);
  const secret = (data: object) =>
    cluster.standIn.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cert", namespace: "default" },
      stringData: data,
    });
  secret({ other: "x" });
  await until(warnings, (all) => all.length > 1);
  expect(warnings().at(-1)).toMatch(/references non-existent secret key: tls\.crt$/);
  secret({ "tls.crt": "x" });
  await until(deployment, isRolledOut);
});

test.runIf(process.platform === "linux")(
  "a container that takes more memory than its limit is ended, one that does not is not",
  async () => {
    await open(
      `const kept = []; if (process.env.GREEDY) setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 10); ${serverSource("v1")}`.replace(
        /^(.*?;) (import.*?;)/s,
        "$2 $1",
      ),
    );
    const limited = (env: object[]) =>
      webDeployment(v1, {
        replicas: 1,
        container: { env, resources: { limits: { memory: "96Mi" } } },
      });
    await cluster.apply(path, limited([]));
    await until(deployment, isRolledOut);
    await cluster.apply(path, limited([{ name: "GREEDY", value: "1" }]));
    const ended = await until(
      () =>
        pods().flatMap(({ status }) =>
          (status.containerStatuses ?? []).flatMap(
            ({ state, lastState }) => state.terminated ?? lastState.terminated ?? [],
          ),
        ),
      // The pod before it ends as well, by its own will.
      (all) => all.some(({ reason }) => reason === "OOMKilled"),
    );
    expect(ended).toContainEqual(expect.objectContaining({ reason: "OOMKilled", exitCode: 137 }));
  },
);

test("a full disk puts the pod out and lets no other in, until it is well again", async () => {
  await open();
  cluster.standIn.nodeFaults.push({ matches: () => true, does: "disk-full" });
  await cluster.apply(path, webDeployment(v1, { replicas: 1 }));
  await until(pods, (all) => all.length === 2);
  const evicted = pods().find(({ status }) => status.phase === "Failed");
  expect(evicted?.status).toMatchObject({
    reason: "Evicted",
    message: expect.stringContaining("The node was low on resource: ephemeral-storage") as string,
  });
  const waiting = await until(
    () => pods().find(({ status }) => status.phase === "Pending"),
    (pod) => (pod?.status.conditions ?? []).length > 0,
  );
  expect(waiting?.status.conditions?.[0]?.message).toContain(
    "1 node(s) had untolerated taint(s) {node.kubernetes.io/disk-pressure: }",
  );
  cluster.standIn.nodeFaults.length = 0;
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n1" },
    spec: { taints: [] },
  });
  await until(deployment, isRolledOut);
});
