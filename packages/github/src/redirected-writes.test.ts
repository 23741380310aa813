import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTransport } from "@release-actions/net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGitHub } from "./client.ts";

/** A server that sends everything on with the status of the first part of the path: back to itself, or nowhere. */
const server = createServer((request, response) => {
  const [, status, where] = (request.url ?? "").split("/");
  heard.push(`${request.method} ${request.url}`);
  response.writeHead(Number(status), where === "on" ? { location: request.url ?? "/" } : {});
  response.end();
});
const heard: string[] = [];
let origin = "";

beforeAll(
  () =>
    new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        resolve();
      });
    }),
);
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe.each([301, 302, 303, 307, 308])(
  "a write that is answered %i has not been made",
  (status) => {
    test.each([
      ["on", "RA8006"],
      ["nowhere", "RA5002"],
    ])("and leads %s", async (where, code) => {
      const transport = createTransport({ env: {}, userAgent: "test" });
      try {
        const apiUrl = `${origin}/${status}/${where}`;
        const repository = { owner: "example", name: "shop" };
        const github = openGitHub({
          transport,
          token: "t0ken",
          repository,
          apiUrl,
          serverUrl: origin,
        });
        heard.length = 0;
        const asset = { name: "a", mediaType: "text/plain", bytes: Buffer.from("a") };
        for (const write of [
          () =>
            github.send("POST /repos/{owner}/{repo}/git/refs", { ref: "refs/heads/a", sha: "b" }),
          () => github.mutate("mutation m { a { b } }", {}),
          () => github.upload(`${apiUrl}/assets`, asset, "id"),
        ])
          await expect(write()).rejects.toMatchObject({ code });
        expect(heard).toHaveLength(3);
      } finally {
        transport.close();
      }
    });
  },
);
