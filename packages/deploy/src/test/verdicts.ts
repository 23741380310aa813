import { beforeEach, describe, expect, it } from "vitest";
import {
  readRunning,
  renderManifests,
  rollOut,
  type Cluster,
  type Rendered,
  type RolloutOptions,
} from "../index.ts";
import { listAt, textAt, type KubeObject } from "../kubernetes/object.ts";
import { faultOf } from "../kubernetes/status.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { projectDigest } from "./projects.ts";

/** How rollouts of each kind end, on whatever cluster the caller opens before each test. */
export function testVerdicts(open: () => Promise<OpenCluster>): void {
  let cluster: Cluster;
  let namespace: string;
  beforeEach(async () => {
    ({ cluster, namespace } = await open());
  });

  const good = "agora/web";
  const referenceOf = (image: string, version: string): string =>
    `registry.example.org/${image}:${version}@${projectDigest(image, version)}`;
  const render = (version: string, ...objects: object[]): Rendered =>
    renderManifests({
      files: [{ path: "all.yml", text: objects.map((one) => JSON.stringify(one)).join("\n---\n") }],
      images: [],
      namespace,
      placeholders: {},
      version,
    });
  const roll = (rendered: Rendered, more: Partial<RolloutOptions> = {}) =>
    rollOut(cluster, rendered, {
      timeout: 60_000,
      entry: `of ${rendered.version}`,
      now: () => performance.now(),
      steady: 300,
      patience: { silent: 500 },
      ...more,
    });
  const workload = (kind: string, name: string, image: string, version: string, spec = {}) => ({
    apiVersion: kind === "Job" ? "batch/v1" : "apps/v1",
    kind,
    metadata: { name },
    spec: {
      ...(kind === "Job" ? {} : { selector: { matchLabels: { app: name } } }),
      ...spec,
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          ...(kind === "Job" ? { restartPolicy: "Never" } : {}),
          containers: [
            {
              name: "main",
              image: referenceOf(image, version),
              ...(kind === "Job" ? { args: ["setup"] } : { ports: [{ containerPort: 8080 }] }),
            },
          ],
        },
      },
    },
  });
  const digests = async (rendered: Rendered): Promise<string[]> =>
    (await readRunning(cluster, rendered)).flatMap((one) => one.images.map(({ digest }) => digest));
  const podImages = async (): Promise<string[]> => {
    const { body } = await cluster.request("GET", `/api/v1/namespaces/${namespace}/pods`);
    const pods = listAt(body, "items") as KubeObject[];
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map((pod) => textAt(listAt(pod, "spec", "containers")[0], "image"));
  };

  describe("a StatefulSet", () => {
    const set = (image: string, version: string, spec = {}) =>
      workload("StatefulSet", "db", image, version, { replicas: 3, serviceName: "db", ...spec });

    it("comes back from a pod that never starts, which its own controller would wait for", async () => {
      const first = render("1", set(good, "1"));
      expect((await roll(first)).result).toBe("passed");
      const bad = await roll(render("2", set("faults/fault-crash", "2")));
      expect(bad).toMatchObject({ result: "failed", cause: { code: "RA3108", container: "main" } });
      expect(bad.cause?.plain).toContain(`1 of 3 new pods of StatefulSet ${namespace}/db`);
      const lines: string[] = [];
      const back = await roll(first, { progress: (line) => lines.push(line) });
      expect(back.result).toBe("passed");
      expect(lines.filter((line) => line.includes("so it is deleted"))).toEqual([
        `StatefulSet ${namespace}/db: db-2 of the earlier template cannot start and holds up the renewal, so it is deleted`,
      ]);
      expect(await podImages()).toEqual(Array(3).fill(referenceOf(good, "1")));
    });

    it("does not come back by itself, and what may not be deleted is named", async () => {
      const first = render("1", set(good, "1"));
      await roll(first);
      await roll(render("2", set("faults/fault-crash", "2")));
      const deaf: Cluster = {
        ...cluster,
        request: async (method, path, details) =>
          method === "DELETE"
            ? { status: 200, body: { kind: "Status" } }
            : cluster.request(method, path, details),
      };
      const options = { entry: "3", now: () => performance.now(), steady: 300 };
      const waited = await rollOut(deaf, first, { ...options, timeout: 5_000 });
      expect(waited.result).toBe("failed");
      expect((await podImages())[2]).toBe(referenceOf("faults/fault-crash", "2"));
      const mayNot: Cluster = {
        ...cluster,
        request: async (method, path, details) => {
          if (method !== "DELETE") return cluster.request(method, path, details);
          throw faultOf(
            403,
            {
              message:
                'pods is forbidden: User "ci" cannot delete resource "pods" in API group "" in the namespace "x"',
            },
            { method, path },
          );
        },
      };
      const refused = await rollOut(mayNot, first, { ...options, timeout: 60_000 });
      expect(refused.cause).toMatchObject({
        code: "RA3120",
        reason: "blocked-by-pod",
        command: `kubectl -n ${namespace} delete pod db-2`,
      });
    });

    it("is out when its partition is, and says what stays behind", async () => {
      await roll(render("1", set(good, "1")));
      const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } };
      const held = await roll(render("2", set(good, "2", { updateStrategy })));
      expect(held).toMatchObject({
        result: "passed",
        notes: [
          `2 of 3 pods of StatefulSet ${namespace}/db keep the earlier template: its updateStrategy has the partition 2.`,
        ],
      });
      expect(await podImages()).toEqual(["1", "1", "2"].map((one) => referenceOf(good, one)));
    });

    it("is out at once with OnDelete, and says that its pods are old", async () => {
      const updateStrategy = { type: "OnDelete" };
      const parallel = { updateStrategy, podManagementPolicy: "Parallel" };
      expect(await roll(render("1", set(good, "1", parallel)))).toMatchObject({ notes: [] });
      const second = render("2", set(good, "2", parallel));
      const held = await roll(second);
      expect(held.result).toBe("passed");
      expect(held.notes.join()).toContain("3 of 3 pods");
      expect(new Set(await digests(second))).toEqual(new Set([projectDigest(good, "1")]));
    });
  });

  describe("a DaemonSet", () => {
    it("fails with its pod's reason, and comes back", async () => {
      const agent = (image: string, version: string) =>
        render(version, workload("DaemonSet", "agent", image, version));
      await roll(agent(good, "1"));
      const bad = await roll(agent("faults/fault-crash", "2"));
      expect(bad).toMatchObject({ result: "failed", cause: { code: "RA3108" } });
      expect((await roll(agent(good, "1"))).result).toBe("passed");
      expect(await digests(agent(good, "1"))).toEqual([projectDigest(good, "1")]);
    });

    it("is out at once with OnDelete, and says that its pods are old", async () => {
      const agent = (version: string) =>
        render(
          version,
          workload("DaemonSet", "agent", good, version, { updateStrategy: { type: "OnDelete" } }),
        );
      await roll(agent("1"));
      expect(await roll(agent("2"))).toMatchObject({
        result: "passed",
        notes: [
          `1 of 1 pods of DaemonSet ${namespace}/agent keep the earlier template: its updateStrategy is OnDelete, and they are renewed when somebody deletes them.`,
        ],
      });
    });
  });

  describe("a Job", () => {
    it("is waited for, and once done it is not run again", async () => {
      const job = render("1", workload("Job", "setup", good, "1"));
      expect((await roll(job)).result).toBe("passed");
      expect((await roll(job)).result).toBe("unchanged");
      expect(await podImages()).toHaveLength(1);
    });

    it("fails with the exit code of its pod", async () => {
      const job = workload("Job", "setup", "faults/fault-fails", "1", { backoffLimit: 0 });
      const { result, cause } = await roll(render("1", job));
      expect(result).toBe("failed");
      expect(cause).toMatchObject({ code: "RA3140", container: "main", exitCode: 1 });
      expect(cause?.plain).toMatch(
        /^1 of 1 new pods of Job \S+\/setup did not succeed, because container main ended with exit code 1/,
      );
    });

    it("that is suspended is left alone", async () => {
      const job = workload("Job", "setup", good, "1", { suspend: true });
      expect((await roll(render("1", job))).result).toBe("passed");
    });
  });

  describe("what makes no pods", () => {
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "absent",
        resources: { requests: { storage: "1Gi" } },
      },
    };

    it("a pod of its own is ready, or fails with its reason", async () => {
      const pod = (name: string, image: string) => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            { name: "main", image: referenceOf(image, "1"), ports: [{ containerPort: 8080 }] },
          ],
        },
      });
      expect((await roll(render("1", pod("good", good)))).result).toBe("passed");
      const { result, cause } = await roll(render("1", pod("bad", "faults/fault-crash")));
      expect([result, cause?.code]).toEqual(["failed", "RA3108"]);
    });

    it("a claim that nothing mounts may stay pending", async () => {
      expect(await roll(render("1", claim))).toMatchObject({
        result: "passed",
        notes: [
          `PersistentVolumeClaim ${namespace}/data is Pending: nothing of this release mounts it, so nobody waits for its volume.`,
        ],
      });
    });

    it("a claim without a volume keeps the pods that mount it waiting", async () => {
      const web = workload("Deployment", "web", good, "1");
      const podSpec = {
        ...web.spec.template.spec,
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      };
      const mounting = {
        ...web,
        spec: { ...web.spec, template: { ...web.spec.template, spec: podSpec } },
      };
      const { result, cause } = await roll(render("1", claim, mounting), { timeout: 3_000 });
      expect([result, cause?.code]).toEqual(["failed", "RA3141"]);
      expect(cause?.clusterSaid).toContain("PersistentVolumeClaim");
    });

    it("a load balancer without an address is not ready at the deadline", async () => {
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web" },
        spec: {
          type: "LoadBalancer",
          loadBalancerClass: "example.org/nobody",
          selector: { app: "web" },
          ports: [{ port: 80 }],
        },
      };
      const { result, cause } = await roll(render("1", service), { timeout: 1_500 });
      expect([result, cause?.code]).toEqual(["failed", "RA3143"]);
      expect(cause?.plain).toContain(
        `Service ${namespace}/web did not get through, because its load balancer has no address.`,
      );
    });
  });

  describe("a custom resource", () => {
    const group = `${Math.random().toString(36).slice(2, 8)}.example.org`;
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `lakes.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind: "Lake", plural: "lakes" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                  status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                },
              },
            },
          },
        ],
      },
    };
    const lake = (depth: number) => ({
      apiVersion: `${group}/v1`,
      kind: "Lake",
      metadata: { name: "l" },
      spec: { depth },
    });
    const release = (depth: number) => render(String(depth), definition, lake(depth));
    const say = (status: object) =>
      cluster.request("PATCH", `/apis/${group}/v1/namespaces/${namespace}/lakes/l/status`, {
        contentType: "application/merge-patch+json",
        body: { status },
      });
    const condition = (type: string, status: string, message: string) => ({
      type,
      status,
      reason: "Because",
      message,
      lastTransitionTime: "2026-11-22T00:00:00Z",
    });

    it("is not waited for when nobody says how it is, and is when its controller does", async () => {
      expect(await roll(release(1))).toMatchObject({
        result: "passed",
        notes: [`Lake ${namespace}/l was not waited for: it has no status.`],
      });
      await say({
        observedGeneration: 1,
        conditions: [condition("Ready", "False", "filling")],
      });
      const waiting = await roll(release(1), { timeout: 1_500 });
      expect(waiting.cause).toMatchObject({ code: "RA3143", clusterSaid: "Because: filling" });
      await say({ observedGeneration: 1, conditions: [condition("Ready", "True", "full")] });
      expect(await roll(release(1))).toMatchObject({ result: "unchanged", notes: [] });
      const unseen = await roll(release(2), { timeout: 1_500 });
      expect(unseen.cause?.plain).toContain(
        `Lake ${namespace}/l did not get through, because its controller has not looked at generation 2 yet.`,
      );
    });

    it("ends the wait at once when its controller gave up, but not for what it said before", async () => {
      await roll(release(1));
      await say({
        observedGeneration: 1,
        conditions: [condition("Stalled", "True", "the river is dry")],
      });
      const stalled = await roll(release(1), { timeout: 3_600_000 });
      expect(stalled.cause).toMatchObject({
        code: "RA3142",
        clusterSaid: "Because: the river is dry",
      });
      await say({ observedGeneration: null, conditions: [condition("Stalled", "True", "dry")] });
      const mended = roll(release(2), { timeout: 3_600_000, patience: { old: 20_000 } });
      await new Promise((resolve) => setTimeout(resolve, 500));
      await say({
        conditions: [condition("Stalled", "False", ""), condition("Ready", "True", "full")],
      });
      expect((await mended).result).toBe("passed");
    });

    it("cannot be made when its kind is taken", async () => {
      await roll(release(1));
      const twin = {
        ...definition,
        metadata: { name: `ponds.${group}` },
        spec: { ...definition.spec, names: { kind: "Lake", plural: "ponds" } },
      };
      const { result, cause } = await roll(render("2", twin));
      expect([result, cause?.code]).toEqual(["failed", "RA3144"]);
      expect(cause?.plain).toContain("already in use");
    });
  });
}
