import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import {
  configure,
  recordPass,
  release,
  runningDigests,
  type Build,
} from "../../test-support/shop.ts";
import { kubeconfigOf, openStage, type JobWish, type Stage } from "../../test-support/stage.ts";

/** The step of a job on the release's tag, without the file. */
const alone = (stage: Stage, build: Build, more: Record<string, string> = {}): JobWish => ({
  tag: build.version,
  inputs: {
    config: "",
    images: `web=${build.image}@${build.digest}`,
    manifests: "deploy/web.yml",
    namespace: "shop",
    timeout: "20s",
    kubeconfig: stage.kubeconfig,
    ...more,
  },
});

describe.concurrent("without the file", () => {
  test("a glob takes the files that it names, and one that takes none is refused", async () => {
    await using stage = await openStage();
    const build = await release(stage, "1.0.0");
    const none = await stage.run("deploy-env", alone(stage, build, { manifests: "*/web.json" }));
    expect(none.annotations[0]?.title).toContain("RA5004");
    expect(stage.writes()).toEqual([]);
    for (const manifests of ["deploy/w?b.y*", "**/web.yml"]) {
      const end = await stage.run("deploy-env", alone(stage, build, { manifests }));
      expect(end.status, end.printed).toBe(0);
      expect(runningDigests(stage)).toEqual([build.digest]);
    }
  });

  test("the manifests at GITHUB_SHA run with these digests; again: unchanged", async () => {
    await using stage = await openStage();
    const first = await release(stage, "1.0.0");
    const run = stage.newRun({ tag: "1.0.0" });
    const asked = stage.watch(stage.cluster);
    const end = await stage.run("deploy-env", { ...alone(stage, first), run });
    expect(end.status).toBe(0);
    // A look, an apply for each of three objects, two watches.
    expect(asked()).toHaveLength(1 + 3 + 2);
    expect(end.outputs["result"]).toBe("passed");
    expect(JSON.parse(end.outputs["running"] ?? "")).toEqual({ "Deployment/web": [first.digest] });
    expect(runningDigests(stage)).toEqual([first.digest]);

    const writes = stage.writes().length;
    const again = await stage.run("deploy-env", { ...alone(stage, first), run, attempt: 2 });
    expect(again.outputs["result"]).toBe("unchanged");
    expect(stage.writes()).toHaveLength(writes);
    const [pod] = stage.cluster.pods("shop");
    const askedAgain = stage.watch(stage.cluster);
    const otherRun = await stage.run("deploy-env", alone(stage, first));
    expect(otherRun.outputs["result"]).toBe("unchanged");
    expect(askedAgain()).toHaveLength(1 + 3);
    expect(stage.cluster.pods("shop").map(({ name }) => name)).toEqual([pod?.name]);

    const second = await release(stage, "1.1.0");
    const next = await stage.run("deploy-env", alone(stage, second));
    expect(JSON.parse(next.outputs["previous"] ?? "")).toEqual({
      "Deployment/web": [first.digest],
    });
    expect(JSON.parse(next.outputs["running"] ?? "")).toEqual({
      "Deployment/web": [second.digest],
    });
  });

  test("a dry run names the objects and writes nothing", async () => {
    await using stage = await openStage();
    const end = await stage.run(
      "deploy-env",
      alone(stage, await release(stage, "1.0.0"), { "dry-run": "true" }),
    );
    expect(end.status).toBe(0);
    for (const object of ["Deployment shop/web", "Service shop/web", "Ingress shop/web"])
      expect(end.summary).toContain(`**${object}** would be made`);
    expect(end.outputs["result"]).toBe("unchanged");
    expect(stage.writes()).toEqual([]);
  });

  test("a dry run tells field by field what would change, and fails where the cluster would refuse", async () => {
    await using stage = await openStage();
    const first = await release(stage, "1.0.0");
    await stage.run("deploy-env", alone(stage, first));
    const second = await release(stage, "1.1.0");
    const written = stage.writes().length;
    const end = await stage.run("deploy-env", alone(stage, second, { "dry-run": "true" }));
    expect(end.status).toBe(0);
    expect(end.summary).toContain(
      "The cluster tried 3 objects: 0 would be made, 1 changed, 2 stay the same.",
    );
    expect(end.summary).toContain(
      `\`spec.template.spec.containers[web].image\`: \`${second.image}@${first.digest}\` → \`${second.image}@${second.digest}\``,
    );
    stage.cluster.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop" },
      spec: { replicas: 5 },
    });
    const refused = await stage.run("deploy-env", alone(stage, second, { "dry-run": "true" }));
    expect(refused.status).toBe(1);
    expect(refused.outputs["result"]).toBe("failed");
    expect(refused.reasons).toMatchObject([{ rule: "dry-run", holds: false, code: "RA3121" }]);
    expect(refused.summary).toContain("1 would be refused");
    expect(refused.summary).toContain("belongs to operator");
    expect(stage.writes()).toHaveLength(written);
  });

  test("a build that crashes: failed, with the container's words, and no recorded release to go back to", async () => {
    await using stage = await openStage();
    const build = await release(stage, "1.0.0", { behaviour: "crash" });
    const end = await stage.run("deploy-env", alone(stage, build));
    expect(end.status).toBe(1);
    expect(end.outputs["result"]).toBe("failed");
    expect(end.annotations[0]?.message).toMatch(
      /^RA3108 Environment runs no pod that is ready, neither of 1\.0\.0 nor of a recorded release\. The deployment of 1\.0\.0 failed\. .*There is no recorded release to go back to/,
    );
    expect(end.reasons).toMatchObject([
      { rule: "rollout", holds: false, code: expect.stringMatching(/^RA31/) as string },
    ]);
    expect(end.log).toContain("FATAL: no database for 1.0.0");
  });

  test("a cluster that is not the named one is refused before anything is written", async () => {
    await using stage = await openStage();
    const build = await release(stage, "1.0.0");
    const wrong = await stage.run("deploy-env", alone(stage, build, { cluster: "0ff" }));
    expect(wrong.annotations[0]?.title).toContain("RA3014");
    expect(stage.writes()).toEqual([]);
    const uid =
      stage.cluster.objects("Namespace").find(({ metadata }) => metadata.name === "kube-system")
        ?.metadata.uid ?? "";
    const right = await stage.run(
      "deploy-env",
      alone(stage, build, { cluster: uid, "dry-run": "true" }),
    );
    expect(right.status).toBe(0);
  });
});

describe.concurrent("with the file", () => {
  test("takes the release from the tag, and after a crash goes back to the recorded one", async () => {
    await using stage = await openStage();
    configure(stage);
    const [first, second] = [
      await release(stage, "1.0.0"),
      await release(stage, "1.1.0", { behaviour: "crash" }),
    ];
    const wish = (tag: string): JobWish => ({
      tag,
      dockerLogin: true,
      inputs: { environment: "staging", kubeconfig: stage.kubeconfig },
    });
    const good = await stage.run("deploy-env", wish("1.0.0"));
    expect(good.outputs).toMatchObject({ result: "passed", url: stage.siteUrl });
    recordPass(stage, first, "staging");
    const crashed = await stage.run("deploy-env", wish("1.1.0"));
    expect(crashed.status).toBe(1);
    expect(crashed.outputs["result"]).toBe("rolled-back");
    expect(crashed.annotations[0]?.message).toContain(
      "Staging still runs 1.0.0. The deployment of 1.1.0 failed and was rolled back.",
    );
    expect(runningDigests(stage)).toEqual([first.digest]);
    expect(crashed.outputs["running"]).not.toContain(second.digest);
  });

  test("a release without evidence is refused", async () => {
    await using stage = await openStage();
    configure(stage);
    await release(stage, "1.0.0");
    const end = await stage.run("deploy-env", {
      inputs: { environment: "production", version: "1.0.0", kubeconfig: stage.kubeconfig },
    });
    expect(end.annotations[0]?.title).toContain("RA1203");
    expect(stage.writes()).toEqual([]);
  });
});

const image = `web=registry.example.org/shop/web@sha256:${"0".repeat(64)}`;
const given = { images: image, manifests: "deploy/web.yml", config: "" };
const withKubeconfig = (kubeconfig: string) => (stage: Stage, build: Build) =>
  alone(stage, build, { kubeconfig });
refusesInputs("deploy-env", [
  ["neither images nor a file", { inputs: { config: "" } }, "RA1001", /`images` is not given/],
  [
    "no file in the repository",
    { inputs: { environment: "staging" } },
    "RA1101",
    /release-pipeline\.yml/,
  ],
  [
    "a chart, and no helm on the runner",
    (stage, build) => ({
      ...alone(stage, build, { manifests: "", chart: "charts/shop" }),
      variables: { PATH: "/nowhere" },
    }),
    "RA3401",
    /there is no `helm` on the PATH/,
  ],
  [
    "a kustomization, and no kustomize on the runner",
    (stage, build) => {
      stage.repository.commit({
        branch: "main",
        message: "Kustomize",
        author: "ada",
        files: { "deploy/kustomization.yaml": "resources: [web.yml]\n" },
      });
      stage.repository.createTag("2.0.0", stage.repository.log("main")[0] ?? "", "ada");
      return {
        ...alone(stage, { ...build, version: "2.0.0" }, { manifests: "deploy" }),
        variables: { PATH: "/nowhere" },
      };
    },
    "RA3411",
    /neither `kubectl` nor `kustomize`/,
  ],
  [
    "a chart and manifests",
    { inputs: { ...given, chart: "charts/shop" } },
    "RA1002",
    /both `manifests` and `chart` are given/,
  ],
  [
    "values without a chart",
    { inputs: { ...given, values: "charts/dev.yaml" } },
    "RA1002",
    /`values` is only for a chart/,
  ],
  [
    "an env file in a repository that is not there",
    (stage, build) => alone(stage, build, { "env-files": "example/gone/dev.env@main" }),
    "RA3409",
    /example\/gone has no branch, tag or commit main/,
  ],
  ["no manifests", { inputs: { images: image, config: "" } }, "RA1001", /`manifests` is not given/],
  [
    "an image without a digest",
    { inputs: { ...given, images: "web=registry.example.org/shop/web:1" } },
    "RA1002",
    /it takes name=image@sha256/,
  ],
  [
    "manifests that are not there",
    { inputs: { ...given, manifests: "gone.yml" } },
    "RA5004",
    /gone\.yml does not exist/,
  ],
  ["no kubeconfig", withKubeconfig(""), "RA1001", /`kubeconfig` is not given/],
  [
    "a kubeconfig over plain http",
    withKubeconfig(kubeconfigOf("http://cluster.example.org", { token: "nobodys-token" })),
    "RA3004",
    /http:\/\/cluster\.example\.org/,
  ],
  [
    "a kubeconfig that would run a program",
    withKubeconfig(kubeconfigOf("https://127.0.0.1:1", { exec: { command: "touch" } })),
    "RA3002",
    /`exec`/,
  ],
  [
    "a kubeconfig that names files",
    withKubeconfig(kubeconfigOf("https://127.0.0.1:1", { tokenFile: "/etc/passwd" })),
    "RA3003",
    /tokenFile/,
  ],
  ["a kubeconfig that is none", withKubeconfig("a: b: c"), "RA3001", /no current context|not YAML/],
  [
    "a cluster that does not answer",
    withKubeconfig(kubeconfigOf("https://127.0.0.1:1", { token: "nobodys-token" })),
    "RA8001",
    /127\.0\.0\.1:1/,
  ],
  [
    "a timeout of another form",
    { inputs: { ...given, timeout: "soon" } },
    "RA1002",
    /`timeout` is "soon"; it takes a duration/,
  ],
  [
    "on-failure of another word",
    { inputs: { ...given, "on-failure": "ignore" } },
    "RA1002",
    /`on-failure` is "ignore"; it takes rollback or keep/,
  ],
  [
    "a boolean that is none",
    { inputs: { ...given, "dry-run": "yes" } },
    "RA1002",
    /`dry-run` is "yes"; it takes true or false/,
  ],
]);
