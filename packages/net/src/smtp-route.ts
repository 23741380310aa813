import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, isIPv4, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { MailServer } from "./smtp-letter.ts";

type Environment = Record<string, string | undefined>;

/** Opens the connection to a mail server, with TLS where it begins with TLS; ends it when `limit` aborts. */
export async function openConnection(
  server: MailServer,
  env: Environment,
  limit: AbortSignal,
): Promise<Socket> {
  const proxy = proxyOf(server, env);
  const socket =
    proxy === undefined
      ? connect(server.port, server.host)
      : await openTunnel(proxy, server, limit);
  // Whoever speaks on the socket hears its errors; this one is for errors after that.
  socket.on("error", () => undefined);
  try {
    if (proxy === undefined) await opened(socket, "connect", limit);
    if (!server.secure) return socket;
    const secured = connectTls({ socket, host: server.host, ...serverName(server.host) });
    secured.on("error", () => undefined);
    await opened(secured, "secureConnect", limit);
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** True where the address is the machine's own, so that nobody listens on the way. */
export function goesUnencrypted(server: MailServer, env: Environment): boolean {
  const { host } = server;
  const loopback =
    host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
  return !server.secure && loopback && proxyOf(server, env) === undefined;
}

/**
 * The proxy that leads to a host, by the same rules as those of Node's agents, which decide for every other request:
 * lower case before upper case, `no_proxy` with hosts, host:port, `.suffix`, `*.suffix`, `*` and ranges of IPv4 addresses.
 */
export function proxyOf(server: { host: string; port: number }, env: Environment): URL | undefined {
  const address = env["https_proxy"] || env["HTTPS_PROXY"];
  if (!address || !/^https?:\/\//.test(address)) return undefined;
  const exempt = (env["no_proxy"] || env["NO_PROXY"] || "").split(",");
  const host = server.host.toLowerCase();
  if (exempt.some((entry) => exempts(entry.trim().toLowerCase(), host, server.port)))
    return undefined;
  return new URL(address);
}

function exempts(entry: string, host: string, port: number): boolean {
  if (entry === "") return false;
  if (entry === "*" || entry === host || entry === `${host}:${port}`) return true;
  if (entry.startsWith(".")) return host === entry.slice(1) || host.endsWith(entry);
  if (entry.startsWith("*.")) return host.endsWith(entry.slice(1));
  const [from = "", to = ""] = entry.split("-").map((end) => end.trim());
  if (!isIPv4(host) || !isIPv4(from) || !isIPv4(to)) return false;
  return number(from) <= number(host) && number(host) <= number(to);
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Asks the proxy for a tunnel (CONNECT). */
function openTunnel(proxy: URL, server: MailServer, limit: AbortSignal): Promise<Socket> {
  const target = `${server.host.includes(":") ? `[${server.host}]` : server.host}:${server.port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new Promise((resolve, reject) => {
    const asked = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: target,
      agent: false,
      signal: limit,
      headers: {
        host: target,
        ...(login === ":"
          ? {}
          : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
      },
    });
    asked.on("error", (error) => reject(limit.aborted ? asError(limit.reason) : viaProxy(error)));
    asked.on("connect", (answer, socket, head) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} answered ${answer.statusCode} to CONNECT`));
        return;
      }
      // A mail server speaks first, so its greeting may come along with the proxy's answer.
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    asked.end();
  });

  function viaProxy(error: Error): Error {
    return new Error(`the proxy ${proxy.host} could not be reached (${error.message})`);
  }
}

/** Waits for a socket's first event. */
function opened(socket: Socket, event: string, limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(asError(limit.reason));
      socket.destroy();
    };
    if (limit.aborted) return stop();
    limit.addEventListener("abort", stop);
    const settle = (): void => limit.removeEventListener("abort", stop);
    socket.once(event, () => {
      settle();
      resolve();
    });
    socket.once("error", (error) => {
      settle();
      reject(error);
    });
    socket.once("close", () => {
      settle();
      reject(new Error("the connection was closed before it was open"));
    });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Names are sent to the server for its choice of certificate; addresses may not be. */
function serverName(host: string): { servername?: string } {
  return isIPv4(host) || host.includes(":") ? {} : { servername: host };
}
