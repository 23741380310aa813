import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, recordPass, release } from "../../test-support/shop.ts";
import { openStage } from "../../test-support/stage.ts";

const other = `sha256:${"0".repeat(64)}`;

describe.concurrent("without the file", () => {
  test("the target gets the source's digest and every tag; the finished run again asks one HEAD a tag and writes nothing", async () => {
    await using stage = await openStage();
    const { digest, commit, image } = await release(stage, "1.0.0");
    const inputs = {
      ...stage.registryLogin,
      config: "",
      token: "",
      images: `${image}:${commit} -> ${stage.registryHost}/shop/released`,
      "image-tags": "1.0.0\nlatest",
    };
    const end = await stage.run("promote-image", { inputs });
    expect(end.status).toBe(0);
    expect(end.outputs).toMatchObject({ digest, changed: "true", "previous-digest": "" });
    expect(JSON.parse(end.outputs["images"] ?? "")).toEqual({
      "shop/released": {
        image: `${stage.registryHost}/shop/released`,
        digest,
        tags: ["1.0.0", "latest"],
      },
    });
    expect(stage.registry.tags("shop/released")).toEqual({ "1.0.0": digest, latest: digest });
    expect(stage.github.requests).toEqual([]);

    const writes = stage.writes().length;
    const requests = stage.watch(stage.registry);
    const byDigest = {
      ...inputs,
      images: `${image}@${digest} -> ${stage.registryHost}/shop/released`,
    };
    const again = await stage.run("promote-image", { inputs: byDigest, attempt: 2 });
    expect(again.outputs).toMatchObject({ digest, changed: "false", "previous-digest": "" });
    expect(requests()).toEqual([
      "HEAD /v2/shop/released/manifests/1.0.0",
      "HEAD /v2/shop/released/manifests/latest",
    ]);
    expect(stage.writes()).toHaveLength(writes);
  });

  test("a tag that has another digest moves, or is refused", async () => {
    await using stage = await openStage();
    const [first, second] = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
    const inputs = (digest: string) => ({
      ...stage.registryLogin,
      config: "",
      images: `${first.image}@${digest} -> ${first.image}`,
      "image-tags": "stable",
    });
    await stage.run("promote-image", { inputs: inputs(first.digest) });
    const refused = await stage.run("promote-image", {
      inputs: { ...inputs(second.digest), existing: "refuse" },
    });
    expect(refused.status).toBe(1);
    expect(refused.annotations[0]?.title).toContain("RA2009");
    expect(stage.registry.tags("shop/web")["stable"]).toBe(first.digest);
    const moved = await stage.run("promote-image", { inputs: inputs(second.digest) });
    expect(moved.outputs).toMatchObject({ changed: "true", "previous-digest": first.digest });
    expect(stage.registry.tags("shop/web")["stable"]).toBe(second.digest);
  });

  test.each([
    ["a digest that is not the expected one", { "expect-digest": other }, "RA2008"],
    [
      "a tag that the registry does not have",
      { images: "HOST/shop/web:gone -> HOST/shop/web" },
      "RA1206",
    ],
    [
      "a digest that the registry does not have",
      { images: `HOST/shop/web@${other} -> HOST/shop/web` },
      "RA2003",
    ],
    ["a login that the registry does not know", { "registry-password": "wrong" }, "RA2004"],
  ])("refuses %s, and writes nothing", async (_, wrong, code) => {
    await using stage = await openStage();
    const { image, digest } = await release(stage, "1.0.0");
    const inputs = {
      ...stage.registryLogin,
      config: "",
      images: `${image}@${digest} -> ${image}`,
      "image-tags": "stable",
      ...Object.fromEntries(
        Object.entries(wrong).map(([name, value]) => [
          name,
          value.replaceAll("HOST", stage.registryHost),
        ]),
      ),
    };
    const end = await stage.run("promote-image", { inputs });
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.title).toContain(code);
    expect(stage.writes()).toEqual([]);
  });
});

describe.concurrent("with the file", () => {
  test("the first environment takes what the build of the tag pushed; the displaced digest keeps a name", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const [first, second] = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
    const inputs = { ...stage.registryLogin, environment: "staging" };
    expect((await stage.run("promote-image", { inputs, tag: "1.0.0" })).outputs["digest"]).toBe(
      first.digest,
    );
    const end = await stage.run("promote-image", { inputs, tag: "1.1.0" });
    expect(end.outputs).toMatchObject({
      digest: second.digest,
      "previous-digest": first.digest,
      changed: "true",
    });
    expect(stage.registry.tags("shop/web")).toMatchObject({
      staging: second.digest,
      "staging-previous": first.digest,
    });
    const writes = stage.writes().length;
    const again = await stage.run("promote-image", { inputs, tag: "1.1.0", attempt: 2 });
    expect(again.outputs["changed"]).toBe("false");
    expect(stage.writes()).toHaveLength(writes);
  });

  test("a later environment takes only what passed before it", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const build = await release(stage, "1.0.0");
    const inputs = { ...stage.registryLogin, environment: "production", version: "1.0.0" };
    const refused = await stage.run("promote-image", { inputs });
    expect(refused.annotations[0]?.title).toContain("RA1203");
    expect(stage.writes()).toEqual([]);
    recordPass(stage, build, "staging");
    const end = await stage.run("promote-image", { inputs });
    expect(end.outputs).toMatchObject({ digest: build.digest, changed: "true" });
    expect(stage.registry.tags("shop/web")["production"]).toBe(build.digest);
  });
});

const one = `registry.example.org/a@${other} -> registry.example.org/a`;
refusesInputs("promote-image", [
  ["neither images nor a file", { inputs: { config: "" } }, "RA1001", /`images` is not given/],
  [
    "no file in the repository",
    { inputs: { environment: "staging" } },
    "RA1101",
    /release-pipeline\.yml/,
  ],
  ["no tags", { inputs: { images: one, config: "" } }, "RA1001", /`image-tags` is not given/],
  [
    "a line without an arrow",
    { inputs: { images: "registry.example.org/a", "image-tags": "x", config: "" } },
    "RA1002",
    /it takes source -> target/,
  ],
  [
    "a line with two arrows",
    { inputs: { images: `${one} -> c`, "image-tags": "x", config: "" } },
    "RA1002",
    /it takes source -> target/,
  ],
  [
    "a target with a tag",
    { inputs: { images: `${one}:1`, "image-tags": "x", config: "" } },
    "RA1002",
    /the target registry\.example\.org\/a:1 has a tag/,
  ],
  [
    "a tag that is none",
    { inputs: { images: one, "image-tags": "a b", config: "" } },
    "RA2001",
    /a b/,
  ],
  [
    "existing of another word",
    { inputs: { images: one, "image-tags": "x", existing: "replace" } },
    "RA1002",
    /`existing` is "replace"; it takes move, refuse/,
  ],
  [
    "one expected digest for two images",
    {
      inputs: { images: `${one}\n${one}b`, "image-tags": "x", "expect-digest": other, config: "" },
    },
    "RA1002",
    /there are 2/,
  ],
]);
