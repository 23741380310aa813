import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";

const inputs = { existing: "refuse" };

triesInputs(
  "promote-image",
  inputWorld({
    prepare: (stage) => release(stage, "1.0.0"),
    job: (stage, { image, digest }) => ({
      inputs: {
        ...stage.registryLogin,
        ...inputs,
        config: "",
        images: `${image}@${digest} -> ${image}`,
        "image-tags": "stable",
      },
    }),
    inputs: {
      images: {
        near: {
          "a repository with underscores and dashes": (stage, { image, digest }) =>
            `\r\n${image}@${digest} -> ${stage.registryHost}/shop/a_b__c-d.e\r\n\r\n`,
        },
      },
      "image-tags": {
        accepts: ["a name of JavaScript's own"],
        near: { "two tags and blank lines": "1.0.0--x\n\n_\r\n" },
      },
      "expect-digest": {
        accepts: ["nothing"],
        near: { "the digest": (_, { digest }) => ` ${digest}\n` },
      },
      existing: { accepts: ["nothing"], near: { move: "move" } },
      referrers: { accepts: ["nothing"], near: { no: "false" } },
      "registry-username": { near: { "blanks around it": " ci " } },
      "registry-token-host": {
        accepts: ["nothing"],
        near: { "blanks around it": " gitlab.example.org\n" },
      },
      "registry-password": {
        near: {
          "a line end after it": (stage) => `${stage.registryLogin["registry-password"]}\r\n`,
        },
      },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
  inputWorld({
    prepare: async (stage) => {
      configure(stage, { deploy: false });
      return release(stage, "1.0.0");
    },
    job: (stage) => ({
      inputs: { ...stage.registryLogin, environment: "staging", version: "1.0.0" },
    }),
    inputs: {
      environment: { near: { "blanks around it": " staging " } },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
      config: { near: { "blanks around it": " .github/release-pipeline.yml\n" } },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
    },
  }),
);
