import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, release } from "../../../test-support/shop.ts";

await triesAnswers("release-issue", {
  share: 3,
  // What is there twice after a doubtful write is taken away again.
  otherWay: /^github (?:DELETE|PATCH) .*\/issues\/|^github POST .*\/labels$/,
  keeps: /^PATCH .*\/issues\/\d+ body$/,
  prepare: async (stage) => {
    const { repository } = stage;
    configure(stage, {
      deploy: false,
      production: { gate: { approvals: ["owner"], checklist: [{ item: "Backups taken" }] } },
      file: { issue: { milestone: "${version}" } },
    });
    await release(stage, "1.0.0");
    const { number } = repository.createMilestone({ title: "1.0.0", by: "olga" });
    repository.openIssue({ title: "Slow", by: "olga", milestone: number });
  },
  job: () => ({
    permissions: { actions: "read", contents: "write", issues: "write", "pull-requests": "read" },
    inputs: { step: "open", version: "1.0.0", purpose: "Sell more" },
  }),
});
