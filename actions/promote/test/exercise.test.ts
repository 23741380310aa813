import { expect, test } from "vitest";
import { configure, recordPass, release, runningDigests } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";
import { currentOf, into, runs } from "./promotion.ts";

async function start() {
  const stage = await openStage();
  configure(stage, {
    staging: {
      deploy: {
        manifests: "deploy/web.yml",
        namespace: "shop",
        timeout: "20s",
        "exercise-rollback": true,
      },
    },
    production: { gate: { preflight: [{ passed: "rollback" }] } },
  });
  await release(stage, "1.0.0");
  const promote = (version: string, environment = "staging") =>
    stage.run(
      "promote",
      environment === "staging"
        ? into(stage, environment, { tag: version })
        : into(stage, environment, { inputs: { version } }),
    );
  return { stage, promote };
}

/** Which revision of the Deployment runs: each rollout makes the next. */
const revision = (stage: Stage): string | undefined =>
  stage.cluster.objects("Deployment", "shop")[0]?.metadata.annotations?.[
    "deployment.kubernetes.io/revision"
  ];

test(
  "N, N-1, N: three rollouts, each tested; the next environment can ask for it",
  { timeout: 60_000 },
  async () => {
    const { stage, promote } = await start();
    await using _ = stage;
    const one = await promote("1.0.0");
    expect(one.status).toBe(0);
    expect(one.summary).toContain("The rollback was not exercised: this is the first release");
    expect(currentOf(stage, "staging")?.latest).toMatchObject({ checks: ["answers"] });
    const refused = await promote("1.0.0", "production");
    expect(refused.annotations[0]?.message).toContain(
      "the ledger has not the check rollback in staging as passed",
    );

    const second = await release(stage, "1.1.0");
    expect(revision(stage)).toBe("1");
    const end = await promote("1.1.0");
    expect([end.status, end.outputs["result"]]).toEqual([0, "passed"]);
    expect(revision(stage)).toBe("4");
    expect(end.summary).toContain("exercised: back to 1.0.0 and forward again");
    expect(new Set(runningDigests(stage))).toEqual(new Set([second.digest]));
    expect(currentOf(stage, "staging")).toMatchObject({
      latest: { id: "staging-2", result: "passed", checks: ["answers", "rollback"] },
      checks: { rollback: { entry: "staging-2", version: "1.1.0" } },
    });
    expect((await promote("1.1.0", "production")).outputs["result"]).toBe("passed");
  },
);

test(
  "a release before it that does not come up any more: the release runs, and did not pass",
  { timeout: 60_000 },
  async () => {
    const { stage, promote } = await start();
    await using _ = stage;
    // It passed once; what it needed is gone since.
    recordPass(stage, await release(stage, "0.9.0", { behaviour: "crash" }), "staging");
    const second = await release(stage, "1.1.0");
    const end = await promote("1.1.0");
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.message).toMatch(
      /Staging runs 1\.1\.0\. Its release failed all the same, .* The rollback to 0\.9\.0 was exercised and failed: /,
    );
    expect(new Set(runningDigests(stage))).toEqual(new Set([second.digest]));
    expect(runs(stage, "staging")).toBe("0.9.0");
    expect(currentOf(stage, "staging")?.latest).toMatchObject({ result: "failed" });
  },
);
