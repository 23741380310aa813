import { expect } from "vitest";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { configure, recordPass, release } from "../../../test-support/shop.ts";
import { into } from "../promotion.ts";

triesForeignTexts("promote", {
  "the reason of a rollback in the event": {
    prepare: async (stage, text) => {
      configure(stage, { deploy: false });
      for (const version of ["1.0.0", "1.1.0"])
        recordPass(stage, await release(stage, version), "staging");
      return () => into(stage, "staging", { dispatch: { action: "rollback", reason: text } });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(0);
      expect(stage.repository.log("release-ledger").length).toBeGreaterThan(2);
    },
  },
  "the version of the event": {
    prepare: async (stage, text) => {
      configure(stage, { deploy: false });
      await release(stage, "1.0.0");
      return () => into(stage, "staging", { dispatch: { version: text } });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(1);
      expect(stage.writes()).toEqual([]);
    },
  },
  "every field of the event": {
    prepare: async (stage, text) => {
      configure(stage, { deploy: false });
      await release(stage, "1.0.0");
      const dispatch = { version: "1.0.0", action: text, "dry-run": text, reason: text };
      return () => into(stage, "staging", { dispatch });
    },
    holds: (end, stage) => {
      expect(end.status).toBe(1);
      expect(stage.writes()).toEqual([]);
    },
  },
});
