import { describe, expect, it } from "vitest";
import type { KubeObject } from "./object.ts";
import {
  isOut,
  observationOf,
  seePod,
  seeWarning,
  seeWorkload,
  type Observation,
} from "./observation.ts";
import { troublesOf } from "./troubles.ts";

const digest = `sha256:${"a".repeat(64)}`;
const platform = `sha256:${"b".repeat(64)}`;
const reference = `registry.example.org/web:2@${digest}`;
const rules = {
  digests: { [digest]: [digest, platform] },
  patience: { grace: 10_000, settle: 500, old: 60_000, arriving: 30_000 },
  now: 0,
  arriving: false,
};
const complete = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

function deployment(status: Record<string, unknown>, generation = 3): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "catalogue", generation },
    spec: {
      replicas: 2,
      template: {
        metadata: { annotations: { "release-actions/template": "new" } },
        spec: { containers: [{ name: "web", image: reference }] },
      },
    },
    status,
  };
}

function pod(
  name: string,
  options: {
    mark?: string;
    hash?: string;
    imageID?: string;
    status?: Record<string, unknown>;
    leaving?: boolean;
  } = {},
): KubeObject {
  const {
    mark = "new",
    hash = "h2",
    imageID = `registry.example.org/web@${digest}`,
    status,
    leaving,
  } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      namespace: "catalogue",
      labels: { "pod-template-hash": hash },
      annotations: { "release-actions/template": mark },
      ownerReferences: [{ kind: "ReplicaSet", name: `web-${hash}`, uid: "r", controller: true }],
      ...(leaving ? { deletionTimestamp: "2026-11-21T10:00:00Z" } : {}),
    },
    spec: { containers: [{ name: "web", image: reference }] },
    status: status ?? {
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        { name: "web", ready: true, restartCount: 0, state: { running: {} }, imageID },
      ],
    },
  };
}

const badPull = (
  reason = "ErrImagePull",
  message = "manifest unknown",
): Record<string, unknown> => ({
  containerStatuses: [
    {
      name: "web",
      image: reference,
      ready: false,
      restartCount: 0,
      state: { waiting: { reason, message } },
    },
  ],
});

function observed(now: KubeObject, ...pods: KubeObject[]): Observation {
  const seen = observationOf([deployment({ observedGeneration: 2, ...complete })]);
  seeWorkload(seen, now);
  for (const one of pods) seePod(seen, one);
  return seen;
}

const done = deployment({ observedGeneration: 3, ...complete });

describe("isOut", () => {
  it("wants the controller's account and every new pod ready on the wanted digest", () => {
    expect(isOut(observed(done, pod("a"), pod("b")), done, rules.digests)).toBe(true);
    expect(isOut(observed(done, pod("a")), done, rules.digests)).toBe(false);
    expect(
      isOut(observed(done, pod("a"), pod("b", { imageID: platform })), done, rules.digests),
    ).toBe(true);
    expect(
      isOut(
        observed(done, pod("a"), pod("b", { imageID: `sha256:${"c".repeat(64)}` })),
        done,
        rules.digests,
      ),
    ).toBe(false);
    expect(isOut(observed(done, pod("a"), pod("b", { imageID: "" })), done, rules.digests)).toBe(
      false,
    );
    expect(isOut(observed(done, pod("a"), pod("b", { leaving: true })), done, rules.digests)).toBe(
      false,
    );
    expect(
      isOut(observed(done, pod("a"), pod("b", { mark: "old", hash: "h1" })), done, rules.digests),
    ).toBe(false);
  });

  it("does not believe a status of the generation before", () => {
    const stale = deployment({ observedGeneration: 2, ...complete });
    expect(isOut(observed(stale, pod("a"), pod("b")), stale, rules.digests)).toBe(false);
  });

  it("waits until the pods' watch, too, has seen the old ones go", () => {
    const old = (leaving: boolean) => pod("c", { mark: "old", hash: "h1", leaving });
    const seen = observed(done, pod("a"), pod("b"), old(false));
    expect(isOut(seen, done, rules.digests)).toBe(false);
    seePod(seen, old(true));
    expect(isOut(seen, done, rules.digests)).toBe(true);
  });

  it("waits while pods of the old template are still counted", () => {
    const surging = deployment({ observedGeneration: 3, ...complete, replicas: 3 });
    expect(isOut(observed(surging, pod("a"), pod("b")), surging, rules.digests)).toBe(false);
  });

  it("ignores an older answer that comes late", () => {
    const seen = observed(done, pod("a"), pod("b"));
    seeWorkload(seen, deployment({ observedGeneration: 2, ...complete }, 2));
    expect(seen.workloads.get("Deployment catalogue/web")).toBe(done);
  });

  it("asks a StatefulSet only for the pods above its partition, and a DaemonSet for every node", () => {
    const set: KubeObject = {
      ...done,
      kind: "StatefulSet",
      metadata: { ...done.metadata, name: "db" },
      spec: { ...(done["spec"] as object), updateStrategy: { rollingUpdate: { partition: 1 } } },
      status: { observedGeneration: 3, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    };
    const owner = { kind: "StatefulSet", name: "db", uid: "s", controller: true };
    const member = (name: string, mark: string): KubeObject => ({
      ...pod(name, { mark }),
      metadata: { ...pod(name, { mark }).metadata, ownerReferences: [owner] },
    });
    const seen = observationOf([set]);
    expect(isOut(seen, set, rules.digests)).toBe(false);
    seePod(seen, member("db-0", "old"));
    seePod(seen, member("db-1", "new"));
    expect(isOut(seen, set, rules.digests)).toBe(true);
    const everywhere = {
      ...done,
      kind: "DaemonSet",
      status: {
        observedGeneration: 3,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 1,
        numberAvailable: 2,
      },
    };
    expect(isOut(observationOf([everywhere]), everywhere, rules.digests)).toBe(false);
  });
});

describe("seeWarning", () => {
  it("keeps a warning once, however often it is told", () => {
    const seen = observationOf([done]);
    const event = (message: string) => ({
      type: "Warning",
      reason: "BackOff",
      message,
      involvedObject: { uid: "a" },
    });
    for (const message of ["one", "two", "one", "one"]) seeWarning(seen, event(message));
    expect(seen.warnings.get("a")?.map((one) => one.message)).toEqual(["two", "one"]);
  });
});

describe("troublesOf", () => {
  const going = deployment({
    observedGeneration: 3,
    replicas: 3,
    updatedReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 2,
  });

  it("ends at once for an image that does not exist, and counts the pods", () => {
    const seen = observed(going, pod("a", { status: badPull() }), pod("b", { status: badPull() }));
    expect(troublesOf(seen, going, rules)[0]).toMatchObject({
      final: true,
      pods: 2,
      obstacle: { code: "RA3101", name: "a" },
    });
  });

  it("does not blame the new release for the dying pods of the last one (a rollback)", () => {
    const seen = observed(
      going,
      pod("bad", { mark: "old", hash: "h1", status: badPull() }),
      pod("worse", { status: badPull(), leaving: true }),
    );
    expect(troublesOf(seen, going, rules)).toEqual([]);
  });

  it("does not blame it for another workload's pods", () => {
    const other = pod("api-1", { status: badPull() });
    other.metadata.ownerReferences = [
      { kind: "ReplicaSet", name: "web-api-h2", uid: "r2", controller: true },
    ];
    expect(troublesOf(observed(going, other), going, rules)).toEqual([]);
  });

  it("bears what may pass", () => {
    const seen = observed(going, pod("a", { status: badPull("ErrImagePull", "i/o timeout") }));
    expect(troublesOf(seen, going, { ...rules, now: 3_600_000 })[0]).toMatchObject({
      final: false,
      obstacle: { code: "RA3104" },
    });
  });

  it("ends for a quota once the controller has no step left that gives room", () => {
    const failure = {
      type: "ReplicaFailure",
      status: "True",
      message: 'pods "x" is forbidden: exceeded quota: small',
    };
    const short = (status: Record<string, unknown>): KubeObject =>
      deployment({ observedGeneration: 3, ...status, conditions: [failure] });
    const stuck = short({ replicas: 2, updatedReplicas: 1, availableReplicas: 2 });
    const seen = observed(stuck);
    expect(troublesOf(seen, stuck, rules)[0]).toMatchObject({
      final: false,
      obstacle: { reason: "quota" },
    });
    expect(troublesOf(seen, stuck, { ...rules, now: 500 })[0]?.final).toBe(true);
    // One old pod more than is needed: the controller will take it away.
    const shrinking = short({ replicas: 3, updatedReplicas: 1, availableReplicas: 3 });
    const other = observed(shrinking);
    expect(troublesOf(other, shrinking, rules)[0]?.obstacle.reason).toBe("quota-for-now");
    expect(troublesOf(other, shrinking, { ...rules, now: 500_000 })[0]?.final).toBe(false);
    const leaving = observed(stuck, pod("a", { mark: "old", hash: "h1", leaving: true }));
    expect(troublesOf(leaving, stuck, rules)[0]?.obstacle.reason).toBe("quota-for-now");
  });

  it("doubts a deadline that had passed before the apply, until the controller says it anew", () => {
    const overdue = (lastUpdateTime: string) => ({
      type: "Progressing",
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: "timed out",
      lastUpdateTime,
    });
    const status = { replicas: 1, updatedReplicas: 0, conditions: [overdue("10:00")] };
    // The apply's answer is of a generation that its controller has not seen; the next status may repeat the old condition.
    const seen = observationOf([deployment({ ...status, observedGeneration: 2 })]);
    const same = deployment({ ...status, observedGeneration: 3 });
    const again = deployment({
      ...status,
      observedGeneration: 3,
      conditions: [overdue("10:05")],
    });
    expect(troublesOf(seen, same, rules).map(({ final }) => final)).toEqual([false]);
    expect(troublesOf(seen, again, rules)[0]).toMatchObject({
      final: true,
      obstacle: { reason: "progress-deadline" },
    });
  });

  it("doubts what pods said before another entry wrote its name on the same template", () => {
    const was = deployment({ observedGeneration: 2 }, 2);
    const now = deployment({ observedGeneration: 2, replicas: 2, updatedReplicas: 2 });
    const missing = badPull("CreateContainerConfigError", 'secret "db" not found');
    const other = deployment({}, 2);
    other["spec"] = { replicas: 2, template: { spec: { containers: [] } } };
    for (const [before, final] of [
      [was, false],
      [other, true],
    ] as const) {
      const seen = observationOf([now], undefined, [before]);
      seePod(seen, pod("a", { status: missing }));
      const told = deployment({ observedGeneration: 3, replicas: 2, updatedReplicas: 2 });
      expect(troublesOf(seen, told, rules)[0]).toMatchObject({ final });
    }
  });

  it("doubts a quota that was in the way before an apply that changed no template", () => {
    const failure = {
      type: "ReplicaFailure",
      status: "True",
      message: 'pods "x" is forbidden: exceeded quota: small',
    };
    const status = { observedGeneration: 3, replicas: 2, updatedReplicas: 1, availableReplicas: 2 };
    const stuck = deployment({ ...status, conditions: [failure] });
    const seen = observationOf([stuck]);
    expect(troublesOf(seen, stuck, rules)[0]?.obstacle.reason).toBe("quota");
    expect(troublesOf(seen, stuck, { ...rules, now: 10_000 })[0]?.final).toBe(false);
    expect(troublesOf(seen, stuck, { ...rules, now: 60_000 })[0]?.final).toBe(true);
  });

  it("reports another digest only after a grace, a node's report may lag", () => {
    const seen = observed(done, pod("a"), pod("b", { imageID: `sha256:${"c".repeat(64)}` }));
    expect(troublesOf(seen, done, rules)[0]).toMatchObject({
      final: false,
      obstacle: { code: "RA3115", reason: "other-build" },
    });
    expect(troublesOf(seen, done, { ...rules, now: 10_000 })[0]?.final).toBe(true);
  });

  it("doubts what pods said before an apply that changed no template", () => {
    const before = deployment({ observedGeneration: 3, replicas: 2, updatedReplicas: 2 });
    const seen = observationOf([before]);
    const missing = badPull("CreateContainerConfigError", 'secret "db" not found');
    seePod(seen, pod("a", { status: missing }));
    expect(troublesOf(seen, before, rules)[0]?.final).toBe(false);
    expect(troublesOf(seen, before, { ...rules, now: 60_000 })[0]?.final).toBe(true);
    seePod(seen, pod("a", { status: { ...missing, phase: "Pending" } }));
    expect(troublesOf(seen, before, rules)[0]?.final).toBe(true);
  });

  it("bears a missing secret for a while where a custom resource may bring it", () => {
    const seen = observed(
      going,
      pod("a", { status: badPull("CreateContainerConfigError", 'secret "db" not found') }),
    );
    expect(troublesOf(seen, going, rules)[0]?.final).toBe(true);
    expect(troublesOf(seen, going, { ...rules, arriving: true })[0]?.final).toBe(false);
    expect(troublesOf(seen, going, { ...rules, arriving: true, now: 30_000 })[0]?.final).toBe(true);
  });

  it("takes the progress deadline for the end and the pod for the reason; one from before the apply counts for nothing", () => {
    const late = {
      type: "Progressing",
      status: "False",
      reason: "ProgressDeadlineExceeded",
      lastUpdateTime: "t",
    };
    const overdue = deployment({ observedGeneration: 3, conditions: [late] });
    const seen = observed(overdue, pod("a", { status: badPull("ErrImagePull", "i/o timeout") }));
    const troubles = troublesOf(seen, overdue, rules);
    expect(troubles.map((trouble) => [trouble.obstacle.code, trouble.final])).toEqual([
      ["RA3104", false],
      ["RA3114", true],
    ]);
    expect(troublesOf(observationOf([overdue]), overdue, rules)[0]?.final).toBe(false);
  });

  it("notices that the workload was deleted", () => {
    const seen = observed(going);
    seen.deleted.add("Deployment catalogue/web");
    expect(troublesOf(seen, going, rules)[0]).toMatchObject({
      final: true,
      obstacle: { code: "RA3117", reason: "deleted" },
    });
  });
});
