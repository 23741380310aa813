import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { anySentence } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";

triesInputs(
  "release-issue",
  inputWorld({
    prepare: async (stage) => {
      stage.github.addTeam({ organization: "example", slug: "owners", members: ["olga"] });
      configure(stage, { deploy: false, file: { roles: { owner: ["@example/owners"] } } });
      const app = stage.github.issueToken({
        kind: "app",
        repositories: ["example/shop"],
        actor: "pia",
        permissions: { members: "read" },
      });
      return { build: await release(stage, "1.0.0"), app };
    },
    job: (_, { app }) => ({
      secrets: [app],
      permissions: {
        actions: "read",
        contents: "write",
        issues: "write",
        "pull-requests": "read",
      },
      inputs: { step: "open", version: "1.0.0", purpose: "Sell more", "app-token": app },
    }),
    inputs: {
      step: { near: { "blanks around it": " open " } },
      purpose: {
        accepts: anySentence,
        near: { "quotes, emoji and Arabic": 'Sell "more" 🚀 بيع أكثر & <b>' },
      },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
      "app-token": {
        accepts: ["nothing"],
        near: { "a line end after it": (_, { app }) => `${app}\n` },
      },
      config: { near: { "blanks around it": " .github/release-pipeline.yml\n" } },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
);
