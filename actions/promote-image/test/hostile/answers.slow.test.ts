import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { release } from "../../../test-support/shop.ts";

await triesAnswers("promote-image", {
  // What cannot be mounted is uploaded; a lost upload is begun again.
  otherWay: /^registry (?:POST|PUT) \/v2\/shop\/released\/blobs\/uploads\//,
  prepare: (stage) => release(stage, "1.0.0"),
  job: (stage, { image, commit }) => ({
    inputs: {
      ...stage.registryLogin,
      config: "",
      images: `${image}:${commit} -> ${stage.registryHost}/shop/released`,
      "image-tags": "stable",
    },
  }),
});
