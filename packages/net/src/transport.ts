import type { Readable } from "node:stream";

/** A body that can be sent again: bytes, text, or something that opens a fresh stream each time. */
export type Body = Uint8Array | string | { length: number; open(): Readable };

/** TLS of one server: what the runner's own trust does not say. */
export type Trust = {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  /** Only where the user asked for it. */
  insecure?: true;
};

export type Outgoing = {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  /** Values are checked: no line ends, no control characters. */
  headers?: Record<string, string>;
  body?: Body;
  tls?: Trust;
  /** Default: GET and HEAD are followed (5 hops), others are returned. Credentials never cross an origin. */
  redirect?: "follow" | "return";
  /** Default `reads`: GET and HEAD are sent again after a reset, 429 and 5xx; a write only when it surely had no effect. `always` is for a POST that only reads. */
  retry?: "reads" | "always" | "never";
  /** Milliseconds without a byte before the request is given up; default 30 000. A whole answer may take ten times that, unless it is streamed. */
  timeout?: number;
  signal?: AbortSignal;
  /** The answer's body is left in `body` for the caller to read. */
  stream?: true;
  /** Largest answer in bytes when it is not streamed; default 64 MiB. */
  limit?: number;
};

export type Answer = {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Where the answer came from, after redirects. */
  url: string;
  /** Milliseconds from sending to the answer's headers. */
  milliseconds: number;
  /** Empty when streamed. */
  bytes: Buffer;
  /** Only when streamed. */
  body?: Readable;
  text(): string;
  /** @throws Fault RA8005 */
  json(): unknown;
};

/** The one way out of the process. */
export type Transport = {
  /**
   * Sends one request.
   * @throws Fault RA8001 (not reached, no effect), RA8002 (a write with unknown outcome), RA8003, RA8004, RA8006, RA8007, RA8008
   */
  send(request: Outgoing): Promise<Answer>;
  /** Requests sent so far, each attempt and redirect counted. */
  readonly sent: readonly SentRequest[];
  close(): void;
};

export type SentRequest = {
  method: string;
  url: string;
  status: number;
  milliseconds: number;
  attempt: number;
};

/** True for answers to a write that do not say whether it took effect (500, 502, 503, 504). */
export function outcomeUnknown(answer: Answer): boolean {
  return (
    answer.status === 500 || answer.status === 502 || answer.status === 503 || answer.status === 504
  );
}
