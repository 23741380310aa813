import { expect, test } from "vitest";
import { buildImage } from "./image.ts";

const source = {
  files: [
    { path: "/app/server.mjs", content: "console.log('up')\n", mode: 0o755 },
    { path: "app/version", content: "2.4.0" },
  ],
  entrypoint: ["node", "/app/server.mjs"],
  env: { PORT: "8080" },
  labels: { "org.opencontainers.image.version": "2.4.0" },
  attestations: true as const,
  created: new Date("2026-01-06T09:00:00Z"),
};

test("equal sources give equal digests, and another file another digest", async () => {
  const first = await buildImage(source);
  const again = await buildImage({ ...source, files: source.files.toReversed() });
  const other = await buildImage({ ...source, files: [{ path: "a", content: "b" }] });
  expect(again.index.digest).toBe(first.index.digest);
  expect(other.index.digest).not.toBe(first.index.digest);
});

test("an index has a manifest a platform and its attestation in BuildKit's form", async () => {
  const image = await buildImage(source);
  const index = JSON.parse(image.index.bytes.toString()) as {
    manifests: { digest: string; platform: object; annotations?: Record<string, string> }[];
  };
  expect(index.manifests.map((child) => child.platform)).toEqual([
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64" },
    { os: "unknown", architecture: "unknown" },
    { os: "unknown", architecture: "unknown" },
  ]);
  expect(index.manifests[2]?.annotations).toEqual({
    "vnd.docker.reference.digest": index.manifests[0]?.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  });
});
