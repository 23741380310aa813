import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { release } from "../../../test-support/shop.ts";

triesForeignTexts("deploy-env", {
  "what a container says before it ends": {
    prepare: async (stage, text) => {
      const build = await release(stage, "1.0.0", { behaviour: { crash: text } });
      return () => ({
        tag: "1.0.0",
        inputs: {
          config: "",
          images: `web=${build.image}@${build.digest}`,
          manifests: "deploy/web.yml",
          namespace: "shop",
          timeout: "15s",
          kubeconfig: stage.kubeconfig,
        },
      });
    },
    holds: (end) => {
      expect(end.status).toBe(1);
      expect(end.outputs["result"]).toBe("failed");
    },
  },
  "what a deployment script says": {
    prepare: async (stage, text) => {
      const said = JSON.stringify(Buffer.from(text).toString("base64"));
      const build = await release(stage, "1.0.0", {
        files: {
          "run.sh": {
            executable: `#!/bin/sh\nprintf %s ${said} | base64 -d\nprintf %s ${said} | base64 -d >&2\nexit 3\n`,
          },
        },
      });
      return () => ({
        tag: "1.0.0",
        inputs: { config: "", images: `web=${build.image}@${build.digest}`, script: "run.sh" },
      });
    },
    holds: (end) => expect(end.status).toBe(1),
  },
});
