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

/** Sends a request on to a port of this machine and passes the answer back as it comes. `failed` answers when nobody is there. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: { port: number; headers: Record<string, string>; failed(error: Error): void },
): void {
  const headers = { ...passed(request.headers), ...options.headers };
  const upstream = send(
    { host: "127.0.0.1", port: options.port, method: request.method, path: request.url, headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, passed(answer.headers));
      answer.pipe(response);
      answer.once("error", () => response.destroy());
    },
  );
  upstream.once("error", (error) =>
    response.headersSent ? response.destroy() : options.failed(error),
  );
  response.once("close", () => upstream.destroy());
  request.pipe(upstream);
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
