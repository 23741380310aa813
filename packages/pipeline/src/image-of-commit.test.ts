import { Fault } from "@release-actions/codes";
import { describe, expect, test } from "vitest";
import { imagesOfCommit, isCommit } from "./image-of-commit.ts";

const commit = "4be7a90f1d22c0ffee00c0ffee00c0ffee00c0ff";
const image = { host: "registry.example.org", repository: "shop/web" };
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** A registry of tags, by digest's letter, and of revisions. */
function registryOf(tags: Record<string, string>, revisions: Record<string, string> = {}) {
  const labelled: string[] = [];
  return {
    labelled,
    tags: async () => Object.keys(tags),
    resolve: async ({ tag }: { tag?: string }) => digest(tags[tag ?? ""] ?? ""),
    labels: async (of: { digest?: string }) => {
      const letter = of.digest?.at(-1) ?? "";
      labelled.push(letter);
      return { version: undefined, revision: revisions[letter] };
    },
  };
}

describe("the image of a commit", () => {
  test.each([
    ["4be7a90", ["a"]],
    ["4be7a90f", ["a"]],
    ["sha-4be7a90", ["a"]],
    ["git-4be7a90f1d22", ["a"]],
    [commit, ["a"]],
    ["4be7a9", []],
    ["4be7a91", []],
    ["4be7a90-amd64", []],
    ["arm64-4be7a90", []],
    ["main-4be7a90", []],
    ["staging-4be7a90-06-01-2026.1767690000", []],
  ])("by the tag %s", async (tag, letters) => {
    const registry = registryOf({ [tag]: "a", latest: "b" });
    expect(await imagesOfCommit(registry, image, commit)).toEqual(letters.map(digest));
  });

  test("by its label, when no tag names it; another architecture's part is not taken for the whole", async () => {
    const registry = registryOf(
      { latest: "a", "build-7": "b", "build-7-amd64": "c", "build-7-previous": "d" },
      { b: commit, c: commit, d: commit },
    );
    expect(await imagesOfCommit(registry, image, commit)).toEqual([digest("b")]);
    expect(registry.labelled).not.toContain("c");
  });

  test("is not told from two that say so; two tags of one digest are one", async () => {
    const two = registryOf({ "4be7a90": "a", "sha-4be7a90": "b" });
    expect(await imagesOfCommit(two, image, commit)).toEqual([digest("a"), digest("b")]);
    const one = registryOf({ "4be7a90": "a", "sha-4be7a90": "a" });
    expect(await imagesOfCommit(one, image, commit)).toEqual([digest("a")]);
    const labelled = registryOf({ "4be7a90": "a", "sha-4be7a90": "b" }, { b: commit });
    expect(await imagesOfCommit(labelled, image, commit)).toEqual([digest("b")]);
  });

  test("is not found where the login may not list tags; a registry that is down is no answer", async () => {
    const failing = (code: "RA2004" | "RA8001") => ({
      ...registryOf({}),
      tags: () => Promise.reject(new Fault(code, { saw: "no" })),
    });
    expect(await imagesOfCommit(failing("RA2004"), image, commit)).toEqual([]);
    await expect(imagesOfCommit(failing("RA8001"), image, commit)).rejects.toThrow("RA8001");
  });

  test("is not looked for by label in a large repository", async () => {
    const tags = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`v${index}`, "a"]));
    const registry = registryOf(tags, { a: commit });
    expect(await imagesOfCommit(registry, image, commit)).toEqual([]);
    expect(registry.labelled).toEqual([]);
  });
});

test("a commit has 7 to 40 digits", () => {
  expect(["4be7a90", commit, "4be7a9", `${commit}0`, "main", "4BE7A90"].map(isCommit)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
