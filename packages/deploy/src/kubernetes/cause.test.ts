import { Fault } from "@release-actions/codes";
import { describe, expect, it } from "vitest";
import { causeOf, type Ended } from "./cause.ts";
import type { Cluster } from "./cluster.ts";
import type { KubeObject } from "./object.ts";

/** Answers logs and events; what it has not it refuses as a cluster would. */
function clusterWith(answers: { log?: string; previous?: string; warnings?: string[] }): Cluster {
  return {
    server: "https://cluster.example.org",
    namespace: "default",
    kubeconfig: "",
    warnings: [],
    secrets: [],
    identity: async () => "uid",
    stream: () => Promise.reject(new Error("not asked")),
    request: async (_method, path, details) => {
      const refused = new Fault("RA3012", { saw: "400" });
      if (path.endsWith("/events")) {
        if (!answers.warnings) throw refused;
        const items = answers.warnings.map((message, index) => ({
          type: "Warning",
          message,
          lastTimestamp: `2026-11-21T10:00:0${index}Z`,
        }));
        return { status: 200, body: { items: items.toReversed() } };
      }
      const body = details?.query?.["previous"] ? answers.previous : answers.log;
      if (body === undefined) throw refused;
      return { status: 200, body };
    },
  };
}

function ended(obstacle: Partial<Ended["obstacle"]>): Ended {
  return {
    workload: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "catalogue" },
    },
    pods: 2,
    wanted: 6,
    obstacle: {
      reason: "crash-loop",
      code: "RA3108",
      mayHeal: false,
      because: "container web ended with exit code 1",
      clusterSaid: "Error",
      next: "look",
      command: "kubectl",
      kind: "Pod",
      name: "web-1",
      namespace: "catalogue",
      container: "web",
      ...obstacle,
    },
  };
}

describe("causeOf", () => {
  it("keeps the last 50 lines, of the run before if this one has none", async () => {
    const log = Array.from({ length: 80 }, (_, index) => `line ${index}`).join("\n");
    const cause = await causeOf(
      clusterWith({ previous: log }),
      ended({ log: "current", exitCode: 1 }),
    );
    expect(cause.log).toHaveLength(50);
    expect(cause.log?.at(-1)).toBe("line 79");
    expect(cause.plain).toBe(
      "2 of 6 new pods of Deployment catalogue/web did not get ready, because container web ended with exit code 1; it said: line 79.",
    );
  });

  it("does without what the cluster refuses", async () => {
    const cause = await causeOf(clusterWith({}), ended({ log: "current", exitCode: 1 }));
    expect(cause).toMatchObject({ code: "RA3108", exitCode: 1, object: "Pod catalogue/web-1" });
    expect(cause.log).toBeUndefined();
  });

  it("knows a program of another architecture by its last words", async () => {
    const cause = await causeOf(
      clusterWith({ log: "exec /app/web: exec format error\n" }),
      ended({ log: "current", exitCode: 255 }),
    );
    expect(cause.code).toBe("RA3116");
  });

  it("gives the probe's answer from the events", async () => {
    const cluster = clusterWith({
      log: "",
      warnings: ["older", "Readiness probe failed: HTTP probe failed with statuscode: 503"],
    });
    const cause = await causeOf(
      cluster,
      ended({
        reason: "not-ready",
        code: "RA3110",
        because: "container web runs and never became ready",
        log: "current",
      }),
    );
    expect(cause.plain).toContain(
      "never became ready: its readiness probe got: HTTP probe failed with statuscode: 503",
    );
    expect(cause.warnings?.at(-1)).toContain("statuscode: 503");
    expect(cause.clusterSaid).toBe(
      "Readiness probe failed: HTTP probe failed with statuscode: 503",
    );
  });

  it("asks for the warnings of this very pod, not of those that had its name before", async () => {
    const asked: unknown[] = [];
    const plain = clusterWith({ warnings: [] });
    const cluster: Cluster = {
      ...plain,
      request: (method, path, details) => {
        if (path.endsWith("/events")) asked.push(details?.query?.["fieldSelector"]);
        return plain.request(method, path, details);
      },
    };
    const pod: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-1", namespace: "catalogue", uid: "u1" },
    };
    const seen = { pods: new Map([["u1", pod]]), warnings: new Map(), evidence: new Map() };
    await causeOf(cluster, ended({}), seen);
    expect(asked).toEqual([
      "involvedObject.kind=Pod,involvedObject.name=web-1,involvedObject.uid=u1",
    ]);
  });

  it("finds at the deadline what only a warning tells", async () => {
    const said = "Failed to create pod sandbox: no network";
    const about = ended({ reason: "too-slow", code: "RA3114", because: "they did not start" });
    const uid = "u1";
    const pod: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-1", namespace: "catalogue", uid },
    };
    const seen = {
      pods: new Map([[uid, pod]]),
      warnings: new Map([[uid, [{ reason: "FailedCreatePodSandBox", message: said, at: "" }]]]),
      evidence: new Map(),
    };
    const cause = await causeOf(clusterWith({ warnings: [] }), about, seen);
    expect(cause).toMatchObject({ code: "RA3133", reason: "sandbox", clusterSaid: said });
    expect(cause.plain).toContain("waited for until the deadline");
  });

  it("finds the missing secret of a volume, of which only an event tells", async () => {
    const cluster = clusterWith({
      warnings: ['MountVolume.SetUp failed for volume "v" : secret "catalogue-tls" not found'],
    });
    const cause = await causeOf(
      cluster,
      ended({ reason: "too-slow", code: "RA3114", because: "they did not start in time" }),
    );
    expect(cause).toMatchObject({
      code: "RA3105",
      reason: "secret-missing",
      command: "kubectl -n catalogue create secret generic catalogue-tls --from-literal=KEY=VALUE",
    });
  });
});
