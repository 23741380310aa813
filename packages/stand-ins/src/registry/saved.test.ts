import { expect, onTestFinished, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { buildImage, mediaTypes, sha256 } from "./image.ts";
import { createRegistryStandIn, type RegistryStandIn } from "./registry-stand-in.ts";
import type { SavedRegistry } from "./store.ts";

const clock = movableClock(new Date("2026-01-06T09:00:00Z"));

async function start(saved?: SavedRegistry) {
  const standIn = createRegistryStandIn({
    clock,
    realm: "basic",
    powerOf: (username, password) =>
      username === "bot" && password === "secret" ? "push" : undefined,
    saved,
  });
  const server = await listen(standIn);
  onTestFinished(server.close);
  const send = (method: string, path: string, body?: Buffer, type?: string) =>
    fetch(new URL(path, server.url), {
      method,
      headers: {
        authorization: `Basic ${Buffer.from("bot:secret").toString("base64")}`,
        ...(type && { "content-type": type }),
      },
      ...(body && { body: new Uint8Array(body) }),
    });
  return { standIn, send };
}

const image = (content: string) =>
  buildImage({
    files: [{ path: "a", content }],
    entrypoint: ["a"],
    created: new Date("2026-01-05T00:00:00Z"),
  });

/** All that a registry holds, by its own readers. */
const content = (registry: RegistryStandIn) =>
  registry.repositories().map((name) => ({
    name,
    tags: registry.tags(name),
    manifests: registry.manifests(name).map((digest) => registry.manifest(name, digest)),
    blobs: registry.blobs(name),
  }));

test("a registry goes on from its saved content, twice and apart", async () => {
  const original = await start();
  const first = original.standIn.putImage("cessda/cdc", "1.0.0", await image("one"));
  const begun = await original.send("POST", "/v2/cessda/cdc/blobs/uploads/");
  const saved = original.standIn.save();
  const asSaved = content(original.standIn);
  expect(asSaved).toMatchObject([{ name: "cessda/cdc", tags: { "1.0.0": first } }]);
  original.standIn.putImage("cessda/cdc", "1.0.0", await image("two"));
  original.standIn.putImage("cessda/other", "1.0.0", await image("three"));
  await original.send("DELETE", `/v2/cessda/cdc/manifests/${first}`);

  const [one, other] = [await start(saved), await start(saved)];
  expect(content(one.standIn)).toEqual(asSaved);
  expect([one.standIn.requests, one.standIn.faults]).toEqual([[], []]);

  const pulled = await one.send("GET", "/v2/cessda/cdc/manifests/1.0.0");
  const manifest = Buffer.from(await pulled.arrayBuffer());
  expect([pulled.status, sha256(manifest)]).toEqual([200, first]);
  const put = await one.send("PUT", "/v2/cessda/cdc/manifests/1.0.1", manifest, mediaTypes.index);
  expect(put.status).toBe(201);
  // An upload goes on where it was, and a new one gets a name of its own.
  const data = Buffer.from("0123456789");
  const upload = begun.headers.get("location") ?? "";
  expect((await one.send("PUT", `${upload}?digest=${sha256(data)}`, data)).status).toBe(201);
  const next = await one.send("POST", "/v2/cessda/cdc/blobs/uploads/");
  expect(next.headers.get("location")).not.toBe(upload);
  expect(one.standIn.tags("cessda/cdc")).toEqual({ "1.0.0": first, "1.0.1": first });
  expect(one.standIn.blob(sha256(data))).toEqual(data);

  expect(content(other.standIn)).toEqual(asSaved);
  expect(other.standIn.blob(sha256(data))).toBeUndefined();
});
