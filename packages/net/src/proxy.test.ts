import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { createTransport } from "./node-transport.ts";
import { proxyOf, type Environment } from "./proxy.ts";
import { sendMail } from "./smtp.ts";
import { makeCertificate } from "./test-certificate.ts";

const tls = makeCertificate();
setDefaultCACertificates([...getCACertificates("default"), tls.cert]);

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

type Seen = { method: string; url: string; headers: IncomingHttpHeaders };
/** A status line, `silence`, `reset`, or the port where the tunnel ends. */
type Answer = string | { to: number };

/** A proxy that gives its answers one after the other to CONNECT, the last of them for ever. */
async function startProxy(...answers: Answer[]) {
  const seen: Seen[] = [];
  const next = (): Answer => (answers.length > 1 ? answers.shift() : answers[0]) ?? "silence";
  const server = createServer((request, response) => {
    seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
    });
    const answer = next();
    if (answer === "silence") return;
    response.writeHead(typeof answer === "string" ? Number(answer.slice(0, 3)) : 200).end("{}");
  });
  server.on("connect", (request, socket) => {
    seen.push({ method: "CONNECT", url: request.url ?? "", headers: request.headers });
    socket.on("error", () => socket.destroy());
    const answer = next();
    if (answer === "silence") return;
    if (answer === "reset") return void socket.destroy();
    if (typeof answer === "string") {
      socket.end(`HTTP/1.1 ${answer}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const target = connect(answer.to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
  });
  return { port: await portOf(server), seen };
}

/** A server with a certificate for example.org and all below it. */
async function startTarget() {
  const seen: Seen[] = [];
  const server = createTlsServer(tls, (request, response) => {
    seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
    });
    response.end("{}");
  });
  return { port: await portOf(server), seen };
}

function open(env: Environment) {
  const trace: string[] = [];
  const transport = createTransport({
    env,
    userAgent: "release-actions/test",
    trace: (line) => trace.push(line),
    sleep: async () => undefined,
  });
  closers.push(() => transport.close());
  return { transport, trace };
}

const address = "http://proxy.example.org:3128/";

/** host, port, no_proxy, whether the way is direct. */
const exemptions: [string, number, string, boolean][] = [
  ["ghcr.io", 443, "", false],
  ["ghcr.io", 443, "ghcr.io", true],
  ["ghcr.io", 443, "GHCR.IO", true],
  ["GHCR.io", 443, "ghcr.io", true],
  ["ghcr.io.", 443, "ghcr.io", true],
  ["ghcr.io", 443, "hcr.io", false],
  ["ghcr.io", 443, "ghcr.io.example.org", false],
  ["ghcr.io", 443, "docker.io,ghcr.io", true],
  ["ghcr.io", 443, "docker.io , ghcr.io ", true],
  ["ghcr.io", 443, "docker.io ghcr.io", true],
  ["ghcr.io", 443, ",,", false],
  ["ghcr.io", 443, "*", true],
  // A name stands for all below it, as with curl, Go and GitHub's runner.
  ["registry.example.org", 443, "example.org", true],
  ["registry.example.org", 443, ".example.org", true],
  ["registry.example.org", 443, "*.example.org", true],
  ["example.org", 443, ".example.org", true],
  ["example.org", 443, "*.example.org", false],
  ["myexample.org", 443, "example.org", false],
  ["myexample.org", 443, ".example.org", false],
  ["myexample.org", 443, "*.example.org", false],
  ["myexample.org", 443, "*example.org", false],
  ["ghcr.io", 443, "ghcr.io:443", true],
  ["ghcr.io", 8443, "ghcr.io:443", false],
  ["ghcr.io", 443, ".io:443", true],
  ["ghcr.io", 443, "ghcr.io:", false],
  ["10.1.2.3", 443, "10.1.2.3", true],
  ["10.1.2.3", 6443, "10.1.2.3:6443", true],
  ["10.1.2.3", 443, "10.1.2.3:6443", false],
  ["10.1.2.3", 443, "10.1.2.30", false],
  ["10.1.2.3", 443, "10.0.0.0/8", true],
  ["10.1.2.3", 443, "10.1.2.0/30", true],
  ["10.1.2.4", 443, "10.1.2.0/30", false],
  ["10.1.2.3", 443, "10.0.0.0/33", false],
  ["10.1.2.3", 443, "10.0.0.0/", false],
  ["10.1.2.3", 443, "0.0.0.0/0", true],
  ["10.1.2.3", 443, "10.1.2.1-10.1.2.9", true],
  ["10.1.2.3", 443, "10.1.2.4-10.1.2.9", false],
  ["10.1.2.3", 443, "10.1.2.9-10.1.2.1", false],
  ["10.example.org", 443, "10.0.0.0/8", false],
  ["fd00::7", 443, "fd00::7", true],
  ["fd00::7", 443, "fd00:0:0:0:0:0:0:7", true],
  ["fd00::7", 6443, "[fd00::7]:6443", true],
  ["fd00::7", 443, "[fd00::7]:6443", false],
  ["fd00::7", 443, "fd00::/8", true],
  ["fe80::7", 443, "fd00::/8", false],
  // The machine itself, whatever the list says.
  ["localhost", 8080, "", true],
  ["127.0.0.1", 8080, "", true],
  ["127.3.2.1", 8080, "", true],
  ["::1", 8080, "", true],
  ["localhost.example.org", 8080, "", false],
];

describe("no_proxy", () => {
  test.each(exemptions)("%s:%i with no_proxy=%j: direct %s", (host, port, list, direct) => {
    for (const [scheme, env] of [
      ["https", { https_proxy: address, no_proxy: list }],
      ["https", { HTTPS_PROXY: address, NO_PROXY: list }],
      ["http", { http_proxy: address, no_proxy: list }],
      ["http", { HTTP_PROXY: address, NO_PROXY: list }],
    ] as const)
      expect(proxyOf(scheme, { host, port }, env)?.href, JSON.stringify(env)).toBe(
        direct ? undefined : address,
      );
  });

  test("lower case is read before upper case", () => {
    const target = { host: "ghcr.io", port: 443 };
    const other = "http://other.example.org:3128/";
    expect(proxyOf("https", target, { https_proxy: address, HTTPS_PROXY: other })?.href).toBe(
      address,
    );
    const both = { https_proxy: address, no_proxy: "example.org", NO_PROXY: "ghcr.io" };
    expect(proxyOf("https", target, both)?.href).toBe(address);
    expect(proxyOf("https", target, { ...both, no_proxy: "" })).toBeUndefined();
  });
});

describe("the proxy variables", () => {
  const https = (env: Environment) => proxyOf("https", { host: "ghcr.io", port: 443 }, env)?.href;

  test("each scheme has its own, and ALL_PROXY is none of them", () => {
    expect(https({})).toBeUndefined();
    expect(https({ http_proxy: address })).toBeUndefined();
    expect(https({ all_proxy: address, ALL_PROXY: address })).toBeUndefined();
    expect(https({ https_proxy: "  " })).toBeUndefined();
    expect(
      proxyOf("http", { host: "ghcr.io", port: 80 }, { https_proxy: address }),
    ).toBeUndefined();
  });

  test.each([
    ["proxy.example.org:3128", "http://proxy.example.org:3128/"],
    [" http://proxy.example.org ", "http://proxy.example.org/"],
    ["https://proxy.example.org:8443", "https://proxy.example.org:8443/"],
    ["http://me:pass@proxy.example.org:3128", "http://me:pass@proxy.example.org:3128/"],
    ["http://[fd00::1]:3128", "http://[fd00::1]:3128/"],
  ])("%j is %s", (value, meant) => {
    expect(https({ https_proxy: value })).toBe(meant);
  });

  test.each([
    ["socks5://me:s3cret@proxy.example.org:1080", "https_proxy holds a socks5 proxy"],
    ["http://", "https_proxy holds no proxy's address"],
    ["http://me:s3cret@proxy example", "https_proxy holds no proxy's address"],
    ["http://me:s3cret%@proxy.example.org", "https_proxy holds no proxy's address"],
  ])("%j is refused, and not shown", async (value, saw) => {
    expect(() => https({ https_proxy: value })).toThrow(
      expect.objectContaining({ code: "RA8007", saw }),
    );
    const { transport } = open({ https_proxy: value });
    await expect(
      transport.send({ method: "POST", url: "https://ghcr.io/", body: "x" }),
    ).rejects.toMatchObject({ code: "RA8007", outcome: "none" });
    expect(transport.sent).toEqual([]);
  });
});

describe("a request through a proxy", () => {
  test("https goes through a tunnel that is kept; each login goes where it belongs", async () => {
    const target = await startTarget();
    const proxy = await startProxy({ to: target.port });
    const env = { https_proxy: `http://us%40er:p%3Ass@127.0.0.1:${proxy.port}` };
    const { transport, trace } = open(env);
    for (const path of ["/a", "/b"]) {
      const answer = await transport.send({
        method: "GET",
        url: `https://registry.example.org${path}`,
        headers: { authorization: "Bearer token-of-the-target" },
      });
      expect(answer.status).toBe(200);
    }
    const login = `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`;
    expect(proxy.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "CONNECT registry.example.org:443",
    ]);
    expect(proxy.seen[0]?.headers["proxy-authorization"]).toBe(login);
    expect(proxy.seen[0]?.headers["authorization"]).toBeUndefined();
    expect(target.seen.map(({ url }) => url)).toEqual(["/a", "/b"]);
    for (const { headers } of target.seen) {
      expect(headers["authorization"]).toBe("Bearer token-of-the-target");
      expect(headers["proxy-authorization"]).toBeUndefined();
    }
    expect(trace.join()).not.toMatch(/p:ss|p%3Ass|us@er/);
  });

  test("plain http is asked of the proxy by its whole address", async () => {
    const proxy = await startProxy("200 OK");
    const { transport } = open({ http_proxy: `http://me:pass@127.0.0.1:${proxy.port}` });
    await transport.send({ method: "GET", url: "http://plain.example.org/x?y=1" });
    expect(proxy.seen[0]).toMatchObject({ method: "GET", url: "http://plain.example.org/x?y=1" });
    expect(proxy.seen[0]?.headers["proxy-authorization"]).toBe(
      `Basic ${Buffer.from("me:pass").toString("base64")}`,
    );
  });

  test("no_proxy leads past it, for requests and for mail", async () => {
    const target = await startTarget();
    const proxy = await startProxy({ to: target.port });
    const url = `http://127.0.0.1:${proxy.port}`;
    const { transport } = open({ https_proxy: url, no_proxy: "direct.invalid" });
    await transport.send({ method: "GET", url: "https://proxied.example.org/" });
    await expect(
      transport.send({ method: "GET", url: "https://direct.invalid/", retry: "never" }),
    ).rejects.toMatchObject({ saw: expect.stringMatching(/no answer \((ENOTFOUND|EAI_AGAIN)\)/) });
    const mail = {
      from: "a@example.org",
      to: "b@example.org",
      subject: "s",
      text: "t",
      messageId: "<a@example.org>",
    };
    const env = { https_proxy: url, no_proxy: "direct.invalid" };
    const direct = await sendMail({ ...mail, server: "smtps://direct.invalid" }, { env });
    expect(direct).toMatchObject({ outcome: "refused" });
    expect(direct.said).not.toContain("proxy");
    expect(proxy.seen.map((one) => one.url)).toEqual(["proxied.example.org:443"]);
  });

  test("a redirect is led by the rules of its new host", async () => {
    const target = await startTarget();
    const proxy = await startProxy({ to: target.port });
    const moved = createTlsServer(tls, (_request, response) =>
      response.writeHead(302, { location: "https://there.example.org/" }).end(),
    );
    const port = await portOf(moved);
    const { transport } = open({ https_proxy: `http://127.0.0.1:${proxy.port}` });
    await transport.send({ method: "GET", url: `https://localhost:${port}/` });
    expect(proxy.seen.map(({ url }) => url)).toEqual(["there.example.org:443"]);
  });
});

describe("a proxy that does not let through", () => {
  const secret = "s3cret-of-the-proxy";
  const send = async (
    proxy: { port: number },
    request: Partial<Parameters<ReturnType<typeof createTransport>["send"]>[0]> = {},
  ) => {
    const url = `http://me:${secret}@127.0.0.1:${proxy.port}`;
    const { transport, trace } = open({ https_proxy: url, http_proxy: url });
    const fault: unknown = await transport
      .send({ method: "POST", url: "https://ghcr.io/v2/", body: "x", ...request })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    const { message, next } = fault as { message: string; next: string };
    expect(`${message} ${next} ${trace.join()}`).not.toContain(secret);
    return fault;
  };

  test.each([
    ["407 Proxy Authentication Required", /login that 127\.0\.0\.1:\d+ knows/],
    ["403 Forbidden", /let ghcr\.io through, or name ghcr\.io in no_proxy/],
    ["404 Not Found", /let ghcr\.io through/],
  ])("%s is final", async (answer, next) => {
    const proxy = await startProxy(answer);
    expect(await send(proxy)).toMatchObject({
      code: "RA8008",
      outcome: "none",
      saw: `the proxy 127.0.0.1:${proxy.port} answered ${answer.slice(0, 3)} to POST https://ghcr.io/v2/`,
      next: expect.stringMatching(next),
    });
    expect(proxy.seen).toHaveLength(1);
  });

  test("407 to plain http is the proxy's too", async () => {
    const proxy = await startProxy("407 Proxy Authentication Required");
    expect(await send(proxy, { url: "http://plain.example.org/" })).toMatchObject({
      code: "RA8008",
      next: expect.stringContaining("login"),
    });
  });

  test("a write is tried again after 502 and a reset: nothing of it was sent", async () => {
    const target = await startTarget();
    const proxy = await startProxy("502 Bad Gateway", "reset", { to: target.port });
    const { transport } = open({ https_proxy: `http://127.0.0.1:${proxy.port}` });
    await transport.send({ method: "POST", url: "https://registry.example.org/v2/", body: "x" });
    expect(target.seen.map(({ method }) => method)).toEqual(["POST"]);
    expect(proxy.seen).toHaveLength(3);
  });

  test("502 again and again names the proxy", async () => {
    const proxy = await startProxy("502 Bad Gateway");
    expect(await send(proxy)).toMatchObject({
      code: "RA8001",
      outcome: "none",
      saw: `POST https://ghcr.io/v2/ got no answer: the proxy 127.0.0.1:${proxy.port} answered 502 to CONNECT ghcr.io:443`,
      next: expect.stringContaining("ask the owner of the proxy"),
    });
    expect(proxy.seen).toHaveLength(5);
  });

  test("a proxy that is not there is named", async () => {
    expect(await send({ port: 1 })).toMatchObject({
      code: "RA8001",
      saw: expect.stringContaining("the proxy 127.0.0.1:1 could not be reached (ECONNREFUSED)"),
    });
    expect(await send({ port: 1 }, { url: "http://plain.example.org/" })).toMatchObject({
      code: "RA8001",
      saw: expect.stringContaining("through the proxy 127.0.0.1:1 (ECONNREFUSED)"),
    });
  });

  test.each(["https://ghcr.io/v2/", "http://plain.example.org/"])(
    "a proxy that says nothing is given up: %s",
    async (url) => {
      const proxy = await startProxy("silence");
      const quiet = { url, timeout: 50, retry: "never", method: "GET" } as const;
      expect(await send(proxy, quiet)).toMatchObject({ code: "RA8001", outcome: "none" });
      expect(proxy.seen).toHaveLength(1);
    },
  );

  test("whoever gives up waits for no proxy", async () => {
    const proxy = await startProxy("silence");
    const signal = AbortSignal.timeout(50);
    expect(await send(proxy, { method: "GET", signal })).toMatchObject({ code: "RA8001" });
  });

  test("a machine that takes the connection and says nothing is given up", async () => {
    const port = await portOf(createTcpServer());
    expect(await send({ port }, { timeout: 50, retry: "never", method: "GET" })).toMatchObject({
      code: "RA8001",
    });
  });
});
