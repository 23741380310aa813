import { request as httpRequest, validateHeaderValue, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Way } from "./agents.ts";
import type { Body, Outgoing } from "./transport.ts";

const defaultTimeout = 30_000;
/** An answer may take so many times the silence that is allowed within it. */
const longestTimeouts = 10;

/** Sends a request once, and ends with the head of its answer. */
export function exchange(
  request: Outgoing,
  url: URL,
  way: Way,
  userAgent: string,
): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const headers: Record<string, string> = { "user-agent": userAgent, ...request.headers };
  for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value);
  const length = bodyLength(request.body);
  if (length !== undefined) headers["content-length"] = String(length);
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: request.method,
        headers,
        agent: way.agent,
        timeout: Math.ceil(request.timeout ?? defaultTimeout),
        ...(request.signal ? { signal: request.signal, limit: request.signal } : {}),
        ...(secure && request.tls
          ? {
              ...(request.tls.ca ? { ca: request.tls.ca } : {}),
              ...(request.tls.cert ? { cert: request.tls.cert } : {}),
              ...(request.tls.key ? { key: request.tls.key } : {}),
              ...(request.tls.serverName ? { servername: request.tls.serverName } : {}),
              ...(request.tls.insecure ? { rejectUnauthorized: false } : {}),
            }
          : {}),
      },
      (incoming) => {
        answered = true;
        clearTimeout(timer);
        // An answer may come before all of the body has gone; then nobody wants the rest.
        incoming.once("close", () => {
          if (!outgoing.writableFinished) outgoing.destroy();
        });
        resolve(incoming);
      },
    );
    let answered = false;
    let timer: NodeJS.Timeout | undefined;
    outgoing.once("finish", () => {
      if (answered) return;
      // As in `readBytes`: the head of an answer can come byte by byte too.
      timer = setTimeout(
        () => outgoing.destroy(timedOut("the answer does not begin")),
        longestOf(request),
      );
    });
    outgoing.once("close", () => clearTimeout(timer));
    outgoing.on("timeout", () => {
      outgoing.destroy(timedOut("no byte within the time allowed"));
    });
    outgoing.on("error", reject);
    if (request.body === undefined) outgoing.end();
    else if (typeof request.body === "string" || request.body instanceof Uint8Array)
      outgoing.end(request.body);
    else {
      const stream = request.body.open();
      stream.on("error", (error) => outgoing.destroy(error));
      outgoing.once("close", () => stream.destroy());
      stream.pipe(outgoing);
    }
  });
}

/** A server that sends a byte now and then is never silent, and would keep the job until GitHub ends it. */
export function longestOf(request: Outgoing): number {
  return longestTimeouts * (request.timeout ?? defaultTimeout);
}

export function timedOut(why: string): Error {
  return Object.assign(new Error(why), { code: "ETIMEDOUT" });
}

function bodyLength(body: Body | undefined): number | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
