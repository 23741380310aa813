import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Authority } from "./authority.ts";

/** A try to reach a host that the rehearsal does not declare. */
export type ForeignAttempt = { at: Date; host: string; method: string };

/** The only way out of a rehearsed job: declared hosts lead to stand-ins, all others are refused and noted. */
export type Proxy = {
  readonly url: string;
  readonly foreign: readonly ForeignAttempt[];
  /** Requests that were given to a stand-in. */
  readonly served: number;
  close(): Promise<void>;
};

/** Whoever answers under a host name. */
export type Answerer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Whoever speaks another protocol under a host and port. */
export type Tunnel = { accept(socket: Duplex): void };

/** Starts a proxy on a free port of 127.0.0.1. TLS of declared hosts ends here, with certificates of `authority`. */
export async function createProxy(options: {
  authority: Authority;
  answererOf(host: string): Answerer | undefined;
  tunnelOf?(host: string, port: number): Tunnel | undefined;
  /** What a refused client reads. */
  refusal(host: string): string;
  now(): Date;
}): Promise<Proxy> {
  const foreign: ForeignAttempt[] = [];
  const sockets = new Set<Duplex>();
  const state = { served: 0 };

  const refuse = (host: string, method: string): string => {
    foreign.push({ at: options.now(), host, method });
    return options.refusal(host);
  };

  const serve = async (
    answerer: Answerer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    state.served += 1;
    try {
      await answerer(request, response);
    } catch {
      response.destroy();
    }
  };

  /** Plain `http://` through the proxy arrives with the whole address in the request line. */
  const plain: RequestListener = (request, response) => {
    const address = URL.canParse(request.url ?? "") ? new URL(request.url ?? "") : undefined;
    const host = address?.hostname ?? "";
    const answerer = address && options.answererOf(host);
    if (!address || !answerer) {
      answer(response, 403, refuse(host || "(no host)", request.method ?? "GET"));
      return;
    }
    request.url = address.pathname + address.search;
    request.headers.host = address.host;
    void serve(answerer, request, response);
  };

  /** Inside a tunnel: the stand-in is the tunnel's, and the request may not name another host. */
  const inside = createServer((request, response) => {
    const host = tunnelHosts.get(request.socket as TLSSocket) ?? "";
    const answerer = options.answererOf(host);
    const named = (request.headers.host ?? host).replace(/:\d+$/, "");
    if (!answerer || named.toLowerCase() !== host) {
      answer(response, 421, `This connection is to ${host}, the request is for ${named}.`);
      return;
    }
    void serve(answerer, request, response);
  });
  const tunnelHosts = new WeakMap<TLSSocket, string>();

  const outside = createServer(plain);
  outside.on("connection", (socket) => keep(sockets, socket));
  outside.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    keep(sockets, socket);
    socket.on("error", () => socket.destroy());
    const host = (request.url ?? "")
      .replace(/:\d+$/, "")
      .replace(/^\[|\]$/g, "")
      .toLowerCase();
    const port = Number(/:(\d+)$/.exec(request.url ?? "")?.[1] ?? 443);
    const tunnel = options.tunnelOf?.(host, port);
    if (tunnel) {
      state.served += 1;
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) socket.unshift(head);
      tunnel.accept(socket);
      return;
    }
    if (!options.answererOf(host)) {
      const sentence = refuse(host, "CONNECT");
      socket.end(
        `HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
      );
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    const tls = new TLSSocket(socket as never, {
      isServer: true,
      secureContext: options.authority.contextFor(host),
    });
    tls.on("error", () => tls.destroy());
    tunnelHosts.set(tls, host);
    inside.emit("connection", tls);
  });

  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(outside.address() as AddressInfo).port}`,
    foreign,
    get served() {
      return state.served;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      inside.closeAllConnections();
      outside.closeAllConnections();
      await new Promise((resolve) => outside.close(resolve));
    },
  };
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(sentence);
}

function keep(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
}
