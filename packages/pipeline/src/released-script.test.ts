import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Release } from "@release-actions/ledger";
import { describe, expect, test } from "vitest";
import { bringOrTakeBack, type Approved } from "./bring-or-take-back.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { wrongTargets } from "./configuration/wrong-targets.ts";
import { connect, type World } from "./connect.ts";
import { deployEnv, type DeployEnvInputs } from "./deploy-env.ts";
import { prepare } from "./prepared.ts";
import { openTarget } from "./target.ts";
import { clusterToken, digestOf, image, openStage } from "./test/cluster-stage.ts";

/** The team's own script: sets the image that it is given, in a Deployment that it wrote itself. */
const script = (failing = "") => `#!/usr/bin/env node
const { readFileSync } = require("node:fs");
const { clusters, users } = JSON.parse(readFileSync(process.env.KUBECONFIG, "utf8"));
console.log("::error::hostile output for " + process.env.VERSION);
console.log("my token is " + users[0].user.token);
${failing}
const labels = { app: "web" };
const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: "web", image: process.env.IMAGE_WEB }] };
const object = {
  apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" },
  spec: { replicas: Number(process.env.REPLICAS || 1), selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
};
fetch(clusters[0].cluster.server + "/apis/apps/v1/namespaces/" + process.env.NAMESPACE + "/deployments/web?fieldManager=script&force=true", {
  method: "PATCH",
  headers: { authorization: "Bearer " + users[0].user.token, "content-type": "application/apply-patch+yaml" },
  body: JSON.stringify(object),
}).then((answer) => { process.exitCode = answer.ok ? 0 : 4; });
`;

describe("deploy-env with the product's own script", () => {
  test("the script of the commit brings the digest out, and every pod is asked", async () => {
    const stage = await openStage();
    const sha = await stage.commit(script());
    const end = await deployEnv(
      stage.inputsOf("1.0.0", { vars: ["REPLICAS=2"] }),
      stage.jobOf(sha),
    );
    expect(end.ok).toBe(true);
    expect(end.outputs).toMatchObject({
      result: "passed",
      running: JSON.stringify({ "Deployment/web": [digestOf("1.0.0")] }),
    });
    expect(stage.running()).toEqual([digestOf("1.0.0"), digestOf("1.0.0")]);
    expect(stage.said).toContain("::error::hostile output for 1.0.0");
    expect(stage.said).toContain("my token is ***");
    expect(readdirSync(join(stage.directory, "temp"))).toEqual([]);

    // Another attempt of the run sees that the work is done.
    const again = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(sha, 2));
    expect(again.outputs.result).toBe("passed");
    expect(stage.said).toContain("1.0.0 already runs: deploy/run.js is not run again");
    expect(stage.patches()).toBe(1);
    // One that does not see it runs the script again, and says so.
    const next = await deployEnv(stage.inputsOf("1.1.0"), stage.jobOf(sha, 2));
    expect(next.ok).toBe(true);
    expect(stage.said.some((line) => line.includes("it is run again for 1.0.0"))).toBe(true);
    expect(stage.running()).toContain(digestOf("1.1.0"));
  });

  test("another exit code: nothing recorded to go back to, the last lines in the summary, no secret", async () => {
    const stage = await openStage();
    const sha = await stage.commit(script("console.error('no helm here'); process.exit(7);"));
    const end = await deployEnv(stage.inputsOf("1.0.0"), stage.jobOf(sha));
    expect(end.ok).toBe(false);
    expect(end.failure?.message).toMatch(/^RA3201 .*deploy\/run\.js ended with exit code 7\./);
    expect(end.summary).toContain("no helm here");
    expect(JSON.stringify(end)).not.toContain(clusterToken);
  });

  test("without a kubeconfig nothing is verified, and that is said", async () => {
    const stage = await openStage();
    const sha = await stage.commit('#!/bin/sh\necho "[$KUBECONFIG]" $IMAGE_WEB\n');
    const { kubeconfig: _kubeconfig, ...inputs } = stage.inputsOf("1.0.0");
    const end = await deployEnv(inputs, stage.jobOf(sha));
    expect(end.ok).toBe(true);
    expect(stage.said).toContain(`[] ${image}@${digestOf("1.0.0")}`);
    expect(end.summary).toContain("Nothing was verified");
    expect(stage.warned.join()).toContain("Nothing was verified");
  });

  test("a dry run names script and images, and runs nothing", async () => {
    const stage = await openStage();
    const sha = await stage.commit(script());
    const end = await deployEnv(stage.inputsOf("1.0.0", { dryRun: true }), stage.jobOf(sha));
    expect(end.summary).toContain(`${image}@${digestOf("1.0.0")}`);
    expect(stage.patches()).toBe(0);
    expect(stage.said).toEqual([]);
  });

  test.each<[string, Partial<DeployEnvInputs>, string]>([
    ["a script that is not there", { script: "deploy/gone.sh" }, "RA3204"],
    ["a path out of the repository", { script: "../run.sh" }, "RA1002"],
    ["both targets", { manifests: ["deploy"] }, "RA1002"],
    ["a line that is no variable", { vars: ["REPLICAS: 2"] }, "RA1002"],
    ["a variable of the release", { vars: ["VERSION=2"] }, "RA3206"],
  ])("%s is refused before anything runs", async (_what, more, code) => {
    const stage = await openStage();
    const sha = await stage.commit(script());
    await expect(deployEnv(stage.inputsOf("1.0.0", more), stage.jobOf(sha))).rejects.toMatchObject({
      code,
    });
    expect(stage.patches()).toBe(0);
  });
});

describe("back to the recorded release", () => {
  /** The way into an environment whose tags are not moved: there is no registry here. */
  async function bring(
    stage: Awaited<ReturnType<typeof openStage>>,
    release: Release,
    replaced: Release | undefined,
    resumed = false,
  ) {
    const environment: EnvironmentSettings = {
      name: "production",
      "image-tags": [],
      deploy: { script: "deploy/run.js", namespace: "shop", timeout: 8_000 },
    };
    const job = stage.jobOf(release.commit);
    const world = connect({ token: stage.githubToken }, job) as World;
    const cluster = await openTarget(
      world,
      { kubeconfig: stage.kubeconfig, allowExec: false },
      environment,
    );
    const prepared = await prepare(world, "Shop", environment, release);
    const run = {
      world: { ...world, registry: noRegistry },
      pipeline: { product: "Shop" },
      environment,
      request: { resumed },
      release,
      prepared,
      cluster,
    } as unknown as Approved;
    return bringOrTakeBack(run, { id: "production-2", replaced } as Entry);
  }
  /** Every digest is where it is looked for, and no tag is asked for. */
  const noRegistry = {
    expectPush: () => undefined,
    resolve: async ({ digest }: { digest?: string }) => digest,
  };
  const releaseOf = (version: string, commit: string): Release => ({
    version,
    tag: version,
    commit,
    components: [{ name: "web", image, digest: digestOf(version) }],
  });

  test("its own script at its own commit with its own digests, verified again", async () => {
    const stage = await openStage();
    const first = releaseOf("1.0.0", await stage.commit(script()));
    expect(await bring(stage, first, undefined)).toMatchObject({ result: "passed", runs: first });
    // The next release's script is another one; its build crashes.
    const second = releaseOf("crash", await stage.commit(script("console.log('second script');")));
    const end = await bring(stage, second, first);
    expect(end).toMatchObject({
      result: "rolled-back",
      runs: first,
      trouble: { code: "RA3108" },
      running: [{ name: "web", images: [{ digest: digestOf("1.0.0") }] }],
    });
    expect(end.trouble?.log?.join("\n")).toContain("FATAL: no database");
    const versions = stage.said
      .filter((line) => line.startsWith("::error::"))
      .map((line) => line.split(" ").at(-1));
    expect(versions).toEqual(["1.0.0", "crash", "1.0.0"]);
    expect(stage.said.filter((line) => line === "second script")).toHaveLength(1);
    expect(stage.running()).toEqual([digestOf("1.0.0")]);
  });

  test("a recorded release without such a script is said, and so is one that fails too", async () => {
    const stage = await openStage();
    const first = { ...releaseOf("1.0.0", await stage.commit(script())) };
    await bring(stage, first, undefined);
    const second = releaseOf("1.1.0", await stage.commit(script("process.exit(5);")));
    const none = { ...first, commit: await stage.commit(script(), "run.js") };
    expect(await bring(stage, second, none)).toMatchObject({
      result: "failed",
      runs: undefined,
      noWayBack:
        "1.0.0 cannot be brought out again: deploy/run.js does not exist at the released commit",
      trouble: { code: "RA3201", plain: "deploy/run.js ended with exit code 5." },
    });
    const broken = { ...first, commit: await stage.commit("#!/bin/sh\nexit 1\n") };
    const failing = await bring(stage, second, broken);
    expect(failing).toMatchObject({ result: "failed", runs: undefined });
    expect(failing.noWayBack).toContain("Going back to 1.0.0 failed too");
  });

  test("a resumed run that finds its work done goes on to the smoke test without the script", async () => {
    const stage = await openStage();
    const first = releaseOf("1.0.0", await stage.commit(script()));
    await bring(stage, first, undefined);
    const from = stage.patches();
    expect(await bring(stage, first, undefined, true)).toMatchObject({ result: "passed" });
    expect(stage.patches()).toBe(from);
  });
});

describe("the file's targets", () => {
  const deploys = (deploy: EnvironmentSettings["deploy"]) =>
    wrongTargets([{ name: "production", deploy }], [{ name: "a-b" }, { name: "a.b" }]).map(
      ({ saw }) => saw,
    );
  test("exactly one, and variables that do not meet", () => {
    expect(deploys(undefined)).toEqual([]);
    expect(deploys({ manifests: ["deploy"] })).toEqual([]);
    expect(deploys({ namespace: "shop" })).toEqual([
      "has neither manifests nor chart nor awx-template nor script",
    ]);
    expect(deploys({ manifests: ["deploy"], script: "run.sh" })).toEqual([
      "has both manifests and script; choose one",
      "the components a-b and a.b would both be IMAGE_A_B",
    ]);
    expect(deploys({ manifests: ["deploy"], vars: { A: "1" } })).toEqual([
      "is only for a chart, a script or a job of AWX, and there is none",
    ]);
    expect(deploys({ chart: "charts/web", vars: { "a.b": "1" }, values: ["x.yml"] })).toEqual([]);
    expect(deploys({ chart: "charts/web", vars: { a: "1", "a.b": "1" } })).toEqual([
      "has a and a.b: the one is a part of the other",
    ]);
    expect(deploys({ chart: "charts/web", vars: { "a.__proto__": "1" } })).toEqual([
      "has a.__proto__, which is no name of a value",
    ]);
    expect(deploys({ script: "run.sh", vars: { "a.b": "1" }, values: ["x.yml"] })).toEqual([
      "is only for a chart, and there is none",
      "has a.b, which is not the name of a variable",
      "the components a-b and a.b would both be IMAGE_A_B",
    ]);
    expect(
      wrongTargets([{ name: "x", deploy: { script: "run.sh", vars: { VERSION: "1" } } }]),
    ).toEqual([
      {
        path: ["environments", "x", "deploy", "script"],
        saw: "`vars` has VERSION, which the script already gets from the release",
      },
    ]);
  });
});
