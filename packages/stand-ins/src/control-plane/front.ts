import {
  createServer,
  request as startPlain,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer, request as startSecure } from "node:https";
import type { AddressInfo } from "node:net";

/** One request as it passed. `path`: with its query. */
export type PassedRequest = { method: string; path: string; at: number };

/** What stands before a cluster: it counts what passes, can cut what is open, and can be told to strike at a request. */
export type ClusterFront = {
  /** Where clients reach the cluster through it. */
  url: string;
  readonly passed: PassedRequest[];
  /** Asked at each request, before it goes on and when its answer is there. True: the client gets no answer. */
  strikes: (request: PassedRequest, when: "before" | "after") => boolean;
  /** Breaks every connection that is open. */
  cut(): void;
} & AsyncDisposable;

/**
 * Starts a front on a free port of 127.0.0.1. With `tls` it speaks TLS to its clients, as kubectl wants it before it shows a
 * token; else plain HTTP. It changes nothing in what passes.
 */
export async function standBefore(cluster: {
  url: string;
  /** What the cluster's own certificate is checked with. */
  certificate?: string;
  tls?: { cert: string; key: string };
}): Promise<ClusterFront> {
  const passed: PassedRequest[] = [];
  const onwards = new URL(cluster.url);
  const start = onwards.protocol === "https:" ? startSecure : startPlain;
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const request = { method, path, at: Date.now() };
    passed.push(request);
    const strike = (when: "before" | "after"): boolean => {
      const struck = front.strikes(request, when);
      if (struck) outgoing.destroy();
      return struck;
    };
    if (strike("before")) return;
    const onward = start({
      hostname: onwards.hostname,
      port: onwards.port,
      method,
      path,
      headers,
      ...(cluster.certificate ? { ca: cluster.certificate } : {}),
      agent: false,
    });
    incoming.pipe(onward);
    onward.on("response", (answer) => {
      if (strike("after")) {
        onward.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      // A watch has nothing to say at first, and its client waits for the answer to begin.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
  };
  const server = cluster.tls ? createSecureServer(cluster.tls, handle) : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const front: ClusterFront = {
    url: `${cluster.tls ? "https" : "http"}://127.0.0.1:${port}`,
    passed,
    strikes: () => false,
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}
