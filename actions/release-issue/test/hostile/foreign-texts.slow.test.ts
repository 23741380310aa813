import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { configure, release } from "../../../test-support/shop.ts";
import type { JobWish } from "../../../test-support/stage.ts";

const permissions: NonNullable<JobWish["permissions"]> = {
  actions: "read",
  contents: "write",
  issues: "write",
  "pull-requests": "read",
};
const opening: JobWish = {
  permissions,
  inputs: { step: "open", version: "1.0.0", purpose: "Sell more" },
};

triesForeignTexts("release-issue", {
  "titles of issues and pull requests, and what people wrote into the release issue": {
    prepare: async (stage, text) => {
      const { repository } = stage;
      configure(stage, {
        deploy: false,
        production: { gate: { approvals: ["owner"], checklist: [{ item: "Backups taken" }] } },
        file: { issue: { milestone: "${version}" } },
      });
      const milestone = repository.createMilestone({ title: "1.0.0", by: "olga" }).number;
      // GitHub takes no longer title.
      const title = text.slice(0, 256);
      repository.openIssue({ title, by: "olga", milestone });
      await release(stage, "0.9.0");
      repository.createBranch("fast", repository.log("main")[0] ?? "", "ada");
      repository.commit({ branch: "fast", message: text, author: "ada", files: { a: "b" } });
      const pull = repository.openPullRequest({ title, head: "fast", by: "ada" }).number;
      repository.mergePullRequest({ pull, by: "olga", method: "squash" });
      await release(stage, "1.0.0");
      const first = await stage.run("release-issue", opening);
      if (first.status !== 0) throw new Error(first.printed);
      return () => opening;
    },
    holds: (end) => expect(end.status).toBe(0),
  },
  "a comment that gives no command, or one with more": {
    prepare: async (stage, text) => {
      configure(stage, { deploy: false, production: { gate: { approvals: ["owner"] } } });
      await release(stage, "1.0.0");
      const { outputs, printed } = await stage.run("release-issue", opening);
      const issue = Number(outputs["number"]);
      if (!issue) throw new Error(printed);
      const body = `/refuse 1.0.0 ${text.slice(0, 65_000)}`;
      const { id } = stage.repository.comment({ issue, body, by: "olga" });
      return () => ({
        permissions,
        inputs: { step: "command" },
        comment: { id, issue, body, login: "olga" },
      });
    },
    holds: (end) => expect(end.status).toBe(0),
  },
});
