import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { runByHand } from "../../test-support/bundled-action.ts";
import { configure, release } from "../../test-support/shop.ts";
import { openStage } from "../../test-support/stage.ts";

describe.concurrent("by hand, without a token", () => {
  test.each([
    ["1.2.3", {}, "1.2.3", "1.2.3"],
    ["1.2.3-rc.1", {}, "1.2.3-rc.1", "1.2.3-rc.1"],
    ["v1.2.3", { INPUT_SCHEME: "v-semver" }, "1.2.3", "1.2.3"],
    ["searcher/2.0.0", { INPUT_PREFIX: "searcher/" }, "2.0.0", "2.0.0"],
    ["2026.01.4", { INPUT_SCHEME: "calver:YYYY.0M.MICRO" }, "2026.01.4", "2026.01.4"],
    ["1.0+build.5", { INPUT_SCHEME: "pep440" }, "1.0+build.5", "1.0-build.5"],
  ])("%s is a release", async (tag, scheme, version, imageTag) => {
    const { status, outputs, summary } = await runByHand("validate-tag", {
      INPUT_TAG: tag,
      ...scheme,
    });
    expect(status).toBe(0);
    expect(outputs).toMatchObject({ valid: "true", version, "image-tag": imageTag });
    expect(summary).toContain("is a release");
  });

  test.each([
    ["1.2", {}],
    ["v1.2.3", {}],
    ["1.2.3", { INPUT_SCHEME: "v-semver" }],
    ["01.2.3", {}],
    ["1.2.3 ; rm -rf /", {}],
    ["1.2.3\n::error::injected", {}],
    ["searcher/2.0.0", {}],
    ["2026.1.4", { INPUT_SCHEME: "calver:YYYY.0M.MICRO" }],
  ])("%j is none", async (tag, scheme) => {
    const { status, outputs, log, annotations } = await runByHand("validate-tag", {
      INPUT_TAG: tag,
      ...scheme,
    });
    expect(status).toBe(1);
    expect(outputs["valid"]).toBe("false");
    expect(annotations).toHaveLength(1);
    expect(log).not.toMatch(/^::error::injected/m);
    expect(log).toContain("RA1302");
  });

  test("a tag outside the scheme may be skipped", async () => {
    const { status, outputs } = await runByHand("validate-tag", {
      INPUT_TAG: "nightly",
      "INPUT_ON-INVALID": "skip",
    });
    expect([status, outputs["valid"]]).toEqual([0, "false"]);
  });
});

describe.concurrent("with a token, without the file", () => {
  test("says commit, kind, the tag before, and whether it is the newest: one request", async () => {
    await using stage = await openStage();
    for (const version of ["1.0.0", "1.1.0", "2.0.0-rc.1", "1.1.1"]) await release(stage, version);
    const requests = stage.watch(stage.github);
    const newest = await stage.run("validate-tag", {
      tag: "1.1.1",
      inputs: { config: "", branch: "main" },
    });
    expect(newest.status).toBe(0);
    expect(newest.outputs).toMatchObject({
      valid: "true",
      version: "1.1.1",
      kind: "patch",
      commit: stage.repository.log("1.1.1")[0],
      "previous-tag": "1.1.0",
      "is-newest": "true",
      "image-tag": "1.1.1",
    });
    expect(requests()).toEqual(["POST /api/graphql"]);
    const older = await stage.run("validate-tag", { inputs: { tag: "1.1.0", config: "" } });
    expect(older.outputs).toMatchObject({
      kind: "minor",
      "previous-tag": "1.0.0",
      "is-newest": "false",
    });
    expect(stage.writes()).toEqual([]);
  });

  test("refuses a commit that is on no release branch, whatever the default branch is called", async () => {
    await using stage = await openStage({ defaultBranch: "trunk" });
    const { commit } = await release(stage, "1.0.0");
    stage.repository.createBranch("side", commit, "ada");
    await release(stage, "1.0.1", { branch: "side" });
    for (const config of ["", ".github/release-pipeline.yml"]) {
      const onTrunk = await stage.run("validate-tag", { tag: "1.0.0", inputs: { config } });
      expect(onTrunk.outputs["valid"]).toBe("true");
      const aside = await stage.run("validate-tag", { tag: "1.0.1", inputs: { config } });
      expect([aside.status, aside.outputs["valid"]]).toEqual([1, "false"]);
      expect(aside.annotations[0]?.message).toMatch(
        /RA1304 commit \w{7} of 1\.0\.1 is not on trunk/,
      );
    }
    const allowed = await stage.run("validate-tag", {
      tag: "1.0.1",
      inputs: { config: "", branch: "trunk\nsi*" },
    });
    expect(allowed.outputs["valid"]).toBe("true");
  });

  test("compares the manifests at the tag", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    await release(stage, "1.0.1", {
      files: { "package.json": '{"name":"shop","version":"1.0.0"}' },
    });
    const inputs = { config: "", manifests: "package.json" };
    expect((await stage.run("validate-tag", { tag: "1.0.0", inputs })).status).toBe(0);
    const wrong = await stage.run("validate-tag", { tag: "1.0.1", inputs });
    expect(wrong.status).toBe(1);
    expect(wrong.annotations[0]?.message).toContain(
      "RA1306 package.json says 1.0.0, the tag says 1.0.1",
    );
  });

  test("a tag of a branch's name is no branch", async () => {
    await using stage = await openStage();
    const { commit } = await release(stage, "1.0.0");
    stage.repository.createTag("stable", commit, "ada");
    const inputs = { config: "", branch: "stable" };
    const end = await stage.run("validate-tag", { tag: "1.0.0", inputs });
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.message).toContain("RA1304");
  });

  test("a tag that is nowhere is refused", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    const end = await stage.run("validate-tag", { inputs: { tag: "7.0.0", config: "" } });
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.message).toContain("RA1303 there is no tag 7.0.0");
  });
});

test.concurrent("with the file: its scheme, branch and manifests hold, and an input goes before them", async () => {
  await using stage = await openStage();
  configure(stage, {
    file: { tag: { scheme: "v-semver", branch: ["main"], manifests: ["package.json"] } },
  });
  await release(stage, "1.0.0", { tag: "v1.0.0" });
  const end = await stage.run("validate-tag", { tag: "v1.0.0" });
  expect(end.outputs).toMatchObject({ valid: "true", version: "1.0.0" });
  expect(end.reasons.map(({ rule }) => rule)).toEqual(["tag", "branch", "manifests"]);
  const other = await stage.run("validate-tag", { tag: "v1.0.0", inputs: { scheme: "semver" } });
  expect(other.outputs["valid"]).toBe("false");
  expect(stage.writes()).toEqual([]);
});

refusesInputs("validate-tag", [
  [
    "a path of the file where no file is",
    { inputs: { tag: "1.0.0", config: ".github/relase-pipeline.yml" } },
    "RA1101",
    /relase-pipeline\.yml is not on the branch main/,
  ],
  [
    "an environment that the file does not have",
    (stage) => {
      configure(stage);
      return { inputs: { tag: "1.0.0", environment: "prod" } };
    },
    "RA1104",
    /"prod" is not in the file/,
  ],
  ["no tag, and none in the event", {}, "RA1001", /`tag` is not given/],
  [
    "a scheme that does not exist",
    { inputs: { tag: "1.0.0", scheme: "semver2" } },
    "RA1301",
    /semver2/,
  ],
  [
    "on-invalid of another word",
    { inputs: { tag: "1.0.0", "on-invalid": "ignore" } },
    "RA1002",
    /`on-invalid` is "ignore"; it takes fail or skip/,
  ],
  [
    "summary of another word",
    { inputs: { tag: "1.0.0", summary: "sometimes" } },
    "RA1002",
    /`summary` is "sometimes"/,
  ],
]);
