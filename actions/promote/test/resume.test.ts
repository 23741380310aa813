import { describe, expect, test } from "vitest";
import { configure, ledgerFile, release, runningDigests } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";
import { currentOf, into, type Entry } from "./promotion.ts";

describe.concurrent("killed in the middle", { timeout: 120_000 }, () => {
  /** Kills the action once its request number `at` has taken effect, whichever system it goes to. */
  function killAt(stage: Stage, at: number, kill: () => void): void {
    let count = 0;
    for (const standIn of [stage.github, stage.registry, stage.cluster]) {
      standIn.faults.length = 0;
      standIn.faults.push({ matches: () => (count += 1) === at, when: "after", does: kill });
    }
  }

  test.each([1, 2, 3])(
    "after any request (%d of 3): run again, it ends as one clean run",
    async (first) => {
      await using stage = await openStage();
      configure(stage, { deploy: false });
      await release(stage, "1.0.0");
      const counted = [stage.watch(stage.github), stage.watch(stage.registry)];
      await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
      await release(stage, "1.1.0");
      const before = counted.flatMap((requests) => requests()).length;
      await stage.run("promote", into(stage, "staging", { tag: "1.1.0" }));
      const requests = counted.flatMap((all) => all()).length - before;
      expect(requests).toBeLessThan(40);

      let previous = stage.registry.tags("shop/web")["staging"];
      for (let at = first; at <= requests; at += 3) {
        const version = `1.2.${at}`;
        const { commit, digest } = await release(stage, version);
        const commits = stage.repository.log("release-ledger").length;
        const run = stage.newRun({ tag: version });
        const killed = stage.start("promote", into(stage, "staging", { tag: version, run }));
        killAt(stage, at, killed.kill);
        expect((await killed.ended).status, `kill at ${at}`).toBe(null);
        const end = await stage.run(
          "promote",
          into(stage, "staging", { tag: version, run, attempt: 2 }),
        );

        expect([at, end.status, end.outputs["result"]]).toEqual([at, 0, "passed"]);
        expect(currentOf(stage, "staging")?.latest).toMatchObject({
          result: "passed",
          run: { id: run },
          release: { version },
        });
        expect(
          ledgerFile<{ passes: unknown[] }>(stage, `versions/${version}.json`)?.passes,
        ).toHaveLength(1);
        expect(
          stage.repository.log("release-ledger").length - commits,
          `appends, kill at ${at}`,
        ).toBe(2);
        expect(stage.registry.tags("shop/web")).toMatchObject({
          staging: digest,
          "staging-previous": previous,
        });
        const deployments = stage.repository.deployments.filter(({ sha }) => sha === commit);
        expect(deployments.map(({ statuses }) => statuses.at(-1)?.state)).toEqual(["success"]);
        previous = digest;
      }
    },
  );

  test.each([1, 3])(
    "after apply number %d: the cluster ends with the new build, once",
    async (apply) => {
      await using stage = await openStage();
      configure(stage);
      await release(stage, "1.0.0");
      const { digest } = await release(stage, "1.1.0");
      await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
      const run = stage.newRun({ tag: "1.1.0" });
      let count = 0;
      const killed = stage.start("promote", into(stage, "staging", { tag: "1.1.0", run }));
      stage.cluster.faults.push({
        matches: ({ method }) => method === "PATCH" && (count += 1) === apply,
        when: "after",
        does: killed.kill,
      });
      expect((await killed.ended).status).toBe(null);
      const end = await stage.run(
        "promote",
        into(stage, "staging", { tag: "1.1.0", run, attempt: 2 }),
      );
      expect([end.status, end.outputs["entry"]]).toEqual([0, "staging-2"]);
      expect(runningDigests(stage)).toEqual([digest]);
      expect(
        currentOf(stage, "staging")?.passed.map(({ release: { version } }) => version),
      ).toEqual(["1.0.0", "1.1.0"]);
    },
  );

  test("the lock of a run that works is respected, of a dead one taken over", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
    const run = stage.newRun({ tag: "1.0.0" });
    const works = stage.start("promote", into(stage, "staging", { tag: "1.0.0", run }));
    const reached = new Promise<void>((resolve) =>
      stage.registry.faults.push({
        matches: ({ method }) => method === "PUT" && (resolve(), true),
        when: "before",
        does: "hang",
      }),
    );
    await reached;
    const writes = stage.writes().length;
    const second = await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
    expect([second.status, second.outputs["decision"]]).toEqual([1, "refused"]);
    expect(second.annotations[0]?.message).toContain(`RA1201 staging-1 (release 1.0.0 by @pia`);
    expect(second.annotations[0]?.message).toContain(`/actions/runs/${run}`);
    expect(stage.writes()).toHaveLength(writes);

    works.kill();
    await works.ended;
    const third = await stage.run("promote", into(stage, "staging", { tag: "1.0.0" }));
    expect([third.status, third.outputs["entry"]]).toEqual([0, "staging-2"]);
    expect(third.log).toContain("this run takes over");
    expect(ledgerFile<Entry>(stage, "staging/entries/staging-1.json")).toMatchObject({
      result: "failed",
      why: "Its run ended without closing it; staging-2 took over.",
    });
    const late = await stage.run(
      "promote",
      into(stage, "staging", { tag: "1.0.0", run, attempt: 2 }),
    );
    expect(late.outputs["decision"]).toBe("skipped");
    expect(late.annotations[0]?.message).toMatch(
      /^RA5012 This run's entry staging-1 .* is followed by staging-2/,
    );
    expect(currentOf(stage, "staging")?.latest).toMatchObject({
      id: "staging-2",
      result: "passed",
    });
  });
});
