import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

/** 1.0.0, then two merged pull requests, one of which closes an issue, and a direct commit, tagged 1.1.0. */
async function withHistory(stage: Stage) {
  const { repository } = stage;
  const first = await release(stage, "1.0.0");
  const issue = repository.openIssue({ title: "Search is slow", by: "olga" }).number;
  for (const [branch, title, body] of [
    ["fast", "Faster search", `Closes #${issue}`],
    ["fix", "Do not crash on <script>", ""],
  ] as const) {
    repository.createBranch(branch, repository.log("main")[0] ?? "", "ada");
    repository.commit({
      branch,
      message: title,
      author: "ada",
      files: { [`${branch}.txt`]: title },
    });
    const pull = repository.openPullRequest({ title, head: branch, by: "ada", body }).number;
    repository.mergePullRequest({ pull, by: "olga", method: "squash" });
  }
  const second = await release(stage, "1.1.0");
  return { first, second };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe.concurrent("without the file", () => {
  test("notes from merged pull requests, assets with SHA256SUMS; the finished run again reads only", async () => {
    await using stage = await openStage();
    await withHistory(stage);
    const wish = {
      tag: "1.1.0",
      inputs: { assets: "dist/*\nsbom.json" },
      workspace: { "dist/shop.jar": "jar", "dist/shop.zip": "zip", "sbom.json": "{}" },
    };
    const end = await stage.run("publish-release", wish);
    expect(end.status).toBe(0);
    expect(end.outputs["previous-tag"]).toBe("1.0.0");
    const notes = end.left("release-notes.md");
    expect(notes).toContain("Faster search");
    expect(notes).toContain("Search is slow");
    expect(notes).not.toContain("<script>");

    const [published, ...more] = stage.repository.releases;
    expect(more).toEqual([]);
    expect(published).toMatchObject({
      tag: "1.1.0",
      name: "1.1.0",
      draft: false,
      prerelease: false,
      latest: "true",
    });
    expect(published?.id).toBe(Number(end.outputs["id"]));
    expect(published?.body).toContain("Faster search");
    const files = Object.fromEntries(
      (published?.assets ?? []).map(({ name, content }) => [name, content.toString()]),
    );
    expect(files).toEqual({
      "shop.jar": "jar",
      "shop.zip": "zip",
      "sbom.json": "{}",
      SHA256SUMS: `${sha256("{}")}  sbom.json\n${sha256("jar")}  shop.jar\n${sha256("zip")}  shop.zip\n`,
    });

    const writes = stage.writes().length;
    const requests = stage.watch(stage.github);
    const again = await stage.run("publish-release", { ...wish, attempt: 2 });
    expect(again.outputs).toMatchObject({ id: end.outputs["id"], url: end.outputs["url"] });
    expect(again.annotations).toEqual([]);
    expect(stage.writes()).toHaveLength(writes);
    expect(requests()).toEqual(["POST /api/graphql", "POST /api/graphql", "POST /api/graphql"]);
  });

  test("on the oldest enterprise server the files go to its own uploads, and are told by their size", async () => {
    await using stage = await openStage({ enterprise: "3.16" });
    await withHistory(stage);
    const wish = {
      tag: "1.1.0",
      inputs: { assets: "dist/*" },
      workspace: { "dist/shop.jar": "jar", "dist/shop.zip": "zip" },
    };
    const requests = stage.watch(stage.github);
    const end = await stage.run("publish-release", wish);
    expect(end.annotations).toEqual([]);
    expect(end.status).toBe(0);
    const uploads = requests().filter((one) => one.startsWith("POST /api/uploads/"));
    expect(uploads.map((one) => one.replace(/.*name=/, "")).toSorted()).toEqual([
      "SHA256SUMS",
      "shop.jar",
      "shop.zip",
    ]);
    const others = requests().filter((one) => !/ \/api\/(v3|graphql|uploads)\b/.test(one));
    expect(others).toEqual([]);
    const before = stage.writes();
    expect((await stage.run("publish-release", wish)).status).toBe(0);
    expect(stage.writes()).toEqual(before);
  });

  test("a published release is never changed: what differs is a warning", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    await stage.run("publish-release", { tag: "1.0.0" });
    const writes = stage.writes().length;
    const end = await stage.run("publish-release", {
      tag: "1.0.0",
      inputs: { assets: "a.txt" },
      workspace: { "a.txt": "a" },
    });
    expect(end.status).toBe(0);
    expect(end.annotations).toMatchObject([
      { level: "warning", message: expect.stringContaining("It was not changed") as string },
    ]);
    expect(end.reasons).toMatchObject([{ code: "RA6008" }]);
    expect(stage.writes()).toHaveLength(writes);
  });

  test("an older series does not become the latest, a pre-release is one", async () => {
    await using stage = await openStage();
    for (const version of ["1.0.0", "2.0.0", "1.0.1", "2.1.0-rc.1"]) await release(stage, version);
    for (const tag of ["2.0.0", "1.0.1", "2.1.0-rc.1"]) await stage.run("publish-release", { tag });
    expect(
      stage.repository.releases.map(({ tag, latest, prerelease }) => [tag, latest, prerelease]),
    ).toEqual([
      ["2.0.0", "true", false],
      ["1.0.1", "false", false],
      ["2.1.0-rc.1", "false", true],
    ]);
  });

  test("a draft of somebody else is left alone", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    stage.repository.createRelease({ tag: "1.0.0", by: "ada", body: "Mine", draft: true });
    const end = await stage.run("publish-release", { tag: "1.0.0" });
    expect(end.annotations[0]?.title).toContain("RA6002");
    expect(stage.writes()).toEqual([]);
  });

  test("a token without contents: write is told which permission is missing", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    const end = await stage.run("publish-release", {
      tag: "1.0.0",
      permissions: { contents: "read", issues: "read", "pull-requests": "read" },
    });
    expect(end.annotations[0]?.title).toContain("RA5003");
    expect(end.annotations[0]?.message).toContain("Add `contents: write` under `permissions:`");
    expect(stage.writes()).toEqual([]);
  });
});

describe.concurrent("with the file", () => {
  test("only what passed in the last environment is published, with its digests and its assets", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, file: { release: { assets: ["dist/*"] } } });
    const build = await release(stage, "1.0.0");
    const wish = { dispatch: { version: "1.0.0" }, workspace: { "dist/a.txt": "a" } };
    recordPass(stage, build, "staging");
    const refused = await stage.run("publish-release", wish);
    expect(refused.annotations[0]?.title).toContain("RA1203");
    expect(stage.writes()).toEqual([]);
    recordPass(stage, build, "production");
    const end = await stage.run("publish-release", wish);
    expect(end.status).toBe(0);
    const [published] = stage.repository.releases;
    expect(published?.name).toBe("Shop 1.0.0");
    expect(published?.body).toContain(build.digest);
    expect(published?.assets.map(({ name }) => name).toSorted()).toEqual(["SHA256SUMS", "a.txt"]);
  });

  test("a tag that moved after the release is refused", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const build = await release(stage, "1.0.0", { tag: null });
    recordPass(stage, build, "production");
    await release(stage, "1.0.1", { tag: "1.0.0" });
    const end = await stage.run("publish-release", { dispatch: { version: "1.0.0" } });
    expect(end.annotations[0]?.title).toContain("RA1307");
    expect(stage.writes()).toEqual([]);
  });
});

refusesInputs("publish-release", [
  [
    "a path of the file where no file is, which would take the question for evidence away",
    { inputs: { config: ".github/relase-pipeline.yml", version: "1.0.0" } },
    "RA1101",
    /relase-pipeline\.yml is not on the branch main/,
  ],
  [
    "no version, and none in the event",
    { inputs: { config: "" } },
    "RA1205",
    /`version` is not given/,
  ],
  [
    "a tag that is nowhere",
    { inputs: { config: "", version: "7.0.0" } },
    "RA1303",
    /no tag 7\.0\.0/,
  ],
  [
    "no token",
    { inputs: { config: "", version: "1.0.0", token: "" } },
    "RA1001",
    /`token` is not given/,
  ],
  [
    "a glob that finds nothing",
    { inputs: { config: "", version: "1.0.0", assets: "dist/*" } },
    "RA1002",
    /"dist\/\*" names no file/,
  ],
  [
    "a glob that leads out of the workspace",
    { inputs: { config: "", version: "1.0.0", assets: "../event.json" } },
    "RA1002",
    /leads out of the workspace/,
  ],
  [
    "braces that make a million globs of one",
    { inputs: { config: "", version: "1.0.0", assets: "{a,b}".repeat(20) } },
    "RA1002",
    /names no file/,
  ],
  [
    "an empty file",
    { inputs: { config: "", version: "1.0.0", assets: "a" }, workspace: { a: "" } },
    "RA6005",
    /the asset a is empty/,
  ],
  [
    "two files of one name",
    {
      inputs: { config: "", version: "1.0.0", assets: "*/a" },
      workspace: { "x/a": "1", "y/a": "2" },
    },
    "RA1002",
    /two files have the name a/,
  ],
  [
    "latest of another word",
    { inputs: { config: "", version: "1.0.0", latest: "yes" } },
    "RA1002",
    /`latest` is "yes"; it takes auto, true, false/,
  ],
]);
