import { Fault, tellReason, type ReasonName } from "@release-actions/codes";
import type { TunnelError } from "./proxy.ts";
import type { Outgoing } from "./transport.ts";

const certificateErrors =
  /^(CERT_|UNABLE_TO_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|ERR_SSL)/;
/** Raised before a byte of the request was sent, so that a write had no effect. */
const unsent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** What went wrong with a request, in words that name the server and the proxy and none of their secrets. */
export function asFault(
  error: unknown,
  request: Outgoing,
  url: URL,
  proxy: URL | undefined,
  isRead: boolean,
): Fault {
  if (error instanceof Fault) return error;
  if (proxy && isTunnelError(error)) return withoutTunnel(proxy, error, request, url);
  const code = errorCode(error);
  const why = code || (error instanceof Error ? error.message : "unknown");
  if (certificateErrors.test(code)) {
    const told = tellReason(certificateReason(code), { host: hostOf(url) });
    return new Fault("RA8003", {
      saw: `${told.because} (${why})`,
      next: `${told.next} To see it: ${told.command}`,
      cause: error,
    });
  }
  if (code === "ERR_INVALID_CHAR" || code === "ERR_HTTP_INVALID_HEADER_VALUE") {
    return new Fault("RA1002", {
      saw: `a header for ${url.host} holds a character that is not allowed`,
      cause: error,
    });
  }
  const target = `${request.method} ${shown(url)}`;
  const through = proxy ? ` through the proxy ${proxy.host}` : "";
  if (isRead || unsent.has(code))
    return new Fault("RA8001", { saw: `${target} got no answer${through} (${why})`, cause: error });
  return new Fault("RA8002", {
    saw: `${target} was sent${through} and not answered (${why})`,
    cause: error,
    outcome: "unknown",
  });
}

function certificateReason(code: string): ReasonName {
  if (code === "CERT_HAS_EXPIRED") return "certificate-expired";
  if (code === "CERT_NOT_YET_VALID") return "certificate-not-yet";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH")
    return "certificate-other-host";
  return "certificate-unknown";
}

const hostOf = (url: URL): string => `${url.hostname}:${url.port || "443"}`;

function isTunnelError(error: unknown): error is TunnelError {
  return error instanceof Error && "code" in error && error.code === "ERR_PROXY_TUNNEL";
}

/** No tunnel, no request: nothing was written. A proxy that is broken may work in a second; one that refuses will not. */
function withoutTunnel(proxy: URL, error: TunnelError, request: Outgoing, url: URL): Fault {
  const { status } = error;
  if (status !== undefined && status < 500 && status !== 429)
    return refusedBy(proxy, status, request, url, error);
  return new Fault("RA8001", {
    saw: `${request.method} ${shown(url)} got no answer: ${error.message}`,
    next: `Run the job again. If it fails again, ask the owner of the proxy ${proxy.host}, or name ${url.hostname} in no_proxy if the runner reaches it without.`,
    cause: error,
  });
}

/** The proxy's own refusal. */
export function refusedBy(
  proxy: URL,
  status: number,
  request: Outgoing,
  url: URL,
  cause?: unknown,
): Fault {
  return new Fault("RA8008", {
    saw: `the proxy ${proxy.host} answered ${status} to ${request.method} ${shown(url)}`,
    next:
      status === 407
        ? `Give the runner's proxy variable a login that ${proxy.host} knows, as in http://user:password@${proxy.host}.`
        : `Ask the owner of the proxy to let ${url.host} through, or name ${url.hostname} in no_proxy if the runner reaches it without.`,
    cause,
  });
}

function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? errorCode(error.cause) : "";
}

/** A URL as it may be shown: queries can hold signatures and tokens. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
