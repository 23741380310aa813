import { afterEach, beforeEach, expect, it } from "vitest";
import { exampleCluster, until } from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";
import { isReady, type Pod } from "./workloads.ts";

const image = (name: string): string => `registry.example.org/${name}:v1`;
let cluster: Awaited<ReturnType<typeof exampleCluster>>;
beforeEach(async () => {
  cluster = await exampleCluster({
    [image("web")]: serverSource("web"),
    [image("proxy")]: serverSource("proxy"),
    [image("task")]: `console.log("done");`,
  });
});
afterEach(() => cluster.close());

const pod = (): Pod => cluster.standIn.objects("Pod", "default")[0] as Pod;
const make = (spec: object) =>
  cluster.apply("/api/v1/namespaces/default/pods/p", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec,
  });
const sidecar = { name: "proxy", image: image("proxy"), restartPolicy: "Always" };

it("starts a sidecar before what follows it, and counts it in the pod's readiness", async () => {
  await make({
    initContainers: [
      {
        ...sidecar,
        ports: [{ containerPort: 9000 }],
        startupProbe: { httpGet: { path: "/", port: 9000 } },
        readinessProbe: { httpGet: { path: "/ready", port: 9000 } },
        env: [{ name: "READY", value: "503" }],
      },
      { name: "task", image: image("task") },
    ],
    containers: [{ name: "web", image: image("web") }],
  });
  await until(pod, ({ status }) => status.containerStatuses?.[0]?.ready === true);
  expect(pod().status.initContainerStatuses?.map(({ state }) => Object.keys(state))).toEqual([
    ["running"],
    ["terminated"],
  ]);
  expect(isReady(pod())).toBe(false);
  expect(pod().status.conditions?.find(({ type }) => type === "Ready")?.message).toBe(
    "containers with unready status: [proxy]",
  );
});

it("lets a pod succeed whose sidecar would go on", async () => {
  await make({
    restartPolicy: "Never",
    initContainers: [sidecar],
    containers: [{ name: "task", image: image("task") }],
  });
  await until(pod, ({ status }) => status.phase === "Succeeded");
  await until(
    pod,
    ({ status }) => status.initContainerStatuses?.[0]?.state.terminated !== undefined,
  );
});
