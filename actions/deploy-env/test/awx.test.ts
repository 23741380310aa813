import { expect, test } from "vitest";
import { awxToken, startAwx } from "../../test-support/awx.ts";
import { release } from "../../test-support/shop.ts";
import { openStage } from "../../test-support/stage.ts";

test(
  "killed after any request to AWX: another attempt ends well, and there is one job",
  { timeout: 60_000 },
  async () => {
    await using stage = await openStage();
    const build = await release(stage, "1.0.0");
    const { url, awx } = await startAwx();
    const wish = {
      tag: build.version,
      secrets: [awxToken],
      inputs: {
        config: "",
        images: `web=${build.image}@${build.digest}`,
        "awx-template": "Deploy",
        "awx-url": url,
        "awx-token": awxToken,
      },
    };
    const clean = await stage.run("deploy-env", wish);
    expect([clean.status, clean.outputs["result"]]).toEqual([0, "passed"]);
    expect(clean.summary).toContain("Nothing was verified");
    const requests = awx.requests.length;

    for (let at = 1; at <= requests; at += 1) {
      const run = stage.newRun({ tag: build.version });
      const before = awx.jobs.length;
      const killed = stage.start("deploy-env", { ...wish, run });
      let count = 0;
      awx.faults.push({ matches: () => (count += 1) === at, when: "after", does: killed.kill });
      expect((await killed.ended).status, `kill at ${at}`).toBe(null);
      const end = await stage.run("deploy-env", { ...wish, run, attempt: 2 });
      expect([at, end.status, awx.jobs.length - before]).toEqual([at, 0, 1]);
    }
  },
);
