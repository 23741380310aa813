import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { release } from "../../../test-support/shop.ts";

triesForeignTexts("validate-tag", {
  "the tag that was pushed": {
    prepare: async (stage, text) => {
      await release(stage, "1.0.0");
      // A runner has the name of the ref in variables, which are no longer.
      return () => ({
        inputs: { config: "" },
        variables: {
          GITHUB_EVENT_NAME: "push",
          GITHUB_REF_TYPE: "tag",
          GITHUB_REF_NAME: text,
          GITHUB_REF: `refs/tags/${text}`,
        },
      });
    },
    holds: (end) => expect([end.status, end.outputs["valid"]]).toEqual([1, "false"]),
  },
  "the manifests at the tag": {
    prepare: async (stage, text) => {
      await release(stage, "1.0.0", {
        files: { "package.json": JSON.stringify({ version: text }) },
      });
      return () => ({ tag: "1.0.0", inputs: { config: "", manifests: "package.json" } });
    },
    holds: (end) => expect([end.status, end.outputs["valid"]]).toEqual([1, "false"]),
  },
});
