import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, release } from "../../../test-support/shop.ts";

await triesAnswers("deploy-env", {
  share: 3,
  prepare: async (stage) => {
    configure(stage);
    await release(stage, "1.0.0");
  },
  job: (stage) => ({
    dockerLogin: true,
    inputs: {
      environment: "staging",
      version: "1.0.0",
      timeout: "15s",
      kubeconfig: stage.kubeconfig,
    },
  }),
});
