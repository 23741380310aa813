import { describe, expect, inject, test } from "vitest";
import {
  openRealCluster,
  type ControlPlaneAccess,
  type RealCluster,
} from "../../../test-support/real-cluster.ts";
import { configure, recordPass, release, type Build } from "../../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../../test-support/stage.ts";

/** The built action on a real control plane. Its pods are simulated; a version that ends with `fault-<name>` suffers that fault. */

const plane = inject("controlPlane");

/** A GitHub with the shop's releases, and a namespace of the real cluster. */
type Ground = AsyncDisposable & {
  stage: Stage;
  front: RealCluster["front"];
  deploy(build: Build): ReturnType<Stage["run"]>;
};

async function open(access: ControlPlaneAccess): Promise<Ground> {
  const stage = await openStage();
  const cluster = await openRealCluster(access);
  configure(stage, {
    staging: {
      "image-tags": ["${version}"],
      deploy: { manifests: "deploy/web.yml", namespace: cluster.namespace, timeout: "60s" },
    },
  });
  const wish = (build: Build): JobWish => ({
    tag: build.version,
    dockerLogin: true,
    inputs: { environment: "staging", kubeconfig: cluster.kubeconfig },
  });
  return {
    stage,
    front: cluster.front,
    deploy: (build) => stage.run("deploy-env", wish(build)),
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** One Deployment and nothing else. */
function manifest(stage: Stage): string {
  const labels = { app: "web" };
  const container = {
    name: "web",
    image: `${stage.registryHost}/shop/web`,
    readinessProbe: { httpGet: { path: "/", port: 8080 } },
  };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
}

const build = async (stage: Stage, version: string): Promise<Build> =>
  release(stage, version, { files: { "deploy/web.yml": manifest(stage) } });
const digests = (outputs: Record<string, string>): unknown => JSON.parse(outputs["running"] ?? "");

describe.skipIf(plane === undefined)("on a real control plane", () => {
  const access = plane as ControlPlaneAccess;

  test("a rollout takes four requests, and two where everything runs already", async () => {
    await using ground = await open(access);
    const first = await build(ground.stage, "1.0.0");
    const end = await ground.deploy(first);
    expect(end.outputs["result"], end.log).toBe("passed");
    expect(digests(end.outputs)).toEqual({ "Deployment/web": [first.digest] });
    expect(ground.front.passed.length).toBeLessThanOrEqual(4);

    const from = ground.front.passed.length;
    const again = await ground.deploy(first);
    expect(again.outputs["result"]).toBe("unchanged");
    expect(digests(again.outputs)).toEqual({ "Deployment/web": [first.digest] });
    expect(ground.front.passed.length - from).toBeLessThanOrEqual(2);
  });

  test.each([
    { fault: "crash", code: "RA3108" },
    { fault: "not-found", code: "RA3101" },
    { fault: "missing-object", code: "RA3107" },
  ])(
    "$fault: the recorded release comes back, and the summary says so first",
    async ({ fault, code }) => {
      await using ground = await open(access);
      const first = await build(ground.stage, "1.0.0");
      expect((await ground.deploy(first)).outputs["result"]).toBe("passed");
      recordPass(ground.stage, first, "staging");

      const from = ground.front.passed.length;
      const end = await ground.deploy(await build(ground.stage, `1.1.0-fault-${fault}`));
      expect(end.status, end.log).toBe(1);
      expect(end.outputs["result"]).toBe("rolled-back");
      expect(end.reasons).toMatchObject([{ rule: "rollout", holds: false, code }]);
      expect(digests(end.outputs)).toEqual({ "Deployment/web": [first.digest] });
      expect(end.summary.split("\n")[0]).toBe(
        `### Staging still runs 1.0.0. The deployment of 1.1.0-fault-${fault} failed and was rolled back.`,
      );
      // A rollout, what is asked for the reason, what stands (two), the rollout back, which needs no look, and what stands then.
      expect(ground.front.passed.length - from).toBeLessThanOrEqual(4 + 3 + 2 + 3 + 2);
    },
  );
});
