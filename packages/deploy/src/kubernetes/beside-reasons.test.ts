import { describe, expect, it } from "vitest";
import { jobObstacle } from "./jobs.ts";
import type { KubeObject } from "./object.ts";
import { standingOf } from "./standing.ts";

const named = (apiVersion: string, kind: string, status: unknown, spec = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "it", namespace: "catalogue", generation: 1 },
  spec,
  status,
});
const condition = (type: string, status: string, reason: string, message: string) => ({
  conditions: [{ type, status, reason, message }],
});
const wanted = `sha256:${"a".repeat(64)}`;
const release = { mounted: new Set(["PersistentVolumeClaim catalogue/it"]), digests: {} };

describe("what stands beside the workloads", () => {
  it.each([
    ["claim-unbound", named("v1", "PersistentVolumeClaim", { phase: "Pending" }), "coming"],
    ["claim-lost", named("v1", "PersistentVolumeClaim", { phase: "Lost" }), "failed"],
    ["not-there-yet", named("v1", "Service", {}, { type: "LoadBalancer" }), "coming"],
    [
      "pod-runs-other",
      named(
        "v1",
        "Pod",
        {
          phase: "Succeeded",
          containerStatuses: [
            { name: "web", image: "web", imageID: `web@sha256:${"b".repeat(64)}` },
          ],
        },
        { containers: [{ name: "web", image: `registry.example.org/web@${wanted}` }] },
      ),
      "coming",
    ],
    ["pod-failed", named("v1", "Pod", { phase: "Failed", message: "too long" }), "failed"],
    [
      "controller-gave-up",
      named("example.org/v1", "Widget", condition("Stalled", "True", "InvalidSpec", "no issuer")),
      "failed",
    ],
    [
      "not-there-yet",
      named("example.org/v1", "Widget", condition("Ready", "False", "Issuing", "not yet")),
      "coming",
    ],
  ])("%s", (reason, object, is) => {
    expect(standingOf(object, release)).toMatchObject({ is, obstacle: { reason } });
  });

  it("names the kind's group in the command, and no namespace where there is none", () => {
    const object = named(
      "example.org/v1",
      "Widget",
      condition("Stalled", "True", "InvalidSpec", "no issuer"),
    );
    const whole = { ...object, metadata: { name: "it", generation: 1 } };
    const commandOf = (one: KubeObject): string => {
      const standing = standingOf(one, release);
      return "obstacle" in standing ? standing.obstacle.command : "";
    };
    expect(commandOf(object)).toBe("kubectl -n catalogue describe widget.example.org it");
    expect(commandOf(whole)).toBe("kubectl describe widget.example.org it");
  });
});

describe("a Job that failed", () => {
  const job = named(
    "batch/v1",
    "Job",
    condition("Failed", "True", "BackoffLimitExceeded", "limit"),
  );
  it("is told by its last container, else by its condition", () => {
    expect(jobObstacle(job, [])).toMatchObject({
      reason: "job-failed",
      mayHeal: false,
      clusterSaid: "BackoffLimitExceeded: limit",
      command: "kubectl -n catalogue describe job it",
    });
    const pod = named("v1", "Pod", {
      containerStatuses: [{ name: "migrate", state: { terminated: { exitCode: 3 } } }],
    });
    expect(jobObstacle(job, [pod])).toMatchObject({
      reason: "job-container-failed",
      exitCode: 3,
      log: "current",
      because: "container migrate ended with exit code 3",
      command: "kubectl -n catalogue logs it -c migrate",
    });
  });
});
