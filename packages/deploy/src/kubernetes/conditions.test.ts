import { describe, expect, it } from "vitest";
import { verdictByConditions } from "./conditions.ts";
import type { KubeObject } from "./object.ts";

const object = (status?: object, generation = 3): KubeObject => ({
  apiVersion: "example.org/v1",
  kind: "Thing",
  metadata: { name: "t", generation },
  ...(status === undefined ? {} : { status }),
});
const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more });

describe("verdictByConditions", () => {
  it.each<[string, object | undefined, object]>([
    ["no status", undefined, { is: "unknown", because: "it has no status" }],
    [
      "a status of its own kind",
      { phase: "Running" },
      { is: "unknown", because: "none of its conditions says whether it is ready" },
    ],
    ["only what does not decide", { conditions: [condition("Synced", "True")] }, { is: "unknown" }],
    ["ready", { conditions: [condition("Ready", "True")] }, { is: "ready" }],
    [
      "ready and seen",
      { observedGeneration: 3, conditions: [condition("Ready", "True")] },
      { is: "ready" },
    ],
    [
      "ready, of an earlier generation",
      { observedGeneration: 2, conditions: [condition("Ready", "True")] },
      { is: "coming", clusterSaid: "status.observedGeneration is 2" },
    ],
    [
      "a condition of an earlier generation",
      { conditions: [condition("Ready", "True", { observedGeneration: 2 })] },
      { is: "coming", because: "its condition Ready is of an earlier generation" },
    ],
    [
      "a generation written as a text, as Argo Rollouts do",
      { observedGeneration: "3", conditions: [condition("Healthy", "True")] },
      { is: "ready" },
    ],
    [
      "a hash where the generation should be",
      { observedGeneration: "5f7b9c", conditions: [condition("Available", "True")] },
      { is: "ready" },
    ],
    [
      "not ready, with a reason",
      { conditions: [condition("Ready", "False", { reason: "Waiting", message: "for a friend" })] },
      { is: "coming", clusterSaid: "Waiting: for a friend" },
    ],
    ["nobody knows", { conditions: [condition("Ready", "Unknown")] }, { is: "coming" }],
    [
      "ready, and at it again",
      { conditions: [condition("Ready", "True"), condition("Reconciling", "True")] },
      { is: "coming", because: "its controller is still at it" },
    ],
    [
      "stalled",
      {
        conditions: [
          condition("Ready", "False"),
          condition("Stalled", "True", { reason: "NoSource" }),
        ],
      },
      { is: "failed", clusterSaid: "NoSource" },
    ],
    [
      "stalled at an earlier generation",
      {
        conditions: [
          condition("Stalled", "True", { observedGeneration: 1 }),
          condition("Ready", "True"),
        ],
      },
      { is: "ready" },
    ],
    [
      "the most telling condition decides",
      { conditions: [condition("Available", "True"), condition("Ready", "False")] },
      { is: "coming", because: "its condition Ready is False" },
    ],
    ["done", { conditions: [condition("Succeeded", "True")] }, { is: "ready" }],
    ["conditions that are none", { conditions: "none" }, { is: "unknown" }],
  ])("%s", (_, status, verdict) => {
    expect(verdictByConditions(object(status))).toMatchObject(verdict);
  });
});
