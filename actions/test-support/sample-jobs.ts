import { configure, recordPass, release } from "./shop.ts";
import { allPermissions, type JobWish, type Stage } from "./stage.ts";

/** One step of a job as a team has it, and what has to be there before it. */
export type SampleJob = {
  action: string;
  /** What the step does, for people. */
  about: string;
  /** Does it speak to a cluster? */
  cluster: boolean;
  /** Makes ready what the step needs; the step itself. */
  prepare(stage: Stage): Promise<JobWish>;
};

const metadata = {
  title: "Shop",
  upload_type: "software",
  description: "A shop.",
  creators: [{ name: "Owner, Olga" }],
  license: "Apache-2.0",
};

/** Every action at its ordinary work, with the team's file, on a release that everything stands well with. */
export const sampleJobs: readonly SampleJob[] = [
  {
    action: "validate-tag",
    about: "a pushed tag, by scheme, branch, order and manifest",
    cluster: false,
    prepare: async (stage) => {
      configure(stage, { deploy: false, file: { tag: { manifests: ["package.json"] } } });
      await release(stage, "1.0.0");
      await release(stage, "1.1.0");
      return { tag: "1.1.0" };
    },
  },
  {
    action: "gate",
    about: "evidence, an approval, a role, a status check and the lock of production",
    cluster: false,
    prepare: async (stage) => {
      const gate = { approvals: ["owner"], "run-by": ["platform"], "status-checks": ["test"] };
      configure(stage, { deploy: false, production: { gate } });
      const build = await release(stage, "1.0.0");
      recordPass(stage, build, "staging");
      const check = { sha: build.commit, name: "test" };
      stage.repository.setCheckRun({ ...check, status: "completed", conclusion: "success" });
      const { number } = stage.repository.openIssue({
        title: "Release 1.0.0 of Shop",
        by: "olga",
        labels: ["release"],
      });
      stage.repository.comment({ issue: number, body: "/approve 1.0.0", by: "olga" });
      return { dispatch: { version: "1.0.0" }, inputs: { environment: "production" } };
    },
  },
  {
    action: "promote-image",
    about: "one image gets one tag, and the displaced digest keeps a name",
    cluster: false,
    prepare: async (stage) => {
      configure(stage, { deploy: false });
      const inputs = { environment: "staging", ...stage.registryLogin };
      await release(stage, "1.0.0");
      await stage.run("promote-image", { tag: "1.0.0", inputs });
      await release(stage, "1.1.0");
      return { tag: "1.1.0", inputs };
    },
  },
  {
    action: "deploy-env",
    about: "a Deployment, a Service and an Ingress, until the new pod is ready",
    cluster: true,
    prepare: async (stage) => {
      configure(stage);
      await release(stage, "1.0.0");
      return { tag: "1.0.0", dockerLogin: true, inputs: onCluster(stage) };
    },
  },
  {
    action: "smoke-test",
    about: "the pods' digests, the identity and one check of what runs",
    cluster: true,
    prepare: async (stage) => {
      configure(stage);
      const build = await release(stage, "1.0.0");
      const wish = { tag: "1.0.0", dockerLogin: true, inputs: onCluster(stage) } as const;
      await stage.run("deploy-env", wish);
      recordPass(stage, build, "staging");
      return wish;
    },
  },
  {
    action: "promote",
    about: "a pushed tag into staging: gate, image, deployment, smoke test, ledger",
    cluster: true,
    prepare: async (stage) => {
      configure(stage);
      await release(stage, "1.0.0");
      return { tag: "1.0.0", inputs: { ...onCluster(stage), ...stage.registryLogin } };
    },
  },
  {
    action: "publish-release",
    about: "notes, one asset and its checksums, after production passed",
    cluster: false,
    prepare: async (stage) => {
      configure(stage, { deploy: false, file: { release: { assets: ["dist/*"] } } });
      recordPass(stage, await release(stage, "1.0.0"), "production");
      return { dispatch: { version: "1.0.0" }, workspace: { "dist/shop.zip": "zip" } };
    },
  },
  {
    action: "zenodo-doi",
    about: "the archive of the tag is published after production passed",
    cluster: false,
    prepare: async (stage) => {
      configure(stage, {
        deploy: false,
        file: { zenodo: { server: stage.zenodoUrl, metadata: ".zenodo.json" } },
      });
      const files = { ".zenodo.json": JSON.stringify(metadata) };
      recordPass(stage, await release(stage, "1.0.0", { files }), "production");
      const inputs = { step: "publish", version: "1.0.0", "zenodo-token": stage.zenodoToken };
      return { inputs };
    },
  },
  {
    action: "release-issue",
    about: "the release issue is opened",
    cluster: false,
    prepare: async (stage) => {
      configure(stage, {
        deploy: false,
        production: { gate: { approvals: ["owner"], checklist: [{ item: "Backups taken" }] } },
      });
      await release(stage, "1.0.0");
      return {
        permissions: { ...allPermissions, issues: "write" },
        dispatch: { version: "1.0.0", purpose: "Sell more" },
        inputs: { step: "open" },
      };
    },
  },
];

function onCluster(stage: Stage): Record<string, string> {
  return { environment: "staging", kubeconfig: stage.kubeconfig };
}
