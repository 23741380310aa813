import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isOwn, openTunnel, proxyOf, type Environment } from "./proxy.ts";
import type { MailServer } from "./smtp-letter.ts";

/** Opens the connection to a mail server, with TLS where it begins with TLS; ends it when `limit` aborts. */
export async function openConnection(
  server: MailServer,
  env: Environment,
  limit: AbortSignal,
): Promise<Socket> {
  // Mail is encrypted, at the latest after STARTTLS, so that its way is that of https.
  const proxy = proxyOf("https", server, env);
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
export function goesUnencrypted(server: MailServer): boolean {
  return !server.secure && isOwn(server.host);
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
  return isIP(host) ? {} : { servername: host };
}
