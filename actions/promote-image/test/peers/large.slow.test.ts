import { spawnSync } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { promoteByAction } from "../../../test-support/registries/action.ts";
import { content, descriptor, oci } from "../../../test-support/registries/artifact.ts";
import { startDockerRegistry } from "../../../test-support/registries/docker-registry.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { seedArtifact } from "../../../test-support/registries/seed.ts";

const gibibyte = 1024 ** 3;
const dockerRegistry = peerForTests("docker-registry");
const hasStrace = spawnSync("strace", ["-V"]).status === 0;
if (!hasStrace) console.warn("SKIPPED: strace is not here, with which the opened files are seen");

/** A gibibyte that does not shrink, piece by piece. */
function* bytes(): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024);
  const cipher = createCipheriv("aes-256-ctr", Buffer.alloc(32), Buffer.alloc(16));
  for (let at = 0; at < gibibyte; at += piece.length) yield cipher.update(piece);
}

function digestOf(pieces: Iterable<Buffer>): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return `sha256:${hash.digest("hex")}`;
}

/** Lets the registry hash the layer, and nobody hold it. */
async function seedLayer(host: string, repository: string, digest: string): Promise<void> {
  const base = `http://${host}/v2/${repository}/blobs/uploads/`;
  const started = await fetch(base, { method: "POST" });
  const url = new URL(started.headers.get("location") ?? "", base);
  url.searchParams.set("digest", digest);
  const put = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": String(gibibyte) },
    body: Readable.toWeb(Readable.from(bytes())),
    duplex: "half",
  });
  expect(put.status).toBe(201);
}

test.skipIf(dockerRegistry === undefined || !hasStrace)(
  "a layer of 1 GiB goes from one registry to another in little memory and through no file",
  async () => {
    if (dockerRegistry === undefined) return;
    await using one = await startDockerRegistry(dockerRegistry);
    await using other = await startDockerRegistry(dockerRegistry);
    const digest = digestOf(bytes());
    await seedLayer(one.host, "team/app", digest);
    const config = content(oci.config, JSON.stringify({ os: "linux", architecture: "amd64" }));
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size: gibibyte };
    const manifest = { schemaVersion: 2, mediaType: oci.manifest, config: descriptor(config) };
    const top = content(oci.manifest, JSON.stringify({ ...manifest, layers: [layer] }));
    await seedArtifact(one.host, "team/app", "built", { top, children: [], blobs: [config] });

    const folder = mkdtempSync(join(tmpdir(), "opened-"));
    const log = join(folder, "strace");
    const opens = "trace=?open,openat,?openat2,?creat,memfd_create";
    const end = await promoteByAction(
      { source: `${one.host}/team/app@${top.digest}`, targets: [`${other.host}/team/app:1.2.3`] },
      { under: ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "4096", "-e", opens, "-o", log] },
    );
    const opened = readFileSync(log, "utf8").split("\n");
    rmSync(folder, { recursive: true });

    expect(end.status, end.log).toBe(0);
    const arrived = await fetch(`http://${other.host}/v2/team/app/blobs/${digest}`);
    const { body } = arrived;
    const hash = createHash("sha256");
    for await (const piece of body ?? []) hash.update(piece);
    expect(`sha256:${hash.digest("hex")}`).toBe(digest);

    console.log(`1 GiB across registries: ${end.peakMemory?.toFixed(0)} MiB at most`);
    expect(end.peakMemory).toBeGreaterThan(20);
    expect(end.peakMemory).toBeLessThan(150);
    // The log has seen the process; of files to write there are those alone that the runner gave it.
    expect(opened.some((line) => line.includes("promote-image/index.js"))).toBe(true);
    const written = opened
      .filter((line) => /O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd_create/.test(line))
      .filter((line) => !/= -1 /.test(line))
      .map((line) => /"([^"]*)"/.exec(line)?.[1] ?? line);
    expect(written.filter((path) => !/^\/dev\/|\/(?:output|summary|peak)$/.test(path))).toEqual([]);
    expect(written.some((path) => path.endsWith("/output"))).toBe(true);
  },
);
