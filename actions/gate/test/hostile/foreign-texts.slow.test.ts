import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

/** GitHub takes no longer body of an issue or comment. */
const longestBody = 65_536;

triesForeignTexts("gate", {
  "checks, and the release issue with its comments": {
    prepare: async (stage, text) => {
      const { repository } = stage;
      configure(stage, {
        deploy: false,
        production: {
          gate: {
            approvals: ["owner"],
            "status-checks": ["test"],
            checklist: [{ item: "Backups taken" }],
          },
        },
      });
      const build = await release(stage, "1.0.0");
      recordPass(stage, build, "staging");
      for (const name of ["test", text])
        repository.setCheckRun({
          sha: build.commit,
          name,
          status: "completed",
          conclusion: "failure",
        });
      const { number } = repository.openIssue({
        title: "Release 1.0.0 of Shop",
        by: "olga",
        labels: ["release"],
        body: `- [ ] Backups taken ${text}\n${text}`.slice(0, longestBody),
      });
      for (const body of [text, `/refuse 1.0.0 ${text}`, `/approve 1.0.0 ${text}`])
        repository.comment({ issue: number, body: body.slice(0, longestBody), by: "olga" });
      return () => ({
        permissions: {
          actions: "read",
          checks: "read",
          contents: "read",
          issues: "read",
          statuses: "read",
        },
        inputs: { environment: "production", version: "1.0.0" },
      });
    },
    holds: (end) => {
      expect(end.outputs["decision"]).toBe("refused");
      expect(end.reasons.find(({ rule }) => rule === "approvals")?.holds).toBe(false);
    },
  },
});
