import { afterEach, expect, it } from "vitest";
import { readRunning, renderManifests, rollOut, type RolloutOptions } from "../index.ts";
import type { KubeObject } from "./object.ts";
import { observationOf, seePod } from "./observation.ts";
import { learnPlatforms } from "./platforms.ts";
import { openStandIn } from "../test/open-stand-in.ts";
import { projectDigest } from "../test/projects.ts";

let opened: Awaited<ReturnType<typeof openStandIn>> | undefined;
afterEach(() => opened?.close());

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

it("asks for the variants of an init container's image, and of a Job's that is done", async () => {
  const wanted = `sha256:${"a".repeat(64)}`;
  const variant = `sha256:${"b".repeat(64)}`;
  const container = { name: "web", image: `${image}:1@${wanted}` };
  const init = { name: "migrate", image: `${image}/migrate:1@${wanted}` };
  const workload = (kind: string, spec: object): KubeObject => ({
    apiVersion: kind === "Job" ? "batch/v1" : "apps/v1",
    kind,
    metadata: { name: "web", namespace: "shop", uid: "w" },
    spec: { template: { spec } },
  });
  const pod = (kind: string, status: object): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web-1",
      uid: "u1",
      namespace: "shop",
      ownerReferences: [{ kind, name: "web", uid: "w", controller: true }],
    },
    spec: {},
    status,
  });
  const ran = ({ name }: { name: string }) => ({ name, imageID: `${image}@${variant}` });
  const ready = [{ type: "Ready", status: "True" }];
  for (const [kind, spec, status, reference] of [
    [
      "StatefulSet",
      { containers: [{ name: "web", image }], initContainers: [init] },
      { conditions: ready, initContainerStatuses: [ran(init)], containerStatuses: [] },
      init.image,
    ],
    [
      "Job",
      { containers: [container] },
      { phase: "Succeeded", containerStatuses: [ran(container)] },
      container.image,
    ],
  ] as const) {
    const seen = observationOf([workload(kind, spec)]);
    seePod(seen, pod(kind, status));
    const asked: string[] = [];
    const digests: Record<string, string[]> = {};
    await learnPlatforms(seen, digests, async (one) => {
      asked.push(one);
      return [variant];
    })();
    expect(asked).toEqual([reference]);
    expect(digests).toEqual({ [wanted]: [wanted, variant] });
  }
});

it("believes no other digest", async () => {
  const { rollout } = await roll({ platforms: async () => [projectDigest("agora/web", "2")] });
  expect(rollout).toMatchObject({ result: "failed", cause: { code: "RA3115" } });
  expect(rollout.cause?.plain).toContain(amd64);
});
