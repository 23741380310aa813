import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { sha256 } from "./image.ts";
import { createRegistryStandIn, type SavedRegistry } from "./registry-stand-in.ts";

const blob = Buffer.alloc(8 * 1024 * 1024, "0123456789abc");
const digest = sha256(blob);

async function onDisk() {
  const folder = await mkdtemp(join(tmpdir(), "kept-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const serve = async (saved?: SavedRegistry) => {
    const standIn = createRegistryStandIn({ clock: movableClock(), folder, saved });
    const server = await listen(standIn);
    onTestFinished(server.close);
    const send = (method: string, path: string, body?: Buffer, headers = {}) =>
      fetch(new URL(path, server.url), {
        method,
        headers,
        ...(body && { body: new Uint8Array(body) }),
      });
    return { standIn, send, url: server.url };
  };
  return { folder, serve };
}

const begin = async (send: (method: string, path: string) => Promise<Response>) =>
  (await send("POST", "/v2/a/blobs/uploads/")).headers.get("location") ?? "";

test("a blob is in files, in the chunks in which it came, and in no record of requests", async () => {
  const { folder, serve } = await onDisk();
  const { standIn, send } = await serve();
  const location = await begin(send);
  const half = blob.length / 2;
  await send("PATCH", location, blob.subarray(0, half));
  const put = await send("PUT", `${location}?digest=${digest}`, blob.subarray(half));
  expect(put.status).toBe(201);
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  expect(await Promise.all(sizes)).toEqual([half, half]);
  expect(standIn.requests.map(({ body }) => body.length)).toEqual([0, 0, 0]);

  const path = `/v2/a/blobs/${digest}`;
  expect(Buffer.from(await (await send("GET", path)).arrayBuffer()).equals(blob)).toBe(true);
  const range = { range: `bytes=${half - 3}-${half + 2}` };
  const part = await send("GET", path, undefined, range);
  expect(await part.text()).toBe(blob.toString("latin1", half - 3, half + 3));
  expect(standIn.blob(digest)?.equals(blob)).toBe(true);
});

test("what is saved goes on twice and apart, an upload in progress too", async () => {
  const { serve } = await onDisk();
  const original = await serve();
  const location = await begin(original.send);
  await original.send("PATCH", location, blob.subarray(0, 100));
  const saved = original.standIn.save();
  const whole = `${location}?digest=${digest}`;
  const worlds = [await serve(saved), await serve(saved), original];
  for (const { send, standIn } of worlds) {
    expect((await send("PUT", whole, blob.subarray(100))).status).toBe(201);
    expect(standIn.blob(digest)?.equals(blob)).toBe(true);
  }
});

test("nothing is left of a body that breaks off, or of one that is empty", async () => {
  const { folder, serve } = await onDisk();
  const { send, url } = await serve();
  const location = await begin(send);
  const { host, port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(
    `PATCH ${location} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\n${"x".repeat(5000)}`,
  );
  await expect.poll(() => readdir(folder)).toHaveLength(1);
  socket.destroy();
  await expect.poll(() => readdir(folder)).toEqual([]);
  expect((await send("GET", location)).headers.get("range")).toBe("0-0");
  expect((await send("PUT", `${location}?digest=${sha256("")}`)).status).toBe(201);
  expect(await readdir(folder)).toEqual([]);
});

test("of two that add to one upload at once, one is refused", async () => {
  const { serve } = await onDisk();
  const { send, standIn } = await serve();
  const location = await begin(send);
  const answers = await Promise.all([1, 2].map(() => send("PATCH", location, blob)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 416]));
  expect((await send("PUT", `${location}?digest=${digest}`)).status).toBe(201);
  expect(standIn.blob(digest)?.length).toBe(blob.length);
});
