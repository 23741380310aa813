import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTransport } from "./node-transport.ts";
import { goesUnencrypted, proxyOf } from "./smtp-route.ts";

const asked: string[] = [];
const server = createServer();
server.on("connect", (request, socket) => {
  asked.push(request.url ?? "");
  socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());

const exemptions = [
  ["127.0.0.1", ""],
  ["127.0.0.1", "*"],
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "127.0.0.1:1"],
  ["127.0.0.1", "127.0.0.1:2"],
  ["127.0.0.1", "10.0.0.1-10.0.0.9, 127.0.0.0-127.0.0.9"],
  ["127.0.0.1", "127.0.0.2-127.0.0.9"],
  ["127.0.0.1", "127.0.0.1-x"],
  ["localhost", "LOCALHOST"],
  ["localhost", "localhost.example.org"],
  ["localhost", ".localhost"],
  ["a.localhost", ".localhost"],
  ["a.localhost", "*.localhost"],
  ["localhost", "*.localhost"],
  ["a.localhost", "localhost"],
  ["a.localhost", "*localhost"],
  ["alocalhost", ".localhost"],
  ["127.0.0.1", " , 127.0.0.1 "],
] as const;

test.each(exemptions)(
  "mail to %s with no_proxy=%j goes where a request goes",
  async (host, list) => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const env of [
      { https_proxy: address, no_proxy: list },
      { HTTPS_PROXY: address, NO_PROXY: list },
      { https_proxy: address, HTTPS_PROXY: "http://127.0.0.1:9", no_proxy: list, NO_PROXY: "x" },
    ]) {
      asked.length = 0;
      const transport = createTransport({
        env,
        userAgent: "release-actions/test",
        sleep: async () => {},
      });
      const request = { method: "GET", url: `https://${host}:1/`, retry: "never" } as const;
      await transport.send(request).catch(() => undefined);
      transport.close();
      expect(proxyOf({ host, port: 1 }, env) !== undefined, JSON.stringify(env)).toBe(
        asked.length > 0,
      );
    }
  },
);

test("without encryption only to the machine itself, and not through a proxy", () => {
  const plain = (host: string, env = {}) => goesUnencrypted({ host, port: 25, secure: false }, env);
  expect(["127.0.0.1", "127.8.9.1", "::1", "localhost"].map((host) => plain(host))).not.toContain(
    false,
  );
  for (const host of ["mail.example.org", "127.example.org", "10.0.0.1", "localhost.example.org"])
    expect(plain(host), host).toBe(false);
  expect(plain("localhost", { https_proxy: "http://proxy.example.org:3128" })).toBe(false);
});
