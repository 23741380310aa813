import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import {
  previewApply,
  readRunning,
  renderManifests,
  rollOut,
  type Cluster,
  type Rendered,
} from "../index.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { knownResource, resourcePath } from "../kubernetes/kinds.ts";
import { listAt, mappingAt, numberAt, textAt, type KubeObject } from "../kubernetes/object.ts";

/** The images of manifests as public projects of different kinds write them. */
const projects = {
  database: ["ledgerdb/server", "ledgerdb/exporter"],
  "node-agent": ["nodewatch/agent"],
  operator: ["caches/operator", "caches/server"],
  "web-application": ["agora/web", "agora/proxy"],
  service: ["courier/courier"],
} as const;
type Project = keyof typeof projects;

const registry = "registry.example.org";

/** The digest of a project's image at a version. */
export const projectDigest = (image: string, version: string): string =>
  `sha256:${createHash("sha256").update(`${image} ${version}`).digest("hex")}`;

/** The image that a reference names by its digest, of whatever version up to the ninth. */
export function projectImage(reference: string): { image: string; digest: string } | undefined {
  const known = [...Object.values(projects).flat(), "faults/fault-crash", "faults/fault-fails"];
  for (const image of known)
    for (const version of ["1", "2", "3"]) {
      const digest = projectDigest(image, version);
      if (reference === `${registry}/${image}:${version}@${digest}`) return { image, digest };
    }
  return undefined;
}

export function renderProject(project: Project, version: string, namespace: string): Rendered {
  const folder = new URL(`projects/${project}/`, import.meta.url);
  return renderManifests({
    files: readdirSync(folder).map((path) => ({
      path,
      text: readFileSync(new URL(path, folder), "utf8"),
    })),
    images: projects[project].map((image) => ({
      image: `${registry}/${image}`,
      reference: `${registry}/${image}:${version}@${projectDigest(image, version)}`,
    })),
    namespace,
    placeholders: { namespace, version },
    version,
  });
}

/** The projects are deployed as they are, on whatever cluster the caller opens before each test. */
export function testProjects(open: () => Promise<OpenCluster>): void {
  let cluster: Cluster;
  let namespace: string;
  beforeEach(async () => {
    ({ cluster, namespace } = await open());
  });

  const roll = (project: Project, version: string) =>
    rollOut(cluster, renderProject(project, version, namespace), {
      timeout: 60_000,
      entry: `entry-${version}`,
      now: () => performance.now(),
      steady: 300,
      patience: { silent: 1_000 },
    });
  const list = async (apiVersion: string, kind: string): Promise<KubeObject[]> => {
    const resource = knownResource(apiVersion, kind);
    if (!resource) throw new Error(`${kind} is not in the table`);
    const { body } = await cluster.request("GET", resourcePath(resource, { namespace }));
    return listAt(body, "items") as KubeObject[];
  };
  const pods = () => list("v1", "Pod");
  /** Container to digest, of every workload that runs. */
  const running = async (project: Project, version: string) =>
    Object.fromEntries(
      (await readRunning(cluster, renderProject(project, version, namespace))).map((workload) => [
        `${workload.kind}/${workload.name}`,
        Object.fromEntries(workload.images.map((image) => [image.container, image.digest])),
      ]),
    );
  /** What a dry run says of a project: its effects, each once, and the fields that would change. */
  const preview = async (project: Project, version: string) => {
    const previews = await previewApply(cluster, renderProject(project, version, namespace));
    const fields = previews.flatMap((one) => (one.effect === "changed" ? one.fields : []));
    return {
      effects: new Set(previews.map(({ effect }) => effect)),
      fields: new Set(fields.map(({ field }) => field.replace(/^.*\./, ""))),
    };
  };
  const nothing = { effects: new Set(["same"]), fields: new Set() };
  const onlyImages = { effects: new Set(["same", "changed"]), fields: new Set(["image"]) };
  const uids = async () => new Set((await pods()).map(({ metadata }) => metadata.uid));

  describe("a database: StatefulSet with claims, headless service, init container, disruption budget", () => {
    const images = (version: string) => ({
      "StatefulSet/ledgerdb": {
        server: projectDigest("ledgerdb/server", version),
        exporter: projectDigest("ledgerdb/exporter", version),
      },
    });

    it("comes up, is the same again, and is renewed with its data", async () => {
      const rollout = await roll("database", "1");
      expect(rollout).toMatchObject({ result: "passed", notes: [] });
      expect(await running("database", "1")).toEqual(images("1"));
      const claims = async () =>
        (await list("v1", "PersistentVolumeClaim")).map((claim) => [
          claim.metadata.name,
          claim.metadata.uid,
          textAt(claim, "status", "phase"),
        ]);
      const before = await claims();
      expect(before.map(([name, , phase]) => [name, phase])).toEqual([
        ["data-ledgerdb-0", "Bound"],
        ["data-ledgerdb-1", "Bound"],
        ["data-ledgerdb-2", "Bound"],
      ]);
      expect(await preview("database", "1")).toEqual(nothing);
      expect(await preview("database", "2")).toEqual(onlyImages);
      const untouched = await uids();
      expect((await roll("database", "1")).result).toBe("unchanged");
      expect(await uids()).toEqual(untouched);
      expect((await roll("database", "2")).result).toBe("passed");
      expect(await running("database", "2")).toEqual(images("2"));
      expect(await claims()).toEqual(before);
    });
  });

  describe("a node agent: DaemonSet with a role for the whole cluster, on the host's network", () => {
    it("comes up on every node and is renewed", async () => {
      for (const version of ["1", "2"]) {
        expect(await roll("node-agent", version)).toMatchObject({ result: "passed", notes: [] });
        expect(await running("node-agent", version)).toEqual({
          "DaemonSet/nodewatch": { agent: projectDigest("nodewatch/agent", version) },
        });
      }
      expect(await preview("node-agent", "2")).toEqual(nothing);
      expect(await roll("node-agent", "2")).toMatchObject({ result: "unchanged" });
    });
  });

  describe("an operator: definition, its objects, and a controller that is not there yet", () => {
    it("waits for the definition, gives the object its image, and does not wait for what nobody tells", async () => {
      const rollout = await roll("operator", "1");
      const note = `Cache ${namespace}/sessions was not waited for: it has no status.`;
      expect(rollout).toMatchObject({ result: "passed", notes: [note] });
      const path = `/apis/caches.example.org/v1/namespaces/${namespace}/caches/sessions`;
      const { body } = await cluster.request("GET", path);
      expect(mappingAt(body, "spec")).toEqual({
        size: 3,
        mode: "cluster",
        image: `${registry}/caches/server:1@${projectDigest("caches/server", "1")}`,
        settings: { eviction: "allkeys-lru" },
        port: "http",
      });
      expect(await running("operator", "1")).toEqual({
        "Deployment/cache-operator": { manager: projectDigest("caches/operator", "1") },
      });
      expect(await preview("operator", "1")).toEqual(nothing);
      expect(await preview("operator", "2")).toEqual(onlyImages);
      // The operator is up now, and says how its object is.
      const say = (status: string) =>
        cluster.request("PATCH", `${path}/status`, {
          contentType: "application/merge-patch+json",
          body: {
            status: {
              observedGeneration: 2,
              conditions: [{ type: "Ready", status, reason: "AllReplicas", message: "3 of 3" }],
            },
          },
        });
      const again = roll("operator", "2");
      const told = async (): Promise<void> => {
        const seen = await cluster.request("GET", path);
        if (numberAt(seen.body, "metadata", "generation") === 2) await say("True");
        else await new Promise((resolve) => setTimeout(resolve, 50)).then(told);
      };
      await told();
      expect(await again).toMatchObject({ result: "passed", notes: [] });
    });
  });

  describe("a web application: init containers, a sidecar, a claim, a schedule, a job, an entrance", () => {
    it("comes up with every digest, the sidecar's too, and its job done", async () => {
      for (const version of ["1", "2"]) {
        const rollout = await roll("web-application", version);
        expect(rollout.result).toBe("passed");
        expect(await running("web-application", version)).toEqual({
          "Deployment/agora": {
            web: projectDigest("agora/web", version),
            proxy: projectDigest("agora/proxy", version),
          },
        });
        const job = (await list("batch/v1", "Job")).find(
          ({ metadata }) => metadata.name === `agora-setup-${version}`,
        );
        expect(numberAt(job, "status", "succeeded")).toBe(1);
        expect(await preview("web-application", version)).toEqual(nothing);
      }
      const [schedule] = await list("batch/v1", "CronJob");
      const template = mappingAt(schedule, "spec", "jobTemplate", "spec", "template", "spec");
      expect(listAt(template, "containers")[0]?.["image"]).toBe(
        `${registry}/agora/web:2@${projectDigest("agora/web", "2")}`,
      );
      const [claim] = await list("v1", "PersistentVolumeClaim");
      expect(textAt(claim, "status", "phase")).toBe("Bound");
    });
  });

  describe("a service: several containers of one image, an autoscaler, a disruption budget", () => {
    it("gives all of them the digest and leaves the autoscaler its replicas", async () => {
      const all = (version: string) => {
        const digest = projectDigest("courier/courier", version);
        return {
          "Deployment/courier": { api: digest, worker: digest, scheduler: digest },
          "Deployment/courier-mailer": { mailer: digest },
        };
      };
      expect((await roll("service", "1")).result).toBe("passed");
      expect(await running("service", "1")).toEqual(all("1"));
      const courier = `/apis/apps/v1/namespaces/${namespace}/deployments/courier`;
      await cluster.request("PATCH", `${courier}/scale`, {
        contentType: "application/merge-patch+json",
        body: { spec: { replicas: 3 } },
      });
      expect(await preview("service", "2")).toEqual(onlyImages);
      expect((await roll("service", "2")).result).toBe("passed");
      expect(await running("service", "2")).toEqual(all("2"));
      const front = (await pods()).filter(
        ({ metadata }) => metadata.labels?.["part"] === "front" && !metadata.deletionTimestamp,
      );
      expect(front).toHaveLength(3);
    });
  });
}
