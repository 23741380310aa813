import type { Current } from "@release-actions/ledger";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectCluster } from "@release-actions/deploy";
import { createTransport } from "@release-actions/net";
import { createKubernetesStandIn, listen } from "@release-actions/stand-ins";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PreflightFile } from "./configuration/schema.ts";
import { judgePreflight, type PreflightFacts } from "./preflight.ts";

const now = new Date("2026-11-21T12:00:00Z");
const day = 24 * 3_600_000;
const transport = createTransport({ env: {}, userAgent: "test" });
const closers: (() => unknown)[] = [() => transport.close()];
let standIn: ReturnType<typeof createKubernetesStandIn>;
let server = "";
let site = "";
let asked: string[] = [];

const backups: Record<string, Record<string, string>> = {
  "/fresh.gz": { "last-modified": "Sat, 21 Nov 2026 03:00:00 GMT", "content-length": "5" },
  "/old.gz": { "last-modified": "Thu, 19 Nov 2026 03:00:00 GMT", "content-length": "5" },
  "/empty.gz": { "last-modified": "Sat, 21 Nov 2026 03:00:00 GMT", "content-length": "0" },
  "/undated.gz": { "content-length": "5" },
};

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "preflight-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  standIn = createKubernetesStandIn({
    clock: { now: () => now },
    name: "cluster",
    directory,
    tokens: { admin: { user: "admin" }, reader: { user: "reader", rules: [] } },
    pull: () => Promise.reject(new Error("nothing is pulled")),
  });
  const listening = await listen(standIn);
  closers.push(listening.close);
  server = listening.url;
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "cdc" } });
  const http = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url}`);
    const backup = backups[(request.url ?? "").split("?", 1)[0] ?? ""];
    if (request.method === "HEAD" && backup) {
      for (const [name, value] of Object.entries(backup)) response.setHeader(name, value);
      response.end();
      return;
    }
    response.statusCode = request.url === "/up" ? 200 : 503;
    response.end("{}");
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  closers.push(() => http.close());
  site = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

function cronJob(name: string, lastSuccessfulTime?: string): void {
  const pod = { restartPolicy: "Never", containers: [{ name: "dump", image: "x/y" }] };
  standIn.apply({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace: "cdc" },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: pod } } } },
    ...(lastSuccessfulTime ? { status: { lastSuccessfulTime } } : {}),
  });
}

const clusterOf = (token: string) =>
  connectCluster({
    transport,
    allowExec: false,
    kubeconfig: JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
      clusters: [{ name: "x", cluster: { server } }],
      users: [{ name: "x", user: { token } }],
    }),
  });

async function judge(checks: PreflightFile[], more: Partial<PreflightFacts> = {}) {
  asked = [];
  return judgePreflight(
    { transport },
    {
      environment: { name: "production", url: site, gate: { preflight: checks } },
      action: "release",
      placeholders: { namespace: "cdc", version: "2.4.1" },
      cluster: await clusterOf("admin"),
      currentOf: async () => undefined,
      now,
      ...more,
    },
  );
}
const backup = (of: string): PreflightFile => ({ backup: of, "max-age": day });

describe("a check that the ledger has", () => {
  const line = (version: string, at = "2026-11-21T00:00:00Z") => ({
    at,
    entry: "staging-7",
    version,
  });
  const ledger = (environment: string) =>
    judgeIn({
      rollback: line("2.4.1"),
      "restore-test": line("2.3.0", "2026-11-01T00:00:00Z"),
      old: line("2.4.1"),
      constructor: line("2.4.1"),
    })(environment);
  const judgeIn = (checks: object) => async (environment: string) =>
    environment === "staging" ? ({ checks } as Current) : undefined;
  const about = {
    environment: { name: "production", from: "staging", gate: {} },
    currentOf: ledger,
  } as const;
  const asking = (check: object) =>
    judge([], {
      ...about,
      environment: { ...about.environment, gate: { preflight: [check as PreflightFile] } },
    });

  test.each([
    { passed: "rollback" },
    { passed: "rollback", in: "staging", "max-age": 30 * day },
    { passed: "restore-test", "max-age": 30 * day },
  ])("holds: %o", async (check) => {
    expect(await asking(check)).toMatchObject({ holds: true });
  });

  test.each<[object, string]>([
    [{ passed: "toString" }, "the ledger has not the check toString in staging as passed"],
    [{ passed: "rollback", in: "test" }, "the ledger has not the check rollback in test as passed"],
    [{ passed: "restore-test", "max-age": day }, "and may be 24 h old"],
  ])("does not hold: %o", async (check, saw) => {
    expect(await asking(check)).toMatchObject({
      holds: false,
      code: "RA3301",
      saw: expect.stringContaining(saw) as string,
    });
  });

  test("a rollback that was exercised with another version says nothing about this one", async () => {
    const finding = await judge([], {
      environment: {
        ...about.environment,
        gate: { preflight: [{ passed: "rollback" } as PreflightFile] },
      },
      currentOf: judgeIn({ rollback: line("2.4.0") }),
    });
    expect(finding?.saw).toBe(
      "rollback: the check rollback in staging passed last with 2.4.0, not with 2.4.1",
    );
  });
});

describe("the backup of a CronJob", () => {
  test("a success within max-age holds, and nothing is written", async () => {
    cronJob("fresh", "2026-11-20T12:00:01Z");
    expect(await judge([backup("cronjob/fresh")])).toEqual({
      rule: "preflight",
      holds: true,
      saw: "1 preflight check holds",
    });
    expect(standIn.requests.every(({ wrote }) => !wrote)).toBe(true);
  });

  test.each([
    [
      "too old",
      "old",
      "2026-11-20T11:59:00Z",
      "cdc/old is of 2026-11-20T11:59:00.000Z, 24 h ago, and may be 24 h old",
    ],
    ["never succeeded", "never", undefined, "the CronJob cdc/never has never succeeded"],
    ["of tomorrow", "future", "2026-11-22T12:00:00Z", "which is still to come"],
  ])("%s is open", async (_what, name, at, saw) => {
    cronJob(name, at);
    const finding = await judge([backup(`cronjob/${name}`)]);
    expect(finding).toMatchObject({ rule: "preflight", holds: false, code: "RA3301" });
    expect(finding?.saw).toContain(saw);
    expect(finding).not.toHaveProperty("pending");
  });

  test("absent, forbidden, or without a kubeconfig is open", async () => {
    expect((await judge([backup("cronjob/absent")]))?.saw).toBe(
      "backup: there is no CronJob absent in namespace cdc",
    );
    const forbidden = await judge([backup("cronjob/fresh")], {
      cluster: await clusterOf("reader"),
    });
    expect(forbidden?.saw).toMatch(/could not be asked: CronJob cdc\/fresh: .*forbidden/);
    expect((await judge([backup("cronjob/fresh")], { cluster: undefined }))?.saw).toBe(
      "backup: cronjob fresh cannot be asked without `kubeconfig`",
    );
  });

  test("is left to the job that has the kubeconfig, with a warning, and other failures are told at once", async () => {
    const left = { cluster: undefined, clusterLater: true };
    expect(await judge([backup("cronjob/fresh")], left)).toMatchObject({
      holds: false,
      warning: true,
    });
    expect(await judge([backup("cronjob/fresh"), { get: "/down" }], left)).toMatchObject({
      holds: false,
      code: "RA3301",
    });
  });
});

describe("the backup as a file", () => {
  test("fresh and not empty holds; one HEAD, the signature in no message", async () => {
    expect(await judge([backup(`${site}/fresh.gz?signature=canary`)])).toMatchObject({
      holds: true,
    });
    expect(asked).toEqual(["HEAD /fresh.gz?signature=canary"]);
    const old = await judge([backup(`${site}/old.gz?signature=canary`)]);
    expect(old?.saw).toContain("/old.gz is of 2026-11-19T03:00:00.000Z, 57 h ago");
    expect(old?.saw).not.toContain("canary");
  });
  test.each([
    ["/empty.gz", "is empty"],
    ["/undated.gz", "does not say when it was written"],
    ["/none.gz", "answered 503"],
  ])("%s is open", async (path, saw) => {
    expect((await judge([backup(`${site}${path}`)]))?.saw).toContain(saw);
  });
  test("a server that is not there is open", async () => {
    expect((await judge([backup("http://127.0.0.1:1/x")]))?.saw).toContain("could not be asked");
  });
});

describe("checks", () => {
  test("are asked once, relative to the environment; all failures are one finding", async () => {
    expect(await judge([{ get: "/up" }])).toMatchObject({ holds: true });
    const finding = await judge([
      { name: "search", get: "/down" },
      backup("cronjob/absent"),
      { get: "/up" },
    ]);
    expect(asked).toEqual(["GET /down", "GET /up"]);
    expect(finding).toMatchObject({ rule: "preflight", holds: false, code: "RA3301" });
    expect(finding?.saw).toMatch(/^search: saw .*503.*; backup: there is no CronJob absent/);
  });

  test("none for a rollback, and none where none is written", async () => {
    expect(await judge([backup("cronjob/absent")], { action: "rollback" })).toBeUndefined();
    expect(await judge([])).toBeUndefined();
  });
});
