import { Fault } from "@release-actions/codes";
import { buildImage } from "@release-actions/stand-ins";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect, seedImage, startRegistry } from "./test-world.ts";

async function start() {
  const { standIn, host } = await startRegistry();
  const digest = await seedImage(standIn, "shop/web", "1", "1.0.0");
  const remove = (path: string) =>
    fetch(`http://${host}/v2/shop/web/${path}`, { method: "DELETE" }).then(({ status }) => {
      expect(status).toBe(202);
    });
  const look = () => connect().registry.missing({ host, repository: "shop/web", digest });
  return { standIn, host, digest, remove, look };
}

describe("what a pull would miss", () => {
  test("is nothing where all is there: each manifest is read once, each blob asked for once, and no byte of it moved", async () => {
    const { standIn, look } = await start();
    expect(await look()).toEqual([]);
    const asked = standIn.requests.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(asked).size).toBe(asked.length);
    const blobs = asked.filter((request) => request.includes("/blobs/"));
    expect(blobs.every((request) => request.startsWith("HEAD "))).toBe(true);
    expect(blobs).toHaveLength(standIn.blobs("shop/web").length);
    expect(asked.length - blobs.length).toBe(standIn.manifests("shop/web").length);
  });

  test("is named for every single blob and manifest that is taken away", async () => {
    const { standIn, digest } = await start();
    const parts = [
      ...standIn.blobs("shop/web").map((one) => ["blob", one] as const),
      ...standIn.manifests("shop/web").map((one) => ["manifest", one] as const),
    ];
    expect(parts.length).toBeGreaterThan(8);
    for (const [kind, part] of parts) {
      const world = await start();
      await world.remove(`${kind}s/${part}`);
      const missing = await world.look();
      expect(missing).toContainEqual({ kind, digest: part });
      expect(missing).toHaveLength(1);
    }
    expect(digest).toMatch(/^sha256:/);
  });

  test("is not decided by a registry that fails", async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const digest = `sha256:${"a".repeat(64)}`;
    const looked = connect().registry.missing({ host, repository: "shop/web", digest });
    await expect(looked).rejects.toBeInstanceOf(Fault);
  });
});

describe("the list of tags", () => {
  test("is read to its end, page after page", async () => {
    const { standIn, host } = await startRegistry();
    const tags = Array.from({ length: 2300 }, (_, index) => `t${String(index).padStart(5, "0")}`);
    const { putImage } = standIn;
    const digest = await seedImage(standIn, "shop/web", "t00000", "1.0.0");
    const image = await buildImage({
      files: [],
      entrypoint: ["true"],
      created: new Date("2026-01-05T12:00:00Z"),
    });
    for (const tag of tags.slice(1)) putImage("shop/web", tag, image);
    const { registry } = connect();
    expect(await registry.tags({ host, repository: "shop/web" })).toEqual(tags);
    expect(standIn.requests).toHaveLength(3);
    expect(await registry.resolve({ host, repository: "shop/web", tag: "t00000" })).toBe(digest);
  });

  test("is empty where there is no such repository", async () => {
    const { host } = await startRegistry();
    expect(await connect().registry.tags({ host, repository: "none" })).toEqual([]);
  });

  test.each([
    ["to another host", "<http://192.0.2.1/v2/shop/web/tags/list?n=1>; rel=next", "somewhere else"],
    ["to another repository", "</v2/shop/other/tags/list?n=1>; rel=next", "somewhere else"],
    ["in a circle", '</v2/shop/web/tags/list?n=1>; rel="next"', "no end"],
  ])("that leads %s is refused", async (_, link, saw) => {
    const server = createServer((__, response) =>
      response
        .writeHead(200, { link, "content-type": "application/json" })
        .end(JSON.stringify({ name: "shop/web", tags: null })),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connect().registry.tags({ host, repository: "shop/web" })).rejects.toMatchObject({
      code: "RA8005",
      saw: expect.stringContaining(saw),
    });
  });
});
