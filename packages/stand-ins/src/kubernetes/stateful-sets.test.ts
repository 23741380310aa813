import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exampleCluster, until } from "./example-cluster.ts";
import { crashingSource, serverSource } from "./example-image.ts";
import { at } from "./object.ts";
import type { PersistentVolumeClaim, Pod, StatefulSet } from "./workloads.ts";

/** What the controllers of StatefulSets and of claims do, as Kubernetes documents it. */

const image = "registry.example.org/db";
const path = "/apis/apps/v1/namespaces/default/statefulsets/db";
let cluster: Awaited<ReturnType<typeof exampleCluster>>;
beforeEach(async () => {
  cluster = await exampleCluster({
    [`${image}:v1`]: serverSource("v1"),
    [`${image}:v2`]: serverSource("v2"),
    [`${image}:bad`]: crashingSource,
  });
});
afterEach(() => cluster.close());

const database = (version: string, spec: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "db" },
  spec: {
    replicas: 3,
    serviceName: "db",
    selector: { matchLabels: { app: "db" } },
    ...spec,
    template: {
      metadata: { labels: { app: "db" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "db",
            image: `${image}:${version}`,
            ports: [{ containerPort: 5432 }],
            volumeMounts: [{ name: "data", mountPath: "/data" }],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    ],
  },
});

const set = (): StatefulSet => cluster.standIn.objects("StatefulSet", "default")[0] as StatefulSet;
const pods = (): Pod[] => cluster.standIn.objects("Pod", "default") as Pod[];
const images = (): string[] => pods().map(({ spec }) => spec.containers[0]?.image ?? "");
const isOut = ({ metadata, spec, status }: StatefulSet): boolean =>
  status.observedGeneration === metadata.generation &&
  status.updatedReplicas === spec.replicas &&
  status.availableReplicas === spec.replicas &&
  status.currentRevision === status.updateRevision;

describe("a StatefulSet", () => {
  it("makes its pods one after the other, each with a claim that is bound when the pod wants it", async () => {
    const seen: number[] = [];
    const watch = cluster.watch(`${path.replace("/db", "")}?watch=true`);
    await cluster.apply(path, database("v1"));
    await until(set, isOut);
    const ready = (): number[] =>
      watch.events.map(({ object }) => Number(at(object, "status", "readyReplicas") ?? 0));
    // The watch may hear of it a moment later.
    await expect.poll(ready).toContain(3);
    watch.stop();
    seen.push(...ready());
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(new Set(seen)).toEqual(new Set([0, 1, 2, 3]));
    expect(pods().map(({ metadata }) => metadata.name)).toEqual(["db-0", "db-1", "db-2"]);
    expect(pods().map((pod) => pod.metadata.labels?.["apps.kubernetes.io/pod-index"])).toEqual([
      "0",
      "1",
      "2",
    ]);
    const claims = cluster.standIn.objects(
      "PersistentVolumeClaim",
      "default",
    ) as PersistentVolumeClaim[];
    expect(claims.map(({ metadata, status }) => [metadata.name, status.phase])).toEqual([
      ["data-db-0", "Bound"],
      ["data-db-1", "Bound"],
      ["data-db-2", "Bound"],
    ]);
    const hashes = pods().map(({ metadata }) => metadata.labels?.["controller-revision-hash"]);
    expect(new Set(hashes)).toEqual(new Set([set().status.currentRevision]));
  });

  it("renews from the highest ordinal down to the partition, and keeps the rest at the old revision", async () => {
    await cluster.apply(path, database("v1"));
    await until(set, isOut);
    const before = set().status.currentRevision;
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } };
    await cluster.apply(path, database("v2", { updateStrategy }));
    await until(set, ({ status }) => status.updatedReplicas === 1 && status.readyReplicas === 3);
    expect(images()).toEqual([`${image}:v1`, `${image}:v1`, `${image}:v2`]);
    expect(set().status.currentRevision).toBe(before);
    await cluster.call("DELETE", "/api/v1/namespaces/default/pods/db-0");
    await until(pods, (all) => all.length === 3 && set().status.readyReplicas === 3);
    expect(images()[0]).toBe(`${image}:v1`);
    await cluster.apply(path, database("v2"));
    await until(set, isOut);
    expect(images()).toEqual([`${image}:v2`, `${image}:v2`, `${image}:v2`]);
  });

  it("stops at a pod that never gets ready, and goes on only when that pod is deleted", async () => {
    await cluster.apply(path, database("v1"));
    await until(set, isOut);
    await cluster.apply(path, database("bad"));
    await until(
      pods,
      (all) => all[2]?.status.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff",
    );
    await cluster.apply(path, database("v1"));
    await until(set, ({ metadata, status }) => status.observedGeneration === metadata.generation);
    expect(images()).toEqual([`${image}:v1`, `${image}:v1`, `${image}:bad`]);
    await cluster.call("DELETE", "/api/v1/namespaces/default/pods/db-2");
    await until(set, isOut);
    expect(images()).toEqual([`${image}:v1`, `${image}:v1`, `${image}:v1`]);
  });

  it("makes all at once with Parallel, renews none by itself with OnDelete, and goes down from the top", async () => {
    await cluster.apply(
      path,
      database("v1", { podManagementPolicy: "Parallel", updateStrategy: { type: "OnDelete" } }),
    );
    await until(pods, (all) => all.length === 3);
    await until(set, ({ status }) => status.readyReplicas === 3);
    await cluster.apply(
      path,
      database("v2", {
        replicas: 2,
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "OnDelete" },
      }),
    );
    await until(pods, (all) => all.length === 2);
    expect(images()).toEqual([`${image}:v1`, `${image}:v1`]);
    await cluster.call("DELETE", "/api/v1/namespaces/default/pods/db-1");
    await until(images, (all) => all[1] === `${image}:v2`);
  });

  it("refuses a change of what is fixed", async () => {
    await cluster.apply(path, database("v1"));
    const refused = await cluster.apply(path, database("v1", { serviceName: "other" }));
    expect(refused.status).toBe(422);
    expect(at(refused.json, "message")).toContain(
      "updates to statefulset spec for fields other than",
    );
  });
});

describe("a claim", () => {
  const claim = (name: string, storageClassName?: string) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  });
  const phase = (name: string): string | undefined =>
    (
      cluster.standIn
        .objects("PersistentVolumeClaim", "default")
        .find(({ metadata }) => metadata.name === name) as PersistentVolumeClaim | undefined
    )?.status.phase;

  it("waits for its first consumer, or for nobody, as its class says", async () => {
    cluster.standIn.apply({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "fast" },
      provisioner: "disks.example.org",
    });
    const base = "/api/v1/namespaces/default/persistentvolumeclaims";
    await cluster.apply(`${base}/later`, claim("later"));
    await cluster.apply(`${base}/now`, claim("now", "fast"));
    await until(
      () => phase("now"),
      (is) => is === "Bound",
    );
    expect(phase("later")).toBe("Pending");
    await cluster.apply(`${base}/never`, claim("never", "absent"));
    const said = () => cluster.standIn.objects("Event", "default").map((event) => event["message"]);
    await until(said, (all) => all.includes('storageclass.storage.k8s.io "absent" not found'));
    expect(phase("never")).toBe("Pending");
  });

  it("holds a pod back that wants a claim nobody made", async () => {
    await cluster.apply("/api/v1/namespaces/default/pods/p", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: {
        containers: [{ name: "c", image: `${image}:v1` }],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    });
    await until(pods, ([pod]) =>
      Boolean(
        pod?.status.conditions?.some(
          ({ reason, message }) =>
            reason === "Unschedulable" &&
            message?.includes('persistentvolumeclaim "data" not found'),
        ),
      ),
    );
    await cluster.apply("/api/v1/namespaces/default/persistentvolumeclaims/data", claim("data"));
    await until(pods, ([pod]) => pod?.status.phase === "Running");
  });
});
