import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStage, render, type Stage } from "../test/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe("a cluster that refuses", () => {
  it("says which rule is missing, and that nothing was written", async () => {
    const rollout = await stage.roll(render("1.0.0"), { token: "reader" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 0,
      workloads: [],
      cause: { code: "RA3120", object: "Deployment catalogue/web" },
    });
    expect(rollout.cause?.next).toBe(
      'Add to the Role of reader in namespace catalogue: {apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"]}',
    );
    await expect(stage.roll(render("1.0.0"), { token: "nobody" })).rejects.toMatchObject({
      code: "RA3008",
    });
  });

  it("names owner and field of a conflict", async () => {
    await stage.roll(render("1.0.0"));
    stage.standIn.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "catalogue" },
      spec: { replicas: 3 },
    });
    const { cause } = await stage.roll(render("2.0.0"), { entry: "319" });
    expect(cause).toMatchObject({ code: "RA3121" });
    expect(cause?.plain).toContain(".spec.replicas belongs to operator");
  });

  it("says which field never changes, and what was written before", async () => {
    await stage.roll(render("1.0.0"));
    const other = render("2.0.0", {
      spec: { selector: { matchLabels: { app: "web", tier: "front" } } },
      more: "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n",
    });
    const rollout = await stage.roll(other, { entry: "319" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 1,
      cause: { code: "RA3122", object: "Deployment catalogue/web" },
    });
    expect(rollout.cause?.plain).toContain("spec.selector");
  });

  it("names a namespace that does not exist", async () => {
    const rollout = await stage.roll(render("1.0.0", { namespace: "nope" }), { token: "admin" });
    expect(rollout).toMatchObject({
      result: "failed",
      written: 0,
      cause: { code: "RA3009", next: "kubectl create namespace nope" },
    });
  });

  it("does not know a kind", async () => {
    const more = "apiVersion: example.org/v1\nkind: Widget\nmetadata: { name: w }\n";
    expect((await stage.roll(render("1.0.0", { more }), { token: "admin" })).cause?.code).toBe(
      "RA3010",
    );
  });
});
