import { afterEach, beforeEach, expect, it } from "vitest";
import { release, running, type Ground, type OpenGround } from "./ground.ts";

const anHour = { timeout: 3_600_000 };

/** Where clients that wait for a rollout go wrong; the same on the stand-in and on a real cluster. */
export function describeTraps(open: OpenGround): void {
  let ground: Ground;
  beforeEach(async () => {
    ground = await open();
  });
  afterEach(() => ground.close());
  const web = (): string => `/apis/apps/v1/namespaces/${ground.namespace}/deployments/web`;
  const statusOfWeb = async (): Promise<{
    conditions?: { type: string; status: string; reason: string }[];
  }> => (await ground.ask("GET", web())).body["status"] as object;
  const untilProgressing = async (reason: string): Promise<void> => {
    for (;;) {
      const { conditions = [] } = await statusOfWeb();
      if (conditions.some((one) => one.type === "Progressing" && one.reason === reason)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it("1: an apply that changes nothing has no event to wait for", async () => {
    await ground.roll(release(ground, "1.0.0"));
    const version = async (): Promise<unknown> =>
      ((await ground.ask("GET", web())).body["metadata"] as { resourceVersion: string })
        .resourceVersion;
    const before = await version();
    expect((await ground.roll(release(ground, "1.0.0"), anHour)).result).toBe("unchanged");
    expect(await version()).toBe(before);
  });

  it("2: pods of the bad release before are still there, and are not this release's", async () => {
    await ground.roll(release(ground, "1.0.0"));
    const slowToDie = { pod: { terminationGracePeriodSeconds: 30 } };
    const bad = await ground.roll(release(ground, "fault-not-found", slowToDie), { entry: "319" });
    expect(bad.cause?.code).toBe("RA3101");
    for (const [entry, tag] of [
      ["320", "2.0.0"],
      ["321", "1.0.0"],
    ] as const)
      expect(await ground.roll(release(ground, tag), { entry })).toMatchObject({
        result: "passed",
        workloads: [{ images: running(tag), ready: 2 }],
      });
  });

  it("3: what the status says of the generation before does not count", async () => {
    const impatient = { spec: { progressDeadlineSeconds: 1 } };
    const bad = await ground.roll(release(ground, "fault-unready", impatient), anHour);
    expect(bad.result).toBe("failed");
    await untilProgressing("ProgressDeadlineExceeded");
    const patient = { spec: { progressDeadlineSeconds: 60 } };
    expect(await ground.roll(release(ground, "1.0.0", patient), { entry: "319" })).toMatchObject({
      result: "passed",
      workloads: [{ images: running("1.0.0"), ready: 2 }],
    });
  });

  it("4: each pod that gets ready gives the cluster's deadline anew", async () => {
    await ground.roll(release(ground, "1.0.0"));
    const oneByOne = {
      replicas: 3,
      spec: {
        progressDeadlineSeconds: 4,
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
    };
    const rollout = await ground.roll(release(ground, "fault-slow", oneByOne), { entry: "319" });
    expect(rollout).toMatchObject({
      result: "passed",
      workloads: [{ images: running("fault-slow"), ready: 3 }],
    });
  });

  it("5: a pull that fails may be a hiccup, and back-off forgets what was said", async () => {
    expect((await ground.roll(release(ground, "fault-hiccup"), anHour)).result).toBe("passed");
    const limited = await ground.roll(release(ground, "fault-rate-limit"), {
      entry: "319",
      timeout: 2_500,
    });
    expect(limited.cause).toMatchObject({ code: "RA3103" });
    expect(limited.cause?.clusterSaid).toContain("toomanyrequests");
    const wrong = await ground.roll(release(ground, "fault-not-found"), {
      entry: "320",
      ...anHour,
    });
    expect(wrong.cause?.code).toBe("RA3101");
  });

  it("6: StatefulSets and DaemonSets have no deadline of their own", async () => {
    for (const kind of ["StatefulSet", "DaemonSet"] as const) {
      const name = kind.toLowerCase();
      // In order, a StatefulSet waits for its broken pod before it replaces it: nobody comes back from that without a hand.
      const spec = kind === "StatefulSet" ? { podManagementPolicy: "Parallel" } : {};
      const shape = { kind, name, spec };
      expect(await ground.roll(release(ground, "1.0.0", shape))).toMatchObject({
        result: "passed",
        workloads: [{ kind, images: running("1.0.0") }],
      });
      const crash = release(ground, "fault-crash", shape);
      expect((await ground.roll(crash, { entry: "319", ...anHour })).cause).toMatchObject({
        code: "RA3108",
        exitCode: 3,
      });
      const back = await ground.roll(release(ground, "1.0.0", shape), { entry: "320" });
      expect(back, kind).toMatchObject({
        result: "passed",
        workloads: [{ images: running("1.0.0") }],
      });
    }
  });

  it("7: where a quota forbids the pods, there is no pod to look at", async () => {
    await ground.roll(release(ground, "1.0.0"));
    await ground.ask("POST", `/api/v1/namespaces/${ground.namespace}/resourcequotas`, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small" },
      spec: { hard: { pods: "2" } },
    });
    const more = { replicas: 4 };
    const { cause, workloads } = await ground.roll(release(ground, "2.0.0", more), {
      entry: "319",
      ...anHour,
      patience: { grace: 1_500 },
    });
    expect(cause).toMatchObject({ code: "RA3112" });
    expect(cause?.plain).toContain("the quota small");
    expect(workloads).toMatchObject([{ wanted: 4 }]);
    // As many as the quota lets through are replaced all the same.
    await ground.ask("DELETE", `/api/v1/namespaces/${ground.namespace}/resourcequotas/small`);
    const again = await ground.roll(release(ground, "2.0.0", more), { entry: "319" });
    expect(again).toMatchObject({ result: "passed", workloads: [{ images: running("2.0.0") }] });
  });

  it("8: what kubectl applied before does not stay behind a rollout that passed", async () => {
    const env = (...names: string[]) => ({
      container: { env: names.map((name) => ({ name, value: "x" })) },
    });
    const [old] = release(ground, "1.0.0", env("KEPT", "DROPPED")).objects;
    const applied = { ...old, metadata: { ...old?.metadata } };
    applied.metadata.annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(old),
    };
    const path = `/apis/apps/v1/namespaces/${ground.namespace}/deployments`;
    const asKubectl = "fieldManager=kubectl-client-side-apply";
    expect((await ground.ask("POST", `${path}?${asKubectl}`, applied)).status).toBe(201);

    const { result } = await ground.roll(release(ground, "2.0.0", env("KEPT")));
    const live = JSON.stringify((await ground.ask("GET", web())).body["spec"]);
    expect(result).toBe("passed");
    expect(live).toContain(running("2.0.0")[0]?.reference);
    expect(live).not.toContain("DROPPED");
  });
}
