import { Fault } from "@release-actions/codes";
import { createTransport, type Transport } from "@release-actions/net";
import { afterEach, describe, expect, it } from "vitest";
import { replay } from "../test/replay.ts";
import { connectCluster, type Cluster } from "./cluster.ts";
import { renderManifests } from "./rendered.ts";
import { rollOut, type RolloutOptions } from "./rollout.ts";

/** Rollouts as a real control plane played them. */

const digest = `sha256:${"4be7a90f".repeat(8)}`;
let recorded: Awaited<ReturnType<typeof replay>> | undefined;
let transport: Transport | undefined;

afterEach(async () => {
  transport?.close();
  await recorded?.close();
});

async function start(recording: string, version: string, options: { speed: number; log?: string }) {
  const server = await replay(recording, options);
  const opened = createTransport({ env: {}, userAgent: "test" });
  recorded = server;
  transport = opened;
  const cluster: Cluster = await connectCluster({
    transport: opened,
    allowExec: false,
    kubeconfig: JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
      clusters: [{ name: "x", cluster: { server: server.url } }],
      users: [{ name: "x", user: { token: "t" } }],
    }),
  });
  const text = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: reg.example/web}]}}}}`;
  const rendered = renderManifests({
    files: [{ path: "web.yml", text }],
    images: [{ image: "reg.example/web", reference: `reg.example/web:${version}@${digest}` }],
    namespace: "default",
    placeholders: {},
    version,
  });
  const roll = (more: Partial<RolloutOptions> = {}) =>
    rollOut(cluster, rendered, {
      timeout: 20_000,
      entry: "318",
      now: Date.now,
      steady: 0,
      ...more,
    });
  return { server, roll };
}

const running = { container: "web", reference: `reg.example/web:v2@${digest}`, digest };

describe("rollOut, as recorded on a real control plane", () => {
  it("passes in four requests and says what runs; again it is unchanged in two", async () => {
    const { server, roll } = await start("rollout-ok", "v2", { speed: 2 });
    const lines: string[] = [];
    const rollout = await roll({ progress: (line) => lines.push(line) });
    expect(rollout).toMatchObject({ result: "passed", written: 1 });
    expect(rollout.workloads).toEqual([
      {
        kind: "Deployment",
        name: "web",
        namespace: "default",
        images: [running],
        ready: 3,
        wanted: 3,
      },
    ]);
    expect(
      server.requests
        .map(({ method, path }) => `${method} ${path.split("?", 1)[0] ?? ""}`)
        .toSorted(),
    ).toEqual([
      "GET /api/v1/namespaces/default/pods",
      "GET /apis/apps/v1/namespaces/default/deployments",
      "GET /apis/apps/v1/namespaces/default/deployments",
      "PATCH /apis/apps/v1/namespaces/default/deployments/web",
    ]);
    expect(lines).toEqual(
      [0, 1, 2, 3].map((count) => `Deployment default/web: ${count} of 3 new pods ready`),
    );

    const again = await roll();
    expect(again).toMatchObject({
      result: "unchanged",
      workloads: [{ images: [running], ready: 3, wanted: 3 }],
    });
    expect(server.requests).toHaveLength(6);
  });

  it("writes the entry, our name as owner, and no force", async () => {
    const { server, roll } = await start("rollout-ok", "v2", { speed: 20 });
    await roll();
    const { path = "", body = "{}" } =
      server.requests.find(({ method }) => method === "PATCH") ?? {};
    expect(path).toBe(
      "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=release-actions&force=false",
    );
    expect(JSON.parse(body)).toMatchObject({
      metadata: {
        annotations: { "release-actions/entry": "318", "release-actions/version": "v2" },
      },
    });
  });

  it("ends a bad image's rollout when the node says so, not at the deadline", async () => {
    const { roll } = await start("rollout-bad-image", "v3-fault-pull", { speed: 1 });
    // An hour: a rollout that waited for the deadline would not come back in the test's time.
    const rollout = await roll({ timeout: 3_600_000 });
    expect(rollout).toMatchObject({
      result: "failed",
      cause: {
        code: "RA3101",
        container: "web",
        object: "Pod default/web-5f464fd75f-5r8jq",
        clusterSaid: expect.stringContaining("code = NotFound") as string,
      },
    });
    expect(rollout.cause?.plain).toMatch(
      /^1 of 3 new pods of Deployment default\/web did not get ready, because reg\.example\/web:v3-fault-pull.* is not in the registry\.$/,
    );
  });

  it("gives a crash with its exit code and log when the cluster's own deadline ends it", async () => {
    const { server, roll } = await start("rollout-crash", "v4-fault-crash", {
      speed: 10,
      log: "starting\nFATAL: cannot connect to database db:5432\n",
    });
    const { cause, result } = await roll();
    expect(result).toBe("failed");
    expect(cause).toMatchObject({
      code: "RA3108",
      exitCode: 1,
      log: ["starting", "FATAL: cannot connect to database db:5432"],
    });
    expect(cause?.plain).toContain(
      "exit code 1, restarted once; it said: FATAL: cannot connect to database db:5432.",
    );
    const logs = server.requests.filter(({ path }) => path.includes("/log?"));
    expect(logs[0]?.path).toContain("/pods/web-8bddd4f84-5sgjb/log?container=web&tailLines=50");
    // The look, the apply, two watches, and three to find out why.
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });
});

describe("rollOut over bad connections", () => {
  it("goes on when the watches are cut in the middle", async () => {
    const { server, roll } = await start("rollout-ok", "v2", { speed: 1 });
    const cuts = [100, 250, 400].map((after) => setTimeout(() => server.cut(), after));
    expect((await roll()).result).toBe("passed");
    cuts.forEach(clearTimeout);
    expect(server.requests.length).toBeGreaterThan(3);
  });

  it("does not trust silence", async () => {
    const { server, roll } = await start("rollout-ok", "v2", { speed: 4 });
    server.hitches.push({
      matches: (path) => path.includes("/pods?"),
      hitch: (response) => response.writeHead(200).flushHeaders(),
    });
    expect((await roll({ silence: 500 })).result).toBe("passed");
  });

  it("starts over after 410, as an answer and in the stream", async () => {
    const gone = {
      kind: "Status",
      code: 410,
      reason: "Expired",
      message: "too old resource version: 1 (791)",
    };
    const { server, roll } = await start("rollout-ok", "v2", { speed: 4 });
    server.hitches.push({
      matches: (path) => path.includes("/pods?"),
      hitch: (response) =>
        response.writeHead(410, { "content-type": "application/json" }).end(JSON.stringify(gone)),
    });
    server.hitches.push({
      matches: (path) => path.includes("/deployments?") && path.includes("watch=true"),
      hitch: (response) =>
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(`${JSON.stringify({ type: "ERROR", object: gone })}\n`),
    });
    expect((await roll()).result).toBe("passed");
    expect(server.requests.filter(({ path }) => path.includes("watch=true"))).toHaveLength(4);
  });

  it("throws when neither watch nor list is allowed, with the rule to add", async () => {
    const said =
      'pods is forbidden: User "ci" cannot watch resource "pods" in API group "" in the namespace "default"';
    const { server, roll } = await start("rollout-ok", "v2", { speed: 1 });
    server.hitches.push({
      matches: (path) => path.includes("/pods?"),
      hitch: (response) =>
        response
          .writeHead(403, { "content-type": "application/json" })
          .end(JSON.stringify({ kind: "Status", code: 403, message: said })),
    });
    const fault = await roll().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({
      code: "RA3120",
      next: expect.stringContaining('verbs: ["watch"]') as string,
    });
  });

  it("does not repeat a write whose outcome is unknown", async () => {
    const { server, roll } = await start("rollout-ok", "v2", { speed: 1 });
    server.hitches.push({
      matches: (path) => path.includes("fieldManager"),
      hitch: (response) => response.writeHead(504).end(),
    });
    const fault = await roll().catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "RA8002", outcome: "unknown" });
    expect(server.requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  it("ends at the deadline with what it saw", async () => {
    const { roll } = await start("rollout-ok", "v2", { speed: 0.2 });
    const rollout = await roll({ timeout: 400 });
    expect(rollout).toMatchObject({
      result: "failed",
      cause: { code: "RA3114", object: "Pod default/web-55cdbccc47-dhwsj" },
    });
  });
});
