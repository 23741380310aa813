import { afterEach, beforeEach, expect, it } from "vitest";
import { exampleCluster, until } from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";
import type { DaemonSet, Pod } from "./workloads.ts";

const image = "registry.example.org/agent";
const path = "/apis/apps/v1/namespaces/default/daemonsets/agent";
let cluster: Awaited<ReturnType<typeof exampleCluster>>;
beforeEach(async () => {
  cluster = await exampleCluster({
    [`${image}:v1`]: serverSource("v1"),
    [`${image}:v2`]: serverSource("v2"),
  });
});
afterEach(() => cluster.close());

const agent = (version: string, spec: object = {}, pod: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    ...spec,
    template: {
      metadata: { labels: { app: "agent" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "agent", image: `${image}:${version}` }],
        ...pod,
      },
    },
  },
});
const set = (): DaemonSet => cluster.standIn.objects("DaemonSet", "default")[0] as DaemonSet;
const pods = (): Pod[] => cluster.standIn.objects("Pod", "default") as Pod[];
const images = (): string[] => pods().map(({ spec }) => spec.containers[0]?.image ?? "");

it("runs one pod on the node and renews it", async () => {
  await cluster.apply(path, agent("v1"));
  await until(set, ({ status }) => status.numberAvailable === 1);
  expect(set().status).toMatchObject({
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    updatedNumberScheduled: 1,
  });
  expect(pods()[0]?.spec.nodeName).toBe("n1");
  await cluster.apply(path, agent("v2"));
  await until(
    set,
    ({ status }) =>
      status.observedGeneration === 2 &&
      status.numberAvailable === 1 &&
      status.updatedNumberScheduled === 1,
  );
  expect(images()).toEqual([`${image}:v2`]);
});

it("renews nothing by itself with OnDelete", async () => {
  const updateStrategy = { type: "OnDelete" };
  await cluster.apply(path, agent("v1", { updateStrategy }));
  await until(set, ({ status }) => status.numberAvailable === 1);
  await cluster.apply(path, agent("v2", { updateStrategy }));
  await until(set, ({ status }) => status.observedGeneration === 2);
  expect(set().status.updatedNumberScheduled).toBeUndefined();
  expect(images()).toEqual([`${image}:v1`]);
  await cluster.call("DELETE", `/api/v1/namespaces/default/pods/${pods()[0]?.metadata.name}`);
  await until(images, (all) => all.length === 1 && all[0] === `${image}:v2`);
});

it("brings the new pod first with maxSurge", async () => {
  const updateStrategy = {
    type: "RollingUpdate",
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
  };
  await cluster.apply(path, agent("v1", { updateStrategy }));
  await until(set, ({ status }) => status.numberAvailable === 1);
  await cluster.apply(path, agent("v2", { updateStrategy }));
  await until(images, (all) => all.length === 2);
  await until(images, (all) => all.length === 1 && all[0] === `${image}:v2`);
});

it("wants no pod where no node fits", async () => {
  await cluster.apply(path, agent("v1", {}, { nodeSelector: { disk: "ssd" } }));
  await until(set, ({ status }) => status.observedGeneration === 1);
  expect(set().status.desiredNumberScheduled).toBe(0);
  expect(pods()).toEqual([]);
});
