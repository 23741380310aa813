import type { Entry, Release } from "@release-actions/ledger";
import { describe, expect, test } from "vitest";
import { bringOrTakeBack, type Approved } from "./bring-or-take-back.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { connect, type World } from "./connect.ts";
import { deployEnv } from "./deploy-env.ts";
import { prepare } from "./prepared.ts";
import { openTarget } from "./target.ts";
import { digestOf, image, openStage } from "./test/cluster-stage.ts";

const web = (replicas = 1): string =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "web", image }] },
      },
    },
  });
const job = (name: string, script: string): string =>
  JSON.stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "job", image, args: ["-e", script] }],
        },
      },
    },
  });

async function open(scripts: { before?: string; after?: string } = {}) {
  const stage = await openStage();
  const filesOf = (own: typeof scripts) => ({
    "deploy/web.json": web(),
    "deploy/before.json": job("backup", own.before ?? ""),
    "deploy/after.json": job("migrate", own.after ?? ""),
  });
  const sha = await stage.commitFiles(filesOf(scripts));
  const inputsOf = (version: string, more = {}) => {
    const { script: _script, ...inputs } = stage.inputsOf(version);
    const jobs = { before: "deploy/before.json", after: "deploy/after.json" };
    return { ...inputs, manifests: ["deploy"], ...jobs, ...more };
  };
  const jobs = () =>
    stage.cluster
      .objects("Job", "shop")
      .map(({ metadata: { name } }) => name.replace(/-[0-9a-f]{10}/, ""))
      .toSorted();
  /** What the cluster was asked to make, in order. */
  const writes = () =>
    stage.cluster.requests
      .filter(({ wrote, method }) => wrote && method !== "DELETE")
      .map(({ method, path }) => `${method} ${path.split("?")[0]?.split("/").slice(6).join("/")}`);
  return { ...stage, filesOf, sha, inputsOf, jobs, writes };
}

describe("Jobs around a rollout", () => {
  test("before comes first, then the rollout, then after; none of them is a manifest, and none runs twice", async () => {
    const stage = await open();
    const end = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha));
    expect(end.outputs.result).toBe("passed");
    expect(stage.writes()).toEqual(["POST jobs", "PATCH deployments/web", "POST jobs"]);
    expect(stage.jobs()).toEqual(["backup", "migrate"]);
    const again = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha, 2));
    expect(again.outputs.result).toBe("unchanged");
    expect(stage.jobs()).toEqual(["backup", "migrate"]);
    // A rebuilt release is another one.
    await deployEnv(stage.inputsOf("1.1.0"), stage.jobOf(stage.sha));
    expect(stage.jobs()).toEqual(["backup", "backup", "migrate", "migrate"]);
  });

  test("a before that fails leaves the environment as it was; the next attempt tries again", async () => {
    const stage = await open({ before: "console.error('no space left'); process.exit(1)" });
    const end = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha));
    expect(end.failure?.message).toMatch(
      /^RA3501 Environment runs no pod .* Job shop\/backup-\w+ failed: .*no space left\. Nothing was changed/,
    );
    expect(end.summary).toContain("no space left");
    expect(stage.writes()).toEqual(["POST jobs"]);
    await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha, 2));
    expect(stage.jobs()).toEqual(["backup", "backup-2"]);
  });

  test.each([
    ["a Job that is not there", { before: "deploy/gone.json" }, "RA5004"],
    ["a Job that is none", { after: "deploy/web.json" }, "RA3502"],
    ["a path out of the repository", { after: "../after.yml" }, "RA1002"],
    ["no kubeconfig", { kubeconfig: "" }, "RA1001"],
  ])("%s is refused before anything is written", async (_what, more, code) => {
    const stage = await open();
    await expect(
      deployEnv(stage.inputsOf("1.0.0", more), stage.jobOf(stage.sha)),
    ).rejects.toMatchObject({ code });
    expect(stage.writes()).toEqual([]);
  });
});

describe("with a recorded release", () => {
  test("an after that fails takes the release back, and the way back runs no Job", async () => {
    const stage = await open({ after: "process.exit(9)" });
    const releaseOf = (version: string, commit: string): Release => ({
      version,
      tag: version,
      commit,
      components: [{ name: "web", image, digest: digestOf(version) }],
    });
    const environment: EnvironmentSettings = {
      name: "production",
      "image-tags": [],
      deploy: {
        manifests: ["deploy"],
        before: "deploy/before.json",
        after: "deploy/after.json",
        namespace: "shop",
        timeout: 20_000,
      },
    };
    const world = {
      ...connect({ token: stage.githubToken }, stage.jobOf(stage.sha)),
      registry: {
        expectPush: () => undefined,
        resolve: async ({ digest }: { digest?: string }) => digest,
      },
    } as unknown as World;
    const cluster = await openTarget(
      world,
      { kubeconfig: stage.kubeconfig, allowExec: false },
      environment,
    );
    // The recorded release is of a time before there were Jobs.
    const first = releaseOf("1.0.0", await stage.commitFiles({ "deploy/web.json": web() }));
    const second = releaseOf("1.1.0", stage.sha);
    const bring = async (release: Release, replaced: Release | undefined, action: string) =>
      bringOrTakeBack(
        {
          world,
          pipeline: { product: "Shop" },
          environment,
          request: { action, resumed: false },
          release,
          prepared: await prepare(world, "Shop", environment, release, {
            jobs: action === "release" ? ["before", "after"] : [],
          }),
          cluster,
        } as unknown as Approved,
        { id: "production-2", replaced } as Entry,
      );
    expect(await bring(first, undefined, "rollback")).toMatchObject({ result: "passed" });
    expect(stage.jobs()).toEqual([]);
    expect(await bring(second, first, "release")).toMatchObject({
      result: "rolled-back",
      runs: first,
      trouble: { code: "RA3501", plain: expect.stringContaining("exit code 9") as string },
    });
    expect(stage.running()).toContain(digestOf("1.0.0"));
    expect(stage.jobs()).toEqual(["backup", "migrate"]);
  });
});
