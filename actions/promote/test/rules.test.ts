import { describe, expect, test } from "vitest";
import { configure, recordPass, release, type Build } from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { currentOf, into, openIssue, runs, say, withIssues, writeLedger } from "./promotion.ts";

const hour = 3_600_000;

/** The job that takes the backup, and when it last did. */
function backUp(stage: Stage, hoursAgo: number): void {
  const pod = { restartPolicy: "Never", containers: [{ name: "dump", image: "x/y" }] };
  const at = new Date(Date.now() - hoursAgo * hour);
  at.setMilliseconds(0);
  stage.cluster.apply({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "dump", namespace: "shop" },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: pod } } } },
    status: { lastSuccessfulTime: at.toISOString().replace(".000Z", "Z") },
  });
}
const backup = { gate: { preflight: { backup: "cronjob/dump", "max-age": "1d" } } };

describe.concurrent("the preflight", { timeout: 60_000 }, () => {
  test.each([{}, { inputs: { "dry-run": "true" } }])(
    "an old backup refuses before any write, and every other finding is shown (%j)",
    async (more: JobWish) => {
      await using stage = await openStage();
      configure(stage, { staging: backup });
      backUp(stage, 50);
      await release(stage, "1.0.0");
      const end = await stage.run("promote", into(stage, "staging", { tag: "1.0.0", ...more }));
      expect([end.status, end.outputs["decision"], end.outputs["result"]]).toEqual([
        1,
        "refused",
        "none",
      ]);
      expect(end.reasons.map(({ rule, holds }) => `${rule} ${holds}`)).toEqual([
        "tag true",
        "images true",
        "labels true",
        "lock true",
        "preflight false",
      ]);
      expect(end.reasons.at(-1)).toMatchObject({
        code: "RA3301",
        saw: expect.stringContaining("50 h ago, and may be 24 h old") as string,
      });
      expect(end.annotations[0]?.message).toContain("RA3301");
      expect(end.summary).toContain("| lock | holds |");
      expect(stage.writes()).toEqual([]);
    },
  );

  test("a fresh backup lets the release in", async () => {
    await using stage = await openStage();
    configure(stage, { staging: backup });
    backUp(stage, 5);
    await release(stage, "1.0.0");
    const end = await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.reasons).toContainEqual({
      rule: "preflight",
      holds: true,
      saw: "1 preflight check holds",
    });
    expect(currentOf(stage, "staging")?.latest).toMatchObject({
      verdict: { holds: true, findings: end.reasons },
    });
  });

  test("does not hold a rollback up", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, staging: backup });
    backUp(stage, 50);
    for (const version of ["1.0.0", "1.1.0"])
      recordPass(stage, await release(stage, version), "staging");
    const dispatch = { action: "rollback", reason: "Prices" };
    const end = await stage.run("promote", into(stage, "staging", { dispatch }));
    expect([end.status, end.outputs["version"]]).toEqual([0, "1.0.0"]);
    expect(end.reasons.map(({ rule }) => rule)).not.toContain("preflight");
  });
});

describe.concurrent("the reserved DOI", { timeout: 60_000 }, () => {
  const doi = "10.5072/zenodo.7";
  const file = { zenodo: { "write-to": ["README.md"] } };
  const reserve = (stage: Stage) =>
    writeLedger(stage, "zenodo/1.0.0.json", {
      doi,
      conceptDoi: "10.5072/zenodo.6",
      url: "https://zenodo.example.org/deposit/7",
      state: "draft",
      depositionId: "7",
    });

  test.each<[string, boolean, Record<string, string>, string]>([
    ["is not reserved", false, { "README.md": "The shop" }, "RA6011"],
    ["is not named by the tagged file", true, { "README.md": `${doi}1` }, "RA6014"],
    ["is named by a file that the tag does not have", true, {}, "RA6014"],
  ])("that %s is refused before any write", async (_what, reserved, files, code) => {
    await using stage = await openStage();
    configure(stage, { deploy: false, file });
    if (reserved) reserve(stage);
    await release(stage, "1.0.0", { files });
    const end = await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
    expect(end.status).toBe(1);
    expect(end.reasons.filter(({ holds }) => !holds)).toMatchObject([{ rule: "doi", code }]);
    expect(stage.writes()).toEqual([]);
  });

  test("that the tagged file names lets it in; later environments do not ask again", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, file });
    reserve(stage);
    await release(stage, "1.0.0", { files: { "README.md": `Cite doi:${doi}.` } });
    const staging = await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
    expect([staging.status, staging.outputs["result"]]).toEqual([0, "passed"]);
    expect(staging.reasons).toContainEqual({
      rule: "doi",
      holds: true,
      saw: `README.md names ${doi}`,
    });
    const production = await stage.run("promote", into(stage, "production"));
    expect(production.status).toBe(0);
    expect(production.reasons.map(({ rule }) => rule)).not.toContain("doi");
  });
});

describe.concurrent("a team as a role", { timeout: 60_000 }, () => {
  const roles = { owner: ["@example/owners"], platform: ["ada", "@example/platform"] };

  async function start(production: Record<string, unknown>) {
    const stage = await openStage();
    stage.github.addTeam({ organization: "example", slug: "owners", members: ["olga"] });
    stage.github.addTeam({ organization: "example", slug: "platform", members: ["pia"] });
    configure(stage, { deploy: false, production, file: { roles } });
    const build = await release(stage, "1.0.0");
    recordPass(stage, build, "staging");
    const token = stage.github.issueToken({
      kind: "app",
      repositories: ["example/shop"],
      actor: "pia",
      permissions: { members: "read" },
    });
    const app = (more: JobWish = {}) =>
      into(stage, "production", {
        ...more,
        secrets: [token],
        inputs: { "app-token": token, ...more.inputs },
      });
    return { stage, build, app };
  }
  const byTeam = { gate: { "run-by": ["platform"] } };

  test("cannot be asked without app-token: said before any write", async () => {
    const { stage } = await start(byTeam);
    await using _ = stage;
    for (const action of ["promote", "gate"]) {
      const { inputs: _inputs, ...wish } = into(stage, "production");
      const inputs = { environment: "production" };
      const end = await stage.run(
        action,
        action === "gate" ? { ...wish, inputs } : into(stage, "production"),
      );
      expect([end.status, end.annotations[0]?.title]).toEqual([
        1,
        expect.stringContaining("RA1219"),
      ]);
      expect(end.annotations[0]?.message).toContain("the role platform names @example/platform");
    }
    expect(stage.writes()).toEqual([]);
  });

  test("is asked with it: members may, others may not", async () => {
    const { stage, app } = await start(byTeam);
    await using _ = stage;
    const other = await stage.run("promote", app({ actor: "olga" }));
    expect(other.reasons.filter(({ holds }) => !holds)).toMatchObject([
      { rule: "run-by", code: "RA1202" },
    ]);
    const { "app-token": token = "" } = app().inputs ?? {};
    const inputs = { environment: "production", "app-token": token };
    for (const [actor, decision] of [
      ["olga", "refused"],
      ["pia", "go"],
    ] as const) {
      const asked = await stage.run("gate", { inputs, actor, secrets: [token] });
      expect([actor, asked.outputs["decision"]]).toEqual([actor, decision]);
    }
    expect(stage.writes()).toEqual([]);
    expect((await stage.run("promote", app({ actor: "pia" }))).status).toBe(0);
    expect(currentOf(stage, "production")?.latest).toMatchObject({ actor: "pia" });
  });

  test("approves and accepts", async () => {
    const { stage, app } = await start({ gate: { approvals: ["owner"] }, "accept-by": "owner" });
    await using _ = stage;
    const { number } = stage.repository.openIssue({
      title: "Release 1.0.0 of Shop",
      by: "pia",
      labels: ["release"],
    });
    stage.repository.comment({ issue: number, body: "/approve 1.0.0", by: "pia" });
    const early = await stage.run("promote", app());
    expect(early.reasons.filter(({ holds }) => !holds)).toMatchObject([
      { rule: "approvals", code: "RA1212" },
    ]);
    stage.repository.comment({ issue: number, body: "/approve 1.0.0", by: "olga" });
    expect((await stage.run("promote", app())).status).toBe(0);
    const accepts = { inputs: { action: "accept" }, actor: "olga" };
    const without = await stage.run("promote", into(stage, "production", accepts));
    expect(without.annotations[0]?.title).toContain("RA1219");
    const end = await stage.run("promote", app(accepts));
    expect([end.status, end.outputs["accepted"]]).toEqual([0, "true"]);
  });

  test("takes a release back by comment", async () => {
    const { stage, build, app } = await start({
      exceptions: { rollback: { "run-by": ["platform"] } },
    });
    await using _ = stage;
    const next: Build = await release(stage, "1.1.0");
    for (const one of [build, next]) recordPass(stage, one, "production");
    const issue = await openIssue(stage, "1.1.0");
    const wish = say(stage, issue, "pia", "/rollback Prices");
    const permissions = withIssues;
    const without = await stage.run("promote", into(stage, "production", { ...wish, permissions }));
    expect(without.annotations[0]?.title).toContain("RA1219");
    expect(runs(stage, "production")).toBe("1.1.0");
    expect((await stage.run("promote", app({ ...wish, permissions }))).status).toBe(0);
    expect(runs(stage, "production")).toBe("1.0.0");
  });

  test("that nobody asks needs no token", async () => {
    const { stage } = await start({});
    await using _ = stage;
    expect((await stage.run("promote", into(stage, "production"))).status).toBe(0);
  });
});

describe.concurrent("a script as the target", { timeout: 60_000 }, () => {
  /** A release whose commit has the script, executable. */
  async function start() {
    const stage = await openStage();
    configure(stage, {
      deploy: false,
      production: {
        deploy: { script: "deploy.sh", namespace: "shop", vars: { PLACE: "${environment}" } },
      },
    });
    const script = '#!/bin/sh\necho "to $PLACE: $IMAGE_WEB of $VERSION"\n';
    const build = await release(stage, "1.0.0", { tag: null, files: { "deploy.sh": script } });
    const { repository } = stage;
    const git = async (args: string[], input = "") =>
      (await repository.git(args, input)).toString().trim();
    const files = `${await git(["ls-tree", build.commit])}\n`;
    const tree = await git(["mktree"], files.replace(/100644(?=.*\tdeploy\.sh$)/m, "100755"));
    const by = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"];
    const commit = await git([...by, "commit-tree", tree, "-p", build.commit, "-m", "Runs"]);
    await git(["update-ref", "refs/heads/main", commit]);
    repository.createTag("1.0.0", commit, "ada");
    recordPass(stage, { ...build, commit }, "staging");
    return { stage, image: `${build.image}@${build.digest}` };
  }

  test("a dry run names it, and what would come before and after it", async () => {
    const { stage } = await start();
    await using _ = stage;
    const end = await stage.run(
      "promote",
      into(stage, "production", { inputs: { "dry-run": "true" } }),
    );
    expect(end.status).toBe(0);
    expect(end.summary).toContain(
      [
        "1. open an entry in the ledger, and GitHub's deployment",
        "2. give 1 image the tag `production`",
        "3. run `deploy.sh` of the tagged commit",
        "4. wait for the rollout",
      ].join("\n"),
    );
    expect(end.summary).not.toMatch(/apply \d/);
    expect(end.log).not.toContain("to production");
    expect(stage.writes()).toEqual([]);
  });

  test("is run with the tested digest", async () => {
    const { stage, image } = await start();
    await using _ = stage;
    const end = await stage.run(
      "promote",
      into(stage, "production", { inputs: { kubeconfig: "" } }),
    );
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(end.log).toContain(`to production: ${image} of 1.0.0`);
    expect(runs(stage, "production")).toBe("1.0.0");
  });
});
