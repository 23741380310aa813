import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { digestOf, release, running, type Ground, type OpenGround } from "./ground.ts";

/** What happens to a rollout from outside while it runs; the same on the stand-in and on a real cluster. */
export function describeInterruptions(open: OpenGround): void {
  let ground: Ground;
  afterEach(() => ground.close());
  const untilWatched = async (watches = 2): Promise<void> => {
    for (;;) {
      const seen = ground.front.passed.filter(({ path }) => path.includes("watch=true")).length;
      if (seen >= watches) return;
      await wait(10);
    }
  };

  describe("a rollout that is disturbed", () => {
    it("goes on when its watches are cut, again and again", async () => {
      ground = await open();
      const rollout = ground.roll(release(ground, "fault-slow"));
      for (const watches of [2, 4, 6]) {
        await untilWatched(watches);
        await wait(50);
        ground.front.cut();
      }
      expect(await rollout).toMatchObject({
        result: "passed",
        workloads: [{ images: running("fault-slow"), ready: 2 }],
      });
    });

    it("asks instead where the account may not watch, and says so", async () => {
      ground = await open();
      const lines: string[] = [];
      const rollout = await ground.roll(release(ground, "fault-slow"), {
        token: ground.tokens.lister,
        progress: (line) => lines.push(line),
      });
      expect(rollout).toMatchObject({
        result: "passed",
        workloads: [{ images: running("fault-slow"), ready: 2 }],
      });
      expect(lines.filter((line) => line.startsWith("Cannot watch "))).toEqual([
        expect.stringMatching(
          /^Cannot watch \w+, so they are asked for every few seconds: .*cannot watch/,
        ),
        expect.stringMatching(
          /^Cannot watch \w+, so they are asked for every few seconds: .*cannot watch/,
        ),
      ]);
      // One question a second for each kind, and one more each second and a quarter.
      expect(ground.asked().length).toBeLessThan(20);
      const { cause } = await ground.roll(release(ground, "fault-crash"), {
        token: ground.tokens.lister,
        entry: "319",
        timeout: 3_600_000,
      });
      expect(cause).toMatchObject({ code: "RA3108", log: ["starting", "FATAL: no database"] });
    });

    it("asks beside each attempt where every watch is broken", async () => {
      ground = await open();
      ground.front.strikes = ({ path }, when) => when === "before" && path.includes("watch=true");
      const rollout = await ground.roll(release(ground, "fault-unready"), { timeout: 9_000 });
      expect(rollout).toMatchObject({ result: "failed", cause: { code: "RA3110" } });
      // Four attempts at first; then an attempt and a question each five seconds, for each of two kinds.
      expect(ground.asked().length).toBeLessThan(2 + 2 * (4 + 3 + 2) + 3);
      ground.front.strikes = () => false;
    });

    it("goes on when the API server is restarted in the middle", async () => {
      ground = await open({ alone: true });
      const rollout = ground.roll(release(ground, "fault-slow", { replicas: 3 }));
      await untilWatched();
      await wait(300);
      await ground.restart();
      expect(await rollout).toMatchObject({
        result: "passed",
        workloads: [{ images: running("fault-slow"), ready: 3 }],
      });
    });

    it("ends, and does not guess, when its token runs out in the middle", async () => {
      ground = await open();
      await expect(
        ground.roll(release(ground, "fault-unready"), {
          token: ground.tokenFor(2),
          silence: 1_500,
          timeout: 3_600_000,
        }),
      ).rejects.toMatchObject({ code: "RA3008" });
    });

    it("is told apart from another run of the same release", async () => {
      ground = await open();
      const both = await Promise.all([
        ground.roll(release(ground, "fault-slow")),
        ground.roll(release(ground, "fault-slow"), { entry: "319" }),
      ]);
      for (const one of both)
        expect(one).toMatchObject({
          result: "passed",
          workloads: [{ images: running("fault-slow") }],
        });
    });

    it("does not pass when another run brings another release out", async () => {
      ground = await open();
      const first = ground.roll(release(ground, "fault-slow"));
      await untilWatched();
      const second = await ground.roll(release(ground, "2.0.0"), { entry: "319" });
      expect(second).toMatchObject({
        result: "passed",
        workloads: [{ images: running("2.0.0"), ready: 2 }],
      });
      const { result, cause } = await first;
      expect(result).toBe("failed");
      expect(cause).toMatchObject({ code: "RA3115", reason: "taken-over" });
      expect(cause?.plain).toContain(digestOf("2.0.0"));
    });
  });
}
