import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRunning } from "../index.ts";
import { openStage, render, running, web, type Stage } from "../test/stage.ts";

/** Rollouts on the cluster stand-in: its pods are processes of this machine. */

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("a rollout that gets through", () => {
  it("takes four requests, with no more rights than needed", async () => {
    const rollout = await stage.roll(render("1.0.0"));
    expect(rollout).toMatchObject({ result: "passed", written: 1 });
    expect(rollout.workloads).toEqual([
      {
        kind: "Deployment",
        name: "web",
        namespace: "catalogue",
        images: running("1.0.0"),
        ready: 2,
        wanted: 2,
      },
    ]);
    expect(stage.asked().toSorted()).toEqual([
      "GET /api/v1/namespaces/catalogue/pods",
      "GET /apis/apps/v1/namespaces/catalogue/deployments",
      "GET /apis/apps/v1/namespaces/catalogue/deployments",
      `PATCH ${web}`,
    ]);
    expect(stage.standIn.pods("catalogue").map((pod) => pod.ready)).toEqual([true, true]);
  });

  it("replaces the running release, and is unchanged in two requests the second time", async () => {
    await stage.roll(render("1.0.0"));
    expect(await stage.roll(render("2.0.0"), { entry: "319" })).toMatchObject({
      result: "passed",
      workloads: [{ images: running("2.0.0") }],
    });
    const from = stage.standIn.requests.length;
    expect(await stage.roll(render("2.0.0"), { entry: "319" })).toMatchObject({
      result: "unchanged",
      workloads: [{ images: running("2.0.0"), ready: 2 }],
    });
    expect(stage.asked(from)).toEqual([
      "GET /apis/apps/v1/namespaces/catalogue/deployments",
      `PATCH ${web}`,
    ]);
    expect(stage.standIn.requests.at(-1)?.wrote).toBe(false);
  });

  it("does not restart the pods of an identical release that another entry deploys", async () => {
    await stage.roll(render("1.0.0"));
    const before = stage.standIn
      .pods("catalogue")
      .map((pod) => pod.name)
      .toSorted();
    expect((await stage.roll(render("1.0.0"), { entry: "400" })).result).toBe("unchanged");
    expect(
      stage.standIn
        .pods("catalogue")
        .map((pod) => pod.name)
        .toSorted(),
    ).toEqual(before);
    expect(stage.standIn.objects("Deployment", "catalogue")[0]?.metadata.annotations).toMatchObject(
      {
        "release-actions/entry": "400",
      },
    );
  });

  it("goes on when the watch is cut", async () => {
    stage.standIn.faults.push({
      matches: ({ path }) => path.includes("/pods?"),
      when: "before",
      does: "reset",
    });
    stage.standIn.faults.push({
      matches: ({ path }) => path.includes("/deployments?"),
      when: "after",
      does: "reset",
    });
    expect((await stage.roll(render("1.0.0"))).result).toBe("passed");
  });

  it("does not take a process that was only started for one that runs", async () => {
    const started = Date.now();
    expect((await stage.roll(render("1.0.0"), { steady: 700 })).result).toBe("passed");
    expect(Date.now() - started).toBeGreaterThanOrEqual(700);
    const container = {
      ports: [{ containerPort: 8080 }],
      readinessProbe: { exec: { command: ["node", "--version"] }, periodSeconds: 1 },
    };
    expect((await stage.roll(render("2.0.0", { container }), { steady: 600_000 })).result).toBe(
      "passed",
    );
  });

  it("has nothing to wait for with no replicas", async () => {
    expect(await stage.roll(render("1.0.0", { replicas: 0 }))).toMatchObject({
      result: "passed",
      workloads: [{ ready: 0, wanted: 0 }],
    });
  });
});

describe("a rollout that does not get through", () => {
  /** A rollout that waited for this deadline would not come back in the test's time. */
  const anHour = { timeout: 3_600_000 };

  it("ends when the image is not in the registry, and the old pods still run", async () => {
    await stage.roll(render("1.0.0"));
    const rollout = await stage.roll(render("lost"), { entry: "319", ...anHour });
    expect(rollout).toMatchObject({
      result: "failed",
      cause: { code: "RA3101", container: "web" },
      workloads: [{ images: running("1.0.0"), ready: 2 }],
    });
    expect(rollout.cause?.clusterSaid).toContain("not found");
  });

  it("gives exit code and last words of a crash", async () => {
    const { result, cause } = await stage.roll(render("crash"), anHour);
    expect(result).toBe("failed");
    expect(cause).toMatchObject({
      code: "RA3108",
      exitCode: 3,
      log: ["starting", "FATAL: no database"],
    });
    expect(cause?.plain).toContain("ended with exit code 3 again and again, restarted");
    expect(cause?.plain).toContain("it said: FATAL: no database");
    expect(cause?.command).toMatch(/^kubectl -n catalogue logs web-[-\w]+ -c web/);
  });

  it("names the key that a secret does not have", async () => {
    const container = {
      env: [
        { name: "URL", valueFrom: { secretKeyRef: { name: "catalogue-db", key: "REPLICA_URL" } } },
      ],
    };
    const more =
      "apiVersion: v1\nkind: Secret\nmetadata: { name: catalogue-db }\nstringData: { URL: x }\n";
    const { cause } = await stage.roll(render("1.0.0", { container, more }));
    expect(cause).toMatchObject({
      code: "RA3105",
      clusterSaid: "couldn't find key REPLICA_URL in Secret catalogue/catalogue-db",
    });
    expect(cause?.plain).toMatch(
      /^[12] of 2 new pods of Deployment catalogue\/web did not get ready, because the secret catalogue-db has no key REPLICA_URL\.$/,
    );
    expect(
      (
        await stage.roll(
          render("1.0.0", { container: { envFrom: [{ configMapRef: { name: "settings" } }] } }),
        )
      ).cause?.code,
    ).toBe("RA3106");
  });

  it("waits for a probe until the deadline and gives its answer", async () => {
    const container = {
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
    };
    const { cause, seconds } = await stage.roll(render("1.0.0", { container, replicas: 1 }), {
      timeout: 2_500,
    });
    expect(cause).toMatchObject({ code: "RA3110", container: "web" });
    expect(cause?.plain).toContain(
      "never became ready: its readiness probe (GET /ready on port 8080) got: Get ",
    );
    expect(seconds).toBeGreaterThanOrEqual(2.5);
  });

  it("goes back to the release before, and does not blame it for the dying pods of the bad one", async () => {
    await stage.roll(render("1.0.0"));
    expect((await stage.roll(render("crash"), { entry: "319" })).result).toBe("failed");
    const back = await stage.roll(render("1.0.0"), { entry: "319" });
    expect(back).toMatchObject({
      result: "passed",
      workloads: [{ images: running("1.0.0"), ready: 2, wanted: 2 }],
    });
    const cluster = await stage.connect();
    expect(await readRunning(cluster, render("1.0.0"))).toMatchObject([
      { images: running("1.0.0"), ready: 2, entry: "319", version: "1.0.0" },
    ]);
  });
});
