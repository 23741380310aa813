import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { openTunnel, proxyOf, type Environment } from "./proxy.ts";

/** How a request leaves: on which kept connections, and through which proxy. */
export type Way = { agent: HttpAgent; proxy: URL | undefined };

/** The connections of one process, kept alive for the next request: one set for each proxy, and one without. */
export function createAgents(env: Environment): { wayTo(url: URL): Way; destroy(): void } {
  const ways = new Map<string, Way>();
  const options = { keepAlive: true, maxSockets: 32 };
  return {
    /** @throws Fault RA8007 */
    wayTo: (url) => {
      const scheme = url.protocol === "https:" ? "https" : "http";
      const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
      const port = Number(url.port || (scheme === "https" ? 443 : 80));
      const proxy = proxyOf(scheme, { host, port }, env);
      const key = `${scheme} ${proxy?.href ?? ""}`;
      const known = ways.get(key);
      if (known) return known;
      const agent =
        scheme === "https"
          ? proxy === undefined
            ? new HttpsAgent(options)
            : tunnelled(proxy, options)
          : new HttpAgent({
              ...options,
              proxyEnv: { http_proxy: proxy?.href } as NodeJS.ProcessEnv,
            });
      const way = { agent, proxy };
      ways.set(key, way);
      return way;
    },
    destroy: () => {
      for (const { agent } of ways.values()) agent.destroy();
    },
  };
}

/**
 * An agent whose connections go through a proxy's tunnel. Node's own does the same, but waits for a silent proxy for
 * ever: it starts the clock of a request when the tunnel is open.
 */
function tunnelled(proxy: URL, options: { keepAlive: boolean; maxSockets: number }): HttpsAgent {
  const agent = new HttpsAgent(options);
  agent.createConnection = (request, connected) => {
    const { host, port, timeout, limit } = request as typeof request & { limit?: AbortSignal };
    const limits = [...(timeout ? [AbortSignal.timeout(timeout)] : []), ...(limit ? [limit] : [])];
    openTunnel(proxy, { host: host ?? "", port: Number(port) }, AbortSignal.any(limits)).then(
      (socket) => connected?.(null, connectTls({ ...(request as ConnectionOptions), socket })),
      (error: Error) => connected?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}
