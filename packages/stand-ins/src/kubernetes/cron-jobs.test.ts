import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleCluster } from "./example-cluster.ts";

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
beforeAll(async () => {
  cluster = await exampleCluster({});
  cluster.standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
});
afterAll(async () => cluster.close());

const path = "/apis/batch/v1/namespaces/shop/cronjobs";
const pod = {
  restartPolicy: "Never",
  containers: [{ name: "dump", image: "registry.example.org/shop/backup" }],
};
const cronJob = (name: string, spec: Record<string, unknown> = {}, more: object = {}) => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name, namespace: "shop" },
  spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: pod } } }, ...spec },
  ...more,
});

test("a CronJob is applied with its status, read with the API server's defaults, and lists", async () => {
  cluster.standIn.apply(
    cronJob("backup", {}, { status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" } }),
  );
  const read = await cluster.call("GET", `${path}/backup`);
  expect(read.status).toBe(200);
  expect(read.json).toMatchObject({
    spec: { suspend: false, concurrencyPolicy: "Allow", successfulJobsHistoryLimit: 3 },
    status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" },
  });
  const list = await cluster.call("GET", path);
  expect(list.json).toMatchObject({
    kind: "CronJobList",
    items: [{ metadata: { name: "backup" } }],
  });
  // The operator's next change of the spec leaves the status as it is.
  cluster.standIn.apply(cronJob("backup", { suspend: true }));
  expect((await cluster.call("GET", `${path}/backup`)).json).toMatchObject({
    spec: { suspend: true },
    status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" },
  });
  expect((await cluster.call("GET", `${path}/absent`)).status).toBe(404);
});

test("through the API a status is set only at its own address", async () => {
  const created = await cluster.call("POST", path, {
    body: cronJob("other", {}, { status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" } }),
  });
  expect(created.status).toBe(201);
  expect((created.json as { status: unknown }).status).toEqual({});
  const set = await cluster.call("PATCH", `${path}/other/status`, {
    body: { status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" } },
    headers: { "content-type": "application/merge-patch+json" },
  });
  expect(set.status).toBe(200);
  expect(set.json).toMatchObject({ status: { lastSuccessfulTime: "2026-11-21T03:00:05Z" } });
});

describe("what the API server refuses", () => {
  test.each([
    ["a schedule of four fields", { schedule: "0 3 * *" }, "spec.schedule"],
    ["an hour that no day has", { schedule: "0 24 * * *" }, "spec.schedule"],
    ["no schedule", { schedule: "" }, "spec.schedule"],
    ["an unknown policy", { concurrencyPolicy: "Queue" }, "spec.concurrencyPolicy"],
    ["an unknown zone", { timeZone: "Mars/Base" }, "spec.timeZone"],
    [
      "pods that never end",
      { jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: "Always" } } } } },
      "spec.jobTemplate.spec.template.spec.restartPolicy",
    ],
    ["no pods", { jobTemplate: {} }, "spec.jobTemplate.spec.template.spec.containers"],
  ])("%s", async (_what, spec, field) => {
    const answer = await cluster.call("POST", path, { body: cronJob("wrong", spec) });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.json)).toContain(`"field":"${field}"`);
  });

  test.each(["@daily", "*/5 0-6,12 1 jan-mar mon", "59 23 31 12 6"])("takes %s", (schedule) => {
    expect(cluster.standIn.apply(cronJob("right", { schedule }))).toMatchObject({
      spec: { schedule },
    });
  });

  test("a field that there is not, and a name that leaves no room for its Jobs", () => {
    expect(() => cluster.standIn.apply(cronJob("wrong", { shedule: "x" }))).toThrow(
      /\.spec\.shedule: field not declared in schema/,
    );
    expect(() => cluster.standIn.apply(cronJob("b".repeat(53)))).toThrow(
      /no more than 52 characters/,
    );
  });
});
