import { afterAll, describe, expect, test } from "vitest";
import { content, contentsOf } from "../../../test-support/registries/artifact.ts";
import {
  clientsForTests,
  pullAll,
  readTop,
  type ClientName,
} from "../../../test-support/registries/clients.ts";
import { startEmbeddedRegistry } from "../../../test-support/registries/embedded-registry.ts";
import { promote } from "../../../test-support/registries/promote.ts";
import { seedArtifact } from "../../../test-support/registries/seed.ts";
import { shapes } from "../../../test-support/registries/shapes.ts";

/** What a client cannot pull, from whichever registry, in its own words. A version that has learnt it may. */
const cannot: Record<string, Partial<Record<ClientName, RegExp>>> = {
  "index in an index": { skopeo: /Unexpectedly received a manifest list/ },
  // It would write the index anew, with another digest.
  "artifactType in the descriptors": {
    skopeo: /but we cannot modify it: .Instructed to preserve digests/,
  },
  "index without manifests": { crane: /no such file or directory/ },
  "sha512 below a sha256": { skopeo: /does not match provided manifest digest sha512/ },
  "sha512 at the top": { skopeo: /does not match provided manifest digest sha512/ },
};

const clients = clientsForTests();
const table: Record<string, Partial<Record<ClientName, string>>> = {};
afterAll(() => console.table(table));

describe.each(Object.entries(shapes))("%s", (shape, build) => {
  const artifact = build();
  const { digest, bytes } = artifact.top;

  test.each([
    ["another repository", "team/released"],
    ["another registry", "elsewhere/app"],
  ])("arrives in %s as it was", async (_, repository) => {
    await using one = await startEmbeddedRegistry();
    await using other = await startEmbeddedRegistry();
    const to = repository === "elsewhere/app" ? other : one;
    await seedArtifact(one.host, "team/app", "built", artifact);
    await promote({
      source: `${one.host}/team/app@${digest}`,
      target: `${to.host}/${repository}`,
      tags: ["1.2.3"],
    });
    expect(to.standIn.manifest(repository, "1.2.3")?.bytes.equals(bytes)).toBe(true);
    expect(to.standIn.manifest(repository, digest)?.bytes.equals(bytes)).toBe(true);
  });

  test.for(clients)(
    "$name reads it and all that is below it",
    async ({ name, client }, { skip }) => {
      if (!client) return skip(`${name} is not here`);
      await using one = await startEmbeddedRegistry();
      await using other = await startEmbeddedRegistry();
      await seedArtifact(one.host, "team/app", "built", artifact);
      await promote({
        source: `${one.host}/team/app@${digest}`,
        target: `${other.host}/team/app`,
        tags: ["1.2.3"],
      });
      // Registries of the spec's version 1.1 give a tag the sha256 of what is put there.
      const version = digest.startsWith("sha256:") ? ":1.2.3" : `@${digest}`;
      const reference = `${other.host}/team/app${version}`;
      const top = await readTop(client, reference);
      expect(top.bytes.equals(bytes)).toBe(true);
      expect(top.digest).toBe(name === "skopeo" ? content("", bytes).digest : digest);
      const row = (table[shape] ??= {});
      try {
        const pulled = await pullAll(client, reference);
        const missing = contentsOf(artifact).filter((part) => !pulled.has(part.digest));
        expect(missing.map((part) => part.digest)).toEqual([]);
        row[name] = "all the same";
      } catch (error) {
        const refusal = cannot[shape]?.[name];
        if (!refusal || !(error instanceof Error) || !refusal.test(error.message)) throw error;
        row[name] = `top only: ${refusal.exec(error.message)?.[0]}`;
      }
    },
  );
});
