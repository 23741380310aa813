import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStage, render, type Stage } from "../test/stage.ts";

/** What it costs to find out why, and what is said while it is waited for. */

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const count = (path: RegExp): number => stage.asked().filter((line) => path.test(line)).length;

describe("a diagnosis", () => {
  it("of a crash takes three requests, and has the log of both runs and the warnings", async () => {
    const { cause } = await stage.roll(render("crash"), { timeout: 3_600_000 });
    expect(cause).toMatchObject({
      reason: "crash-loop",
      exitCode: 3,
      log: ["starting", "FATAL: no database"],
    });
    expect(cause?.warnings?.at(-1)).toMatch(/^BackOff: Back-off restarting failed container web/);
    expect(stage.asked()).toHaveLength(4 + 3);
    expect(count(/\/log$/)).toBe(2);
    expect(count(/\/events$/)).toBe(1);
  });

  it("listens to warnings only where pods say nothing, and asks nothing more then", async () => {
    const silent = {
      container: { volumeMounts: [{ name: "tls", mountPath: "/tls" }] },
      pod: { volumes: [{ name: "tls", secret: { secretName: "catalogue-tls" } }] },
    };
    const { cause } = await stage.roll(render("1.0.0", silent), { timeout: 3_600_000, quiet: 100 });
    expect(cause).toMatchObject({
      reason: "secret-missing",
      clusterSaid: 'MountVolume.SetUp failed for volume "tls" : secret "catalogue-tls" not found',
    });
    expect(count(/\/events$/)).toBe(1);
    expect(stage.asked()).toHaveLength(4 + 1);
  });

  it("of a pod without a place measures the nodes, where the caller may see them", async () => {
    const hungry = { container: { resources: { requests: { cpu: "100" } } } };
    const blind = await stage.roll(render("1.0.0", hungry), { timeout: 500 });
    expect(blind.cause?.plain).toContain("it asks for 100 of cpu, which no node has free");
    expect(stage.asked()).toHaveLength(4 + 2);
    const seeing = await stage.roll(render("1.0.0", hungry), { timeout: 500, token: "admin" });
    expect(seeing.cause?.plain).toContain(
      "it asks for 100 of cpu, and n1 has 32 of 32 free: 68 short",
    );
  });
});

describe("what is waited for", () => {
  it("is said once when it is first seen, and at the end", async () => {
    const lines: string[] = [];
    const container = { envFrom: [{ secretRef: { name: "db", optional: true } }] };
    const hungry = { container: { ...container, resources: { requests: { cpu: "100" } } } };
    const { cause } = await stage.roll(render("1.0.0", hungry), {
      timeout: 1_500,
      progress: (line) => lines.push(line),
    });
    const told = lines.filter((line) => line.includes("This may heal"));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^Deployment catalogue\/web: no node has room for it: .* \(RA3111\)\. This may heal: it is waited for, \d+ s are left\.$/,
    );
    expect(cause?.plain).toMatch(
      /It might have healed, so it was waited for until the deadline\.$/,
    );
  });

  it("is not said of what cannot heal", async () => {
    const lines: string[] = [];
    await stage.roll(render("lost"), { progress: (line) => lines.push(line) });
    expect(lines.join("\n")).not.toContain("may heal");
  });
});
