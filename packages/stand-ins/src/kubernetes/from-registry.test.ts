import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildImage } from "../registry/image.ts";
import { pullImage, type PullFetch } from "../registry/pull.ts";
import { createRegistryStandIn } from "../registry/registry-stand-in.ts";
import { listen, movableClock } from "../stand-in.ts";
import { until } from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";
import { createKubernetesStandIn } from "./kubernetes-stand-in.ts";
import type { Pod } from "./workloads.ts";

const fetchPlain: PullFetch = async (host, method, path, headers) => {
  const answer = await fetch(`http://${host}${path}`, { method, headers, redirect: "manual" });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  };
};

test("an index in a registry runs: by tag and by digest it is reported under the index's digest; a refused pull says why", async () => {
  const clock = movableClock();
  const registry = createRegistryStandIn({ clock, accounts: { node: "secret" } });
  const server = await listen(registry);
  onTestFinished(() => server.close());
  const host = new URL(server.url).host;
  const image = await buildImage({
    files: [{ path: "app/server.mjs", content: serverSource("2.4.0") }],
    entrypoint: ["node", "/app/server.mjs"],
    env: { GREETING: "from the image" },
    attestations: true,
    created: new Date("2026-01-06T09:00:00Z"),
  });
  const digest = registry.putImage("team/web", "2.4.0", image);
  registry.putImage("team/locked", "1", image);

  const directory = await mkdtemp(join(tmpdir(), "cluster-"));
  const cluster = createKubernetesStandIn({
    clock,
    name: "cluster",
    tokens: {},
    directory,
    pull: (reference) =>
      pullImage({
        fetch: fetchPlain,
        reference,
        platform: "linux/amd64",
        ...(reference.includes("locked") ? {} : { username: "node", password: "secret" }),
      }),
  });
  onTestFinished(async () => {
    await cluster.close();
    await rm(directory, { recursive: true });
  });
  const pod = (name: string, image: string): void =>
    void cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
    });
  pod("by-tag", `${host}/team/web:2.4.0`);
  pod("by-digest", `${host}/team/web@${digest}`);
  pod("locked", `${host}/team/locked:1`);
  pod("absent", `${host}/team/web:9`);

  const ready = await until(
    () => cluster.pods("default").filter((one) => one.ready),
    (pods) => pods.length === 2,
  );
  expect(ready.map(({ containers }) => containers[0]?.imageID)).toEqual([
    `${host}/team/web@${digest}`,
    `${host}/team/web@${digest}`,
  ]);
  const answer = await fetch(`http://127.0.0.1:${ready[0]?.containers[0]?.port}/`);
  expect(await answer.json()).toMatchObject({ version: "2.4.0", greeting: "from the image" });

  const events = () =>
    (
      cluster.objects("Event", "default") as readonly {
        message?: string;
        involvedObject?: { name: string };
      }[]
    )
      .filter(({ message }) => message?.startsWith("Failed to pull"))
      .map((event) => `${event.involvedObject?.name}: ${event.message}`)
      .sort((one, other) => one.localeCompare(other));
  await until(events, (messages) => messages.length >= 2);
  const failed = (reference: string): string =>
    `Failed to pull image "${reference}": rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${reference}: not found`;
  expect(events()[0]).toBe(`absent: ${failed(`${host}/team/web:9`)}`);
  expect(events()[1]).toMatch(
    /^locked: Failed to pull image .*code = Unknown .*failed to authorize/,
  );
  const waiting = cluster.objects("Pod", "default") as Pod[];
  expect(waiting.map((one) => one.status.phase)).toEqual([
    "Pending",
    "Running",
    "Running",
    "Pending",
  ]);
});
