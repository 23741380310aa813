import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, release } from "../../../test-support/shop.ts";
import { into } from "../promotion.ts";

await triesAnswers("promote", {
  share: 3,
  otherWay:
    /^registry (?:POST|PUT) \/v2\/shop\/web\/blobs\/uploads\/|^github (?:DELETE|POST) .*\/deployments\//,
  prepare: async (stage) => {
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
  },
  job: (stage) => into(stage, "staging", { tag: "1.0.0" }),
});
