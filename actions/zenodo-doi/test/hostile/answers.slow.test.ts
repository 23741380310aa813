import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

const metadata = {
  title: "Shop",
  upload_type: "software",
  description: "A shop.",
  creators: [{ name: "Owner, Olga" }],
  license: "Apache-2.0",
};
const files = { ".zenodo.json": JSON.stringify(metadata) };

await triesAnswers("zenodo-doi", {
  share: 3,
  // A draft with other words than were sent gets them again.
  otherWay: /^zenodo PUT \/api\/deposit\/depositions\/<n>$/,
  prepare: async (stage) => {
    configure(stage, { deploy: false, file: { zenodo: { server: stage.zenodoUrl } } });
    recordPass(stage, await release(stage, "1.0.0", { files }), "production");
  },
  job: (stage) => ({
    inputs: { step: "publish", version: "1.0.0", "zenodo-token": stage.zenodoToken },
  }),
});

await triesAnswers("zenodo-doi", {
  // A draft with other words than were sent gets them again.
  otherWay: /^zenodo PUT \/api\/deposit\/depositions\/<n>$/,
  share: 5,
  prepare: async (stage) => {
    await release(stage, "1.0.0", { files });
    const before = { owner: "olga", conceptId: "100", id: "101" };
    stage.zenodo.seedRecord({ ...before, metadata: { ...metadata, version: "0.9.0" } });
  },
  job: (stage) => ({
    inputs: {
      config: "",
      step: "reserve",
      version: "1.0.0",
      server: stage.zenodoUrl,
      concept: "10.5281/zenodo.100",
      "zenodo-token": stage.zenodoToken,
    },
  }),
});
