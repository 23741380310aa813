import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { PlannedFault } from "../stand-in.ts";
import { sha256 } from "./image.ts";
import { start } from "./test-registry.ts";

const blob = Buffer.alloc(300_000, "0123456789");
const digest = sha256(blob);

/** A registry with one blob, and a fault that waits for the first request of a method. */
async function planted(method: string, fault: Pick<PlannedFault, "when" | "does">) {
  const registry = await start();
  await registry.send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: blob });
  registry.standIn.faults.push({ ...fault, matches: (request) => request.method === method });
  return registry;
}

/** What comes of a GET, byte by byte, however it ends. */
async function read(url: string): Promise<{ bytes: Buffer; broken: boolean; length: number }> {
  const answer = await fetch(`${url}/v2/a/blobs/${digest}`);
  const chunks: Uint8Array[] = [];
  let broken = false;
  try {
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
  } catch {
    broken = true;
  }
  const length = Number(answer.headers.get("content-length"));
  return { bytes: Buffer.concat(chunks), broken, length };
}

describe("a blob that is read", () => {
  test("breaks off in the middle, once", async () => {
    const { url, standIn } = await planted("GET", { when: { sent: 100_000 }, does: "reset" });
    const first = await read(url);
    expect([first.broken, first.length]).toEqual([true, blob.length]);
    expect(first.bytes).toEqual(blob.subarray(0, 100_000));
    expect(await read(url)).toEqual({ bytes: blob, broken: false, length: blob.length });
    expect(standIn.faults).toEqual([]);
  });

  test("stops in the middle without an end", async () => {
    const { url } = await planted("GET", { when: { sent: 10 }, does: "hang" });
    const answer = await fetch(`${url}/v2/a/blobs/${digest}`);
    const reader = answer.body!.getReader();
    expect((await reader.read()).value).toHaveLength(10);
    const more = reader.read().then(() => "more");
    const nothing = new Promise((resolve) => setTimeout(resolve, 200, "nothing"));
    expect(await Promise.race([more, nothing])).toBe("nothing");
    await reader.cancel();
  });

  test("is another one in one byte: the digest is wrong, the length is not", async () => {
    const { url } = await planted("GET", { when: "after", does: { flip: 200_000 } });
    const { bytes, broken } = await read(url);
    expect([bytes.length, broken, sha256(bytes) === digest]).toEqual([blob.length, false, false]);
    const differing = [...bytes.keys()].filter((at) => bytes[at] !== blob[at]);
    expect(differing).toEqual([200_000]);
  });

  test("lacks its end, and says nothing of it", async () => {
    const { url } = await planted("GET", { when: "after", does: { keep: 1234 } });
    expect(await read(url)).toEqual({
      bytes: blob.subarray(0, 1234),
      broken: false,
      length: 1234,
    });
  });

  test("comes drop by drop", async () => {
    const { url } = await planted("GET", { when: "after", does: { drip: 100_000, every: 20 } });
    expect(await read(url)).toEqual({ bytes: blob, broken: false, length: blob.length });
    const slow = await planted("GET", { when: "after", does: { drip: 1, every: 50 } });
    const given = await fetch(`${slow.url}/v2/a/blobs/${digest}`, {
      signal: AbortSignal.timeout(500),
    }).then((answer) => answer.arrayBuffer().catch((error: Error) => error.name));
    expect(given).toBe("TimeoutError");
    expect(await read(slow.url)).toMatchObject({ bytes: blob });
  });
});

describe("a body that is sent", () => {
  const upload = async (url: string) => {
    const begun = await fetch(`${url}/v2/b/blobs/uploads/`, { method: "POST" });
    return `${url}${begun.headers.get("location")}?digest=${digest}`;
  };

  test("is refused before its end, and nothing took effect", async () => {
    const fault = { when: { received: 50_000 }, does: { status: 401 } } as const;
    const { url, standIn } = await planted("PUT", fault);
    const to = new URL(await upload(url));
    // The answer comes while the client has sent no more than that.
    const socket = connect(Number(to.port), "127.0.0.1");
    socket.write(
      `PUT ${to.pathname}${to.search} HTTP/1.1\r\nHost: ${to.host}\r\nContent-Length: ${blob.length}\r\n\r\n`,
    );
    socket.write(blob.subarray(0, 60_000));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    expect(standIn.blobs("b")).toEqual([]);
    // The rest is let go by: the connection is good for the next request.
    socket.write(blob.subarray(60_000));
    socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${to.host}\r\n\r\n`);
    const [next] = (await once(socket, "data")) as [Buffer];
    expect(next.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    const again = await fetch(to, { method: "PUT", body: new Uint8Array(blob) });
    expect([again.status, standIn.blobs("b")]).toEqual([201, [digest]]);
  });

  test.each(["PUT", "PATCH"])("breaks off in the middle of a %s, once", async (method) => {
    const fault = { when: { received: 100_000 }, does: "reset" } as const;
    const { url, standIn, send: ask } = await planted(method, fault);
    const to = await upload(url);
    const send = () => ask(method, to, { body: blob });
    await expect(send()).rejects.toThrow("fetch failed");
    expect(standIn.blobs("b")).toEqual([]);
    expect((await fetch(to)).headers.get("range")).toBe("0-0");
    expect((await send()).status).toBe(method === "PUT" ? 201 : 202);
  });

  test("a manifest is refused in the middle as well", async () => {
    const fault = { when: { received: 3 }, does: { status: 503 } } as const;
    const { send, standIn } = await planted("PUT", fault);
    expect((await send("PUT", "/v2/a/manifests/x", { body: "{}" })).status).toBe(503);
    expect(standIn.requests.at(-1)).toMatchObject({ path: "/v2/a/manifests/x", wrote: false });
  });

  test.each([
    ["429 with a time", { status: 429, headers: { "retry-after": "1" } }, 429],
    ["500", { status: 500 }, 500],
    ["503", { status: 503 }, 503],
  ] as const)("%s before it takes effect", async (_name, does, status) => {
    const { url, standIn } = await planted("PUT", { when: "before", does });
    const to = await upload(url);
    const first = await fetch(to, { method: "PUT", body: new Uint8Array(blob) });
    expect([first.status, standIn.blobs("b")]).toEqual([status, []]);
    const again = await fetch(to, { method: "PUT", body: new Uint8Array(blob) });
    expect([again.status, standIn.blobs("b")]).toEqual([201, [digest]]);
  });

  test("its answer is lost after it took effect", async () => {
    const { url, standIn } = await planted("PUT", { when: "after", does: "reset" });
    const to = await upload(url);
    const sent = fetch(to, { method: "PUT", body: new Uint8Array(blob) });
    await expect(sent).rejects.toThrow("fetch failed");
    expect(standIn.blobs("b")).toEqual([digest]);
  });
});

test("tokens are taken back in the middle of a copy", async () => {
  const { send, standIn } = await start({ accounts: { me: "pw" }, realm: "bearer" });
  const basic = `Basic ${Buffer.from("me:pw").toString("base64")}`;
  const authorize = async () => {
    const path = "/token?scope=repository:a:pull,push";
    const given = await send("GET", path, { headers: { authorization: basic } });
    return `Bearer ${(JSON.parse(given.body.toString()) as { token: string }).token}`;
  };
  const begin = (authorization: string) =>
    send("POST", "/v2/a/blobs/uploads/", { headers: { authorization } });
  const old = await authorize();
  standIn.faults.push({
    matches: ({ method }) => method === "POST",
    when: "after",
    does: () => standIn.revokeTokens(),
  });
  expect((await begin(old)).status).toBe(202);
  const late = await begin(old);
  expect(late.headers.get("www-authenticate")).toContain('error="invalid_token"');
  const fresh = await authorize();
  expect(fresh).not.toBe(old);
  expect((await begin(fresh)).status).toBe(202);
});
