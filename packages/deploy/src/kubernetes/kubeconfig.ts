import { Fault } from "@release-actions/codes";
import type { Trust } from "@release-actions/net";
import type { RequestOptions } from "node:https";
import { parse } from "yaml";
import { isMapping, listAt, mappingAt, textAt } from "./object.ts";

/** What a kubeconfig says about its current context, ready for the transport. */
export type Access = {
  server: string;
  /** The context's namespace, or `default`. */
  namespace: string;
  tls: Trust;
  headers: Record<string, string>;
  /** Values that must never be printed. */
  secrets: string[];
  /** Sentences for people about what is allowed and not wise. */
  warnings: string[];
};

const sizeLimit = 1024 * 1024;

/**
 * Reads the content of a kubeconfig, its current context only. Runs the user's `exec` plugin where that is allowed.
 * @throws Fault RA3001 (not usable), RA3002 (would run a program), RA3003 (names files), RA3004 (http), RA3015 (certificate not checked)
 */
export async function readKubeconfig(
  content: string,
  allowExec: boolean,
  allowInsecure = false,
): Promise<Access> {
  const { cluster, user, namespace } = currentContext(content);
  refuseFiles(cluster, user);
  if (cluster["insecure-skip-tls-verify"] === true && !allowInsecure)
    throw new Fault("RA3015", {
      saw: "The kubeconfig says insecure-skip-tls-verify for the cluster of its current context.",
    });
  const runs = ["exec", "auth-provider"].filter(
    (part) => user[part] !== undefined && user[part] !== null,
  );
  if (runs.length > 0 && !allowExec) {
    throw new Fault("RA3002", {
      saw: `The user of the current context has \`${runs.join("` and `")}\`.`,
    });
  }
  const server = checkServer(textAt(cluster, "server"));
  const options = await credentials(content);
  const tls: Trust = {
    ...pem("ca", options.ca),
    ...pem("cert", options.cert),
    ...pem("key", options.key),
    ...(options.servername ? { serverName: options.servername } : {}),
    ...(options.rejectUnauthorized === false ? { insecure: true } : {}),
  };
  const headers = authorization(options);
  const secret = headers["authorization"]?.replace(/^(Bearer|Basic) /, "");
  return {
    server,
    namespace: namespace || "default",
    tls,
    headers,
    secrets: [secret ?? "", textAt(user, "password"), tls.key ?? ""].filter(
      (value) => value !== "",
    ),
    warnings: tls.insecure
      ? [
          `The kubeconfig says insecure-skip-tls-verify: whoever sits between here and ${new URL(server).host} can read and change the deployment.`,
        ]
      : [],
  };
}

type Current = {
  cluster: Record<string, unknown>;
  user: Record<string, unknown>;
  namespace: string;
};

function currentContext(content: string): Current {
  if (content.length > sizeLimit) throw unusable("It is larger than 1 MiB.");
  let config: unknown;
  try {
    config = parse(content, { maxAliasCount: 20, logLevel: "error" });
  } catch {
    // The parser's message quotes the line, which may hold a credential.
    throw unusable("It is not YAML.");
  }
  if (!isMapping(config)) throw unusable("It is not a YAML mapping.");
  const wanted = textAt(config, "current-context");
  const named = (list: string, name: string): Record<string, unknown> | undefined =>
    listAt(config, list).find((item) => item["name"] === name);
  const context = named("contexts", wanted);
  if (wanted === "" || !context)
    throw unusable(`It has no current context${wanted ? ` ${JSON.stringify(wanted)}` : ""}.`);
  const cluster = named("clusters", textAt(context, "context", "cluster"));
  if (!cluster) throw unusable(`The cluster of the context ${JSON.stringify(wanted)} is missing.`);
  const user = named("users", textAt(context, "context", "user"));
  if (!user) throw unusable(`The user of the context ${JSON.stringify(wanted)} is missing.`);
  return {
    cluster: mappingAt(cluster, "cluster"),
    user: mappingAt(user, "user"),
    namespace: textAt(context, "context", "namespace"),
  };
}

/** client-node would read these files while it loads the kubeconfig, so this comes first. */
function refuseFiles(cluster: Record<string, unknown>, user: Record<string, unknown>): void {
  const paths = [
    ...["certificate-authority"].filter((key) => cluster[key]),
    ...["client-certificate", "client-key", "tokenFile", "token-file"].filter((key) => user[key]),
  ];
  if (paths.length > 0) {
    throw new Fault("RA3003", {
      saw: `The kubeconfig names files (${paths.join(", ")}); only the \`-data\` forms and \`token\` are read.`,
    });
  }
  if (cluster["proxy-url"]) {
    throw new Fault("RA3003", {
      saw: "The kubeconfig has proxy-url, which is not read.",
      next: "Give the proxy to the job in the variable https_proxy.",
    });
  }
  if (Object.keys(user).some((key) => key.startsWith("as-")) || user["as"]) {
    throw new Fault("RA3003", {
      saw: "The kubeconfig impersonates another user (`as`), which is not read.",
      next: "Give the credentials of the user that is meant.",
    });
  }
}

function checkServer(server: string): string {
  const url = URL.parse(server);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw unusable("Its cluster's server is not a web address.");
  if (url.username || url.password || url.search || url.hash)
    throw unusable("Its cluster's server holds more than host and path.");
  const loopback =
    url.hostname === "localhost" ||
    url.hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === "http:" && !loopback)
    throw new Fault("RA3004", { saw: `The kubeconfig's server is ${url.href}` });
  return url.href.replace(/\/$/, "");
}

/** Only here is client-node loaded: it is large, and only those who deploy to a cluster need it. */
async function credentials(content: string): Promise<RequestOptions> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  const options: RequestOptions = {};
  try {
    // Entries of other contexts may be broken; they are not used.
    config.loadFromString(content, { onInvalidEntry: "filter" });
    // client-node makes an agent for the address, which we do not use, and makes none for http.
    config.clusters = config.clusters.map((cluster) => ({
      ...cluster,
      server: cluster.server.replace(/^http:/, "https:"),
    }));
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new Fault("RA3001", {
      saw: "Its credentials could not be got: an entry is malformed, or the plugin failed.",
      cause,
    });
  }
  return options;
}

function pem(name: "ca" | "cert" | "key", value: unknown): Trust {
  if (typeof value !== "string" && !Buffer.isBuffer(value)) return {};
  const text = value.toString();
  if (!text.includes("-----BEGIN "))
    throw unusable(`Its ${name} data is not base64 of a PEM text.`);
  return { [name]: text };
}

function authorization(options: RequestOptions): Record<string, string> {
  const headers: Record<string, unknown> = {
    ...(isMapping(options.headers) ? options.headers : {}),
  };
  const given = headers["Authorization"] ?? headers["authorization"];
  if (typeof given === "string") return { authorization: given.trim() };
  if (options.auth)
    return { authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` };
  return {};
}

function unusable(saw: string): Fault {
  return new Fault("RA3001", { saw });
}
