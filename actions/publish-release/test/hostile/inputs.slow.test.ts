import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { explodingGlobs } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";

triesInputs(
  "publish-release",
  inputWorld({
    prepare: async (stage) => {
      configure(stage, { deploy: false });
      const build = await release(stage, "1.0.0");
      recordPass(stage, build, "production");
      return build;
    },
    job: () => ({
      workspace: { "dist/a.txt": "a", "dist/b.txt": "b" },
      inputs: { version: "1.0.0", assets: "dist/a.txt" },
    }),
    inputs: {
      assets: {
        accepts: ["nothing"],
        wrong: explodingGlobs,
        near: { "a glob, blank lines and CRLF line ends": "\r\ndist/*.txt\r\n\r\n" },
      },
      latest: { accepts: ["nothing"], near: { true: "true" } },
      environment: { accepts: ["nothing"], near: { "the last one": "production" } },
      version: { accepts: ["nothing"], near: { "blanks around it": "\t1.0.0\n" } },
      config: {
        accepts: ["nothing"],
        near: { "blanks around it": " .github/release-pipeline.yml\n" },
      },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
  inputWorld({
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
      permissions: { contents: "write", issues: "read", "pull-requests": "write" },
      inputs: { step: "prepare", version: "1.1.0", "app-token": app },
    }),
    inputs: {
      step: { near: { "blanks around it": " prepare " } },
      "app-token": {
        accepts: ["nothing"],
        near: { "a line end after it": (_, app) => `${app}\n` },
      },
    },
  }),
);
