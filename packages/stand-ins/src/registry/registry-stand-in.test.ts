import { describe, expect, test } from "vitest";
import { buildImage, pushImage, sha256, type Content, type Image } from "./image.ts";
import { codeOf, start, type Send, type Sent } from "./test-registry.ts";

function image(): Promise<Image> {
  return buildImage({
    files: [{ path: "a", content: "b" }],
    entrypoint: ["a"],
    created: new Date("2026-01-05T00:00:00Z"),
  });
}

const data = Buffer.from("0123456789");
const digest = sha256(data);
const missing = `sha256:${"0".repeat(64)}`;

describe("blobs", () => {
  test("are uploaded in one request, in two, and in chunks", async () => {
    const { send, standIn } = await start();
    const once = await send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: data });
    expect([once.status, once.headers.get("docker-content-digest")]).toEqual([201, digest]);

    const begun = await send("POST", "/v2/b/blobs/uploads/");
    expect(begun.status).toBe(202);
    const put = await send("PUT", `${begun.headers.get("location")}?digest=${digest}`, {
      body: data,
    });
    expect([put.status, put.headers.get("location")]).toEqual([201, `/v2/b/blobs/${digest}`]);

    const location = (await send("POST", "/v2/c/blobs/uploads/")).headers.get("location") ?? "";
    const first = await send("PATCH", location, {
      body: "01234",
      headers: { "content-range": "0-4" },
    });
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-4"]);
    const gap = await send("PATCH", location, { body: "89", headers: { "content-range": "8-9" } });
    expect([gap.status, gap.headers.get("range")]).toEqual([416, "0-4"]);
    expect((await send("GET", location)).headers.get("range")).toBe("0-4");
    const last = await send("PUT", `${location}?digest=${digest}`, {
      body: "56789",
      headers: { "content-range": "5-9" },
    });
    expect(last.status).toBe(201);
    expect(standIn.blob(digest)).toEqual(data);
    expect((await send("GET", location)).status).toBe(404);
  });

  test("with another digest than their content are refused", async () => {
    const { send } = await start();
    const wrong = await send("POST", `/v2/a/blobs/uploads/?digest=${missing}`, { body: data });
    expect([wrong.status, codeOf(wrong)]).toEqual([400, "DIGEST_INVALID"]);
    const sha512 = `sha512:${"0".repeat(128)}`;
    expect(
      (await send("POST", `/v2/a/blobs/uploads/?digest=${sha512}`, { body: data })).status,
    ).toBe(400);
    const location = (await send("POST", "/v2/a/blobs/uploads/")).headers.get("location");
    expect(codeOf(await send("PUT", location ?? "", { body: data }))).toBe("DIGEST_INVALID");
    expect(codeOf(await send("GET", `/v2/a/blobs/${digest}`))).toBe("BLOB_UNKNOWN");
  });

  test("are mounted from another repository, and from there only", async () => {
    const { send } = await start();
    await send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: data });
    expect((await send("HEAD", `/v2/b/blobs/${digest}`)).status).toBe(404);
    expect((await send("POST", `/v2/b/blobs/uploads/?mount=${missing}&from=a`)).status).toBe(202);
    expect((await send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`)).status).toBe(201);
    expect((await send("HEAD", `/v2/b/blobs/${digest}`)).headers.get("content-length")).toBe("10");
  });

  test("are read in part, and deleted", async () => {
    const { send } = await start();
    await send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: data });
    const part = await send("GET", `/v2/a/blobs/${digest}`, { headers: { range: "bytes=2-4" } });
    expect([part.status, part.body.toString(), part.headers.get("content-range")]).toEqual([
      206,
      "234",
      "bytes 2-4/10",
    ]);
    expect(
      (await send("GET", `/v2/a/blobs/${digest}`, { headers: { range: "bytes=10-" } })).status,
    ).toBe(416);
    expect((await send("DELETE", `/v2/a/blobs/${digest}`)).status).toBe(202);
    expect((await send("GET", `/v2/a/blobs/${digest}`)).status).toBe(404);
  });
});

describe("manifests", () => {
  const put = (send: Send, reference: string, content: Content): Promise<Sent> =>
    send("PUT", `/v2/a/manifests/${reference}`, {
      headers: { "content-type": content.mediaType },
      body: content.bytes,
    });

  test("are taken when all they name is there, children before parents", async () => {
    const { send, standIn } = await start();
    const { index, manifests, blobs } = await image();
    const [child] = manifests;
    if (!child) throw new Error("no manifest");
    const early = await put(send, child.digest, child);
    expect([early.status, codeOf(early)]).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
    for (const blob of blobs)
      await send("POST", `/v2/a/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
    expect(codeOf(await put(send, "main", index))).toBe("MANIFEST_BLOB_UNKNOWN");
    for (const manifest of manifests)
      expect((await put(send, manifest.digest, manifest)).status).toBe(201);
    const top = await put(send, "main", index);
    expect([top.status, top.headers.get("docker-content-digest")]).toEqual([201, index.digest]);
    expect(standIn.tags("a")).toEqual({ main: index.digest });

    const read = await send("GET", "/v2/a/manifests/main");
    expect(read.body).toEqual(index.bytes);
    expect(read.headers.get("content-type")).toBe(index.mediaType);
    const head = await send("HEAD", `/v2/a/manifests/${index.digest}`);
    expect([head.status, head.headers.get("docker-content-digest"), head.body.length]).toEqual([
      200,
      index.digest,
      0,
    ]);
  });

  test("that are not what they say are refused", async () => {
    const { send, standIn } = await start();
    const { index } = await image();
    expect(codeOf(await put(send, missing, index))).toBe("DIGEST_INVALID");
    expect(codeOf(await put(send, "sha256:12", index))).toBe("DIGEST_INVALID");
    expect(codeOf(await put(send, "-tag", index))).toBe("MANIFEST_INVALID");
    expect(codeOf(await put(send, "x", { ...index, bytes: Buffer.from("{") }))).toBe(
      "MANIFEST_INVALID",
    );
    expect(codeOf(await put(send, "x", { ...index, mediaType: "text/plain" }))).toBe(
      "MANIFEST_INVALID",
    );
    const other = "application/vnd.oci.image.manifest.v1+json";
    expect(codeOf(await put(send, "x", { ...index, mediaType: other }))).toBe("MANIFEST_INVALID");
    expect(standIn.requests.filter((request) => request.wrote)).toEqual([]);
  });

  test("are deleted by tag and by digest", async () => {
    const { send, standIn } = await start();
    const built = await image();
    pushImage(standIn, "a", "main", built);
    pushImage(standIn, "a", "next", built);
    expect((await send("DELETE", "/v2/a/manifests/next")).status).toBe(202);
    expect(standIn.tags("a")).toEqual({ main: built.index.digest });
    expect((await send("DELETE", `/v2/a/manifests/${built.index.digest}`)).status).toBe(202);
    const gone = await send("GET", "/v2/a/manifests/main");
    expect([gone.status, codeOf(gone)]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  test("are listed by tag, in pages", async () => {
    const { send, standIn } = await start();
    for (const tag of ["c", "a", "b"]) pushImage(standIn, "org/app", tag, await image());
    expect(JSON.parse((await send("GET", "/v2/org/app/tags/list")).body.toString())).toEqual({
      name: "org/app",
      tags: ["a", "b", "c"],
    });
    const page = await send("GET", "/v2/org/app/tags/list?n=2");
    expect(page.headers.get("link")).toBe('</v2/org/app/tags/list?n=2&last=b>; rel="next"');
    const rest = await send("GET", "/v2/org/app/tags/list?n=2&last=b");
    expect([JSON.parse(rest.body.toString()), rest.headers.get("link")]).toEqual([
      { name: "org/app", tags: ["c"] },
      null,
    ]);
    expect(codeOf(await send("GET", "/v2/none/tags/list"))).toBe("NAME_UNKNOWN");
  });

  test("that refer to another are found by it", async () => {
    const { send, standIn } = await start();
    const built = await image();
    pushImage(standIn, "a", "main", built);
    await send("POST", `/v2/a/blobs/uploads/?digest=${sha256("{}")}`, { body: "{}" });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 };
    const subject = {
      mediaType: built.index.mediaType,
      digest: built.index.digest,
      size: built.index.bytes.length,
    };
    const artifactType = "application/vnd.example.sbom";
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        artifactType,
        config: empty,
        layers: [empty],
        subject,
      }),
    );
    const pushed = await put(send, sha256(bytes), { digest: sha256(bytes), mediaType, bytes });
    expect(pushed.headers.get("oci-subject")).toBe(built.index.digest);

    const list = async (query: string): Promise<unknown[]> => {
      const answer = await send("GET", `/v2/a/referrers/${built.index.digest}${query}`);
      expect(answer.headers.get("content-type")).toBe("application/vnd.oci.image.index.v1+json");
      return (JSON.parse(answer.body.toString()) as { manifests: unknown[] }).manifests;
    };
    expect(await list("")).toEqual([
      { mediaType, digest: sha256(bytes), size: bytes.length, artifactType },
    ]);
    expect(await list(`?artifactType=${encodeURIComponent(artifactType)}`)).toHaveLength(1);
    expect(await list("?artifactType=other")).toEqual([]);
  });
});

describe("access", () => {
  const accounts = { robot: "s3cret" };
  const basic = `Basic ${Buffer.from("robot:s3cret").toString("base64")}`;
  const wrong = `Basic ${Buffer.from("robot:guess").toString("base64")}`;

  test("Basic: right, wrong, none", async () => {
    const { send } = await start({ accounts });
    expect((await send("GET", "/v2/", { headers: { authorization: basic } })).status).toBe(200);
    expect((await send("GET", "/v2/", { headers: { authorization: wrong } })).status).toBe(401);
    const none = await send("GET", "/v2/");
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="127.0.0.1"',
    ]);
  });

  test("Bearer: the challenge names realm and scope, and a token does no more than its scope", async () => {
    const { send, standIn, clock } = await start({ accounts, realm: "bearer" });
    pushImage(standIn, "app", "main", await image());
    const challenged = await send("GET", "/v2/app/manifests/main");
    const challenge = challenged.headers.get("www-authenticate") ?? "";
    expect(challenge).toMatch(
      /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/token",service="127\.0\.0\.1",scope="repository:app:pull"$/,
    );

    expect(
      (await send("GET", "/token?scope=repository:app:pull", { headers: { authorization: wrong } }))
        .status,
    ).toBe(401);
    const given = await send("GET", "/token?scope=repository:app:pull", {
      headers: { authorization: basic },
    });
    const { token } = JSON.parse(given.body.toString()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await send("GET", "/v2/app/manifests/main", { headers })).status).toBe(200);
    const beyond = await send("POST", "/v2/app/blobs/uploads/", { headers });
    expect([beyond.status, beyond.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringContaining('error="insufficient_scope"'),
    ]);
    expect((await send("GET", "/v2/other/manifests/main", { headers })).status).toBe(401);
    clock.advance(301_000);
    const late = await send("GET", "/v2/app/manifests/main", { headers });
    expect(late.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test("strangers may pull where that is allowed, and nothing else", async () => {
    const { send, standIn } = await start({ accounts, anonymousPull: true });
    pushImage(standIn, "app", "main", await image());
    expect((await send("GET", "/v2/app/manifests/main")).status).toBe(200);
    expect((await send("DELETE", "/v2/app/manifests/main")).status).toBe(401);
    expect(standIn.tags("app")["main"]).toBeDefined();
  });

  test("an account with the power to pull is denied to push", async () => {
    const { send } = await start({
      powerOf: (username) => (username === "robot" ? "pull" : undefined),
    });
    const denied = await send("POST", "/v2/app/blobs/uploads/", {
      headers: { authorization: basic },
    });
    expect([denied.status, codeOf(denied)]).toEqual([403, "DENIED"]);
  });

  test("a mount needs the right to pull from the other repository", async () => {
    const { send, standIn } = await start({ accounts, realm: "bearer" });
    const built = await image();
    pushImage(standIn, "a", "main", built);
    const token = async (scope: string): Promise<Record<string, string>> => {
      const given = await send("GET", `/token?${scope}`, { headers: { authorization: basic } });
      return {
        authorization: `Bearer ${(JSON.parse(given.body.toString()) as { token: string }).token}`,
      };
    };
    const mount = `/v2/b/blobs/uploads/?mount=${built.blobs[0]?.digest}&from=a`;
    expect(
      (await send("POST", mount, { headers: await token("scope=repository:b:pull,push") })).status,
    ).toBe(401);
    const both = await token("scope=repository:b:pull,push&scope=repository:a:pull");
    expect((await send("POST", mount, { headers: both })).status).toBe(201);
  });
});

test("names and paths that no registry knows are refused", async () => {
  const { send } = await start();
  expect(codeOf(await send("GET", "/v2/Upper/manifests/main"))).toBe("NAME_INVALID");
  expect((await send("GET", "/v2/a/nothing/main")).status).toBe(404);
  expect((await send("PATCH", "/v2/a/manifests/main")).status).toBe(405);
});
