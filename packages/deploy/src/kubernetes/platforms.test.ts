import { afterEach, expect, it } from "vitest";
import { readRunning, renderManifests, rollOut, type RolloutOptions } from "../index.ts";
import { openStandIn } from "../test/open-stand-in.ts";
import { projectDigest } from "../test/projects.ts";

let opened: Awaited<ReturnType<typeof openStandIn>>;
afterEach(() => opened.close());

const image = "registry.example.org/agora/web";
const index = projectDigest("agora/web", "1");
const amd64 = projectDigest("agora/web", "1 linux/amd64");
const reference = `${image}:1@${index}`;

/** On a node that names the variant it took, where others name the index. */
async function roll(more: Partial<RolloutOptions>) {
  opened = await openStandIn((asked) =>
    asked === reference ? { image: "agora/web", digest: amd64 } : undefined,
  );
  const { cluster, namespace } = opened;
  const set = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "web", image }] },
      },
    },
  };
  const rendered = renderManifests({
    files: [{ path: "web.yml", text: JSON.stringify(set) }],
    images: [{ image, reference }],
    namespace,
    placeholders: {},
    version: "1",
  });
  const rollout = await rollOut(cluster, rendered, {
    timeout: 20_000,
    entry: "1",
    now: () => performance.now(),
    steady: 0,
    patience: { grace: 500 },
    ...more,
  });
  return { rollout, running: await readRunning(cluster, rendered) };
}

it("believes a node that names the variant of the wanted image, and asks for its variants once", async () => {
  const asked: string[] = [];
  const { rollout, running } = await roll({
    platforms: async (wanted) => {
      asked.push(wanted);
      return [amd64, projectDigest("agora/web", "1 linux/arm64")];
    },
  });
  expect(rollout.result).toBe("passed");
  expect(asked).toEqual([reference]);
  expect(running[0]?.images[0]?.digest).toBe(amd64);
});

it("believes no other digest", async () => {
  const { rollout } = await roll({ platforms: async () => [projectDigest("agora/web", "2")] });
  expect(rollout).toMatchObject({ result: "failed", cause: { code: "RA3115" } });
  expect(rollout.cause?.plain).toContain(amd64);
});
