import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { promotionSteps } from "./promotion.ts";
import { connect, imageOf, runAll, seedImage, startRegistry } from "./test-world.ts";

const plainly = {
  existing: "move",
  previous: true,
  referrers: false,
  resuming: false,
  now: () => 0,
  sleep: async () => {},
  entry: "e",
} as const;

const accounts = { robot: "s3cret" };
const login = (): { username: string; password: string } => ({
  username: "robot",
  password: "s3cret",
});

describe("reading", () => {
  test("resolve is one HEAD; what is not there is undefined", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    const { registry, transport } = connect();
    expect(await registry.resolve({ host, repository: "app", tag: "main" })).toBe(digest);
    expect(transport.sent.map((request) => request.method)).toEqual(["HEAD"]);
    expect(await registry.resolve({ host, repository: "app", tag: "none" })).toBeUndefined();
    expect(await registry.manifest({ host, repository: "other", tag: "main" })).toBeUndefined();
    await expect(registry.resolve({ host, repository: "app" })).rejects.toMatchObject({
      code: "RA2001",
    });
  });

  test("a manifest is the registry's own bytes, and other bytes are refused", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    const { registry } = connect();
    const manifest = await registry.manifest({ host, repository: "app", digest });
    expect(manifest?.bytes).toEqual((await imageOf("1.0.0")).index.bytes);
    expect(manifest?.mediaType).toBe("application/vnd.oci.image.index.v1+json");
    standIn.faults.push({ matches: () => true, when: "after", does: { status: 200, body: "{}" } });
    const again = connect();
    await expect(
      again.registry.manifest({ host, repository: "app", digest }),
    ).rejects.toMatchObject({ code: "RA2006" });
  });

  test("what is known by its digest is not asked for again", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    const { registry, transport } = connect();
    await registry.manifest({ host, repository: "app", tag: "main" });
    await registry.manifest({ host, repository: "app", digest });
    expect(transport.sent).toHaveLength(1);
    // A tag may have moved.
    await registry.manifest({ host, repository: "app", tag: "main" });
    expect(transport.sent).toHaveLength(2);
    // Another repository may lack it.
    expect(await registry.manifest({ host, repository: "other", digest })).toBeUndefined();
  });

  test("labels come from the config of the first real platform", async () => {
    const { standIn, host } = await startRegistry();
    await seedImage(standIn, "app", "main", "1.0.0");
    const { registry } = connect();
    expect(await registry.labels({ host, repository: "app", tag: "main" })).toEqual({
      version: "1.0.0",
      revision: "4bf2",
    });
    expect(await registry.labels({ host, repository: "app", tag: "none" })).toBeUndefined();
  });

  test("a registry that fails is a fault that says what it answered", async () => {
    const { standIn, host } = await startRegistry();
    for (let times = 0; times < 5; times += 1) {
      standIn.faults.push({ matches: () => true, when: "before", does: { status: 503 } });
    }
    const { registry } = connect();
    const read = registry.resolve({ host, repository: "app", tag: "main" });
    await expect(read).rejects.toThrow(/RA8001.*503/);
  });
});

describe("writing", () => {
  test("a manifest without its content is refused in the registry's words", async () => {
    const { host } = await startRegistry();
    const { registry } = connect();
    const { index } = await imageOf("1.0.0");
    const put = registry.putManifest(
      { host, repository: "app" },
      "main",
      index.bytes,
      index.mediaType,
    );
    await expect(put).rejects.toThrow(/RA2007.*400: MANIFEST_BLOB_UNKNOWN/);
    const odd = registry.putManifest(
      { host, repository: "app" },
      "../main",
      index.bytes,
      index.mediaType,
    );
    await expect(odd).rejects.toMatchObject({ code: "RA2001" });
  });

  test("a registry that says it stored something else is not believed", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    standIn.faults.push({
      matches: (request) => request.method === "PUT",
      when: "after",
      does: { status: 201, headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` } },
    });
    const { registry } = connect();
    const manifest = await registry.manifest({ host, repository: "app", digest });
    const put = registry.putManifest(
      { host, repository: "app" },
      "x",
      manifest?.bytes ?? Buffer.alloc(0),
      manifest?.mediaType ?? "",
    );
    await expect(put).rejects.toMatchObject({ code: "RA2006" });
  });

  test("where mounts are refused the blobs are uploaded, and no other is asked for", async () => {
    const { standIn, host } = await startRegistry({ accounts, realm: "bearer" });
    await seedImage(standIn, "build/app", "main", "1.0.0");
    const { registry } = connect(login);
    const { blobs } = await imageOf("1.0.0");
    standIn.faults.push({
      matches: (request) => request.path.includes("mount="),
      when: "before",
      does: { status: 401 },
    });
    for (const { digest, bytes } of blobs)
      expect(
        await registry.copyBlob(
          { digest, size: bytes.length },
          { host, repository: "build/app" },
          { host, repository: "prod/app" },
        ),
      ).toBe("uploaded");
    expect(standIn.blobs("prod/app").toSorted()).toEqual(
      blobs.map(({ digest }) => digest).toSorted(),
    );
    expect(standIn.requests.filter(({ path }) => path.includes("mount="))).toHaveLength(1);
  });
});

describe("access", () => {
  const retag = async (realm: "basic" | "bearer", credentials = login): Promise<string[]> => {
    const { standIn, host } = await startRegistry({ accounts, realm });
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    const { registry, transport } = connect(credentials);
    const target = { host, repository: "app" };
    const images = [{ name: "app", source: { ...target, digest }, target, tags: ["production"] }];
    await runAll(promotionSteps(registry, { images, ...plainly }));
    expect(standIn.tags("app")["production"]).toBe(digest);
    return transport.sent.map((request) => `${request.method} ${request.status}`);
  };

  test("Basic costs no request", async () => {
    expect(await retag("basic")).toEqual(["HEAD 404", "GET 200", "PUT 201"]);
  });

  test("Bearer costs one challenge and one token for reading and writing", async () => {
    expect(await retag("bearer")).toEqual([
      "HEAD 401",
      "GET 200",
      "HEAD 404",
      "GET 200",
      "PUT 201",
    ]);
  });

  test("a mount from another repository needs no second token", async () => {
    const { standIn, host } = await startRegistry({ accounts, realm: "bearer" });
    const digest = await seedImage(standIn, "build/app", "main", "1.0.0");
    const { registry } = connect(login);
    const images = [
      {
        name: "app",
        source: { host, repository: "build/app", digest },
        target: { host, repository: "prod/app" },
        tags: ["production"],
      },
    ];
    await runAll(promotionSteps(registry, { images, ...plainly }));
    const tokens = standIn.requests.filter((request) => request.path.startsWith("/token"));
    expect(
      tokens.map((request) => new URL(request.path, "http://x").searchParams.getAll("scope")),
    ).toEqual([["repository:prod/app:pull,push", "repository:build/app:pull"]]);
  });

  test("an expired token is renewed once, also in the middle of a copy", async () => {
    const { standIn, host, clock } = await startRegistry({ accounts, realm: "bearer" });
    const digest = await seedImage(standIn, "build/app", "main", "1.0.0");
    const { registry } = connect(login);
    standIn.faults.push({
      matches: (request) => request.method === "POST",
      when: "before",
      does: () => clock.advance(600_000),
    });
    const images = [
      {
        name: "app",
        source: { host, repository: "build/app", digest },
        target: { host, repository: "prod/app" },
        tags: ["production"],
      },
    ];
    await runAll(promotionSteps(registry, { images, ...plainly }));
    expect(standIn.tags("prod/app")).toEqual({ production: digest });
    expect(standIn.requests.filter((request) => request.path.startsWith("/token"))).toHaveLength(2);
  });

  test("an anonymous reader gets a token without a login", async () => {
    const { standIn, host } = await startRegistry({
      accounts,
      realm: "bearer",
      anonymousPull: true,
    });
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    expect(await connect().registry.resolve({ host, repository: "app", tag: "main" })).toBe(digest);
    expect(standIn.requests.map((request) => request.headers["authorization"])).toEqual([
      undefined,
      undefined,
      "Bearer …",
    ]);
  });

  test.each([
    ["basic" as const, () => ({ username: "robot", password: "wrong" }), /answered 401/],
    ["basic" as const, () => undefined, /asks for a login, and none is known/],
    ["bearer" as const, () => ({ username: "robot", password: "wrong" }), /gave no token/],
    ["bearer" as const, () => undefined, /RA2004/],
  ])(
    "%s: a wrong or missing login is refused without showing it",
    async (realm, credentials, saw) => {
      const { standIn, host } = await startRegistry({ accounts, realm });
      await seedImage(standIn, "app", "main", "1.0.0");
      const { registry } = connect(credentials);
      const read = registry.resolve({ host, repository: "app", tag: "main" });
      await expect(read).rejects.toMatchObject({ code: "RA2004" });
      await expect(read).rejects.toThrow(saw);
      const message = await read.catch(String);
      for (const secret of ["wrong", Buffer.from("robot:wrong").toString("base64")])
        expect(message).not.toContain(secret);
    },
  );

  test("an account that may only pull is told so at the write", async () => {
    const { standIn, host } = await startRegistry({ powerOf: () => "pull", realm: "bearer" });
    const digest = await seedImage(standIn, "app", "main", "1.0.0");
    const { registry } = connect(login);
    const manifest = await registry.manifest({ host, repository: "app", digest });
    const put = registry.putManifest(
      { host, repository: "app" },
      "x",
      manifest?.bytes ?? Buffer.alloc(0),
      manifest?.mediaType ?? "",
    );
    await expect(put).rejects.toThrow(/RA2004.*403: DENIED/);
    expect(standIn.tags("app")).toEqual({ main: digest });
  });

  test("an upload on another origin gets no credentials", async () => {
    const storage = await startRegistry();
    const { standIn, host } = await startRegistry({ accounts });
    await seedImage(standIn, "build/app", "main", "1.0.0");
    const [blob] = (await imageOf("1.0.0")).blobs;
    if (!blob) throw new Error("no blob");
    standIn.faults.push({
      matches: (request) => request.method === "POST",
      when: "before",
      does: { status: 202, headers: { location: `http://${storage.host}/v2/x/blobs/uploads/1` } },
    });
    const { registry } = connect(login);
    const copy = registry.copyBlob(
      { digest: blob.digest, size: blob.bytes.length },
      { host, repository: "build/app" },
      { host, repository: "prod/app" },
    );
    await expect(copy).rejects.toMatchObject({ code: "RA2007" });
    expect(storage.standIn.requests).toHaveLength(1);
    expect(storage.standIn.requests[0]?.headers["authorization"]).toBeUndefined();
  });
});

test("one tag of a manifest with a sha512 names that digest, and not the sha256 of its bytes", async () => {
  const { standIn, host } = await startRegistry();
  const { registry } = connect();
  const target = { host, repository: "app" };
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] }));
  const digest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
  await registry.putTags(target, ["1.0.0"], { digest, mediaType, bytes });
  expect(standIn.tags("app")).toEqual({ "1.0.0": digest });
});
