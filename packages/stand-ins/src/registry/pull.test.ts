import { lstat, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { buildImage, pushImage } from "./image.ts";
import { pullImage, type PullFetch } from "./pull.ts";
import {
  createRegistryStandIn,
  type RegistryStandIn,
  type RegistryStandInOptions,
} from "./registry-stand-in.ts";
import { unpackLayer } from "./unpack.ts";

async function world(options: Omit<RegistryStandInOptions, "clock"> = {}): Promise<{
  standIn: RegistryStandIn;
  host: string;
  digest: string;
  fetch: PullFetch;
}> {
  const standIn = createRegistryStandIn({ ...options, clock: movableClock() });
  const server = await listen(standIn);
  onTestFinished(() => server.close());
  const image = await buildImage({
    files: [
      { path: "/app/server.mjs", content: "up", mode: 0o755 },
      { path: "app/version", content: "2.4.0" },
    ],
    entrypoint: ["node", "/app/server.mjs"],
    env: { PORT: "8080", EMPTY: "", EQUALS: "a=b" },
    labels: { "org.opencontainers.image.version": "2.4.0" },
    attestations: true,
    created: new Date("2026-01-06T09:00:00Z"),
  });
  return {
    standIn,
    host: new URL(server.url).host,
    digest: pushImage(standIn, "cessda/cdc", "main", image),
    fetch: async (host, method, path, headers) => {
      const answer = await fetch(`http://${host}${path}`, { method, headers, redirect: "manual" });
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: Buffer.from(await answer.arrayBuffer()),
      };
    },
  };
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pull-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

test.each([
  ["an open registry", {}, {}],
  ["Basic", { accounts: { u: "p" } }, { username: "u", password: "p" }],
  ["Bearer", { accounts: { u: "p" }, realm: "bearer" as const }, { username: "u", password: "p" }],
  [
    "a stranger's token",
    { accounts: { u: "p" }, realm: "bearer" as const, anonymousPull: true },
    {},
  ],
])("an image is pulled and unpacked from %s", async (_name, options, login) => {
  const { host, digest, fetch } = await world(options);
  const pulled = await pullImage({
    fetch,
    reference: `${host}/cessda/cdc:main`,
    platform: "linux/amd64",
    ...login,
  });
  expect(pulled.digest).toBe(digest);
  expect(pulled.manifestDigest).not.toBe(digest);
  expect(pulled.config).toEqual({
    entrypoint: ["node", "/app/server.mjs"],
    cmd: [],
    env: { PORT: "8080", EMPTY: "", EQUALS: "a=b" },
    workingDir: "/",
    labels: { "org.opencontainers.image.version": "2.4.0" },
  });
  const dir = await folder();
  await pulled.unpack(dir);
  expect(await readFile(join(dir, "app/version"), "utf8")).toBe("2.4.0");
  expect((await stat(join(dir, "app/server.mjs"))).mode & 0o777).toBe(0o755);

  const single = await pullImage({
    fetch,
    reference: `${host}/cessda/cdc@${pulled.manifestDigest}`,
    platform: "linux/amd64",
    ...login,
  });
  expect([single.digest, single.manifestDigest]).toEqual([
    pulled.manifestDigest,
    pulled.manifestDigest,
  ]);
});

test("what cannot be pulled says why", async () => {
  const { host, fetch } = await world({ accounts: { u: "p" } });
  const login = { username: "u", password: "p" };
  const pull = (
    reference: string,
    platform = "linux/amd64",
    as: object = login,
  ): Promise<unknown> => pullImage({ fetch, reference: `${host}/${reference}`, platform, ...as });
  await expect(pull("cessda/cdc:none")).rejects.toThrow(/not found/);
  await expect(pull("cessda/cdc:main", "linux/s390x")).rejects.toThrow(/no match for platform/);
  await expect(pull("cessda/cdc:main", "linux/amd64", {})).rejects.toThrow(/failed to authorize/);
});

test("bytes of another digest are refused", async () => {
  const { standIn, host, fetch, digest } = await world();
  standIn.faults.push({ matches: () => true, when: "after", does: { status: 200, body: "{}" } });
  const pull = pullImage({
    fetch,
    reference: `${host}/cessda/cdc@${digest}`,
    platform: "linux/amd64",
  });
  await expect(pull).rejects.toThrow(/does not match/);
});

describe("a layer", () => {
  type Entry = [Partial<Header> & { name: string }, string?];

  async function unpack(...layers: Entry[][]): Promise<string> {
    const dir = await folder();
    const root = join(dir, "root");
    for (const entries of layers) {
      const archive = pack();
      for (const [header, content] of entries) archive.entry(header, content ?? "");
      archive.finalize();
      const chunks: Buffer[] = [];
      for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
      await unpackLayer(gzipSync(Buffer.concat(chunks)), {
        dir: root,
        mediaType: "x+gzip",
        diffId: undefined,
      });
    }
    expect(await readdir(dir)).toEqual(["root"]);
    return root;
  }

  test("overwrites and hides what lower layers have", async () => {
    const root = await unpack(
      [
        [{ name: "d/a" }, "1"],
        [{ name: "d/b" }, "1"],
        [{ name: "e/c" }, "1"],
      ],
      [
        [{ name: "d/.wh.a" }],
        [{ name: "d/b" }, "2"],
        [{ name: "e/.wh..wh..opq" }],
        [{ name: "e/n" }, "2"],
      ],
    );
    expect(await readdir(join(root, "d"))).toEqual(["b"]);
    expect(await readFile(join(root, "d/b"), "utf8")).toBe("2");
    expect(await readdir(join(root, "e"))).toEqual(["n"]);
  });

  test("may link within itself", async () => {
    const root = await unpack([
      [{ name: "bin/node-24", mode: 0o755 }, "x"],
      [{ name: "bin/node", type: "symlink", linkname: "node-24" }],
      [{ name: "usr/bin", type: "symlink", linkname: "../bin" }],
      [{ name: "usr/bin/npm" }, "y"],
      [{ name: "hard", type: "link", linkname: "bin/node-24" }],
    ]);
    expect(await readFile(join(root, "bin/node"), "utf8")).toBe("x");
    expect(await readFile(join(root, "bin/npm"), "utf8")).toBe("y");
    expect((await lstat(join(root, "hard"))).isFile()).toBe(true);
  });

  test("replaces a link instead of writing through it", async () => {
    const root = await unpack([
      [{ name: "a" }, "1"],
      [{ name: "b", type: "symlink", linkname: "a" }],
      [{ name: "b" }, "2"],
    ]);
    expect(await readFile(join(root, "a"), "utf8")).toBe("1");
    expect(await readFile(join(root, "b"), "utf8")).toBe("2");
  });

  test.each<[string, Entry[]]>([
    ["a path upwards", [[{ name: "../evil" }, "x"]]],
    ["a path upwards in the middle", [[{ name: "a/../../evil" }, "x"]]],
    ["an absolute link", [[{ name: "l", type: "symlink", linkname: "/etc" }]]],
    ["a link upwards", [[{ name: "l", type: "symlink", linkname: "../.." }]]],
    [
      "a link that climbs out of another link",
      [
        [{ name: "s", type: "symlink", linkname: "." }],
        [{ name: "l", type: "symlink", linkname: "s/../.." }],
      ],
    ],
    [
      "a link that is shallower than it looks",
      [
        [{ name: "x/y/up", type: "symlink", linkname: "../.." }],
        [{ name: "x/y/up/l", type: "symlink", linkname: "../../evil" }],
      ],
    ],
    ["a hard link to the outside", [[{ name: "h", type: "link", linkname: "../../etc/passwd" }]]],
    ["a device", [[{ name: "null", type: "character-device" }]]],
  ])("is refused with %s", async (_name, entries) => {
    await expect(unpack(entries)).rejects.toThrow(/layer/);
  });
});
