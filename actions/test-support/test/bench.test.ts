import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { measureActions } from "../bench/action-cost.ts";
import type { GoodRelease } from "../bench/good-release.ts";
import { actionTable, goodReleaseText, promotionTable } from "../bench/table.ts";

test("an action is measured, and its table says which goals it meets", async () => {
  const { empty, actions } = await measureActions(["deploy-env"], { starts: 1, runs: 1 }, () => {});
  const [cost] = actions;
  if (!cost) throw new Error("nothing was measured");
  // A process that loads a megabyte costs more than one that does nothing, and one that speaks to a cluster more than that.
  expect(empty).toBeGreaterThan(1);
  expect(cost.start).toBeGreaterThan(1);
  expect(cost.bytes).toBeGreaterThan(1_000_000);
  expect(cost.first.memory).toBeGreaterThan(30_000_000);
  expect(cost.first.requests).toEqual({ github: 5, registry: 1, cluster: 6, zenodo: 0, site: 0 });

  const [, , row] = actionTable([{ ...cost, start: 4.5, clusterStart: 12.01 }], 5e6).split("\n");
  expect(row?.split("|").map((cell) => cell.trim())).toEqual([
    "",
    "deploy-env",
    expect.stringMatching(/^\d\.\d MB$/),
    "4.5 × met",
    "12.0 × MISSED",
    expect.stringMatching(/^\d+\.\d ×$/),
    expect.stringMatching(/^\d+\.\d MB$/),
    "12 (github 5, registry 1, cluster 6)",
    "10 (github 5, registry 1, cluster 4)",
    "",
  ]);
}, 60_000);

test("the good release's time is the middle one's, and says where it went", () => {
  const run = (wall: number): GoodRelease => ({
    wall,
    startUp: 500,
    history: 100,
    inActions: 8000,
    starting: 2000,
    waiting: 3000,
    between: 700,
    ending: 200,
    actions: 22,
    requests: 626,
    programs: 40,
    ownCpu: 3000,
  });
  const text = goodReleaseText([run(12_000), run(9_500), run(10_001)]);
  expect(text.split("\n")[0]).toBe(
    "The good CESSDA release: 10.0 s, goal 10.0 s: MISSED (the middle of 12.0 s, 9.5 s, 10.0 s)",
  );
  expect(text).toContain(
    "22 steps of actions: 2.0 s until their first connection, 3.0 s waiting for pods, 3.0 s besides",
  );
});

test("a promotion's costs stand beside the peers', and what fails or is not here is said", () => {
  const cost = { looks: 1, referrers: 0, bytes: 1400, wall: 200, memory: 72_400_000 };
  const [, , , row, ...rest] = promotionTable({
    registry: "Docker's registry",
    absent: ["regctl 0.11.7 is not here: Go is not there to build it"],
    rows: [
      {
        scenario: "retag",
        image: "idx8",
        floor: 2,
        costs: {
          "promote-image": { ...cost, requests: 3, inProcess: 95 },
          crane: { ...cost, requests: 4, memory: undefined },
          skopeo: { failed: "the digest would change" },
        },
      },
    ],
  }).split("\n");
  expect(row?.split("|").map((cell) => cell.trim())).toEqual([
    "",
    "retag",
    "idx8",
    "2",
    "3 (looks 1, referrers 0), 1.4 kB, 95 ms, 72.4 MB",
    "4, 1.4 kB, 200 ms",
    "fails",
    "",
  ]);
  expect(rest).toEqual([
    "skopeo fails at idx8: the digest would change",
    "Not compared: regctl 0.11.7 is not here: Go is not there to build it",
  ]);
});

test("an action that does not exist is named, with those that do", () => {
  const main = resolve(import.meta.dirname, "../bench/main.ts");
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", main, "--action", "promte"],
    { encoding: "utf8", cwd: join(main, "../../../..") },
  );
  expect(status).toBe(2);
  expect(stderr).toMatch(/There is no action promte\. There are: validate-tag, .*promote/);
});
