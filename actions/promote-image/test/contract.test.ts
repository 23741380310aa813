import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

const other = `sha256:${"0".repeat(64)}`;

const spdx = "application/spdx+json";

/** Puts an SBOM of an image in place; returns its digest. */
function attachSbom(stage: Stage, repository: string, subject: string): string {
  const content = (mediaType: string, text: string) => ({
    mediaType,
    bytes: Buffer.from(text),
    digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
  });
  const config = content("application/vnd.oci.empty.v1+json", "{}");
  const descriptor = ({ mediaType, digest, bytes }: typeof config) => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = content(
    mediaType,
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      artifactType: spdx,
      config: descriptor(config),
      layers: [descriptor(config)],
      subject: { mediaType: "application/vnd.oci.image.index.v1+json", digest: subject, size: 1 },
    }),
  );
  stage.registry.putImage(repository, manifest.digest, {
    index: manifest,
    manifests: [],
    blobs: [config],
  });
  return manifest.digest;
}

describe.concurrent("without the file", () => {
  test("what refers to the image comes along, is told, and is left where that is wished", async () => {
    await using stage = await openStage();
    const { image, digest } = await release(stage, "1.0.0");
    const sbom = attachSbom(stage, "shop/web", digest);
    const inputs = (target: string) => ({
      ...stage.registryLogin,
      config: "",
      images: `${image}@${digest} -> ${stage.registryHost}/shop/${target}`,
      "image-tags": "stable",
    });
    const end = await stage.run("promote-image", { inputs: inputs("all") });
    expect(end.status).toBe(0);
    expect(stage.registry.manifests("shop/all")).toContain(sbom);
    expect(end.summary).toContain(`| linux/amd64 | \`${spdx}\` |`);
    expect(end.summary).toMatch(/\d+ blobs were mounted, 0 copied \(0 B\)\. \d+ requests: /);
    const alone = { ...inputs("alone"), referrers: "false" };
    const end2 = await stage.run("promote-image", { inputs: alone });
    expect(end2.status).toBe(0);
    expect(stage.registry.manifests("shop/alone")).not.toContain(sbom);
    expect(end2.summary).not.toContain(spdx);
  });

  test("a platform's part is refused where the source's tag is the whole image", async () => {
    await using stage = await openStage();
    const { image, commit, digest } = await release(stage, "1.0.0");
    const { manifests } = JSON.parse(
      String(stage.registry.manifest("shop/web", digest)?.bytes),
    ) as { manifests: { digest: string }[] };
    const inputs = {
      ...stage.registryLogin,
      config: "",
      images: `${image}:${commit}@${manifests[0]?.digest} -> ${image}`,
      "image-tags": "stable",
    };
    const end = await stage.run("promote-image", { inputs });
    expect(end.status).toBe(1);
    expect(JSON.parse(end.outputs["reasons"] ?? "")).toMatchObject([
      { rule: "images", holds: false, code: "RA2010" },
    ]);
    expect(stage.writes()).toEqual([]);
  });

  test("when a later tag is refused, what the first one had is told all the same", async () => {
    await using stage = await openStage();
    const [first, second] = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
    const { image } = first;
    const host = stage.registryHost;
    const inputs = (digest: string) => ({
      ...stage.registryLogin,
      config: "",
      images: `${image}@${digest} -> ${host}/shop/a\n${image}@${digest} -> ${host}/shop/b`,
      "image-tags": "stable",
    });
    await stage.run("promote-image", { inputs: inputs(first.digest) });
    stage.registry.faults.push({
      matches: ({ method, path }) => method === "PUT" && path === "/v2/shop/b/manifests/stable",
      when: "before",
      does: { status: 403, body: "no" },
    });
    const end = await stage.run("promote-image", { inputs: inputs(second.digest) });
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.title).toContain("RA2004");
    expect(end.outputs["changed"]).toBe("true");
    const images = JSON.parse(end.outputs["images"] ?? "") as Record<string, { displaced: object }>;
    expect(images["shop/a"]?.displaced).toEqual({ stable: first.digest });
    expect(images["shop/b"]).toMatchObject({ tags: [], displaced: {} });
    expect(JSON.parse(end.outputs["reasons"] ?? "").at(-1)).toMatchObject({
      holds: false,
      code: "RA2004",
    });
    expect(end.summary).toContain("Only some tags were given");
  });

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
        displaced: {},
      },
    });
    expect(JSON.parse(end.outputs["reasons"] ?? "")).toMatchObject([
      { rule: "images", holds: true },
    ]);
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
    expect(refused.outputs["changed"]).toBe("false");
    expect(JSON.parse(refused.outputs["reasons"] ?? "")).toEqual([
      {
        rule: "existing",
        holds: false,
        code: "RA2009",
        saw: `${first.image}:stable is ${first.digest}, not ${second.digest}`,
        next: expect.stringContaining("existing: move"),
      },
    ]);
    expect(stage.registry.tags("shop/web")["stable"]).toBe(first.digest);
    const moved = await stage.run("promote-image", { inputs: inputs(second.digest) });
    expect(moved.outputs).toMatchObject({ changed: "true", "previous-digest": first.digest });
    expect(stage.registry.tags("shop/web")["stable"]).toBe(second.digest);
    expect(JSON.parse(moved.outputs["images"] ?? "")["shop/web"].displaced).toEqual({
      stable: first.digest,
    });
    expect(moved.summary).toContain(`${first.image}@${first.digest} -> ${first.image}`);
    // The line of the summary is the way back.
    const back = await stage.run("promote-image", { inputs: inputs(first.digest) });
    expect(back.outputs["previous-digest"]).toBe(second.digest);
    expect(stage.registry.tags("shop/web")["stable"]).toBe(first.digest);
  });

  test("a tag is overwritten without a look where that is wished: 2 requests, and no previous digest", async () => {
    await using stage = await openStage();
    const [first, second] = [await release(stage, "1.0.0"), await release(stage, "1.1.0")];
    const run = (digest: string, attempt = 1) => {
      const from = stage.registry.requests.length;
      return stage
        .run("promote-image", {
          attempt,
          inputs: {
            ...stage.registryLogin,
            config: "",
            images: `${first.image}@${digest} -> ${first.image}`,
            "image-tags": "stable",
            existing: "overwrite",
          },
        })
        .then((end) => ({
          end,
          asked: stage.registry.requests
            .slice(from)
            .filter(({ path }) => path.includes("/manifests/"))
            .map(({ method, status }) => `${method} ${status}`),
        }));
    };
    await run(first.digest);
    const { end, asked } = await run(second.digest);
    expect(asked.filter((one) => !one.endsWith(" 401"))).toEqual(["GET 200", "PUT 201"]);
    expect(end.outputs).toMatchObject({ changed: "true", "previous-digest": "" });
    expect(stage.registry.tags("shop/web")["stable"]).toBe(second.digest);
    // A run that is started again may have written: it looks.
    const again = await run(second.digest, 2);
    expect(again.asked.filter((one) => !one.endsWith(" 401"))).toEqual(["HEAD 200"]);
    expect(again.end.outputs["changed"]).toBe("false");
  });

  test("several images are one unit: what is refused of one is refused of all, and nothing is written", async () => {
    await using stage = await openStage();
    const { image, digest } = await release(stage, "1.0.0");
    const host = stage.registryHost;
    const inputs = (second: string) => ({
      ...stage.registryLogin,
      config: "",
      images: `${image}@${digest} -> ${host}/shop/a\n${host}/shop/web@${second} -> ${host}/shop/b`,
      "image-tags": "stable\n1.0",
    });
    const refused = await stage.run("promote-image", { inputs: inputs(other) });
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.outputs["reasons"] ?? "")).toMatchObject([
      { rule: "images", holds: false, code: "RA2003" },
    ]);
    expect(stage.writes()).toEqual([]);
    const end = await stage.run("promote-image", { inputs: inputs(digest) });
    expect(Object.keys(JSON.parse(end.outputs["images"] ?? ""))).toEqual(["shop/a", "shop/b"]);
    for (const name of ["shop/a", "shop/b"])
      expect(stage.registry.tags(name)).toEqual({ stable: digest, "1.0": digest });
    // All content first, all tags last.
    const puts = stage
      .writes()
      .map((write) => /manifests\/(?:stable|1\.0|.*\?tag=.*)$/.test(write));
    const first = puts.indexOf(true);
    expect(first).toBeGreaterThan(2);
    expect(puts.slice(first)).not.toContain(false);
  });

  test("a tag with a time is given once: the run that is started again takes the first attempt's", async () => {
    await using stage = await openStage();
    const { image, commit } = await release(stage, "1.0.0");
    const inputs = {
      ...stage.registryLogin,
      config: "",
      environment: "production",
      images: `${image}:${commit} -> ${stage.registryHost}/shop/released`,
      "image-tags":
        "${environment}-${short-sha}-${date:DD-MM-YYYY}.${unix}\n${environment}-${short-sha:8}",
    };
    const end = await stage.run("promote-image", { inputs });
    const [timed = "", plain] = JSON.parse(end.outputs["images"] ?? "")["shop/released"].tags;
    const [, date, unix] = /^production-\w{7}-(\d\d-\d\d-\d{4})\.(\d+)$/.exec(timed) ?? [];
    expect(timed).toContain(`production-${commit.slice(0, 7)}-`);
    expect(plain).toBe(`production-${commit.slice(0, 8)}`);
    expect(new Date(Number(unix) * 1000).toISOString().slice(0, 10)).toBe(
      date?.split("-").toReversed().join("-"),
    );
    const writes = stage.writes().length;
    const again = await stage.run("promote-image", { inputs, attempt: 2 });
    expect(again.outputs).toMatchObject({ changed: "false", images: end.outputs["images"] });
    expect(stage.writes()).toHaveLength(writes);
    expect(Object.keys(stage.registry.tags("shop/released"))).toHaveLength(2);
  });

  test("a time of long ago counts for the image's other tags too", async () => {
    await using stage = await openStage();
    const { image, digest } = await release(stage, "1.0.0");
    const first = { ...stage.registryLogin, config: "", images: `${image}@${digest} -> ${image}` };
    await stage.run("promote-image", { inputs: { ...first, "image-tags": "prod-1767690000" } });
    const inputs = { ...first, "image-tags": "prod-${unix}\nprod-${date:YYYY.MM.DD}" };
    const end = await stage.run("promote-image", { inputs });
    expect(JSON.parse(end.outputs["images"] ?? "")["shop/web"].tags).toEqual([
      "prod-1767690000",
      "prod-2026.01.06",
    ]);
    const other = await release(stage, "1.1.0");
    const next = { ...inputs, images: `${image}@${other.digest} -> ${image}` };
    const fresh = await stage.run("promote-image", { inputs: next });
    expect(JSON.parse(fresh.outputs["images"] ?? "")["shop/web"].tags[0]).not.toBe(
      "prod-1767690000",
    );
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

test("the login goes to another host for a token only where `registry-token-host` names it", async () => {
  await using stage = await openStage();
  const shown: (string | undefined)[] = [];
  const realm = await serve((request, response) => {
    shown.push(request.headers.authorization);
    response.end(JSON.stringify({ token: "a-token" }));
  });
  const asked: (string | undefined)[] = [];
  const registry = await serve((request, response) => {
    asked.push(request.headers.authorization);
    const known = request.headers.authorization === "Bearer a-token";
    response.writeHead(known ? 404 : 401, {
      "www-authenticate": `Bearer realm="http://${realm.host}/token",service="s"`,
    });
    response.end();
  });
  const inputs = {
    ...stage.registryLogin,
    config: "",
    images: `${registry.host}/shop/web@${other} -> ${registry.host}/shop/web`,
    "image-tags": "stable",
  };
  try {
    const foreign = await stage.run("promote-image", { inputs });
    expect(foreign.annotations[0]?.title).toContain("RA2005");
    expect(shown).toEqual([]);

    const named = await stage.run("promote-image", {
      inputs: { ...inputs, "registry-token-host": realm.host },
    });
    expect(named.annotations[0]?.title).toContain("RA2003");
    const { "registry-username": user, "registry-password": password } = stage.registryLogin;
    expect(shown).toEqual([`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`]);
    expect(asked.at(-1)).toBe("Bearer a-token");
  } finally {
    for (const { server } of [realm, registry]) server.close();
  }
});

async function serve(answer: RequestListener): Promise<{ server: Server; host: string }> {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

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

  test("a tag with a time is in the team's zone, and counts when it is there already", async () => {
    await using stage = await openStage();
    const production = {
      "image-tags": ["${environment}", "${short-sha}-${date:YYYY-MM-DD}.${unix}"],
    };
    configure(stage, {
      deploy: false,
      file: { timezone: "Pacific/Kiritimati" },
      staging: production,
    });
    const { commit, digest } = await release(stage, "1.0.0");
    const inputs = { ...stage.registryLogin, environment: "staging" };
    const end = await stage.run("promote-image", { inputs, tag: "1.0.0" });
    const [, timed = ""] = JSON.parse(end.outputs["images"] ?? "")["web"].tags;
    const [, date, unix] = /^\w{7}-([\d-]{10})\.(\d+)$/.exec(timed) ?? [];
    expect(timed.slice(0, 7)).toBe(commit.slice(0, 7));
    // Fourteen hours ahead of UTC, the whole year.
    const there = new Date(Number(unix) * 1000 + 14 * 3_600_000).toISOString();
    expect(there.slice(0, 10)).toBe(date);
    expect(stage.registry.tags("shop/web")[timed]).toBe(digest);
    const again = await stage.run("promote-image", { inputs, tag: "1.0.0" });
    expect(again.outputs).toMatchObject({ changed: "false", images: end.outputs["images"] });
  });

  test("a later environment takes only what passed before it", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false });
    const build = await release(stage, "1.0.0");
    const inputs = { ...stage.registryLogin, environment: "production", version: "1.0.0" };
    const refused = await stage.run("promote-image", { inputs });
    expect(refused.annotations[0]?.title).toContain("RA1203");
    expect(JSON.parse(refused.outputs["reasons"] ?? "")).toMatchObject([
      { rule: "evidence", holds: false, code: "RA1203" },
    ]);
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
    "a placeholder that does not exist",
    { inputs: { images: one, "image-tags": "${env}", config: "" } },
    "RA1002",
    /the placeholder "\$\{env\}", which does not exist/,
  ],
  [
    "a date's format that does not exist",
    { inputs: { images: one, "image-tags": "${date:D.M}", config: "" } },
    "RA1002",
    /\$\{date:D\.M\}/,
  ],
  [
    "a placeholder that only the file knows",
    { inputs: { images: one, "image-tags": "${product}-1", config: "" } },
    "RA1002",
    /\$\{product\}, and nothing says its value without the file/,
  ],
  [
    "the same target twice",
    { inputs: { images: `${one}\n${one}`, "image-tags": "x", config: "" } },
    "RA1002",
    /two lines with the target registry\.example\.org\/a/,
  ],
  [
    "referrers of another word",
    { inputs: { images: one, "image-tags": "x", referrers: "some", config: "" } },
    "RA1002",
    /`referrers`/,
  ],
  [
    "existing of another word",
    { inputs: { images: one, "image-tags": "x", existing: "replace" } },
    "RA1002",
    /`existing` is "replace"; it takes move, refuse/,
  ],
  [
    "a token host with a scheme",
    {
      inputs: { images: one, "image-tags": "x", "registry-token-host": "https://git.example.org" },
    },
    "RA1002",
    /`registry-token-host` is "https:\/\/git\.example\.org"; it takes a host/,
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
