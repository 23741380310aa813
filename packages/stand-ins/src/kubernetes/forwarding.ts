import { request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { Incoming, Reply } from "../stand-in.ts";

const perConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
]);

const passed = (
  headers: Record<string, string | string[] | undefined>,
): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !perConnection.has(entry[0]),
    ),
  );

const attempts = 3;

/**
 * Sends a request on to a port of this machine and passes the answer back as it comes. As an ingress controller does, it goes to
 * the `next` port when nobody is there, and when the connection broke before the answer of a request that may be sent twice:
 * without that, a pod that ends between the choice and the connection is a gap that users see. `failed` answers after the last.
 */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: {
    next(): number | undefined;
    headers: Record<string, string>;
    failed(error?: Error): void;
  },
): void {
  const headers = { ...passed(request.headers), ...options.headers };
  const hasBody = "content-length" in headers || "transfer-encoding" in request.headers;
  const repeatable = !hasBody && ["GET", "HEAD", "OPTIONS"].includes(request.method ?? "");

  const attempt = (left: number): void => {
    const port = options.next();
    if (port === undefined) return options.failed();
    let connected = false;
    const upstream = send(
      // A connection of its own: one that was kept may be closed already.
      { host: "127.0.0.1", port, method: request.method, path: request.url, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, passed(answer.headers));
        answer.pipe(response);
        answer.once("error", () => response.destroy());
      },
    );
    upstream.once("socket", (socket) =>
      socket.once("connect", () => {
        connected = true;
        request.pipe(upstream);
      }),
    );
    upstream.once("error", (error) => {
      if (response.destroyed) return;
      if (response.headersSent) return void response.destroy();
      if (left > 1 && (repeatable || !connected)) return attempt(left - 1);
      options.failed(error);
    });
    response.once("close", () => upstream.destroy());
  };
  attempt(attempts);
}

/** The same for a request that was read already. Rejects when nobody is there. */
export function relay(request: Incoming, port: number, path: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { authorization: _, host: __, "content-length": ___, ...headers } = request.headers;
    const upstream = send(
      {
        host: "127.0.0.1",
        port,
        method: request.method,
        path,
        headers: passed(headers),
        signal: request.gone,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const { "content-length": ____, ...kept } = passed(answer.headers);
          const flat = Object.fromEntries(
            Object.entries(kept).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(", ") : value,
            ]),
          );
          resolve({ status: answer.statusCode ?? 502, headers: flat, body: Buffer.concat(chunks) });
        });
      },
    );
    upstream.once("error", reject);
    upstream.end(request.body);
  });
}
