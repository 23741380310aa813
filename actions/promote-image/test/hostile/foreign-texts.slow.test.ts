import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { release } from "../../../test-support/shop.ts";

triesForeignTexts("promote-image", {
  "what docker login left": {
    prepare: async (stage, text) => {
      const { image, digest } = await release(stage, "1.0.0");
      const auth = Buffer.from(`${text}:${text}`).toString("base64");
      const config = { auths: { [stage.registryHost]: { auth } }, credHelpers: { [text]: text } };
      return () => ({
        dockerConfig: JSON.stringify(config),
        inputs: {
          config: "",
          images: `${image}@${digest} -> ${image}`,
          "image-tags": "stable",
        },
      });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(1);
      expect(stage.writes()).toEqual([]);
    },
  },
});
