import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { explodingGlobs } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

const metadata = {
  title: "Shop",
  upload_type: "software",
  description: "A shop.",
  creators: [{ name: "Owner, Olga" }],
  license: "Apache-2.0",
};

triesInputs(
  "zenodo-doi",
  inputWorld({
    prepare: async (stage) => {
      configure(stage, { deploy: false, file: { zenodo: { server: stage.zenodoUrl } } });
      const build = await release(stage, "1.0.0", {
        files: { ".zenodo.json": JSON.stringify(metadata) },
      });
      recordPass(stage, build, "production");
      return build;
    },
    job: (stage) => ({
      workspace: { "paper.pdf": "%PDF" },
      inputs: {
        step: "publish",
        version: "1.0.0",
        files: "paper.pdf",
        server: stage.zenodoUrl,
        "zenodo-token": stage.zenodoToken,
      },
    }),
    inputs: {
      step: { near: { "blanks around it": " reserve " } },
      server: { accepts: ["nothing"], near: { "a slash": (stage) => `${stage.zenodoUrl}/` } },
      concept: { accepts: ["nothing"], near: { none: "none" } },
      metadata: { accepts: ["nothing"], near: { "its usual path": ".zenodo.json" } },
      files: {
        accepts: ["nothing"],
        wrong: explodingGlobs,
        near: { "a glob and blank lines": "\r\n*.pdf\r\n\r\n" },
      },
      environment: { accepts: ["nothing"], near: { "the last one": "production" } },
      version: { accepts: ["nothing"], near: { "blanks around it": "\t1.0.0\n" } },
      "zenodo-token": {
        near: { "a line end after it": (stage) => `${stage.zenodoToken}\n` },
      },
      config: {
        accepts: ["nothing"],
        near: { "blanks around it": " .github/release-pipeline.yml\n" },
      },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
);
