import { triesAnswers } from "../../../test-support/hostile/answers.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

await triesAnswers("publish-release", {
  share: 3,
  // What is there twice after a doubtful write is taken away again; notes that are too long for a release go into a file.
  otherWay:
    /^github (?:(?:DELETE|GET|PATCH) .*\/releases|POST .*\/assets\?name=RELEASE-NOTES\.md$)/,
  prepare: async (stage) => {
    const { repository } = stage;
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
    repository.createBranch("fast", repository.log("main")[0] ?? "", "ada");
    repository.commit({ branch: "fast", message: "Fast", author: "ada", files: { a: "b" } });
    const issue = repository.openIssue({ title: "Slow", by: "olga", labels: ["bug"] }).number;
    const pull = repository.openPullRequest({
      title: "Faster search",
      head: "fast",
      by: "ada",
      body: `Closes #${issue}`,
    });
    repository.mergePullRequest({ pull: pull.number, by: "olga", method: "squash" });
    recordPass(stage, await release(stage, "1.1.0"), "production");
  },
  job: () => ({
    workspace: { "dist/a.txt": "a" },
    inputs: { version: "1.1.0", assets: "dist/*" },
  }),
});

await triesAnswers("publish-release", {
  share: 4,
  // What the changelog says already stays.
  keeps: / fileChanges additions \d+ contents$/,
  prepare: async (stage) => {
    configure(stage, {
      deploy: false,
      file: { release: { changelog: "CHANGELOG.md", "pull-request": true } },
    });
    await release(stage, "1.0.0");
    await release(stage, "1.1.0", { tag: null, files: { "CHANGELOG.md": "# Changelog\n" } });
    return stage.github.issueToken({
      kind: "app",
      repositories: ["example/shop"],
      actor: "pia",
      permissions: { contents: "write", "pull-requests": "write" },
    });
  },
  job: (_, app) => ({
    secrets: [app],
    inputs: { step: "prepare", version: "1.1.0", "app-token": app },
  }),
});
