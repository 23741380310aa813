import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

await triesAnswers("smoke-test", {
  share: 3,
  prepare: async (stage) => {
    configure(stage);
    const build = await release(stage, "1.0.0");
    const end = await stage.run("deploy-env", {
      tag: "1.0.0",
      dockerLogin: true,
      inputs: { environment: "staging", kubeconfig: stage.kubeconfig },
    });
    if (end.status !== 0) throw new Error(end.printed);
    recordPass(stage, build, "staging");
  },
  job: (stage) => ({
    dockerLogin: true,
    inputs: { environment: "staging", kubeconfig: stage.kubeconfig, deadline: "3s" },
  }),
});
