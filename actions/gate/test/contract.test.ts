import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import {
  configuration,
  configure,
  recordPass,
  release,
  type Build,
} from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";

/** The gate needs no write permission, and no environment with secrets. */
const readOnly = {
  actions: "read",
  checks: "read",
  contents: "read",
  issues: "read",
  statuses: "read",
} as const;

const intoProduction = (more: Partial<JobWish> = {}): JobWish => ({
  permissions: readOnly,
  dispatch: { version: "1.0.0" },
  ...more,
  inputs: { environment: "production", ...more.inputs },
});

/** A shop whose production asks for an approval, a role and a check, with 1.0.0 tagged. */
async function strictShop(stage: Stage, more: { passed?: boolean } = {}): Promise<Build> {
  configure(stage, {
    deploy: false,
    production: {
      gate: { approvals: ["owner"], "run-by": ["platform"], "status-checks": ["test"] },
    },
  });
  const build = await release(stage, "1.0.0");
  if (more.passed) recordPass(stage, build, "staging");
  return build;
}

function approve(stage: Stage, by: string): void {
  const { number } = stage.repository.openIssue({
    title: "Release 1.0.0 of Shop",
    by: "olga",
    labels: ["release"],
  });
  stage.repository.comment({ issue: number, body: "/approve 1.0.0", by });
}

describe.concurrent("with the file", () => {
  test("all rules hold: go, and nothing was written", async () => {
    await using stage = await openStage();
    const build = await strictShop(stage, { passed: true });
    stage.repository.setCheckRun({
      sha: build.commit,
      name: "test",
      status: "completed",
      conclusion: "success",
    });
    approve(stage, "olga");
    const end = await stage.run("gate", intoProduction());
    expect(end.status).toBe(0);
    expect(end.outputs["decision"]).toBe("go");
    expect(end.reasons.map(({ rule, holds }) => `${rule} ${holds}`)).toEqual(
      ["tag", "evidence", "status-checks", "approvals", "refused", "run-by", "lock"].map(
        (rule) => `${rule} true`,
      ),
    );
    expect(end.summary).toContain("Nothing was written.");
    expect(stage.writes()).toEqual([]);
  });

  test("refused: every reason at once, each with its code and its next step", async () => {
    await using stage = await openStage();
    const build = await strictShop(stage, { passed: true });
    stage.repository.setCheckRun({
      sha: build.commit,
      name: "test",
      status: "completed",
      conclusion: "failure",
    });
    approve(stage, "ada");
    const end = await stage.run("gate", intoProduction({ actor: "ada" }));
    expect(end.status).toBe(1);
    expect(end.outputs["decision"]).toBe("refused");
    const open = end.reasons.filter(({ holds }) => !holds);
    expect(open.map(({ rule, code }) => `${rule} ${code}`)).toEqual([
      "status-checks RA1207",
      "approvals RA1212",
      "run-by RA1202",
    ]);
    for (const { code, saw } of open) {
      expect(end.annotations[0]?.message).toContain(code);
      expect(end.summary).toContain(code);
      expect(saw).not.toBe("");
    }
    expect(stage.writes()).toEqual([]);
  });

  test("without evidence there is no production", async () => {
    await using stage = await openStage();
    await strictShop(stage);
    const end = await stage.run("gate", intoProduction());
    expect(end.outputs["decision"]).toBe("refused");
    expect(end.reasons).toContainEqual(
      expect.objectContaining({ rule: "evidence", holds: false, code: "RA1203" }),
    );
    expect(stage.writes()).toEqual([]);
  });

  test("images: the tested digests go, others have no evidence", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const build = await release(stage, "1.0.0");
    recordPass(stage, build, "staging");
    const gate = (digest: string) =>
      stage.run("gate", intoProduction({ inputs: { images: `web=${build.image}@${digest}` } }));
    expect((await gate(build.digest)).outputs["decision"]).toBe("go");
    const other = await gate(`sha256:${"0".repeat(64)}`);
    expect(other.status).toBe(1);
    expect(other.reasons).toContainEqual(
      expect.objectContaining({ rule: "evidence", holds: false, code: "RA1203" }),
    );
    expect(stage.writes()).toEqual([]);
  });

  test("the first environment asks the registry for the build's image", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const build = await release(stage, "1.0.0");
    const inputs = { environment: "staging", ...stage.registryLogin };
    expect(
      (await stage.run("gate", { permissions: readOnly, tag: "1.0.0", inputs })).outputs[
        "decision"
      ],
    ).toBe("go");
    stage.repository.commit({
      branch: "main",
      message: "not built",
      author: "ada",
      files: { "a.txt": "1" },
    });
    stage.repository.createTag("1.0.1", stage.repository.log("main")[0] ?? "", "ada");
    const missing = await stage.run("gate", { permissions: readOnly, tag: "1.0.1", inputs });
    expect(missing.reasons).toContainEqual(
      expect.objectContaining({
        rule: "images",
        code: "RA1206",
        saw: expect.stringContaining(build.image) as string,
      }),
    );
    expect(stage.writes()).toEqual([]);
  });

  test("a branch cannot loosen its own gate: the file is read from the default branch", async () => {
    await using stage = await openStage();
    const loose = configuration(stage, { deploy: false });
    const build = await release(stage, "1.0.0", {
      files: { ".github/release-pipeline.yml": loose },
    });
    configure(stage, { deploy: false, production: { gate: { "run-by": ["owner"] } } });
    recordPass(stage, build, "staging");
    const end = await stage.run("gate", {
      permissions: readOnly,
      tag: "1.0.0",
      inputs: { environment: "production" },
    });
    expect(end.reasons).toContainEqual(
      expect.objectContaining({ rule: "run-by", holds: false, code: "RA1202" }),
    );
  });

  test("a tag outside the scheme is skipped where the file says so", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, file: { tag: { "on-invalid": "skip" } } });
    await release(stage, "1.0.0", { tag: "nightly" });
    const end = await stage.run("gate", {
      permissions: readOnly,
      tag: "nightly",
      inputs: { environment: "staging" },
    });
    expect([end.status, end.outputs["decision"]]).toEqual([0, "skipped"]);
  });

  test("a token without a permission is told its name", async () => {
    await using stage = await openStage();
    await strictShop(stage, { passed: true });
    const { issues: _, ...permissions } = readOnly;
    const end = await stage.run("gate", intoProduction({ permissions }));
    expect(end.annotations[0]?.title).toContain("RA5003");
    expect(end.annotations[0]?.message).toContain("`issues: read`");
  });
});

describe.concurrent("what only a later job can know", () => {
  const asking = { inputs: { environment: "staging" }, dispatch: { version: "1.0.0" } };
  const backup = (of: string) => ({ gate: { preflight: { backup: of, "max-age": "1d" } } });

  test("a backup that the cluster knows of is a warning without a kubeconfig", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, staging: backup("cronjob/dump") });
    await release(stage, "1.0.0");
    const end = await stage.run("gate", {
      permissions: readOnly,
      ...asking,
      inputs: { ...asking.inputs, ...stage.registryLogin },
    });
    expect([end.status, end.outputs["decision"]]).toEqual([0, "go"]);
    expect(end.reasons).toContainEqual({
      rule: "preflight",
      holds: false,
      warning: true,
      saw: "cronjob/dump is asked where the kubeconfig is",
    });
    expect(end.summary).toContain("| preflight | warning |");
    expect(stage.writes()).toEqual([]);
  });

  test.each([
    ["a release waits for it", "release", { version: "1.1.0" }, "refused"],
    ["a rollback does not", "rollback", { reason: "Prices" }, "go"],
  ])("a backup that everybody can ask for is asked: %s", async (_w, action, dispatch, decision) => {
    await using stage = await openStage();
    configure(stage, { deploy: false, staging: backup(`${stage.siteUrl}/dump.sql`) });
    for (const version of ["1.0.0", "1.1.0"])
      recordPass(stage, await release(stage, version), "staging");
    const end = await stage.run("gate", {
      permissions: readOnly,
      dispatch,
      inputs: { environment: "staging", action, ...stage.registryLogin },
    });
    expect(end.outputs["decision"]).toBe(decision);
    expect(end.reasons.some(({ code }) => code === "RA3301")).toBe(decision === "refused");
  });

  test("tags that are missing in other repositories are a warning without app-token", async () => {
    await using stage = await openStage();
    const other = stage.github.addRepository({ owner: "example", name: "shop.indexer" });
    const commit = other.commit({
      branch: "main",
      message: "Work",
      author: "ada",
      files: { "a.txt": "1" },
    });
    const image = `${stage.registryHost}/shop/web`;
    const indexer = { name: "indexer", image, repository: "example/shop.indexer" };
    configure(stage, {
      deploy: false,
      file: { tag: { branch: "main" }, components: [{ name: "web", image }, indexer] },
    });
    await release(stage, "1.0.0", { tag: null });
    const end = await stage.run("gate", {
      permissions: readOnly,
      ...asking,
      inputs: { ...asking.inputs, ...stage.registryLogin },
    });
    const finding = end.reasons.find(({ rule, holds }) => rule === "tag" && !holds);
    expect(finding).toMatchObject({ code: "RA1308", warning: true });
    expect(finding?.saw).toContain("example/shop.indexer has no tag 1.0.0");
    // Its image was not built: that is what refuses.
    expect(
      end.reasons.filter(({ holds, ...more }) => !holds && !("warning" in more)),
    ).toMatchObject([{ rule: "images", saw: expect.stringContaining(commit) as string }]);
    expect(stage.writes()).toEqual([]);
  });
});

test.concurrent("a comment that asks for a rollback is judged by its author", async () => {
  await using stage = await openStage();
  const production = { exceptions: { rollback: { "run-by": ["owner"] } } };
  configure(stage, { deploy: false, production });
  for (const version of ["1.0.0", "1.1.0"])
    for (const place of ["staging", "production"])
      recordPass(stage, await release(stage, version, { tag: null }), place);
  const { number } = stage.repository.openIssue({ title: "x", by: "olga" });
  const comment = { issue: number, body: "/rollback Prices", login: "pia" };
  const { id } = stage.repository.comment({ issue: number, body: comment.body, by: "pia" });
  const end = await stage.run("gate", {
    permissions: readOnly,
    comment: { id, ...comment },
    inputs: { environment: "production", action: "rollback" },
  });
  expect(end.reasons).toContainEqual(
    expect.objectContaining({
      rule: "comment",
      holds: false,
      code: "RA5505",
      saw: "@pia has not the role owner",
    }),
  );
});

const withFile =
  (inputs: Record<string, string>, file: Record<string, unknown> = {}) =>
  (stage: Stage): JobWish => {
    configure(stage, { deploy: false, file });
    return { inputs };
  };
refusesInputs("gate", [
  [
    "an empty config",
    { inputs: { config: "", environment: "production" } },
    "RA1105",
    /the gate's rules are in the pipeline's file/,
  ],
  [
    "no file in the repository",
    { inputs: { environment: "production" } },
    "RA1101",
    /release-pipeline\.yml is not on the branch main/,
  ],
  ["no environment", withFile({}), "RA1001", /`environment` is not given/],
  [
    "an environment that the file does not have",
    withFile({ environment: "prodction" }),
    "RA1104",
    /Did you mean `production`/,
  ],
  [
    "an action of another word",
    withFile({ environment: "staging", action: "relaese" }),
    "RA1002",
    /`action` is "relaese"; it takes release, rollback(, | or )restore/,
  ],
  [
    "an action that is promote's",
    withFile({ environment: "staging", action: "accept" }),
    "RA1002",
    /`action` is "accept"; it takes release, rollback, restore\./,
  ],
  [
    "a rollback without a reason",
    withFile({ environment: "staging", action: "rollback" }),
    "RA1001",
    /needs a `reason`/,
  ],
  [
    "an image without a digest",
    withFile({ environment: "staging", images: "web=x/y:1" }),
    "RA1002",
    /it takes name=image@sha256/,
  ],
  [
    "a file with an unknown key",
    withFile({ environment: "staging" }, { enviroments: {} }),
    "RA1103",
    /release-pipeline\.yml:\d+:\d+: `enviroments` is not a key; did you mean `environments`/,
  ],
  [
    "a file with a role that does not exist",
    withFile(
      { environment: "staging" },
      { environments: { staging: { gate: { approvals: ["onwer"] } } } },
    ),
    "RA1104",
    /did you mean `owner`/,
  ],
  [
    "no version that could be meant",
    withFile({ environment: "production" }),
    "RA1205",
    /no version is given/,
  ],
]);
