import { createAwxStandIn, listen, templateWith, type Played } from "@release-actions/stand-ins";
import { describe, expect, onTestFinished, test } from "vitest";
import { bringOrTakeBack, type Approved } from "./bring-or-take-back.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { connect, type World } from "./connect.ts";
import { deployEnv, type DeployEnvInputs } from "./deploy-env.ts";
import type { Entry, Release } from "@release-actions/ledger";
import { prepare } from "./prepared.ts";
import { openTarget } from "./target.ts";
import { digestOf, image, openStage } from "./test/cluster-stage.ts";

const awxToken = "canary-of-awx";

/** The stage with an AWX, whose playbook sets the image in the cluster as the team's does. */
async function open(asks = true) {
  const stage = await openStage();
  let playing: () => Promise<Played | undefined> = async () => undefined;
  const awx = createAwxStandIn({
    clock: { now: () => new Date() },
    tokens: { [awxToken]: { user: "pipeline" } },
    templates: [templateWith({ id: 5, name: "Deploy", ask_variables_on_launch: asks })],
    play: async ({ extra_vars }) => {
      const played = await playing();
      if (played) return played;
      stage.cluster.apply({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace: String(extra_vars["NAMESPACE"]) },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: "web" } },
          template: {
            metadata: { labels: { app: "web" } },
            spec: {
              terminationGracePeriodSeconds: 1,
              containers: [{ name: "web", image: extra_vars["stack_image"] }],
            },
          },
        },
      });
      return { status: "successful" };
    },
  });
  const served = await listen(awx);
  onTestFinished(served.close);
  const sha = await stage.commit("#!/bin/sh\n");
  const inputsOf = (version: string, more: Partial<DeployEnvInputs> = {}): DeployEnvInputs => {
    const { script: _script, ...inputs } = stage.inputsOf(version, more);
    return {
      ...inputs,
      awxTemplate: "Deploy",
      awxUrl: served.url,
      awxToken,
      vars: ["stack_image=${image}"],
      ...more,
    };
  };
  const environment: EnvironmentSettings = {
    name: "production",
    "image-tags": [],
    deploy: {
      "awx-template": "Deploy",
      "awx-url": served.url,
      vars: { stack_image: "${image}" },
      namespace: "shop",
      timeout: 20_000,
    },
  };
  const releaseOf = (version: string): Release => ({
    version,
    tag: version,
    commit: sha,
    components: [{ name: "web", image, digest: digestOf(version) }],
  });
  /** The way into an environment whose tags are not moved: there is no registry here. */
  const bring = async (release: Release, replaced: Release | undefined, resumed = false) => {
    const world = {
      ...connect({ token: stage.githubToken, awxToken }, stage.jobOf(sha)),
      registry: {
        expectPush: () => undefined,
        resolve: async ({ digest }: { digest?: string }) => digest,
      },
    } as unknown as World;
    const cluster = await openTarget(
      world,
      { kubeconfig: stage.kubeconfig, allowExec: false, awxToken },
      environment,
    );
    const prepared = await prepare(world, "Shop", environment, release);
    const run = {
      world,
      pipeline: { product: "Shop" },
      environment,
      request: { resumed },
      release,
      prepared,
      cluster,
    } as unknown as Approved;
    return bringOrTakeBack(run, { id: "production-2", replaced } as Entry);
  };
  return {
    ...stage,
    awx,
    sha,
    inputsOf,
    bring,
    releaseOf,
    plays: (does: typeof playing) => (playing = does),
  };
}

describe("deploy-env by a job template of AWX", () => {
  test("launches it once with image@digest, and asks every pod afterwards", async () => {
    const stage = await open();
    const end = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha));
    expect(end.outputs).toMatchObject({
      result: "passed",
      running: JSON.stringify({ "Deployment/web": [digestOf("1.0.0")] }),
    });
    const reference = `${image}@${digestOf("1.0.0")}`;
    expect(stage.awx.jobs.map(({ extra_vars }) => extra_vars)).toMatchObject([
      {
        IMAGE_WEB: reference,
        stack_image: reference,
        VERSION: "1.0.0",
        ENVIRONMENT: "environment",
        NAMESPACE: "shop",
        COMMIT: stage.sha,
        release_actions_key: expect.stringMatching(
          /^cessda\/shop environment run-7 forward 1\.0\.0 [0-9a-f]{12}$/,
        ) as string,
      },
    ]);
    // Another attempt of the run finds its job.
    const again = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha, 2));
    expect(again.outputs.result).toBe("passed");
    expect(stage.awx.jobs).toHaveLength(1);
    expect(JSON.stringify([end, stage.said])).not.toContain(awxToken);
  });

  test("a failed task is named with its host; another attempt launches anew", async () => {
    const stage = await open();
    stage.plays(async () => ({
      status: "failed",
      tasks: [
        { play: "Deploy", task: "Set image", host: "stack", result: "failed", msg: "no `quota`" },
      ],
    }));
    const end = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha));
    expect(end.failure?.message).toMatch(
      /^RA3607 .*task «Set image» failed on stack: no `quota` .* Next: .*\/#\/jobs\/playbook\/1\/output/,
    );
    expect(end.outputs.result).toBe("failed");
    stage.plays(async () => undefined);
    const again = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha, 2));
    expect(again.outputs.result).toBe("passed");
    expect(stage.awx.jobs).toHaveLength(2);
  });

  test("a job that was successful and brought another build out is none that passed", async () => {
    const stage = await open();
    await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(stage.sha));
    stage.plays(async () => ({ status: "successful" }));
    const end = await deployEnv(stage.inputsOf("1.1.0"), stage.jobOf(stage.sha));
    expect(end.failure?.message).toContain("RA3115");
  });

  test("without a kubeconfig it is said that nothing was verified", async () => {
    const stage = await open();
    const { kubeconfig: _kubeconfig, ...inputs } = stage.inputsOf("1.0.0");
    const end = await deployEnv(inputs, stage.jobOf(stage.sha));
    expect(end.ok).toBe(true);
    expect(end.summary).toContain("was deployed by its AWX job");
    expect(end.summary).toContain("Nothing was verified");
    expect(stage.warned.join()).toContain("What the AWX job 1 made was not verified");
  });

  test("a template that ignores variables is refused, and a dry run launches nothing", async () => {
    const deaf = await open(false);
    await expect(deployEnv(deaf.inputsOf("1.0.0"), deaf.jobOf(deaf.sha))).rejects.toMatchObject({
      code: "RA3605",
    });
    const stage = await open();
    const dry = await deployEnv(stage.inputsOf("1.0.0", { dryRun: true }), stage.jobOf(stage.sha));
    expect(dry.summary).toContain("The AWX job template `Deploy` would be launched");
    expect([...deaf.awx.jobs, ...stage.awx.jobs]).toEqual([]);
  });

  test("a missing token and a second target are said before anything is asked", async () => {
    const stage = await open();
    const { awxToken: _token, ...inputs } = stage.inputsOf("1.0.0");
    await expect(deployEnv(inputs, stage.jobOf(stage.sha))).rejects.toMatchObject({
      code: "RA1001",
      saw: expect.stringContaining("`awx-token` is not given") as string,
    });
    await expect(
      deployEnv(stage.inputsOf("1.0.0", { script: "run.sh" }), stage.jobOf(stage.sha)),
    ).rejects.toMatchObject({ code: "RA1002" });
    expect(stage.awx.requests).toEqual([]);
  });
});

describe("back to the recorded release", () => {
  test("by a job of its own; a run that was cut off on the way back goes on there", async () => {
    const stage = await open();
    const [first, second] = [stage.releaseOf("1.0.0"), stage.releaseOf("crash")];
    await stage.bring(first, undefined);
    const end = await stage.bring(second, first);
    expect(end).toMatchObject({ result: "rolled-back", runs: first, trouble: { code: "RA3108" } });
    expect(stage.running()).toEqual([digestOf("1.0.0")]);
    const keys = stage.awx.jobs.map(({ extra_vars }) =>
      String(extra_vars["release_actions_key"]).split(" ").slice(2, 5).join(" "),
    );
    expect(keys).toEqual([
      "production-2 forward 1.0.0",
      "production-2 forward crash",
      "production-2 back 1.0.0",
    ]);
    const resumed = await stage.bring(second, first, true);
    expect(resumed).toMatchObject({ result: "rolled-back", trouble: { code: "RA3612" } });
    expect(stage.awx.jobs).toHaveLength(3);
  });
});
