import { describe, expect, test } from "vitest";
import type { Artifact } from "../../../test-support/registries/artifact.ts";
import {
  countBefore,
  tally,
  type CountingProxy,
  type Passed,
} from "../../../test-support/registries/counting-proxy.ts";
import { startDockerRegistry } from "../../../test-support/registries/docker-registry.ts";
import { startEmbeddedRegistry } from "../../../test-support/registries/embedded-registry.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { promote, type Wish } from "../../../test-support/registries/promote.ts";
import { sample, sampleNames, type SampleName } from "../../../test-support/registries/samples.ts";
import { seedArtifact } from "../../../test-support/registries/seed.ts";
import { startTokenRealm } from "../../../test-support/registries/token-realm.ts";

const dockerRegistry = peerForTests("docker-registry");
const login = { username: "releaser", password: "correct horse" };

/** A registry as clients call it: through something that counts. */
type Server = {
  host: string;
  /** The registry itself, for what shall not be counted. */
  behind: string;
  take(): Passed[];
} & AsyncDisposable;

const servers: {
  name: string;
  absent: boolean;
  severalTagsAtOnce: boolean;
  start(realm?: "bearer"): Promise<Server>;
}[] = [
  {
    name: "the embedded registry",
    absent: false,
    severalTagsAtOnce: true,
    start: async (realm) => {
      const accounts = { [login.username]: login.password };
      const registry = await startEmbeddedRegistry(realm ? { accounts, realm } : {});
      const proxy = await countBefore(registry.host);
      return together(proxy, registry.host, [registry]);
    },
  },
  {
    name: "Docker's registry",
    absent: dockerRegistry === undefined,
    severalTagsAtOnce: false,
    start: async (realm) => {
      const tokens = realm && (await startTokenRealm(login));
      const behind = { host: "" };
      // Clients get tokens from the address that they know the registry by, as at most hosts.
      const proxy = await countBefore((path) =>
        tokens && path.startsWith("/token") ? tokens.host : behind.host,
      );
      const settings = tokens?.settings(`http://${proxy.host}/token`);
      const registry = await startDockerRegistry(dockerRegistry ?? "", settings);
      behind.host = registry.host;
      return together(proxy, registry.host, [registry, ...(tokens ? [tokens] : [])]);
    },
  },
];

function together(proxy: CountingProxy, behind: string, others: AsyncDisposable[]): Server {
  return {
    ...proxy,
    behind,
    [Symbol.asyncDispose]: async () => {
      for (const one of [proxy, ...others]) await one[Symbol.asyncDispose]();
    },
  };
}

/** One listing of each manifest, one of the tags, and one question that Docker's registry does not understand. */
const listings = (manifests: number): number => manifests + 2;
const manifestsOf = ({ children }: Artifact): number => children.length + 1;
const blobsOf = ({ blobs }: Artifact): number => new Set(blobs.map(({ digest }) => digest)).size;

describe.each(servers)("$name", ({ absent, severalTagsAtOnce, start }) => {
  describe.skipIf(absent).each(sampleNames)("%s", (name: SampleName) => {
    const artifact = sample(name);
    const [manifests, blobs] = [manifestsOf(artifact), blobsOf(artifact)];
    const { digest } = artifact.top;

    test("within the registry each promotion asks the least that can be asked", async () => {
      await using server = await start();
      await seedArtifact(server.behind, "team/app", "built", artifact);
      const ask = async (target: string, tags: string[], options: Wish["options"] = {}) => {
        const source = `${server.host}/team/app@${digest}`;
        await promote({ source, target: `${server.host}/${target}`, tags, options });
        return tally(server.take());
      };
      const blind = { existing: "overwrite" } as const;
      const four = severalTagsAtOnce ? 2 : 5;
      const move = 2 * manifests + blobs;

      const none = { looks: 0, referrers: 0, rest: 0 };
      expect(await ask("team/app", ["test"], blind)).toEqual({ ...none, rest: 2 });
      expect(await ask("team/app", ["staging"])).toEqual({ ...none, looks: 1, rest: 2 });
      expect(await ask("team/app", ["staging"])).toEqual({ ...none, looks: 1 });
      const numbers = ["1", "1.2", "1.2.3", "latest"];
      expect(await ask("team/app", numbers, blind)).toEqual({ ...none, rest: four });
      const more = ["2", "2.0", "2.0.0", "stable"];
      expect(await ask("team/app", more)).toEqual({ ...none, looks: 4, rest: four });

      const bare = { ...blind, referrers: false };
      expect(await ask("team/bare", ["1.2.3"], bare)).toEqual({ ...none, rest: move });
      const moved = await ask("team/released", ["1.2.3"]);
      expect(moved).toMatchObject({ looks: 1, rest: move });
      expect(moved.referrers).toBeLessThanOrEqual(listings(manifests));
      expect(await ask("team/released", ["1.2.3"])).toEqual({ ...none, looks: 1 });
    });

    test("across registries too", async () => {
      await using source = await start();
      await using target = await start();
      await seedArtifact(source.behind, "team/app", "built", artifact);
      const wish: Wish = {
        source: `${source.host}/team/app@${digest}`,
        target: `${target.host}/team/app`,
        tags: ["1.2.3"],
      };

      await promote(wish);
      const cold = tally([...source.take(), ...target.take()]);
      expect(cold).toMatchObject({ looks: 1, rest: 2 * manifests + 3 * blobs });
      expect(cold.referrers).toBeLessThanOrEqual(listings(manifests));
      await promote(wish);
      expect([...source.take(), ...target.take()].map(({ method }) => method)).toEqual(["HEAD"]);
    });
  });

  test.skipIf(absent)("a token costs two requests a registry, whatever is promoted", async () => {
    const artifact = sample("att");
    const open = await requestsOf(start, artifact);
    const closed = await requestsOf(start, artifact, "bearer");
    expect(closed.retag).toBeLessThanOrEqual(open.retag + 2);
    expect(closed.repository).toBeLessThanOrEqual(open.repository + 2);
    expect(closed.registry).toBeLessThanOrEqual(open.registry + 4);
    expect(closed.warm).toBeLessThanOrEqual(open.warm + 2);
  });
});

/** All requests of four promotions, those for tokens among them. */
async function requestsOf(
  start: (realm?: "bearer") => Promise<Server>,
  artifact: Artifact,
  realm?: "bearer",
): Promise<Record<"retag" | "repository" | "registry" | "warm", number>> {
  await using source = await start(realm);
  await using target = await start(realm);
  await seedArtifact(source.host, "team/app", "built", artifact, realm && login);
  source.take();
  const ask = async (host: string, repository: string): Promise<number> => {
    await promote({
      source: `${source.host}/team/app@${artifact.top.digest}`,
      target: `${host}/${repository}`,
      tags: ["1.2.3"],
      ...(realm ? { credentials: () => login } : {}),
    });
    return source.take().length + target.take().length;
  };
  return {
    retag: await ask(source.host, "team/app"),
    repository: await ask(source.host, "team/released"),
    registry: await ask(target.host, "team/app"),
    warm: await ask(target.host, "team/app"),
  };
}
