import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { release, running, type Ground, type OpenGround } from "./ground.ts";

/** A rollout that waited for this would not come back in the test's time. */
const anHour = { timeout: 3_600_000 };

/** How rollouts end, and what that costs; the same on the stand-in and on a real cluster. */
export function describeVerdicts(
  open: OpenGround,
  /** Pods of each of a hundred workloads. */
  { replicasOfMany = 1 }: { replicasOfMany?: number } = {},
): void {
  let ground: Ground;
  beforeEach(async () => {
    ground = await open();
  });
  afterEach(() => ground.close());
  const deployments = (): string => `/apis/apps/v1/namespaces/${ground.namespace}/deployments`;
  const pods = (): string => `/api/v1/namespaces/${ground.namespace}/pods`;

  describe("a rollout that gets through", () => {
    it("takes four requests, however long it takes, and shows what runs", async () => {
      for (const [entry, tag] of [
        ["318", "1.0.0"],
        ["319", "fault-slow"],
      ] as const) {
        const from = ground.front.passed.length;
        const rollout = await ground.roll(release(ground, tag), { entry });
        expect(rollout).toMatchObject({
          result: "passed",
          written: 1,
          workloads: [
            { kind: "Deployment", name: "web", ready: 2, wanted: 2, images: running(tag) },
          ],
        });
        expect(ground.asked(from)).toEqual([
          `GET ${pods()}`,
          `GET ${deployments()}`,
          `GET ${deployments()}`,
          `PATCH ${deployments()}/web`,
        ]);
      }
    });

    it("takes two requests where everything runs already, whichever entry it is for, and leaves the pods alone", async () => {
      await ground.roll(release(ground, "1.0.0"));
      const names = async (): Promise<unknown> =>
        ((await ground.ask("GET", pods())).body["items"] as { metadata: { name: string } }[])
          .map(({ metadata }) => metadata.name)
          .toSorted();
      const before = await names();
      for (const entry of ["318", "400"]) {
        const from = ground.front.passed.length;
        expect(await ground.roll(release(ground, "1.0.0"), { entry })).toMatchObject({
          result: "unchanged",
          before: [{ images: running("1.0.0"), ready: 2 }],
          workloads: [{ images: running("1.0.0"), ready: 2 }],
        });
        expect(ground.asked(from)).toEqual([`GET ${deployments()}`, `PATCH ${deployments()}/web`]);
      }
      expect(await names()).toEqual(before);
    });

    it("looks once and watches each kind once, for a hundred workloads", async () => {
      const shapes = Array.from({ length: 100 }, (_, index) => ({
        name: `web-${index}`,
        replicas: replicasOfMany,
      }));
      const rollout = await ground.roll(release(ground, "1.0.0", ...shapes));
      expect(rollout).toMatchObject({ result: "passed", written: 100 });
      expect(ground.asked()).toEqual([
        `GET ${pods()}`,
        `GET ${deployments()}`,
        `GET ${deployments()}`,
        ...shapes.map(({ name }) => `PATCH ${deployments()}/${name}`).toSorted(),
      ]);
    });

    it("bears a pull that fails once, and a container that crashes once", async () => {
      for (const tag of ["fault-hiccup", "fault-crash-once"])
        expect(await ground.roll(release(ground, tag))).toMatchObject({
          result: "passed",
          workloads: [{ images: running(tag), ready: 2 }],
        });
    });
  });

  describe("a rollout that does not get through", () => {
    it("ends at once when the image is not in the registry, and the old pods still run", async () => {
      await ground.roll(release(ground, "1.0.0"));
      const rollout = await ground.roll(release(ground, "fault-not-found"), {
        entry: "319",
        ...anHour,
      });
      expect(rollout).toMatchObject({
        result: "failed",
        cause: { code: "RA3101", container: "web" },
        workloads: [{ images: running("1.0.0"), ready: 2 }],
      });
    });

    it("ends at once when the registry does not let the cluster in", async () => {
      const { cause } = await ground.roll(release(ground, "fault-unauthorized"), anHour);
      expect(cause).toMatchObject({ code: "RA3102", container: "web" });
    });

    it("waits for a registry's limit until the deadline, and says so", async () => {
      const rollout = await ground.roll(release(ground, "fault-rate-limit"), { timeout: 3_000 });
      expect(rollout).toMatchObject({ result: "failed", cause: { code: "RA3103" } });
      expect(rollout.cause?.clusterSaid).toContain("toomanyrequests");
    });

    it("ends at once when the build crashes, with exit code and last words, for three more requests", async () => {
      const { cause, result } = await ground.roll(release(ground, "fault-crash"), anHour);
      expect(result).toBe("failed");
      expect(cause).toMatchObject({
        code: "RA3108",
        container: "web",
        exitCode: 3,
        log: ["starting", "FATAL: no database"],
      });
      expect(cause?.plain).toContain("it said: FATAL: no database");
      expect(ground.front.passed.length).toBeLessThanOrEqual(4 + 3);
    });

    it("waits for a build that never gets ready until the deadline, with the probe's answer", async () => {
      const { cause } = await ground.roll(release(ground, "fault-unready"), { timeout: 3_000 });
      expect(cause).toMatchObject({ code: "RA3110", container: "web" });
      expect(cause?.plain).toContain("never became ready: its readiness probe");
      expect(ground.front.passed.length).toBeLessThanOrEqual(4 + 3);
    });

    it("ends when the cluster gives up, long before a deadline of an hour", async () => {
      const impatient = { spec: { progressDeadlineSeconds: 2 } };
      const { cause } = await ground.roll(release(ground, "fault-unready", impatient), anHour);
      expect(cause?.code).toBe("RA3110");
    });

    it("ends at once when a secret lacks a key", async () => {
      const container = {
        env: [{ name: "URL", valueFrom: { secretKeyRef: { name: "db", key: "REPLICA_URL" } } }],
      };
      const more = "apiVersion: v1\nkind: Secret\nmetadata: { name: db }\nstringData: { URL: x }\n";
      const { cause } = await ground.roll(
        release(ground, "fault-missing-key", { container, more }),
        anHour,
      );
      expect(cause).toMatchObject({
        code: "RA3105",
        clusterSaid: `couldn't find key REPLICA_URL in Secret ${ground.namespace}/db`,
      });
    });

    it("names the quota that leaves no pod", async () => {
      await ground.ask("POST", `/api/v1/namespaces/${ground.namespace}/resourcequotas`, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "small" },
        spec: { hard: { pods: "0" } },
      });
      const { cause } = await ground.roll(release(ground, "1.0.0"), {
        ...anHour,
        patience: { grace: 1_000 },
      });
      expect(cause).toMatchObject({ code: "RA3112" });
      expect(cause?.clusterSaid).toMatch(
        /^pods "web-\w+-\w+" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0$/,
      );
    });

    it("says at the deadline that no node has room", async () => {
      const container = { resources: { requests: { cpu: "1000" } } };
      const { cause } = await ground.roll(release(ground, "1.0.0", { container }), {
        timeout: 2_000,
      });
      expect(cause).toMatchObject({ code: "RA3111" });
      expect(cause?.clusterSaid).toMatch(/^0\/1 nodes are available: 1 Insufficient cpu\./);
    });
  });
}
