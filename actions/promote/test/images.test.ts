import { describe, expect, test } from "vitest";
import { configure, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";
import { currentOf } from "./promotion.ts";

const versionLabel = "org.opencontainers.image.version";
const revisionLabel = "org.opencontainers.image.revision";

function job(stage: Stage) {
  return { ...stage.registryLogin, environment: "staging" };
}

/** Deletes a part of an image, as a retention rule of the registry does. */
async function remove(stage: Stage, part: string): Promise<void> {
  const { "registry-username": user, "registry-password": password } = stage.registryLogin;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const url = `http://${stage.registryHost}/v2/shop/web/${part}`;
  const { status } = await fetch(url, { method: "DELETE", headers: { authorization } });
  expect(status).toBe(202);
}

describe.concurrent("the way back", () => {
  test("is asked for before a release: one deleted blob refuses it, by its digest", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
    expect((await stage.run("promote", { inputs: job(stage), tag: "1.0.0" })).status).toBe(0);
    const [blob = ""] = stage.registry.blobs("shop/web");
    await release(stage, "1.1.0");
    await remove(stage, `blobs/${blob}`);
    const head = stage.repository.ref("refs/heads/release-ledger");
    const refused = await stage.run("promote", { inputs: job(stage), tag: "1.1.0" });
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.outputs["reasons"] ?? "")).toContainEqual({
      rule: "rollback-image",
      holds: false,
      code: "RA1209",
      saw: `1.0.0, which runs, could not be brought back: the registry lacks blob ${blob.slice(0, 19)} of web`,
    });
    expect(stage.repository.ref("refs/heads/release-ledger")).toBe(head);

    configure(stage, { deploy: false, staging: { gate: { warn: ["rollback-image"] } } });
    const warned = await stage.run("promote", { inputs: job(stage), tag: "1.1.0" });
    expect(warned.outputs["result"]).toBe("passed");
    expect(JSON.parse(warned.outputs["reasons"] ?? "")).toContainEqual(
      expect.objectContaining({ rule: "rollback-image", holds: false, warning: true }),
    );
    expect(currentOf(stage, "staging")?.latest.release.version).toBe("1.1.0");
  });

  test("that a job without the registry's login cannot ask for is a warning there", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0");
    await stage.run("promote", { inputs: job(stage), tag: "1.0.0" });
    const production = { ...stage.registryLogin, environment: "production", version: "1.0.0" };
    await stage.run("promote", { inputs: production });
    await release(stage, "1.1.0");
    await stage.run("promote", { inputs: job(stage), tag: "1.1.0" });
    const inputs = { environment: "production", version: "1.1.0" };
    const judged = await stage.run("gate", { inputs });
    expect(judged.outputs["decision"]).toBe("go");
    expect(JSON.parse(judged.outputs["reasons"] ?? "")).toContainEqual(
      expect.objectContaining({ rule: "rollback-image", holds: false, warning: true }),
    );
  });
});

describe.concurrent("what an image says of itself", () => {
  test.each<[string, Record<string, string>, string]>([
    [
      "another version",
      { [versionLabel]: "0.9.0" },
      "web says that it is 0.9.0, and the tag is 1.0.0",
    ],
    [
      "another commit",
      { [versionLabel]: "1.0.0", [revisionLabel]: "c0ffee0".repeat(5) + "c0ffe" },
      "web says that it was built from c0ffee0, and the tag is at ",
    ],
  ])("is %s: refused with both", async (_, labels, saw) => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0", { labels });
    const end = await stage.run("promote", { inputs: job(stage), tag: "1.0.0" });
    expect(end.status).toBe(1);
    expect(JSON.parse(end.outputs["reasons"] ?? "")).toContainEqual(
      expect.objectContaining({
        rule: "labels",
        holds: false,
        code: "RA1208",
        saw: expect.stringContaining(saw),
      }),
    );
    expect(stage.writes()).toEqual([]);
  });

  test.each<[string, Record<string, string>, string]>([
    ["a branch", { [versionLabel]: "main" }, "no image says its version or its commit"],
    ["nothing", {}, "no image says its version or its commit"],
    ["the version", { [versionLabel]: "1.0.0" }, "web is 1.0.0"],
  ])("is %s: not held against it", async (_, labels, saw) => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    await release(stage, "1.0.0", { labels });
    const end = await stage.run("promote", { inputs: job(stage), tag: "1.0.0" });
    expect(end.status).toBe(0);
    expect(JSON.parse(end.outputs["reasons"] ?? "")).toContainEqual(
      expect.objectContaining({ rule: "labels", holds: true, saw }),
    );
  });
});

describe.concurrent("the image of the tagged commit", () => {
  test("is found under its short hash, and refused when two could be meant", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const { digest, commit } = await release(stage, "1.0.0", {
      imageTag: (commit) => `sha-${commit.slice(0, 8)}`,
    });
    const end = await stage.run("promote", { inputs: job(stage), tag: "1.0.0" });
    expect(end.outputs).toMatchObject({ digest, result: "passed" });

    await using other = await openStage();
    configure(other, { deploy: false });
    const first = await release(other, "1.0.0", { imageTag: (commit) => commit.slice(0, 7) });
    const second = await release(other, "1.0.1", {
      tag: null,
      imageTag: () => `sha-${first.commit.slice(0, 7)}`,
    });
    const refused = await other.run("promote", { inputs: job(other), tag: "1.0.0" });
    expect(refused.status).toBe(1);
    const [reason] = (
      JSON.parse(refused.outputs["reasons"] ?? "") as { rule: string; saw: string; code?: string }[]
    ).filter(({ rule }) => rule === "images");
    expect(reason?.code).toBe("RA1210");
    for (const one of [first, second]) expect(reason?.saw).toContain(one.digest.slice(0, 19));
    expect(other.writes()).toEqual([]);
    expect(commit).not.toBe(first.commit);
  });
});
