import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";

triesInputs(
  "smoke-test",
  inputWorld({
    prepare: async (stage) => {
      const build = await release(stage, "1.0.0");
      const end = await stage.run("deploy-env", {
        tag: "1.0.0",
        inputs: {
          config: "",
          images: `web=${build.image}@${build.digest}`,
          manifests: "deploy/web.yml",
          namespace: "shop",
          kubeconfig: stage.kubeconfig,
        },
      });
      if (end.status !== 0) throw new Error(end.printed);
      return build;
    },
    job: (stage) => ({
      tag: "1.0.0",
      inputs: {
        config: "",
        url: stage.siteUrl,
        version: "1.0.0",
        checks: "[{get: /, json: {$.open: true}}]",
        identity: "{get: /, json: {$.version: '${version}'}}",
        deadline: "2s",
      },
    }),
    inputs: {
      url: { near: { "a slash at its end": (stage) => `${stage.siteUrl}/` } },
      checks: { near: { "a list of one line each": "- get: /\r\n- get: /?x=%20y\r\n" } },
      identity: { accepts: ["nothing"], near: { CRLF: "get: /\r\njson: {$.version: 1.0.0}" } },
      deadline: { accepts: ["nothing"], near: { "two units": "1m30s" } },
      settle: { accepts: ["nothing"], near: { "a plus": "+1" }, wrong: { "0": "0", "101": "101" } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
  inputWorld({
    prepare: async (stage) => {
      configure(stage);
      const build = await release(stage, "1.0.0");
      const end = await stage.run("deploy-env", {
        tag: "1.0.0",
        dockerLogin: true,
        inputs: { environment: "staging", kubeconfig: stage.kubeconfig },
      });
      if (end.status !== 0) throw new Error(end.printed);
      return build;
    },
    job: (stage) => ({
      dockerLogin: true,
      inputs: {
        environment: "staging",
        version: "1.0.0",
        kubeconfig: stage.kubeconfig,
        deadline: "2s",
      },
    }),
    inputs: {
      digest: { accepts: ["nothing"], near: { "the digest": (_, { digest }) => ` ${digest}\n` } },
      environment: { near: { "blanks around it": " staging " } },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
      kubeconfig: {
        accepts: ["nothing"],
        near: { "blanks around it": (stage) => `\n${stage.kubeconfig}\n` },
      },
      config: { near: { "blanks around it": " .github/release-pipeline.yml\n" } },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
    },
  }),
);
