import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRunning, rolloutStep } from "../index.ts";
import { openStage, render, running, type Stage } from "../test/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("the rollout as a step", () => {
  it("is looked at, done, and not done twice", async () => {
    const cluster = await stage.connect();
    const step = rolloutStep(cluster, render("1.0.0"), {
      timeout: 20_000,
      entry: "318",
      now: Date.now,
      steady: 0,
    });
    expect(await step.look()).toEqual({ state: "todo" });
    expect((await step.act()).result).toBe("passed");
    expect(stage.standIn.requests).toHaveLength(5);
    const from = stage.standIn.requests.length;
    expect(await step.look()).toMatchObject({
      state: "done",
      value: { result: "passed", written: 0, workloads: [{ images: running("1.0.0") }] },
    });
    expect(stage.asked(from).filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  it("finds its own work after an answer that was lost", async () => {
    const cluster = await stage.connect();
    const step = rolloutStep(cluster, render("1.0.0"), {
      timeout: 20_000,
      entry: "318",
      now: Date.now,
      steady: 0,
    });
    stage.standIn.faults.push({
      matches: ({ method }) => method === "PATCH",
      when: "after",
      does: "reset",
    });
    await expect(step.act()).rejects.toMatchObject({ code: "RA8002", outcome: "unknown" });
    expect(await step.look()).toMatchObject({ state: "done", value: { result: "passed" } });
    expect(stage.standIn.requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });
});

describe("reading", () => {
  it("tells the cluster's identity, and who may not know it", async () => {
    const uid = stage.standIn
      .objects("Namespace")
      .find((object) => object.metadata.name === "kube-system")?.metadata.uid;
    expect(await (await stage.connect("admin")).identity()).toBe(uid);
    await expect((await stage.connect()).identity()).rejects.toMatchObject({ code: "RA3120" });
  });

  it("tells what runs, and leaves out what does not exist", async () => {
    await stage.roll(render("1.0.0"));
    const from = stage.standIn.requests.length;
    const cluster = await stage.connect();
    const found = await readRunning(cluster, {
      namespace: "catalogue",
      workloads: [
        { kind: "Deployment", name: "web" },
        { kind: "Deployment", name: "absent" },
      ],
    });
    expect(found).toEqual([
      {
        kind: "Deployment",
        name: "web",
        namespace: "catalogue",
        images: running("1.0.0"),
        ready: 2,
        wanted: 2,
        entry: "318",
        version: "1.0.0",
      },
    ]);
    expect(stage.standIn.requests.length - from).toBe(2);
  });
});
