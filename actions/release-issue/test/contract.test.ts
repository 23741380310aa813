import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, ledgerFile, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";

const permissions = {
  actions: "read",
  contents: "write",
  issues: "write",
  "pull-requests": "read",
} as const;

const opening = (more: Partial<JobWish> = {}): JobWish => ({
  permissions,
  dispatch: { version: "1.0.0", purpose: "Sell more" },
  ...more,
  inputs: { step: "open", ...more.inputs },
});

function withFile(stage: Stage): void {
  configure(stage, {
    deploy: false,
    production: { gate: { approvals: ["owner"], checklist: [{ item: "Backups taken" }] } },
  });
}

describe.concurrent("the release issue", { timeout: 60_000 }, () => {
  test("is opened once, and brought up to date without a write where nothing changed", async () => {
    await using stage = await openStage();
    withFile(stage);
    await release(stage, "1.0.0");
    const end = await stage.run("release-issue", opening());
    expect(end.annotations).toEqual([]);
    expect(end.status).toBe(0);
    const [issue] = stage.repository.issues;
    expect(issue).toMatchObject({ title: "Release 1.0.0 of Shop", labels: ["release"] });
    expect(end.outputs).toMatchObject({ number: String(issue?.number), state: "open" });
    expect(issue?.body).toContain("- [ ] Backups taken");
    const writes = stage.writes().length;
    expect((await stage.run("release-issue", opening({ attempt: 2 }))).status).toBe(0);
    expect(stage.writes()).toHaveLength(writes);
  });

  test("says what is missing for its closing", async () => {
    await using stage = await openStage();
    withFile(stage);
    const build = await release(stage, "1.0.0");
    await stage.run("release-issue", opening());
    recordPass(stage, build, "production");
    const writes = stage.writes().length;
    const end = await stage.run("release-issue", opening({ inputs: { step: "close" } }));
    expect(end.status).toBe(1);
    expect(end.reasons.map(({ rule }) => rule)).toEqual(["release", "checklist"]);
    expect(end.outputs["state"]).toBe("passed");
    expect(stage.writes()).toHaveLength(writes);
    const record = ledgerFile<{ issue: unknown }>(stage, "versions/1.0.0.json");
    expect(record?.issue).toMatchObject({ state: "open", purpose: "Sell more" });
  });
});

refusesInputs("release-issue", [
  [
    "a step of another word",
    { inputs: { step: "reopen" } },
    "RA1002",
    /`step` is "reopen"; it takes open, command, close/,
  ],
  ["no file", { inputs: { step: "open", config: "" } }, "RA1105", /`config` is empty/],
]);
