import { expect, it } from "vitest";
import { parseReference } from "./reference.ts";
import { variantDigests } from "./variants.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const reference = parseReference(`registry.example.org/web@${digest("a")}`);
const registryWith = (content: object | undefined) => ({
  manifest: async () =>
    content && {
      digest: digest("a"),
      mediaType: "application/vnd.oci.image.index.v1+json",
      bytes: Buffer.from(JSON.stringify(content)),
    },
});
const child = (letter: string) => ({ mediaType: "m", digest: digest(letter), size: 1 });

it("tells what an index points at, and nothing of a single manifest or none", async () => {
  const index = { schemaVersion: 2, manifests: [child("b"), child("c")] };
  expect(await variantDigests(registryWith(index), reference)).toEqual([digest("b"), digest("c")]);
  const single = { schemaVersion: 2, config: child("d"), layers: [] };
  expect(await variantDigests(registryWith(single), reference)).toEqual([]);
  expect(await variantDigests(registryWith(undefined), reference)).toEqual([]);
});
