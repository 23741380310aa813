import { describe, expect, it } from "vitest";
import { renderManifests, rollOut, type Cluster, type Rendered } from "../index.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { projectDigest } from "./projects.ts";

const image = "registry.example.org/agora/web";

/** A hundred Deployments on whatever cluster the caller opens; `pods` of them have a pod, and the others none. */
export function testMany(open: () => Promise<OpenCluster>, pods: number): void {
  describe("a hundred Deployments in a namespace", () => {
    it("take an apply each and one watch a kind, and an apply each when nothing changed", async () => {
      const { cluster, namespace } = await open();
      const asked = async (version: string): Promise<[string, string[]]> => {
        const seen: string[] = [];
        const { result } = await rollOut(listening(cluster, seen), release(version), {
          timeout: 120_000,
          entry: "1",
          now: () => performance.now(),
          steady: 200,
        });
        const applies = seen.filter((line) => line.startsWith("PATCH")).length;
        const others = seen.filter((line) => !line.startsWith("PATCH"));
        return [result, [`${applies} applies`, ...others.toSorted()]];
      };
      const release = (version: string) => manyOf(100, pods, version, namespace);
      const look = `GET /apis/apps/v1/namespaces/${namespace}/deployments`;
      const watches = [
        look,
        `WATCH /api/v1/namespaces/${namespace}/pods`,
        `WATCH /apis/apps/v1/namespaces/${namespace}/deployments`,
      ];
      expect(await asked("1")).toEqual(["passed", ["100 applies", ...watches]]);
      expect(await asked("2")).toEqual(["passed", ["100 applies", ...watches]]);
      expect(await asked("2")).toEqual(["unchanged", ["100 applies", look]]);
    });
  });
}

/** Writes down what is asked. */
function listening(cluster: Cluster, seen: string[]): Cluster {
  return {
    ...cluster,
    request: (method, path, details) => {
      seen.push(`${method} ${path}`);
      return cluster.request(method, path, details);
    },
    stream: (path, query, signal, silence) => {
      seen.push(`WATCH ${path}`);
      return cluster.stream(path, query, signal, silence);
    },
  };
}

function manyOf(count: number, pods: number, version: string, namespace: string): Rendered {
  const deployments = Array.from({ length: count }, (_, index) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `web-${index}` },
    spec: {
      replicas: index < pods ? 1 : 0,
      selector: { matchLabels: { app: `web-${index}` } },
      template: {
        metadata: { labels: { app: `web-${index}` } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "web", image }] },
      },
    },
  }));
  return renderManifests({
    files: [
      { path: "all.yml", text: deployments.map((one) => JSON.stringify(one)).join("\n---\n") },
    ],
    images: [{ image, reference: `${image}:${version}@${projectDigest("agora/web", version)}` }],
    namespace,
    placeholders: {},
    version,
  });
}
