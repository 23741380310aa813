import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { release } from "../../../test-support/shop.ts";

const whole = {
  title: "Shop",
  upload_type: "software",
  description: "A shop.",
  creators: [{ name: "Owner, Olga" }],
  license: "Apache-2.0",
};

triesForeignTexts("zenodo-doi", {
  "every field of .zenodo.json": {
    prepare: async (stage, text) => {
      const metadata = {
        title: text,
        upload_type: text,
        description: text,
        creators: [{ name: text, orcid: text, affiliation: text }],
        license: text,
        keywords: [text],
        access_right: text,
        [text]: text,
      };
      await release(stage, "1.0.0", { files: { ".zenodo.json": JSON.stringify(metadata) } });
      return ({ zenodoUrl, zenodoToken }) => ({
        inputs: {
          config: "",
          step: "reserve",
          version: "1.0.0",
          server: zenodoUrl,
          "zenodo-token": zenodoToken,
        },
      });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(1);
      expect(stage.writes()).toEqual([]);
    },
  },
  "the title of .zenodo.json": {
    prepare: async (stage, text) => {
      const metadata = { ...whole, title: text, description: text };
      await release(stage, "1.0.0", { files: { ".zenodo.json": JSON.stringify(metadata) } });
      return ({ zenodoUrl, zenodoToken }) => ({
        inputs: {
          config: "",
          step: "reserve",
          version: "1.0.0",
          server: zenodoUrl,
          "zenodo-token": zenodoToken,
        },
      });
    },
  },
  "CITATION.cff": {
    prepare: async (stage, text) => {
      const citation = `cff-version: 1.2.0\nmessage: ${JSON.stringify(text)}\n${text}: x\n`;
      await release(stage, "1.0.0", { files: { "CITATION.cff": citation } });
      return ({ zenodoUrl, zenodoToken }) => ({
        inputs: {
          config: "",
          step: "reserve",
          version: "1.0.0",
          server: zenodoUrl,
          "zenodo-token": zenodoToken,
        },
      });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(1);
      expect(stage.writes()).toEqual([]);
    },
  },
});
