import { Fault } from "@release-actions/codes";
import { canonicalHost } from "./reference.ts";

/** What to say to a registry. An identity token is shown to the registry's token realm only, a registry token to the registry only. */
export type Login =
  | { username: string; password: string }
  | { identityToken: string }
  | { registryToken: string };

/** The program that keeps a host's login, and the name that the host has there. */
export type Keeper = { name: string; server: string };

/** Where Docker's config.json says that a host's login is; undefined where nobody logged in. @throws Fault RA2002 */
export type DockerConfig = (host: string) => { login: Login } | { keeper: Keeper } | undefined;

/** @throws Fault RA2002 */
export function readDockerConfig(text: string | undefined): DockerConfig {
  const config = record(parse(text));
  const auths = byHost(config["auths"]);
  const helpers = byHost(config["credHelpers"]);
  return (host) => {
    const server = host === "docker.io" ? hubServer : (auths.get(host)?.key ?? host);
    const helper = filled(helpers.get(host)?.value);
    if (helper !== undefined) return { keeper: { name: helper, server } };
    // Where Docker keeps a login in a store the file holds none: one that is there was put there on purpose.
    const login = loginIn(record(auths.get(host)?.value), host);
    if (login) return { login };
    const store = filled(config["credsStore"]);
    return store === undefined ? undefined : { keeper: { name: store, server } };
  };
}

function filled(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Docker Hub's name in every credential store. */
const hubServer = "https://index.docker.io/v1/";

function parse(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would show a piece of the file, and the file holds passwords.
    throw new Fault("RA2002", { saw: "Docker's config.json is not JSON" });
  }
}

function loginIn(entry: Record<string, unknown>, host: string): Login | undefined {
  const text = (key: string): string | undefined => filled(entry[key]);
  const registryToken = text("registrytoken");
  if (registryToken !== undefined) return { registryToken };
  // Beside an identity token Docker writes a user name without a password.
  const identityToken = text("identitytoken");
  if (identityToken !== undefined) return { identityToken };
  const auth = text("auth");
  if (auth !== undefined) {
    const plain = Buffer.from(auth, "base64").toString("utf8");
    const colon = plain.indexOf(":");
    if (colon < 0)
      throw new Fault("RA2002", { saw: `the login of ${host} in config.json has no user name` });
    // Docker pads some logins with zero bytes at the end.
    return {
      username: plain.slice(0, colon),
      password: plain.slice(colon + 1).replace(/\0+$/, ""),
    };
  }
  const username = text("username");
  const password = text("password");
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}

/** A key that is the host alone goes before one that is an address on it. */
function byHost(value: unknown): Map<string, { key: string; value: unknown }> {
  const hosts = new Map<string, { key: string; value: unknown }>();
  for (const [key, entry] of Object.entries(record(value))) {
    const host = hostOfKey(key);
    if (!hosts.has(host) || key.toLowerCase() === host || key === hubServer)
      hosts.set(host, { key, value: entry });
  }
  return hosts;
}

/** `https://index.docker.io/v1/` and `ghcr.io` alike. */
function hostOfKey(key: string): string {
  return canonicalHost(key.replace(/^https?:\/\//, "").replace(/\/.*$/, ""));
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
