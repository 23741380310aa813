import { awxToken, startAwx } from "../../../test-support/awx.ts";
import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { anySentence } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";
import { into } from "../promotion.ts";

triesInputs(
  "promote",
  inputWorld({
    prepare: async (stage) => {
      stage.github.addTeam({ organization: "example", slug: "platform", members: ["pia"] });
      configure(stage, {
        staging: { gate: { "run-by": ["platform"] } },
        file: { roles: { platform: ["@example/platform"] } },
      });
      const app = stage.github.issueToken({
        kind: "app",
        repositories: ["example/shop"],
        actor: "pia",
        permissions: { members: "read" },
      });
      return { build: await release(stage, "1.0.0"), app };
    },
    job: (stage, { app }) =>
      into(stage, "staging", {
        secrets: [app],
        inputs: { version: "1.0.0", "app-token": app, "dry-run": "true" },
      }),
    inputs: {
      action: { accepts: ["nothing"], near: { "blanks around it": " release\n" } },
      reason: {
        accepts: ["nothing", ...anySentence],
        near: { "quotes, emoji and Arabic": 'Prices are "wrong" 🚑 الأسعار خاطئة' },
      },
      // A tag that is not there: the image is found by its commit.
      "image-tag": {
        accepts: ["nothing", "a name of JavaScript's own"],
        near: { "the commit": "${commit}" },
      },
      "dry-run": { accepts: ["nothing"], near: { True: "True" } },
      "allow-exec": { accepts: ["nothing"], near: { FALSE: "FALSE" } },
      "insecure-skip-tls-verify": { accepts: ["nothing"], near: { True: "True" } },
      environment: { near: { "blanks around it": " staging " } },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
      kubeconfig: { near: { "CRLF line ends": (stage) => `${stage.kubeconfig}\r\n` } },
      "registry-username": { near: { "blanks around it": " ci " } },
      "registry-token-host": {
        accepts: ["nothing"],
        near: { "blanks around it": " gitlab.example.org\n" },
      },
      "registry-password": {
        near: {
          "a line end after it": (stage) => `${stage.registryLogin["registry-password"]}\r\n`,
        },
      },
      "app-token": { near: { "a line end after it": (_, { app }) => `${app}\n` } },
      config: { near: { "blanks around it": " .github/release-pipeline.yml\n" } },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
  inputWorld({
    prepare: async (stage) => {
      const deploy = { "awx-template": "Deploy", "awx-url": (await startAwx()).url };
      configure(stage, { deploy: false, staging: { deploy } });
      return release(stage, "1.0.0");
    },
    job: (stage) =>
      into(stage, "staging", {
        secrets: [awxToken],
        inputs: { version: "1.0.0", "awx-token": awxToken, "dry-run": "true" },
      }),
    inputs: { "awx-token": { near: { "a line end after it": `${awxToken}\n` } } },
  }),
);
