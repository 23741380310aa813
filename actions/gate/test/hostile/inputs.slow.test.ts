import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";

triesInputs(
  "gate",
  inputWorld({
    prepare: async (stage) => {
      stage.github.addTeam({ organization: "example", slug: "platform", members: ["pia"] });
      configure(stage, {
        deploy: false,
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
    job: (stage, { app }) => ({
      secrets: [app],
      inputs: {
        environment: "staging",
        version: "1.0.0",
        "app-token": app,
        ...stage.registryLogin,
      },
    }),
    inputs: {
      action: { accepts: ["nothing"], near: { "blanks around it": " release\n" } },
      images: {
        accepts: ["nothing"],
        near: {
          "blank lines and CRLF line ends": (_, { build }) =>
            `\r\n web = ${build.image}@${build.digest} \r\n\r\n`,
        },
      },
      environment: { near: { "blanks around it": " staging " } },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
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
      summary: { accepts: ["nothing"], near: { "on-failure": "on-failure" } },
    },
  }),
);
