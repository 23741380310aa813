import { describe, expect, test } from "vitest";
import { configure, recordPass, recordOf, release } from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { appends, currentOf, into, openIssue, runs, say, withIssues } from "./promotion.ts";

/** The Job that overwrites the data; here it only says so, or fails. */
const job = (registryHost: string, script: string): string =>
  JSON.stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "restore" },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            { name: "job", image: `${registryHost}/shop/web`, command: ["node", "-e", script] },
          ],
        },
      },
    },
  });

async function start(script = "console.log('restored')", allowed = true) {
  const stage = await openStage();
  configure(stage, {
    production: {
      "image-tags": [],
      deploy: {
        manifests: "deploy/web.yml",
        namespace: "shop",
        timeout: "20s",
        restore: "deploy/restore.json",
      },
      smoke: {},
      ...(allowed
        ? { exceptions: { restore: { approvals: ["owner"], "run-by": ["platform"] } } }
        : {}),
    },
  });
  const build = await release(stage, "1.0.0", {
    files: { "deploy/restore.json": job(stage.registryHost, script) },
  });
  recordPass(stage, build, "staging");
  recordPass(stage, build, "production");
  const restore = (more: JobWish = {}) =>
    stage.run(
      "promote",
      into(stage, "production", {
        permissions: withIssues,
        actor: "pia",
        ...more,
        inputs: { action: "restore", reason: "The migration lost the prices", ...more.inputs },
      }),
    );
  return { stage, build, restore };
}

const jobs = (stage: Stage) =>
  stage.cluster.objects("Job", "shop").map(({ metadata }) => metadata.name);

describe.concurrent("the action restore", { timeout: 60_000 }, () => {
  test("runs the Job once after a fresh approval, is in the ledger, and changes nothing that runs", async () => {
    const { stage, restore } = await start();
    await using _ = stage;
    const issue = await openIssue(stage, "1.0.0");
    const refused = await restore();
    expect([refused.status, jobs(stage)]).toEqual([1, []]);
    expect(refused.annotations[0]?.message).toContain("is not approved by owner (@olga)");
    say(stage, issue, "olga", "/approve 1.0.0");

    const dry = await restore({ inputs: { "dry-run": "true" } });
    expect(dry.summary).toContain("run the Job `deploy/restore.json`, once");
    expect([dry.status, jobs(stage)]).toEqual([0, []]);

    const run = stage.newRun();
    const end = await restore({ run });
    expect([end.status, end.annotations]).toEqual([0, []]);
    expect(end.outputs).toMatchObject({ decision: "go", result: "passed", accepted: "false" });
    expect(end.summary).toContain("Shop 1.0.0 runs on restored data in production");
    expect(jobs(stage)).toEqual([expect.stringMatching(/^restore-[0-9a-f]{10}$/)]);
    expect(currentOf(stage, "production")?.latest).toMatchObject({
      id: "production-2",
      action: "restore",
      reason: "The migration lost the prices",
      result: "passed",
      approvals: [{ login: "olga", role: "owner" }],
      runs: { version: "1.0.0" },
    });
    expect(runs(stage, "production")).toBe("1.0.0");
    // It is no evidence of a release, no deployment and no rollout.
    expect(recordOf(stage, "1.0.0")?.passes.map(({ entry }) => entry)).toEqual([
      "staging-1",
      "production-1",
    ]);
    expect(stage.repository.deployments).toEqual([]);
    expect(stage.cluster.objects("Deployment", "shop")).toEqual([]);

    const commits = appends(stage);
    const again = await restore({ run, attempt: 2 });
    expect([again.outputs["decision"], appends(stage), jobs(stage).length]).toEqual([
      "skipped",
      commits,
      1,
    ]);
    // The approval was for that restore; the next one needs another.
    expect((await restore()).annotations[0]?.message).toContain("is not approved by owner");
    say(stage, issue, "olga", "/approve 1.0.0");
    expect((await restore()).outputs["result"]).toBe("passed");
    expect(jobs(stage)).toHaveLength(2);
  });

  test("a Job that fails is said with its words, and what runs is still known", async () => {
    const { stage, restore } = await start("console.error('dump is empty'); process.exit(2)");
    await using _ = stage;
    say(stage, await openIssue(stage, "1.0.0"), "olga", "/approve 1.0.0");
    const end = await restore();
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.message).toMatch(
      /^RA3501 Production still runs 1\.0\.0\. .*dump is empty/,
    );
    expect(end.summary).toContain("A restore is not taken back");
    expect(currentOf(stage, "production")?.latest).toMatchObject({ result: "failed" });
    expect(runs(stage, "production")).toBe("1.0.0");
  });

  test.each<[string, boolean, JobWish, string]>([
    ["where the file does not allow it", false, {}, "RA1221"],
    ["by somebody without the role", true, { actor: "ada" }, "RA1202"],
    ["without a reason", true, { inputs: { reason: "" } }, "RA1001"],
    ["of another version than runs", true, { inputs: { version: "0.9.0" } }, "RA1303"],
  ])("is refused %s", async (_what, allowed, more, code) => {
    const { stage, restore } = await start("", allowed);
    await using _ = stage;
    say(stage, await openIssue(stage, "1.0.0"), "olga", "/approve 1.0.0");
    const end = await restore(more);
    expect(end.status).toBe(1);
    expect(JSON.stringify([end.annotations, end.outputs])).toContain(code);
    expect(jobs(stage)).toEqual([]);
  });
});
