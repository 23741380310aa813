import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

await triesAnswers("gate", {
  prepare: async (stage) => {
    const { github, repository } = stage;
    github.addTeam({ organization: "example", slug: "owners", members: ["olga"] });
    configure(stage, {
      deploy: false,
      production: {
        gate: {
          approvals: ["owner"],
          "run-by": ["platform"],
          "status-checks": ["test"],
          checklist: [{ item: "Backups taken", "if-changed": ["**/*.json"] }],
        },
      },
      file: { roles: { owner: ["@example/owners"], platform: ["pia"] } },
    });
    const build = await release(stage, "1.0.0");
    recordPass(stage, build, "staging");
    repository.setCheckRun({
      sha: build.commit,
      name: "test",
      status: "completed",
      conclusion: "success",
    });
    const { number } = repository.openIssue({
      title: "Release 1.0.0 of Shop",
      by: "olga",
      labels: ["release"],
      body: "- [x] Backups taken",
    });
    repository.comment({ issue: number, body: "/approve 1.0.0", by: "olga" });
    return github.issueToken({
      kind: "app",
      repositories: ["example/shop"],
      actor: "pia",
      permissions: { members: "read" },
    });
  },
  job: (_, app) => ({
    permissions: {
      actions: "read",
      checks: "read",
      contents: "read",
      issues: "read",
      statuses: "read",
    },
    secrets: [app],
    dispatch: { version: "1.0.0" },
    inputs: { environment: "production", "app-token": app },
  }),
});
