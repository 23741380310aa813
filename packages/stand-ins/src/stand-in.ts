import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { alterBody, applyFault, chunksOf, first, takeFault, type PlannedFault } from "./fault.ts";

export type { AlteredBody, PlannedFault } from "./fault.ts";

/** The time that a stand-in's answers carry in `Date` and in their bodies. */
export type Clock = { now(): Date };

/** The machine's clock, moved by a distance that a rehearsal sets. */
export function movableClock(
  start: Date = new Date(),
): Clock & { advance(milliseconds: number): void; set(to: Date): void } {
  let offset = start.getTime() - Date.now();
  return {
    now: () => new Date(Date.now() + offset),
    advance: (milliseconds) => {
      offset += milliseconds;
    },
    set: (to) => {
      offset = to.getTime() - Date.now();
    },
  };
}

/** One request as a stand-in saw it. Credentials are kept as their scheme only. */
export type RecordedRequest = {
  at: Date;
  method: string;
  host: string;
  /** Path with its query. */
  path: string;
  headers: Record<string, string>;
  /** Empty where the stand-in takes the body as it comes. */
  body: Buffer;
  status: number;
  /** True when the stand-in's state was changed by it. */
  wrote: boolean;
};

/** A server that stands in for a real one: the same protocol, the same refusals, and a record of every request. */
export type StandIn = {
  readonly name: string;
  readonly requests: RecordedRequest[];
  readonly faults: PlannedFault[];
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
};

/** An answer that a stand-in's route returns; the frame writes and records it. */
export type Reply = {
  status: number;
  headers?: Record<string, string>;
  /** What is not at hand as a whole is sent as it comes; the route names its length. */
  body?: string | Buffer | AsyncIterable<Buffer>;
  wrote?: boolean;
  /** For watches and other open answers: writes by itself and ends by itself. */
  stream?: (response: ServerResponse) => Promise<void>;
};

export type Incoming = {
  method: string;
  host: string;
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
  /** The body as it comes, to be read once, where the stand-in takes it so; `body` is empty then. */
  content: AsyncIterable<Buffer>;
  /** Ends when the client goes away. */
  gone: AbortSignal;
};

const bodyLimit = 512 * 1024 * 1024;

/** Puts the frame around a stand-in's routing: reading the body, faults, `Date`, the record. */
export function frame(options: {
  name: string;
  clock: Clock;
  route(request: Incoming): Promise<Reply>;
  /** Requests whose body may be too large to be held: it is not read before the route does, and not recorded. */
  takesContent?(request: { method: string; path: string }): boolean;
  close?(): Promise<void>;
}): StandIn {
  const requests: RecordedRequest[] = [];
  const faults: PlannedFault[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = request.headers.host ?? "localhost";
    const path = request.url ?? "/";
    const method = request.method ?? "GET";
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : (value ?? ""),
      ]),
    );
    const recorded: RecordedRequest = {
      at: options.clock.now(),
      method,
      host,
      path,
      headers: {
        ...headers,
        ...(headers["authorization"]
          ? { authorization: headers["authorization"].split(" ")[0] + " …" }
          : {}),
      },
      body: Buffer.alloc(0),
      status: 0,
      wrote: false,
    };
    const fault = takeFault(faults, { method, host, path });
    const content = contentOf(request, fault, response);
    try {
      const takes = options.takesContent?.({ method, path }) ?? false;
      // Whoever takes it as it comes gets nothing of it before a fault that strikes before.
      if (!takes || fault?.when === "before") recorded.body = await whole(content, !takes);
    } catch (error) {
      if (error === struck) requests.push(recorded);
      else response.destroy();
      return;
    }
    requests.push(recorded);
    if (fault?.when === "before" && applyFault(fault, response)) return;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    let reply: Reply;
    try {
      reply = await options.route({
        method,
        host,
        url: new URL(path, `http://${host}`),
        headers,
        body: recorded.body,
        content,
        gone: gone.signal,
      });
      // An answer to a client that still writes is one that it may never read.
      await whole(content, false);
      request.resume();
    } catch (error) {
      if (error === struck) return;
      if (!request.complete) {
        response.destroy();
        return;
      }
      reply = {
        status: 500,
        headers: { "content-type": "text/plain" },
        body: `stand-in ${options.name}: ${String(error instanceof Error ? error.stack : error)}`,
      };
    }
    recorded.status = reply.status;
    recorded.wrote = reply.wrote ?? false;
    if (fault?.when === "after" && applyFault(fault, response)) return;
    await send(reply, { response, method, date: recorded.at, fault });
  };

  return { name: options.name, requests, faults, handle, close: async () => options.close?.() };
}

/** What a fault in the middle of a request's body throws once it has answered, or left it unanswered. */
const struck = new Error("a planned fault struck");

/** A request's body as it comes, and the fault that strikes in the middle of it. */
async function* contentOf(
  request: IncomingMessage,
  fault: PlannedFault | undefined,
  response: ServerResponse,
): AsyncGenerator<Buffer> {
  let left =
    typeof fault?.when === "object" && "received" in fault.when
      ? fault.when.received
      : Number.POSITIVE_INFINITY;
  const strike = (): void => {
    left = Number.POSITIVE_INFINITY;
    if (!fault || !applyFault(fault, response)) return;
    // What the client still sends is let go by, so that it comes to read the answer.
    if (response.writableEnded) setImmediate(() => request.resume());
    throw struck;
  };
  // A stream that is left early is destroyed, and the answer with it, unless it is told not to be.
  for await (const chunk of request.iterator({
    destroyOnReturn: false,
  }) as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left <= 0) strike();
    yield chunk;
  }
  if (Number.isFinite(left)) strike();
}

async function whole(content: AsyncIterable<Buffer>, kept: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    if (!kept) continue;
    size += chunk.length;
    if (size > bodyLimit) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(
  reply: Reply,
  options: {
    response: ServerResponse;
    method: string;
    date: Date;
    fault: PlannedFault | undefined;
  },
): Promise<void> {
  const { response, fault } = options;
  const given = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  const named = reply.headers?.["content-length"];
  const had = named ?? (Buffer.isBuffer(given) ? String(given.length) : undefined);
  const { body, length } =
    given && fault && had !== undefined
      ? alterBody(fault, given, Number(had))
      : { body: given, length: had };
  response.writeHead(reply.status, {
    date: options.date.toUTCString(),
    ...reply.headers,
    ...(length === undefined ? {} : { "content-length": String(length) }),
  });
  if (reply.stream) return reply.stream(response);
  if (options.method === "HEAD" || body === undefined) {
    response.end();
    return;
  }
  const sent =
    typeof fault?.when === "object" && "sent" in fault.when ? fault.when.sent : undefined;
  if (Buffer.isBuffer(body) && sent === undefined) {
    response.end(body);
    return;
  }
  try {
    for await (const chunk of sent === undefined ? chunksOf(body) : first(body, sent)) {
      if (response.destroyed) return;
      if (chunk.length > 0)
        await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
    }
  } catch {
    response.destroy();
    return;
  }
  if (fault && sent !== undefined && applyFault(fault, response)) return;
  response.end();
}

/** Serves a stand-in on 127.0.0.1, on a free port unless one is named. */
export async function listen(
  standIn: Pick<StandIn, "handle" | "close">,
  port = 0,
): Promise<{ url: string; server: Server; close(): Promise<void> }> {
  const server = createServer((request, response) => void standIn.handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await standIn.close();
    },
  };
}

/** A JSON reply. */
export function json(
  status: number,
  value: unknown,
  more: Omit<Reply, "status" | "body"> = {},
): Reply {
  return {
    ...more,
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...more.headers },
    body: JSON.stringify(value),
  };
}
