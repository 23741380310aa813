import { Fault } from "@release-actions/codes";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createAgents, type Way } from "./agents.ts";
import { exchange, longestOf, timedOut } from "./exchange.ts";
import { asFault, refusedBy, shown } from "./request-faults.ts";
import type { Answer, Outgoing, SentRequest, Transport } from "./transport.ts";

export type TransportOptions = {
  /** Proxy variables (`https_proxy`, `http_proxy`, `no_proxy`, upper or lower case). */
  env: Record<string, string | undefined>;
  /** Sent with every request: servers throttle the nameless. */
  userAgent: string;
  /** Told of each request after its answer, for the debug log; the URL is without its query. */
  trace?: (line: string) => void;
  sleep?: (milliseconds: number) => Promise<void>;
};

const attempts = 5;
const hops = 5;
const defaultLimit = 64 * 1024 * 1024;
/** A shorter one is a word that a refusal may have of its own accord. */
const shortestSecret = 8;
/** A server that asks for a longer pause than this is not waited for. */
const longestPause = 120_000;
/** Opens the process's one transport: keep-alive connections, proxies from the environment, every request counted. */
export function createTransport(options: TransportOptions): Transport {
  const agents = createAgents(options.env);
  const sleep =
    options.sleep ??
    ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  const sent: SentRequest[] = [];

  const sendOnce = async (
    request: Outgoing,
    url: URL,
    way: Way,
    attempt: number,
  ): Promise<Answer> => {
    const started = performance.now();
    const record: SentRequest = {
      method: request.method,
      url: shown(url),
      status: 0,
      milliseconds: 0,
      attempt,
    };
    sent.push(record);
    try {
      const incoming = await exchange(request, url, way, options.userAgent);
      record.status = incoming.statusCode ?? 0;
      record.milliseconds = Math.round(performance.now() - started);
      return await readAnswer(incoming, request, url, record.milliseconds);
    } finally {
      options.trace?.(
        `${record.method} ${record.url} -> ${record.status || "no answer"} (${Math.round(performance.now() - started)} ms, try ${attempt})`,
      );
    }
  };

  const sendWithRetries = async (request: Outgoing, url: URL): Promise<Answer> => {
    const isRead =
      request.method === "GET" || request.method === "HEAD" || request.retry === "always";
    const tries = request.retry === "never" ? 1 : attempts;
    const way = agents.wayTo(url);
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= tries;
      try {
        const answer = await sendOnce(request, url, way, attempt);
        if (answer.status === 407 && way.proxy && url.protocol === "http:")
          throw refusedBy(way.proxy, 407, request, url);
        const pause = pauseAfter(answer, isRead, attempt);
        if (pause === undefined || last || pause > longestPause) return answer;
        answer.body?.resume();
        await sleep(pause);
      } catch (error) {
        const fault = asFault(error, request, url, way.proxy, isRead);
        // A fault that came as one is that of the body's own source: the server has had a part of it.
        const again = fault !== error && fault.code === "RA8001" && !request.signal?.aborted;
        if (last || !again) throw fault;
        await sleep(backOff(attempt));
      }
    }
  };

  return {
    sent,
    send: async (request) => {
      let url = parseUrl(request.url);
      let current = request;
      for (let hop = 0; ; hop += 1) {
        const answer = await sendWithRetries(current, url);
        const target = redirectTarget(answer, current, url);
        if (target === undefined) return answer;
        answer.body?.resume();
        if (hop >= hops)
          throw new Fault("RA8006", { saw: `${url.host} redirected more than ${hops} times` });
        if (url.protocol === "https:" && target.protocol === "http:") {
          throw new Fault("RA8006", { saw: `${url.host} redirected from https to http` });
        }
        current =
          target.origin === url.origin
            ? { ...current, url: target.href }
            : withoutCredentials(current, target);
        url = target;
      }
    },
    close: () => agents.destroy(),
  };
}

async function readAnswer(
  incoming: IncomingMessage,
  request: Outgoing,
  url: URL,
  milliseconds: number,
): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const read = request.stream ? Buffer.alloc(0) : await readBytes(incoming, request, url);
  // A refusal is quoted in messages, in the ledger and in issues, and some servers repeat in it what they were sent.
  const bytes = (incoming.statusCode ?? 0) >= 400 ? withoutLogin(read, request) : read;
  return {
    status: incoming.statusCode ?? 0,
    headers,
    url: url.href,
    milliseconds,
    bytes,
    ...(request.stream ? { body: incoming as Readable } : {}),
    text: () => bytes.toString("utf8"),
    json: () => {
      try {
        return JSON.parse(bytes.toString("utf8")) as unknown;
      } catch (cause) {
        throw new Fault("RA8005", {
          saw: `${shown(url)} answered ${incoming.statusCode} with text that is not JSON`,
          cause,
        });
      }
    },
  };
}

/** A text without the login of the request that it answers. */
function withoutLogin(bytes: Buffer, { headers }: Outgoing): Buffer {
  const [, scheme, login = ""] = /^(\S+) (\S+)$/.exec(headers?.["authorization"] ?? "") ?? [];
  const secrets =
    scheme?.toLowerCase() === "basic"
      ? [
          login,
          Buffer.from(login, "base64")
            .toString()
            .replace(/^[^:]*:/, ""),
        ]
      : [login];
  // Latin-1 keeps every byte as it is.
  const text = bytes.toString("latin1");
  const kept = secrets
    .map((secret) => Buffer.from(secret).toString("latin1"))
    .filter((secret) => secret.length >= shortestSecret)
    .reduce((left, secret) => left.replaceAll(secret, "***"), text);
  return kept === text ? bytes : Buffer.from(kept, "latin1");
}

async function readBytes(incoming: IncomingMessage, request: Outgoing, url: URL): Promise<Buffer> {
  const limit = request.limit ?? defaultLimit;
  const timer = setTimeout(() => {
    incoming.destroy(timedOut("the answer does not end"));
  }, longestOf(request));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) {
        incoming.destroy();
        throw new Fault("RA8004", { saw: `${shown(url)} sent more than ${limit} bytes` });
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  if (!incoming.complete)
    throw Object.assign(new Error("the answer ended early"), { code: "ECONNRESET" });
  return Buffer.concat(chunks);
}

/** Milliseconds to wait before the next try; undefined when the answer stands. */
function pauseAfter(answer: Answer, isRead: boolean, attempt: number): number | undefined {
  const limited = answer.status === 429 || (answer.status === 403 && isSecondaryLimit(answer));
  // A server that limits has not done the work, so a write may be sent again; after a 5xx only a read may.
  if (limited) return retryAfter(answer) ?? Math.max(backOff(attempt), 1000);
  if (isRead && [500, 502, 503, 504].includes(answer.status))
    return retryAfter(answer) ?? backOff(attempt);
  return undefined;
}

function isSecondaryLimit(answer: Answer): boolean {
  return (
    answer.headers["retry-after"] !== undefined || answer.headers["x-ratelimit-remaining"] === "0"
  );
}

function retryAfter(answer: Answer): number | undefined {
  const asked = answer.headers["retry-after"];
  const served = Date.parse(answer.headers["date"] ?? "");
  if (asked !== undefined) {
    const seconds = Number(asked);
    if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
    const until = Date.parse(asked) - served;
    return Number.isFinite(until) ? Math.max(0, until) : undefined;
  }
  // GitHub's primary limit names the second at which it opens again, on the server's clock.
  const reset = Number(answer.headers["x-ratelimit-reset"] ?? Number.NaN) * 1000 - served;
  return answer.headers["x-ratelimit-remaining"] === "0" && Number.isFinite(reset)
    ? Math.max(0, reset)
    : undefined;
}

/** 0.2 s, 0.4 s, 0.8 s … */
function backOff(attempt: number): number {
  return 100 * 2 ** attempt;
}

function redirectTarget(answer: Answer, request: Outgoing, from: URL): URL | undefined {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (![301, 302, 303, 307, 308].includes(answer.status) || !answer.headers["location"])
    return undefined;
  if ((request.redirect ?? (isRead ? "follow" : "return")) === "return") return undefined;
  if (!isRead) throw new Fault("RA8006", { saw: `${from.host} redirected a ${request.method}` });
  const target = URL.parse(answer.headers["location"], from.href);
  if (target === null || (target.protocol !== "https:" && target.protocol !== "http:")) {
    throw new Fault("RA8006", {
      saw: `${from.host} redirected to something that is not a web address`,
    });
  }
  return target;
}

/** A new origin gets the method and what is harmless, never a credential of the old one. */
function withoutCredentials(request: Outgoing, target: URL): Outgoing {
  const { headers, tls: _tls, ...rest } = request;
  const harmless = Object.entries(headers ?? {}).filter(([name]) =>
    ["accept", "range"].includes(name.toLowerCase()),
  );
  return { ...rest, url: target.href, headers: Object.fromEntries(harmless) };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Fault("RA1002", { saw: "an address is not an http or https URL" });
  }
  return url;
}
