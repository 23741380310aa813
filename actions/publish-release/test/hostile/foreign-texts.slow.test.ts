import { expect } from "vitest";
import { liveMarkup } from "../../../test-support/hostile/oracle.ts";
import { triesForeignTexts } from "../../../test-support/hostile/foreign-text.ts";
import { release } from "../../../test-support/shop.ts";

triesForeignTexts("publish-release", {
  "titles of pull requests and issues, labels and messages": {
    prepare: async (stage, text) => {
      const { repository } = stage;
      await release(stage, "1.0.0");
      // GitHub takes no longer title.
      const title = text.slice(0, 256);
      const issue = repository.openIssue({ title, by: "olga" }).number;
      repository.createBranch("fast", repository.log("main")[0] ?? "", "ada");
      repository.commit({ branch: "fast", message: text, author: "ada", files: { a: "b" } });
      const { number } = repository.openPullRequest({
        title,
        head: "fast",
        by: "ada",
        body: `Closes #${issue}\n${text.slice(0, 60_000)}`,
      });
      repository.mergePullRequest({ pull: number, by: "olga", method: "squash" });
      repository.commit({ branch: "main", message: text, author: "ada", files: { c: "d" } });
      await release(stage, "1.1.0");
      return () => ({ tag: "1.1.0" });
    },
    holds: (end, { repository }) => {
      expect(end.status).toBe(0);
      const [published] = repository.releases;
      expect(liveMarkup(published?.body ?? "")).toEqual([]);
      expect(liveMarkup(end.left("release-notes.md") ?? "")).toEqual([]);
    },
  },
  "a name of a file": {
    // A file system knows no longer names, and no name with a slash.
    takes: (text) => text.length < 200 && !text.includes("/"),
    prepare: async (stage, text) => {
      await release(stage, "1.0.0");
      return () => ({
        tag: "1.0.0",
        inputs: { assets: "dist/*" },
        workspace: { [`dist/${text}`]: "a" },
      });
    },
  },
});
