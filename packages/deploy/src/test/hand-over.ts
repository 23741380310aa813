import { beforeEach, describe, expect, it } from "vitest";
import { renderManifests, rollOut, type Cluster } from "../index.ts";
import { listAt, mappingAt, textAt } from "../kubernetes/object.ts";
import type { OpenCluster } from "./open-cluster.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Objects that `kubectl apply` made client-side, on whatever cluster the caller opens before each test. */
export function testHandOver(open: () => Promise<OpenCluster>): void {
  let cluster: Cluster;
  let namespace: string;
  let path: string;
  beforeEach(async () => {
    ({ cluster, namespace } = await open());
    path = `/api/v1/namespaces/${namespace}/configmaps/settings`;
  });

  const settings = (data: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace },
    data,
  });
  /** As `kubectl apply` does: the last applied text is kept in an annotation. */
  const applyClientSide = async (
    data: Record<string, string>,
    manager = "kubectl-client-side-apply",
  ): Promise<void> => {
    const object = settings(data);
    const annotations = { [lastApplied]: `${JSON.stringify(object)}\n` };
    await cluster.request("POST", path.replace(/\/settings$/, ""), {
      query: { fieldManager: manager },
      body: { ...object, metadata: { ...object.metadata, annotations } },
    });
  };
  const roll = (data: Record<string, string>, entry = "1") =>
    rollOut(
      cluster,
      renderManifests({
        files: [{ path: "settings.yml", text: JSON.stringify(settings(data)) }],
        images: [],
        namespace,
        placeholders: {},
        version: "1.0.0",
      }),
      { timeout: 20_000, entry, now: () => performance.now() },
    );
  const live = async () => (await cluster.request("GET", path)).body;
  const managers = async () =>
    listAt(await live(), "metadata", "managedFields").map((entry) => [
      entry["manager"],
      entry["operation"],
    ]);

  describe("objects that kubectl applied client-side", () => {
    it("lose what the release leaves out, and kubectl's memory of it", async () => {
      await applyClientSide({ a: "1", b: "2" });
      expect((await roll({ a: "1" })).result).toBe("unchanged");
      expect(mappingAt(await live(), "data")).toEqual({ a: "1" });
      expect(Object.keys(mappingAt(await live(), "metadata", "annotations"))).not.toContain(
        lastApplied,
      );
      expect(await managers()).toEqual([["release-actions", "Apply"]]);
    });

    it("take new values without a conflict", async () => {
      await applyClientSide({ a: "1", b: "2" });
      expect((await roll({ a: "3", c: "4" })).result).toBe("unchanged");
      expect(mappingAt(await live(), "data")).toEqual({ a: "3", c: "4" });
      expect(await managers()).toEqual([["release-actions", "Apply"]]);
    });

    it("are those of kubectl of every age, and not those of another program that applies as kubectl does", async () => {
      await applyClientSide({ a: "1", b: "2" }, "kubectl");
      await roll({ a: "3" });
      expect(mappingAt(await live(), "data")).toEqual({ a: "3" });
      await cluster.request("DELETE", path);
      await applyClientSide({ a: "1", b: "2" }, "argocd-controller");
      const { cause } = await roll({ a: "3" });
      expect(cause?.plain).toContain(".data.a belongs to argocd-controller");
      expect(mappingAt(await live(), "data")).toEqual({ a: "1", b: "2" });
    });

    it("keep what somebody else owns, who is named where the release wants it otherwise", async () => {
      await applyClientSide({ a: "1" });
      const theirs = { query: { fieldManager: "rotator" }, body: { data: { b: "theirs" } } };
      await cluster.request("PATCH", path, {
        ...theirs,
        contentType: "application/merge-patch+json",
      });
      await roll({ a: "2" });
      expect(mappingAt(await live(), "data")).toEqual({ a: "2", b: "theirs" });
      const { result, cause } = await roll({ a: "2", b: "ours" }, "2");
      expect([result, cause?.code]).toEqual(["failed", "RA3121"]);
      expect(cause?.plain).toContain(".data.b belongs to rotator");
      expect(textAt(await live(), "data", "b")).toBe("theirs");
    });
  });
}
