import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { release, running, webhookName, type Ground, type OpenGround } from "./ground.ts";

/** What the cluster does not take; the same on the stand-in and on a real one. */
export function describeRefusals(open: OpenGround): void {
  let ground: Ground;
  beforeEach(async () => {
    ground = await open();
  });
  afterEach(() => ground.close());
  const web = (): string => `/apis/apps/v1/namespaces/${ground.namespace}/deployments/web`;

  describe("an object that the cluster refuses", () => {
    it("is forbidden: the missing rule is named, and nothing was written", async () => {
      const rollout = await ground.roll(release(ground, "1.0.0"), { token: ground.tokens.reader });
      expect(rollout).toMatchObject({ result: "failed", written: 0, cause: { code: "RA3120" } });
      expect(rollout.cause?.next).toBe(
        `Add to the Role of system:serviceaccount:${ground.namespace}:reader in namespace ${ground.namespace}: {apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"]}`,
      );
      expect((await ground.ask("GET", web())).status).toBe(404);
    });

    it("belongs to somebody else: owner and field are named, and nothing is forced", async () => {
      await ground.roll(release(ground, "1.0.0"));
      const scaled = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: { replicas: 3 },
      };
      const took = await ground.ask(
        "PATCH",
        `${web()}?fieldManager=scaler&force=true`,
        scaled,
        "application/apply-patch+yaml",
      );
      expect(took.status).toBe(200);
      const rollout = await ground.roll(release(ground, "2.0.0"), { entry: "319" });
      expect(rollout).toMatchObject({ result: "failed", written: 0, cause: { code: "RA3121" } });
      expect(rollout.cause?.plain).toContain(".spec.replicas belongs to scaler");
      expect((await ground.ask("GET", web())).body["spec"]).toMatchObject({ replicas: 3 });
    });

    it("would change what cannot be changed", async () => {
      await ground.roll(release(ground, "1.0.0"));
      const other = { spec: { selector: { matchLabels: { app: "web", tier: "front" } } } };
      const rollout = await ground.roll(release(ground, "2.0.0", other), { entry: "319" });
      expect(rollout).toMatchObject({ result: "failed", written: 0, cause: { code: "RA3122" } });
      const kept = await ground.ask("GET", web());
      expect(JSON.stringify(kept.body["spec"])).toContain(running("1.0.0")[0]?.reference);
    });

    it("is denied by a webhook, whose sentence is repeated", async () => {
      await ground.deny("deployments", "no build without a signature");
      const rollout = await ground.roll(release(ground, "1.0.0"));
      expect(rollout).toMatchObject({
        result: "failed",
        written: 0,
        cause: {
          code: "RA3113",
          clusterSaid: `admission webhook "${webhookName}" denied the request: no build without a signature`,
        },
      });
    });

    it("is taken, but a webhook denies its pods", async () => {
      await ground.deny("pods", "no root");
      const { cause } = await ground.roll(release(ground, "1.0.0"), {
        timeout: 3_600_000,
        patience: { grace: 1_000 },
      });
      expect(cause).toMatchObject({
        code: "RA3113",
        clusterSaid: `admission webhook "${webhookName}" denied the request: no root`,
      });
    });

    it("comes with credentials that have run out", async () => {
      await expect(
        ground.roll(release(ground, "1.0.0"), { token: ground.tokenFor(-10) }),
      ).rejects.toMatchObject({ code: "RA3008" });
      expect(ground.front.passed.length).toBe(1);
    });
  });
}
