import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { release, runningDigests, type Build } from "../../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../../test-support/stage.ts";

const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The folder of the real kubectl, which is a part of the control plane's program. */
function kubectlFolder(): string | undefined {
  const program = peerForTests("control-plane");
  if (program === undefined) return undefined;
  const kubectl = join(folder, "kubectl");
  writeFileSync(kubectl, `#!/bin/sh\nexec '${program}' kubectl "$@"\n`);
  chmodSync(kubectl, 0o755);
  return folder;
}

function kustomizeFolder(): string | undefined {
  const program = peerForTests("kustomize");
  return program === undefined ? undefined : dirname(program);
}

const programs = { kubectl: kubectlFolder(), kustomize: kustomizeFolder() };

describe.each(Object.entries(programs))("a kustomization by %s", (name, path) => {
  const wish = (stage: Stage, build: Build, manifests: string): JobWish => ({
    tag: build.version,
    variables: { PATH: path ?? "" },
    inputs: {
      config: "",
      images: `web=${build.image}@${build.digest}`,
      manifests,
      namespace: "shop",
      timeout: "20s",
      kubeconfig: stage.kubeconfig,
    },
  });

  test("an overlay is rendered with its base, and runs the digest", async ({ skip }) => {
    if (path === undefined) return skip(`${name} is not here`);
    await using stage = await openStage();
    const build = await release(stage, "1.0.0", {
      files: {
        "deploy/base/kustomization.yaml": "resources: [../web.yml]\n",
        "deploy/staging/kustomization.yaml": `resources: [../base]
images: [{name: ${stage.registryHost}/shop/web, newTag: latest}]
configMapGenerator: [{name: settings, literals: ['VERSION=\${version}']}]
patches: [{patch: '[{"op": "replace", "path": "/spec/replicas", "value": 2}]', target: {kind: Deployment}}]
`,
      },
    });
    // kustomize lets no file in that is above its folder; the base is one that is beside it.
    const refused = await stage.run("deploy-env", wish(stage, build, "deploy/staging"));
    expect(refused.annotations[0]?.title, refused.printed).toContain("RA3412");
    expect(refused.annotations[0]?.message).toContain("web.yml");
    expect(stage.writes()).toEqual([]);

    const web = stage.repository.file("deploy/web.yml", "1.0.0") ?? "";
    const mended = await release(stage, "1.0.1", {
      files: {
        "deploy/base/web.yml": web,
        "deploy/base/kustomization.yaml": "resources: [web.yml]\n",
      },
    });
    const end = await stage.run("deploy-env", wish(stage, mended, "deploy/staging/"));
    expect(end.status, end.printed).toBe(0);
    expect(runningDigests(stage)).toEqual([mended.digest, mended.digest]);
    const settings = stage.cluster
      .objects("ConfigMap", "shop")
      .find(({ metadata }) => metadata.name.startsWith("settings-"));
    expect(settings).toMatchObject({ data: { VERSION: "1.0.1" } });
  });

  test.for([
    ["a base on a server", "https://github.com/example/base.git?ref=v1"],
    ["a file on a server", "https://www.example.org/web.yaml"],
    ["a base by ssh", "git@github.com:example/base.git"],
  ] as const)("%s is not fetched", { timeout: 60_000 }, async ([, base], { skip }) => {
    if (path === undefined) return skip(`${name} is not here`);
    await using stage = await openStage();
    const build = await release(stage, "1.0.0", {
      files: { "deploy/staging/kustomization.yaml": `resources: ['${base}']\n` },
    });
    const end = await stage.run("deploy-env", {
      ...wish(stage, build, "deploy/staging"),
      variables: { PATH: `${path}:/usr/bin:/bin` },
    });
    expect(end.annotations[0]?.title, end.printed).toContain("RA3412");
    expect(end.annotations[0]?.message).toContain("Remote bases are not fetched");
    expect(stage.writes()).toEqual([]);
  });
});
