import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

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
  body: Buffer;
  status: number;
  /** True when the stand-in's state was changed by it. */
  wrote: boolean;
};

/** Fires at most once, for the request it matches: before it takes effect, or after it took effect and before the answer. */
export type PlannedFault = {
  matches(request: { method: string; host: string; path: string }): boolean;
  when: "before" | "after";
  does:
    | "reset"
    | "hang"
    | { status: number; headers?: Record<string, string>; body?: string }
    | (() => void | "gone");
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
  body?: string | Buffer;
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
  /** Ends when the client goes away. */
  gone: AbortSignal;
};

const bodyLimit = 512 * 1024 * 1024;

/** Puts the frame around a stand-in's routing: reading the body, faults, `Date`, the record. */
export function frame(options: {
  name: string;
  clock: Clock;
  route(request: Incoming): Promise<Reply>;
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
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) {
      response.destroy();
      return;
    }
    const at = options.clock.now();
    const recorded: RecordedRequest = {
      at,
      method,
      host,
      path,
      headers: {
        ...headers,
        ...(headers["authorization"]
          ? { authorization: headers["authorization"].split(" ")[0] + " …" }
          : {}),
      },
      body,
      status: 0,
      wrote: false,
    };
    requests.push(recorded);
    const fault = takeFault(faults, { method, host, path });
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
        body,
        gone: gone.signal,
      });
    } catch (error) {
      reply = {
        status: 500,
        headers: { "content-type": "text/plain" },
        body: `stand-in ${options.name}: ${String(error instanceof Error ? error.stack : error)}`,
      };
    }
    recorded.status = reply.status;
    recorded.wrote = reply.wrote ?? false;
    if (fault?.when === "after" && applyFault(fault, response)) return;
    const payload = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    response.writeHead(reply.status, {
      date: at.toUTCString(),
      ...(payload && !reply.headers?.["content-length"]
        ? { "content-length": String(payload.length) }
        : {}),
      ...reply.headers,
    });
    if (reply.stream) {
      await reply.stream(response);
      return;
    }
    response.end(method === "HEAD" ? undefined : payload);
  };

  return { name: options.name, requests, faults, handle, close: async () => options.close?.() };
}

/** Serves a stand-in on 127.0.0.1, on a free port. */
export async function listen(
  standIn: Pick<StandIn, "handle" | "close">,
): Promise<{ url: string; server: Server; close(): Promise<void> }> {
  const server = createServer((request, response) => void standIn.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
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

function takeFault(
  faults: PlannedFault[],
  request: { method: string; host: string; path: string },
): PlannedFault | undefined {
  const index = faults.findIndex((fault) => fault.matches(request));
  return index < 0 ? undefined : faults.splice(index, 1)[0];
}

/** Returns true when the answer is the fault's and nothing else is to be written. */
function applyFault(fault: PlannedFault, response: ServerResponse): boolean {
  if (fault.does === "reset") response.destroy();
  else if (fault.does === "hang") return true;
  else if (typeof fault.does === "function") {
    // `gone`: whoever asked is no longer there, so nothing is answered, and before it took effect nothing is done.
    if (fault.does() !== "gone") return false;
    response.destroy();
  } else {
    response.writeHead(fault.does.status, fault.does.headers);
    response.end(fault.does.body);
  }
  return true;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
