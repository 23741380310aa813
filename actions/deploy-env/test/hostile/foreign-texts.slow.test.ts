import { dirname } from "node:path";
import { expect } from "vitest";
import type { Ended } from "../../../test-support/bundled-action.ts";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { release } from "../../../test-support/shop.ts";
import type { Stage } from "../../../test-support/stage.ts";

const helm = peerForTests("helm4");

triesForeignTexts("deploy-env", {
  ...(helm === undefined
    ? {}
    : {
        "what a chart's template says": {
          prepare: async (stage: Stage, text: string) => {
            const build = await release(stage, "1.0.0", {
              files: {
                "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
                "charts/shop/said.txt": text,
                "charts/shop/templates/web.yaml": '{{ fail (.Files.Get "said.txt") }}',
              },
            });
            return () => ({
              tag: "1.0.0",
              variables: { PATH: `${dirname(helm)}:/usr/bin:/bin` },
              inputs: {
                config: "",
                images: `web=${build.image}@${build.digest}`,
                chart: "charts/shop",
                kubeconfig: stage.kubeconfig,
              },
            });
          },
          holds: (end: Ended) => {
            expect(end.status).toBe(1);
            expect(end.annotations[0]?.title).toContain("RA3403");
          },
        },
      }),
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
