import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { buildImage, mediaTypes, pushImage, sha256, type Content } from "./image.ts";
import { profiles, type ProfileName } from "./quirks.ts";
import { refusal, start, type Send, type Sent } from "./test-registry.ts";

const data = Buffer.from("0123456789");
const digest = sha256(data);
const names = Object.keys(profiles) as ProfileName[];

const image = (content = "b") =>
  buildImage({
    files: [{ path: "a", content }],
    entrypoint: ["a"],
    created: new Date("2026-01-05T00:00:00Z"),
  });

const upload = async (send: Send, name: string, body: Buffer = data): Promise<Sent> => {
  const begun = await send("POST", `/v2/${name}/blobs/uploads/`);
  const location = begun.headers.get("location") ?? "";
  const query = location.includes("?") ? "&" : "?";
  return send("PUT", `${location}${query}digest=${sha256(body)}`, { body });
};

const put = (send: Send, path: string, content: Pick<Content, "bytes" | "mediaType">) =>
  send("PUT", path, { headers: { "content-type": content.mediaType }, body: content.bytes });

const manifest = (mediaType: string, fields: object) => ({
  mediaType,
  bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields })),
});

const config = { mediaType: mediaTypes.config, digest, size: data.length };

describe.each(names)("%s", (profile) => {
  test("takes an image, and gives it back byte by byte", async () => {
    const { send, standIn } = await start({ profile });
    const { index, manifests, blobs } = await image();
    for (const blob of blobs)
      expect((await upload(send, "a/b", blob.bytes)).headers.get("location")).toContain(
        blob.digest,
      );
    for (const child of manifests)
      expect((await put(send, `/v2/a/b/manifests/${child.digest}`, child)).status).toBe(201);
    expect((await put(send, "/v2/a/b/manifests/main", index)).status).toBe(201);
    expect((await send("GET", "/v2/a/b/manifests/main")).body).toEqual(index.bytes);
    for (const blob of blobs) {
      const answer = await send("GET", `/v2/a/b/blobs/${blob.digest}`);
      const read =
        answer.status === 307 ? await send("GET", answer.headers.get("location") ?? "") : answer;
      expect([read.status, read.body]).toEqual([200, blob.bytes]);
    }
    expect(standIn.tags("a/b")).toEqual({ main: index.digest });
  });

  test("referrers", async () => {
    const { send } = await start({ profile });
    await upload(send, "a");
    const subject = { mediaType: mediaTypes.manifest, digest: sha256("x"), size: 1 };
    const pushed = await put(
      send,
      "/v2/a/manifests/s",
      manifest(mediaTypes.manifest, { config, layers: [], subject }),
    );
    const listed = await send("GET", `/v2/a/referrers/${subject.digest}`);
    const lacks = profile === "ghcr" || profile === "docker-registry-2.8";
    expect([pushed.status, pushed.headers.get("oci-subject"), listed.status]).toEqual(
      lacks ? [201, null, 404] : [201, subject.digest, 200],
    );
  });

  test("tag parameters", async () => {
    const { send, standIn } = await start({ profile });
    await upload(send, "a");
    const pushed = manifest(mediaTypes.manifest, { config, layers: [] });
    const name = sha256(pushed.bytes);
    const answer = await put(send, `/v2/a/manifests/${name}?tag=1&tag=2`, pushed);
    const [oci, tags] = [answer.headers.get("oci-tag"), standIn.tags("a")];
    expect([answer.status, oci, tags]).toEqual(
      profile === "spec" ? [201, "1, 2", { "1": name, "2": name }] : [201, null, {}],
    );
  });

  test("a mount", async () => {
    const { send, standIn } = await start({ profile });
    await upload(send, "a");
    const mounted = await send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    const statuses: Partial<Record<ProfileName, number>> = {
      harbor: 401,
      "artifact-registry": 202,
    };
    const expected = statuses[profile] ?? 201;
    expect(mounted.status).toBe(expected);
    expect(standIn.blobs("b")).toEqual(expected === 201 ? [digest] : []);
  });

  test("a push of a tag that is there", async () => {
    const { send, standIn } = await start({ profile });
    pushImage(standIn, "a", "1.0", await image());
    const before = standIn.tags("a");
    const same = standIn.manifest("a", "1.0");
    if (!same) throw new Error("no manifest");
    const again = await put(send, "/v2/a/manifests/1.0", same);
    if (profile === "ecr") expect(refusal(again)).toEqual([400, "TAG_INVALID"]);
    else expect(again.status).toBe(201);
    expect((await put(send, `/v2/a/manifests/${same.digest}`, same)).status).toBe(201);
    expect(standIn.tags("a")).toEqual(before);
  });

  test("an index of OCI with a child of Docker", async () => {
    const { send } = await start({ profile });
    await upload(send, "a");
    const docker = "application/vnd.docker.distribution.manifest.v2+json";
    const child = manifest(docker, {
      config: { ...config, mediaType: "application/vnd.docker.container.image.v1+json" },
      layers: [],
    });
    const descriptor = {
      mediaType: docker,
      digest: sha256(child.bytes),
      size: child.bytes.length,
    };
    expect((await put(send, `/v2/a/manifests/${descriptor.digest}`, child)).status).toBe(201);
    const list = "application/vnd.docker.distribution.manifest.list.v2+json";
    const pure = await put(send, "/v2/a/manifests/l", manifest(list, { manifests: [descriptor] }));
    expect(pure.status).toBe(201);
    const index = manifest(mediaTypes.index, { manifests: [descriptor] });
    const mixed = await put(send, "/v2/a/manifests/i", index);
    if (profile === "quay") expect(refusal(mixed)).toEqual([400, "MANIFEST_INVALID"]);
    else expect(mixed.status).toBe(201);
  });

  test("an artifact", async () => {
    const { send } = await start({ profile });
    await upload(send, "a", Buffer.from("{}"));
    const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 };
    const artifact = manifest(mediaTypes.manifest, {
      artifactType: "application/vnd.example",
      config: empty,
      layers: [empty],
    });
    const pushed = await put(send, "/v2/a/manifests/x", artifact);
    if (profile === "quay") expect(refusal(pushed)).toEqual([400, "MANIFEST_INVALID"]);
    else expect(pushed.status).toBe(201);
  });

  test("deleting", async () => {
    const { send, standIn } = await start({ profile });
    const name = pushImage(standIn, "a", "main", await image());
    const [blob] = standIn.blobs("a");
    const paths = ["manifests/main", `manifests/${name}`, `blobs/${blob}`];
    const expected = ["ghcr", "docker-registry-2.8", "docker-hub"].includes(profile) ? 405 : 202;
    for (const path of paths) expect((await send("DELETE", `/v2/a/${path}`)).status).toBe(expected);
    expect(standIn.manifests("a").includes(name)).toBe(expected === 405);
  });
});

test.each(["ghcr", "quay", "docker-hub"] as const)(
  "%s sends readers of blobs to another host, which refuses credentials",
  async (profile) => {
    const options = { accounts: { me: "pw" }, profile };
    const { send, url } = await start(options);
    const headers = { authorization: `Basic ${Buffer.from("me:pw").toString("base64")}` };
    const begun = await send("POST", "/v2/a/blobs/uploads/", { headers });
    const location = begun.headers.get("location") ?? "";
    await send("PUT", `${location}?digest=${digest}`, { headers, body: data });
    const answer = await send("GET", `/v2/a/blobs/${digest}`, { headers });
    const to = answer.headers.get("location") ?? "";
    expect([answer.status, new URL(to).host]).toEqual([
      307,
      new URL(url).host.replace("127.0.0.1", "localhost"),
    ]);
    const part = await send("GET", to, { headers: { range: "bytes=8-" } });
    expect([part.status, part.body.toString()]).toEqual([206, "89"]);
    expect((await send("GET", to, { headers })).status).toBe(400);
    expect((await send("GET", to.replace(/signature=.*/, "signature=x"))).status).toBe(403);
    expect((await send("HEAD", `/v2/a/blobs/${digest}`, { headers })).status).toBe(200);
  },
);

test("ghcr takes no chunk of more than 4 MiB", async () => {
  const { send } = await start({ profile: "ghcr" });
  const chunk = Buffer.alloc(4 * 1024 * 1024 + 1);
  const patch = async (bytes: number) => {
    const { headers } = await send("POST", "/v2/a/blobs/uploads/");
    return send("PATCH", headers.get("location") ?? "", {
      headers: { "content-range": `0-${bytes - 1}` },
      body: chunk.subarray(0, bytes),
    });
  };
  expect((await patch(chunk.length)).status).toBe(416);
  expect((await patch(chunk.length - 1)).status).toBe(202);
  expect((await upload(send, "a", chunk)).status).toBe(201);
});

test.each([
  ["ecr", ["0-3", "0-3"]],
  ["spec", ["0-3", "0-7"]],
] as const)("%s tells of two chunks %j", async (profile, told) => {
  const { send, standIn } = await start({ profile });
  const location = (await send("POST", "/v2/a/blobs/uploads/")).headers.get("location") ?? "";
  const ranges: (string | null)[] = [];
  for (const [range, body] of [
    ["0-3", "0123"],
    ["4-7", "4567"],
  ] as const)
    ranges.push(
      (await send("PATCH", location, { headers: { "content-range": range }, body })).headers.get(
        "range",
      ),
    );
  expect(ranges).toEqual(told);
  const closed = await send("PUT", `${location}?digest=${digest}`, { body: "89" });
  expect([closed.status, standIn.blob(digest)]).toEqual([201, data]);
});

describe("docker-registry-2.8", () => {
  const profile = "docker-registry-2.8";

  test("wants the state of an upload back, and gives the whole address of everything", async () => {
    const { send, url } = await start({ profile });
    const begun = (await send("POST", "/v2/a/blobs/uploads/")).headers.get("location") ?? "";
    expect(begun).toMatch(new RegExp(`^${url}/v2/a/blobs/uploads/[^?]+\\?_state=`));
    const bare = await send("PUT", `${begun.split("?")[0]}?digest=${digest}`, { body: data });
    expect(refusal(bare)).toEqual([404, "BLOB_UPLOAD_INVALID"]);
    const chunk = await send("PATCH", begun, { body: "01234" });
    const next = chunk.headers.get("location") ?? "";
    expect([chunk.status, next === begun]).toEqual([202, false]);
    expect(refusal(await send("PATCH", begun, { body: "56789" }))).toEqual([
      404,
      "BLOB_UPLOAD_INVALID",
    ]);
    const closed = await send("PUT", `${next}&digest=${digest}`, { body: "56789" });
    expect([closed.status, closed.headers.get("location")]).toEqual([
      201,
      `${url}/v2/a/blobs/${digest}`,
    ]);
  });

  test("takes a blob in one POST for the start of an upload", async () => {
    const { send, standIn } = await start({ profile });
    const once = await send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: data });
    expect([once.status, standIn.blobs("a")]).toEqual([202, []]);
  });

  test("knows blobs by sha256 only, and no manifest by sha512", async () => {
    const sha512 = (bytes: Buffer) => `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    const { send, standIn } = await start({ profile });
    const begun = (await send("POST", "/v2/a/blobs/uploads/")).headers.get("location");
    const closed = await send("PUT", `${begun}&digest=${sha512(data)}`, { body: data });
    expect([closed.status, standIn.blobs("a")]).toEqual([201, [digest]]);
    const pushed = manifest(mediaTypes.manifest, { config, layers: [] });
    const refused = await put(send, `/v2/a/manifests/${sha512(pushed.bytes)}`, pushed);
    expect(refusal(refused)).toEqual([400, "DIGEST_INVALID"]);
  });
});

describe("docker-hub", () => {
  test("refuses reads of manifests that are too many, until their time is over", async () => {
    const { send, standIn, clock } = await start({
      profile: "docker-hub",
      quirks: { pulls: { count: 2, seconds: 60 } },
    });
    pushImage(standIn, "a", "main", await image());
    const read = async (method: string) => {
      const { status, headers } = await send(method, "/v2/a/manifests/main");
      return [status, headers.get("ratelimit-remaining"), headers.get("retry-after")];
    };
    expect(await read("GET")).toEqual([200, "1;w=60", null]);
    expect(await read("GET")).toEqual([200, "0;w=60", null]);
    clock.advance(20_000);
    expect((await read("GET"))[0]).toBe(429);
    const refused = await send("GET", "/v2/a/manifests/main");
    expect(refusal(refused)).toEqual([429, "TOOMANYREQUESTS"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(30);
    expect(await read("HEAD")).toEqual([200, "0;w=60", null]);
    clock.advance(41_000);
    expect(await read("GET")).toEqual([200, "1;w=60", null]);
  });

  test("gives its tokens at another host", async () => {
    const { send, url } = await start({
      profile: "docker-hub",
      accounts: { me: "pw" },
      realm: "bearer",
    });
    const challenge = (await send("GET", "/v2/")).headers.get("www-authenticate");
    const host = new URL(url).host.replace("127.0.0.1", "localhost");
    expect(challenge).toBe(`Bearer realm="http://${host}/token",service="registry.docker.io"`);
  });
});

test.each([
  ["harbor", "/service/token"],
  ["quay", "/v2/auth"],
  ["artifact-registry", "/v2/token"],
] as const)("%s gives its tokens at %s, and nowhere else", async (profile, path) => {
  const { send, url } = await start({ profile, accounts: { me: "pw" }, realm: "bearer" });
  const challenge = (await send("GET", "/v2/a/tags/list")).headers.get("www-authenticate") ?? "";
  expect(challenge).toContain(`realm="${url}${path}"`);
  const headers = { authorization: `Basic ${Buffer.from("me:pw").toString("base64")}` };
  const given = await send("GET", `${path}?scope=repository:a:pull`, { headers });
  const { token } = JSON.parse(given.body.toString()) as { token: string };
  const authorization = `Bearer ${token}`;
  expect((await send("GET", "/v2/a/tags/list", { headers: { authorization } })).status).toBe(404);
  expect((await send("GET", "/token", { headers })).status).toBe(404);
});

test("what is listed comes in pages where a registry has them", async () => {
  const { send, standIn } = await start({ quirks: { pageSize: 2 } });
  for (const tag of ["a", "b", "c"]) pushImage(standIn, "x", tag, await image(tag));
  await upload(send, "x");
  const subject = { mediaType: mediaTypes.index, digest: sha256("s"), size: 1 };
  for (const at of [1, 2, 3])
    await put(
      send,
      `/v2/x/manifests/r${at}`,
      manifest(mediaTypes.manifest, { config, layers: [], subject, annotations: { at: `${at}` } }),
    );
  const pages = async (path: string, field: "tags" | "manifests") => {
    const sizes: number[] = [];
    const all = new Set<string>();
    for (let next: string | undefined = path; next !== undefined;) {
      const page: Sent = await send("GET", next);
      const items = (JSON.parse(page.body.toString()) as Record<string, unknown[]>)[field] ?? [];
      sizes.push(items.length);
      for (const item of items) all.add(JSON.stringify(item));
      next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    }
    return [sizes, all.size];
  };
  expect(await pages("/v2/x/tags/list", "tags")).toEqual([[2, 2, 2], 6]);
  expect(await pages("/v2/x/tags/list?n=5", "tags")).toEqual([[2, 2, 2], 6]);
  expect(await pages(`/v2/x/referrers/${subject.digest}`, "manifests")).toEqual([[2, 1], 3]);
});
