import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { frame, json } from "@release-actions/stand-ins";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "./authority.ts";
import { createProxy, type Proxy } from "./proxy.ts";

const run = promisify(execFile);
const clock = { now: () => new Date("2026-03-02T09:00:00Z") };
const standIn = frame({
  name: "zenodo",
  clock,
  route: async (request) =>
    json(200, { host: request.host, path: request.url.pathname + request.url.search }),
});

/** A step as the rehearsal starts it: it knows real names only. */
const program = `
import { request, Agent } from "node:https";
import { request as plainRequest, Agent as PlainAgent } from "node:http";
const url = process.argv[2];
const secure = url.startsWith("https:");
const agent = new (secure ? Agent : PlainAgent)({ proxyEnv: process.env });
(secure ? request : plainRequest)(url, { agent }, async (answer) => {
  let body = "";
  for await (const part of answer) body += part;
  console.log(answer.statusCode, body);
}).on("error", (error) => console.log("error", error.code, error.message)).end();
`;

let proxy: Proxy;
const folder = mkdtempSync(join(tmpdir(), "proxy-"));
const authority = createAuthority();
const ca = join(folder, "ca.pem");
const script = join(folder, "get.mjs");

beforeAll(async () => {
  writeFileSync(ca, authority.pem);
  writeFileSync(script, program);
  proxy = await createProxy({
    authority,
    answererOf: (host) => (host === "zenodo.org" ? standIn.handle : undefined),
    refusal: (host) => `The rehearsal knows no host ${host}: add it under hosts:`,
    now: clock.now,
  });
});
afterAll(async () => {
  await proxy.close();
  rmSync(folder, { recursive: true });
});

const env = () => ({
  PATH: process.env["PATH"] ?? "",
  https_proxy: proxy.url,
  http_proxy: proxy.url,
  no_proxy: "",
  NODE_EXTRA_CA_CERTS: ca,
  CURL_CA_BUNDLE: ca,
  GIT_SSL_CAINFO: ca,
});
const get = async (url: string, extra = {}) =>
  (await run(process.execPath, [script, url], { env: { ...env(), ...extra } })).stdout.trim();

describe("the rehearsal's proxy", () => {
  test("a declared host is answered by its stand-in, under its real name and with a trusted certificate", async () => {
    const answer = await get("https://zenodo.org/api/records?q=1");
    expect(answer).toBe('200 {"host":"zenodo.org","path":"/api/records?q=1"}');
    expect(standIn.requests.at(-1)?.path).toBe("/api/records?q=1");
  });

  test("plain http of a declared host is answered too", async () => {
    expect(await get("http://zenodo.org/health")).toBe(
      '200 {"host":"zenodo.org","path":"/health"}',
    );
  });

  test("an undeclared host is refused by name, and the attempt is noted", async () => {
    const before = proxy.foreign.length;
    expect(await get("https://example.com/")).toMatch(/^error|^403/);
    expect(await get("http://example.net/")).toContain(
      "403 The rehearsal knows no host example.net",
    );
    expect(proxy.foreign.slice(before).map((attempt) => attempt.host)).toEqual([
      "example.com",
      "example.net",
    ]);
  });

  test("without the rehearsal's authority the certificate is not trusted", async () => {
    expect(await get("https://zenodo.org/", { NODE_EXTRA_CA_CERTS: "" })).toContain("error");
  });

  test("a request for another host inside a tunnel is refused", async () => {
    const { stdout } = await run("curl", ["-s", "-H", "Host: github.com", "https://zenodo.org/"], {
      env: env(),
    }).catch((error: { code: string }) => ({ stdout: error.code }));
    if (stdout !== "ENOENT") expect(stdout).toContain("the request is for github.com");
  });
});
