import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, recordPass, release, runningDigests } from "../../test-support/shop.ts";
import { currentOf, into } from "./promotion.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";

describe.concurrent("the whole way", () => {
  test("tag to staging, approval, production; what ran again, late or not, writes nothing", async () => {
    await using stage = await openStage();
    configure(stage, { production: { gate: { approvals: ["owner"], "run-by": ["platform"] } } });
    const build = await release(stage, "1.0.0");
    const run = stage.newRun({ tag: "1.0.0" });
    const staging = await stage.run("promote", into(stage, "staging", { tag: "1.0.0", run }));
    expect(staging.outputs).toMatchObject({
      decision: "go",
      result: "passed",
      accepted: "false",
      version: "1.0.0",
      digest: build.digest,
      "previous-digest": "",
      entry: "staging-1",
      url: stage.siteUrl,
    });
    expect(runningDigests(stage)).toEqual([build.digest]);

    const { number } = stage.repository.openIssue({
      title: "Release 1.0.0 of Shop",
      by: "olga",
      labels: ["release"],
    });
    stage.repository.comment({ issue: number, body: "/approve 1.0.0", by: "olga" });
    const production = await stage.run(
      "promote",
      into(stage, "production", { dispatch: { version: "1.0.0" } }),
    );
    expect(production.outputs).toMatchObject({
      decision: "go",
      accepted: "true",
      entry: "production-1",
    });
    expect(currentOf(stage, "production")?.latest).toMatchObject({
      result: "passed",
      actor: "pia",
    });
    expect(stage.registry.tags("shop/web")).toMatchObject({
      staging: build.digest,
      production: build.digest,
    });
    expect(
      stage.repository.deployments.map(({ environment, statuses }) => [
        environment,
        statuses.at(-1)?.state,
      ]),
    ).toEqual([
      ["staging", "success"],
      ["production", "success"],
    ]);

    const writes = stage.writes().length;
    const again = await stage.run(
      "promote",
      into(stage, "staging", { tag: "1.0.0", run, attempt: 2 }),
    );
    expect([again.status, again.outputs["decision"], again.outputs["result"]]).toEqual([
      0,
      "skipped",
      "passed",
    ]);
    expect(stage.writes()).toHaveLength(writes);

    await release(stage, "1.1.0");
    await stage.run("promote", into(stage, "staging", { tag: "1.1.0" }));
    const written = stage.writes().length;
    const late = await stage.run(
      "promote",
      into(stage, "staging", { tag: "1.0.0", run, attempt: 3 }),
    );
    expect([late.status, late.outputs["decision"], late.outputs["result"]]).toEqual([
      0,
      "skipped",
      "none",
    ]);
    expect(late.summary).toContain("came after this run");
    expect(stage.writes()).toHaveLength(written);
  });

  test("a build that answers wrongly is rolled back; a rollback on request goes back to what passed", async () => {
    await using stage = await openStage();
    configure(stage);
    const builds = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
    for (const tag of ["1.0.0", "1.1.0"])
      await stage.run("promote", into(stage, "staging", { tag }));
    configure(stage, {
      staging: {
        smoke: {
          checks: "deploy/checks.yml",
          deadline: "1s",
          identity: { get: "/", json: { "$.version": "${version}" } },
        },
      },
    });
    await release(stage, "1.2.0", { behaviour: "wrong" });
    const wrong = await stage.run("promote", into(stage, "staging", { tag: "1.2.0" }));
    expect(wrong.status).toBe(1);
    expect(wrong.outputs).toMatchObject({
      decision: "go",
      result: "rolled-back",
      accepted: "false",
    });
    expect(wrong.annotations[0]?.message).toContain(
      "Staging still runs 1.1.0. The release of 1.2.0 failed and was rolled back.",
    );
    expect(wrong.summary).toContain("The configuration in the cluster is what it was before.");
    expect(currentOf(stage, "staging")?.latest).toMatchObject({ differences: [] });
    expect(runningDigests(stage)).toEqual([builds[1]?.digest]);

    const back = await stage.run(
      "promote",
      into(stage, "staging", { dispatch: { action: "rollback", reason: "Prices are wrong" } }),
    );
    expect(back.outputs).toMatchObject({
      result: "passed",
      version: "1.0.0",
      "previous-digest": builds[1]?.digest,
    });
    expect(runningDigests(stage)).toEqual([builds[0]?.digest]);
    expect(currentOf(stage, "staging")?.latest).toMatchObject({
      result: "passed",
      release: { version: "1.0.0" },
      differences: [],
    });
    expect(back.summary).toContain("The configuration in the cluster is what it was before.");
  });
});

test.concurrent("a rollback of the last environment lets nothing be published, run again or not", async () => {
  await using stage = await openStage();
  configure(stage, { deploy: false });
  const builds = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
  for (const build of builds)
    for (const place of ["staging", "production"]) recordPass(stage, build, place);
  const run = stage.newRun();
  for (const [attempt, decision] of [
    [1, "go"],
    [2, "skipped"],
  ] as const) {
    const wish = into(stage, "production", {
      run,
      attempt,
      dispatch: { action: "rollback", reason: "Prices" },
    });
    const end = await stage.run("promote", wish);
    expect(end.outputs).toMatchObject({
      decision,
      result: "passed",
      version: "1.0.0",
      accepted: "false",
    });
  }
});

describe.concurrent("nothing is written", () => {
  test.each([
    ["by the input", { inputs: { "dry-run": "true" } }],
    ["by the dispatch", { dispatch: { version: "1.0.0", "dry-run": "true" } }],
  ])("in a dry run %s, which prints the plan", async (_, wish) => {
    await using stage = await openStage();
    configure(stage);
    recordPass(stage, await release(stage, "1.0.0"), "staging");
    const end = await stage.run(
      "promote",
      into(stage, "production", { dispatch: { version: "1.0.0" }, ...wish }),
    );
    expect(end.status).toBe(0);
    expect(end.outputs).toMatchObject({
      decision: "go",
      result: "none",
      accepted: "false",
      version: "1.0.0",
    });
    for (const planned of [
      "open an entry in the ledger",
      "`production`",
      "Deployment web",
      "Service web",
      "Ingress web",
    ])
      expect(end.summary).toContain(planned);
    expect(stage.writes()).toEqual([]);
  });

  test("without evidence, without the role, or without the cluster's secret", async () => {
    await using stage = await openStage();
    configure(stage, { production: { gate: { "run-by": ["owner"] } } });
    const build = await release(stage, "1.0.0");
    const dispatch = { version: "1.0.0" };
    const untested = await stage.run("promote", into(stage, "production", { dispatch }));
    expect([untested.status, untested.outputs["decision"], untested.outputs["result"]]).toEqual([
      1,
      "refused",
      "none",
    ]);
    expect(untested.annotations[0]?.message).toContain("RA1203 1.0.0 has not passed in staging");
    expect(untested.annotations[0]?.message).toContain("RA1202 @pia has not the role owner");
    recordPass(stage, build, "staging");
    const noSecret = await stage.run(
      "promote",
      into(stage, "production", { dispatch, actor: "olga", inputs: { kubeconfig: "" } }),
    );
    expect(noSecret.annotations[0]?.title).toContain("RA1001");
    expect(noSecret.annotations[0]?.message).toContain("`kubeconfig` is not given");
    expect(stage.writes()).toEqual([]);
  });
});

test.concurrent("a token without deployments: write is told the line to add; with it the same run continues", async () => {
  await using stage = await openStage();
  configure(stage, { deploy: false });
  await release(stage, "1.0.0");
  const run = stage.newRun({ tag: "1.0.0" });
  const permissions = {
    actions: "read",
    contents: "write",
    checks: "read",
    statuses: "read",
    issues: "read",
  } as const;
  const end = await stage.run(
    "promote",
    into(stage, "staging", { tag: "1.0.0", run, permissions }),
  );
  expect(end.status).toBe(1);
  expect(end.annotations[0]?.title).toContain("RA5003");
  expect(end.annotations[0]?.message).toContain("Add `deployments: write` under `permissions:`");
  expect(stage.registry.tags("shop/web")["staging"]).toBeUndefined();
  const again = await stage.run(
    "promote",
    into(stage, "staging", { tag: "1.0.0", run, attempt: 2 }),
  );
  expect([again.status, again.outputs["entry"]]).toEqual([0, "staging-1"]);
});

const withFile =
  (inputs: Record<string, string>) =>
  (stage: Stage): JobWish => {
    configure(stage, { deploy: false });
    return { inputs };
  };
refusesInputs("promote", [
  [
    "an empty config",
    { inputs: { config: "", environment: "staging" } },
    "RA1105",
    /promote works from the pipeline's file/,
  ],
  [
    "no file in the repository",
    { inputs: { environment: "staging" } },
    "RA1101",
    /release-pipeline\.yml is not on the branch main/,
  ],
  ["no environment", withFile({}), "RA1001", /`environment` is not given/],
  [
    "an environment that the file does not have",
    withFile({ environment: "stagin" }),
    "RA1104",
    /Did you mean `staging`/,
  ],
  [
    "an action of another word",
    withFile({ environment: "staging", action: "hotfix" }),
    "RA1002",
    /`action` is "hotfix"; it takes release(, | or )rollback/,
  ],
  [
    "a rollback without a reason",
    withFile({ environment: "staging", action: "rollback" }),
    "RA1001",
    /needs a `reason`/,
  ],
  [
    "a boolean that is none",
    withFile({ environment: "staging", "dry-run": "ja" }),
    "RA1002",
    /`dry-run` is "ja"; it takes true or false/,
  ],
  [
    "a dry run that the event asks for in another word, which would have been none",
    (stage) => {
      configure(stage, { deploy: false });
      return into(stage, "staging", { dispatch: { version: "1.0.0", "dry-run": "yes" } });
    },
    "RA1002",
    /`dry-run` of the event is "yes"; it takes true or false/,
  ],
  ["no token", { inputs: { environment: "staging", token: "" } }, "RA1001", /`token` is not given/],
]);
