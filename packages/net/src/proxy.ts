import { Fault } from "@release-actions/codes";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, type Socket } from "node:net";

export type Environment = Record<string, string | undefined>;

/** Where a connection goes. `host` is without the brackets of an IPv6 address. */
export type Target = { host: string; port: number };

/** Why a proxy opened no tunnel; `status` is missing where it could not be asked. */
export type TunnelError = Error & { code: "ERR_PROXY_TUNNEL"; status?: number };

/**
 * The proxy that leads to a target, by the rules of GitHub's runner and its own actions: `https_proxy` for everything that
 * is encrypted, `http_proxy` for plain HTTP, lower case before upper case, and nothing that `no_proxy` names.
 * @throws Fault RA8007 when the variable holds no proxy's address
 */
export function proxyOf(
  scheme: "http" | "https",
  { host, port }: Target,
  env: Environment,
): URL | undefined {
  const name = `${scheme}_proxy`;
  const address = (env[name] || env[name.toUpperCase()] || "").trim();
  const wanted = host.toLowerCase().replace(/\.$/, "");
  if (address === "" || isOwn(wanted)) return undefined;
  const exempt = (env["no_proxy"] || env["NO_PROXY"] || "").split(/[\s,]+/);
  if (exempt.some((entry) => exempts(entry.toLowerCase(), wanted, port))) return undefined;
  try {
    const proxy = new URL(address.includes("://") ? address : `http://${address}`);
    loginOf(proxy);
    if (/^https?:$/.test(proxy.protocol)) return proxy;
  } catch {
    // Not shown: it may hold a password.
  }
  const kind = /^([a-z0-9]+):\/\//i.exec(address)?.[1];
  const what = kind && !/^https?$/i.test(kind) ? `a ${kind} proxy` : "no proxy's address";
  throw new Fault("RA8007", { saw: `${name} holds ${what}` });
}

/** The machine itself, which no proxy can lead to. */
export function isOwn(host: string): boolean {
  return host === "localhost" || within("127.0.0.0/8", host) || within("::1", host);
}

/** One entry of no_proxy: `*`, a name with everything below it, `.name`, `*.name`, an address, a range of addresses; each with a port or without. */
function exempts(entry: string, host: string, port: number): boolean {
  const [, bracketed, plain = "", only] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const isAddress = isIP(entry) !== 0;
  const name = isAddress ? entry : (bracketed ?? plain);
  if (!isAddress && only !== undefined && Number(only) !== port) return false;
  if (name === "") return false;
  if (name === "*" || within(name, host)) return true;
  if (name.startsWith("*.")) return host.endsWith(name.slice(1));
  const domain = name.replace(/^\./, "");
  return host === domain || host.endsWith(`.${domain}`);
}

/** Whether a host is an address of a range: `10.0.0.0/8`, `fd00::/8`, `10.0.0.1-10.0.0.9`, or one address. */
function within(range: string, host: string): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const [net = "", bits] = range.split("/");
  const [from = "", to = from] = range.split("-");
  const list = new BlockList();
  try {
    if (bits === undefined) list.addRange(from, to, kind);
    else list.addSubnet(net, Number(bits || "none"), kind);
  } catch {
    return false;
  }
  return list.check(host, kind);
}

/** `user:password`, undefined without either. @throws URIError */
function loginOf({ username, password }: URL): string | undefined {
  return username === "" && password === ""
    ? undefined
    : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
}

/** Asks a proxy for a tunnel (CONNECT) until `limit` aborts. Its password goes to the proxy and nowhere else. @throws TunnelError */
export function openTunnel(proxy: URL, target: Target, limit: AbortSignal): Promise<Socket> {
  const place = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const login = loginOf(proxy);
  return new Promise((resolve, reject) => {
    const fail = (message: string, more: { status?: number; cause?: unknown }): void =>
      reject(Object.assign(new Error(message), { code: "ERR_PROXY_TUNNEL", ...more }));
    const asked = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: place,
      agent: false,
      signal: limit,
      headers: {
        host: place,
        ...(login === undefined
          ? {}
          : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
      },
    });
    const answered = (status = 0): void =>
      fail(`the proxy ${proxy.host} answered ${status} to CONNECT ${place}`, { status });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      const why = limit.aborted ? "no answer" : error.code || error.message;
      fail(`the proxy ${proxy.host} could not be reached (${why})`, { cause: error });
    });
    // A proxy that refuses may answer as to any other request, with a page.
    asked.on("response", (answer) => {
      answer.resume();
      answered(answer.statusCode);
    });
    asked.on("connect", (answer, socket, head) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        answered(answer.statusCode);
        return;
      }
      // A mail server speaks first, so its greeting may come along with the proxy's answer.
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    asked.end();
  });
}
