import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, release } from "../../../test-support/shop.ts";

await triesAnswers("validate-tag", {
  prepare: async (stage) => {
    configure(stage, { file: { tag: { branch: ["ma*"], manifests: ["package.json"] } } });
    await release(stage, "1.0.0");
  },
  job: () => ({ tag: "1.0.0" }),
});
