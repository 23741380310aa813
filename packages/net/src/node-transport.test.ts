import { Fault } from "@release-actions/codes";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import {
  frame,
  json,
  listen,
  movableClock,
  type Incoming,
  type Reply,
} from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import { createTransport } from "./node-transport.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(route: (request: Incoming) => Reply | Promise<Reply>) {
  const standIn = frame({
    name: "server",
    clock: movableClock(),
    route: async (request) => route(request),
  });
  const served = await listen(standIn);
  closers.push(served.close);
  return { ...served, standIn };
}

function open() {
  const pauses: number[] = [];
  const transport = createTransport({
    env: {},
    userAgent: "release-actions/test",
    sleep: async (pause) => void pauses.push(pause),
  });
  closers.push(transport.close);
  return { transport, pauses };
}

test("a refusal that repeats the login of its request is read without it, a good answer is left alone", async () => {
  const password = "pass-phrase";
  const basic = Buffer.from(`ci:${password}`).toString("base64");
  const { url } = await serve(({ url: asked, headers }) =>
    json(asked.pathname === "/good" ? 200 : 403, {
      sent: headers["authorization"],
      plain: password,
      word: "reader",
    }),
  );
  const { transport } = open();
  const ask = async (path: string, authorization: string) =>
    (
      await transport.send({ method: "GET", url: `${url}${path}`, headers: { authorization } })
    ).json();
  expect(await ask("/", "Bearer token-of-the-job")).toEqual({
    sent: "Bearer ***",
    plain: password,
    word: "reader",
  });
  expect(await ask("/", `Basic ${basic}`)).toEqual({
    sent: "Basic ***",
    plain: "***",
    word: "reader",
  });
  expect(await ask("/", "Bearer reader")).toMatchObject({ word: "reader" });
  expect(await ask("/good", `Basic ${basic}`)).toMatchObject({ plain: password });
});

test("an answer that never ends is given up, although the server is never silent", async () => {
  const timers: NodeJS.Timeout[] = [];
  const server = createServer((_, response) => {
    response.writeHead(200);
    timers.push(setInterval(() => response.write(" "), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const timer of timers) clearInterval(timer);
    server.closeAllConnections();
    server.close();
  });
  const { transport } = open();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await expect(
    transport.send({ method: "GET", url, timeout: 100, retry: "never" }),
  ).rejects.toMatchObject({ code: "RA8001", saw: expect.stringContaining("ETIMEDOUT") as string });
});

describe("retries", () => {
  test("a read is sent again after a 502 and after a reset", async () => {
    const { url, standIn } = await serve(() => json(200, { fine: true }));
    standIn.faults.push(
      { matches: () => true, when: "before", does: { status: 502 } },
      { matches: () => true, when: "before", does: "reset" },
    );
    const { transport } = open();
    expect((await transport.send({ method: "GET", url })).json()).toEqual({ fine: true });
    expect(transport.sent.map((request) => request.status)).toEqual([502, 0, 200]);
  });

  test("a write is sent once and its unknown outcome is said", async () => {
    const { url, standIn } = await serve(() => json(201, {}, { wrote: true }));
    standIn.faults.push({ matches: () => true, when: "after", does: "reset" });
    const { transport } = open();
    await expect(transport.send({ method: "POST", url, body: "x" })).rejects.toMatchObject({
      code: "RA8002",
      outcome: "unknown",
    });
    expect(standIn.requests.filter((request) => request.wrote)).toHaveLength(1);
  });

  test("a write that a 429 refused is sent again after the pause that was asked for", async () => {
    const { url, standIn } = await serve(() => json(201, {}, { wrote: true }));
    standIn.faults.push({
      matches: () => true,
      when: "before",
      does: { status: 429, headers: { "retry-after": "7" } },
    });
    const { transport, pauses } = open();
    expect((await transport.send({ method: "POST", url, body: "x" })).status).toBe(201);
    expect(pauses).toEqual([7000]);
  });

  test("a write that got 502 is returned, not repeated", async () => {
    const { url, standIn } = await serve(() => json(201, {}, { wrote: true }));
    standIn.faults.push({ matches: () => true, when: "after", does: { status: 502 } });
    const { transport } = open();
    expect((await transport.send({ method: "POST", url, body: "x" })).status).toBe(502);
    expect(standIn.requests).toHaveLength(1);
  });

  test("a refused connection has no effect and is said so for a write too", async () => {
    const { url, close } = await serve(() => json(200, {}));
    await close();
    closers.length = 0;
    await expect(open().transport.send({ method: "POST", url, body: "x" })).rejects.toMatchObject({
      code: "RA8001",
      outcome: "none",
    });
  });

  test("a server that goes quiet is given up", async () => {
    const { url, standIn } = await serve(() => json(200, {}));
    for (let index = 0; index < 5; index += 1)
      standIn.faults.push({ matches: () => true, when: "before", does: "hang" });
    await expect(open().transport.send({ method: "GET", url, timeout: 50 })).rejects.toMatchObject({
      code: "RA8001",
    });
  });
});

describe("redirects", () => {
  test("credentials stay on their origin", async () => {
    const target = await serve(() => json(200, {}));
    const source = await serve(() => ({
      status: 302,
      headers: { location: `${target.url}/there` },
    }));
    await open().transport.send({
      method: "GET",
      url: source.url,
      headers: {
        authorization: "Bearer secret",
        cookie: "a=b",
        "x-registry-auth": "secret",
        accept: "text/plain",
      },
    });
    const arrived = target.standIn.requests[0]?.headers ?? {};
    expect(arrived["accept"]).toBe("text/plain");
    expect(arrived).not.toHaveProperty("authorization");
    expect(arrived).not.toHaveProperty("cookie");
    expect(arrived).not.toHaveProperty("x-registry-auth");
  });

  test("a circle ends", async () => {
    const { url } = await serve((request) => ({
      status: 302,
      headers: { location: request.url.pathname },
    }));
    await expect(open().transport.send({ method: "GET", url })).rejects.toMatchObject({
      code: "RA8006",
    });
  });

  test("a write is not redirected", async () => {
    const { url } = await serve(() => ({ status: 307, headers: { location: "/there" } }));
    expect((await open().transport.send({ method: "POST", url, body: "x" })).status).toBe(307);
  });
});

test("an answer over the limit is refused", async () => {
  const { url } = await serve(() => ({ status: 200, body: "x".repeat(2000) }));
  await expect(open().transport.send({ method: "GET", url, limit: 1000 })).rejects.toMatchObject({
    code: "RA8004",
  });
});

test("a header with a line end is refused before anything is sent", async () => {
  const { url, standIn } = await serve(() => json(200, {}));
  await expect(
    open().transport.send({ method: "GET", url, headers: { "x-title": "a\r\nb: c" } }),
  ).rejects.toMatchObject({ code: "RA1002" });
  expect(standIn.requests).toHaveLength(0);
});

describe("a body that is streamed", () => {
  const size = 256 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024);
  /** A body of 256 MiB that is made as it is read, and how much of it was. */
  function largeBody() {
    const state = { opened: 0, made: 0, open: 0 };
    const open = (): Readable => {
      state.opened += 1;
      state.open += 1;
      let left = size;
      return new Readable({
        read() {
          state.made += piece.length;
          left -= piece.length;
          this.push(piece);
          if (left === 0) this.push(null);
        },
        destroy(error, done) {
          state.open -= 1;
          done(error);
        },
      });
    };
    return { state, body: { length: size, open } };
  }
  async function serveRaw(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  test("stops when the answer comes before its end", async () => {
    const url = await serveRaw((request, response) => {
      request.once("data", () => response.writeHead(401).end("no"));
    });
    const { state, body } = largeBody();
    const { transport } = open();
    for (let times = 1; times <= 2; times += 1) {
      const answer = await transport.send({ method: "PUT", url, body });
      expect([answer.status, answer.text()]).toEqual([401, "no"]);
    }
    await expect.poll(() => state.open).toBe(0);
    expect(state.opened).toBe(2);
    expect(state.made).toBeLessThan(size);
  });

  test("that breaks off at its source is not sent a second time", async () => {
    const url = await serveRaw((request) => request.resume());
    let opened = 0;
    const body = {
      length: 10,
      open: () => {
        opened += 1;
        return new Readable({
          read() {
            this.push("12345");
            this.destroy(new Fault("RA8001", { saw: "the source broke off" }));
          },
        });
      },
    };
    await expect(open().transport.send({ method: "PUT", url, body })).rejects.toThrow(
      "the source broke off",
    );
    expect(opened).toBe(1);
  });

  test("is given up when the head of the answer comes byte by byte", async () => {
    const timers: NodeJS.Timeout[] = [];
    const url = await serveRaw((request) => {
      request.resume().once("end", () => {
        request.socket.write("HTTP/1.1 201 Created\r\nx: ");
        timers.push(setInterval(() => request.socket.write("x"), 20));
      });
    });
    closers.push(() => {
      for (const timer of timers) clearInterval(timer);
    });
    await expect(
      open().transport.send({ method: "PUT", url, body: "x", timeout: 300 }),
    ).rejects.toMatchObject({
      code: "RA8002",
      saw: expect.stringContaining("ETIMEDOUT") as string,
    });
  });
});
