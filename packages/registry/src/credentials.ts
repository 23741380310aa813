import { Fault } from "@release-actions/codes";
import { canonicalHost } from "./reference.ts";

export type Login = { username: string; password: string };

/** What to say to a registry host; undefined = nothing, ask as a stranger. */
export type Credentials = (host: string) => Login | undefined;

/**
 * Credentials from the inputs, else from the text of Docker's config.json (`auths`).
 * The inputs' login goes to `hosts` only, or to every registry asked when `hosts` is not given.
 * The returned function throws Fault RA2002 for a host whose login is kept outside the file.
 * @throws Fault RA2002
 */
export function credentialsFrom(given: {
  username?: string | undefined;
  password?: string | undefined;
  hosts?: string[];
  dockerConfig: string | undefined;
}): Credentials {
  const config = parseConfig(given.dockerConfig);
  const only = given.hosts?.map(canonicalHost);
  return (host) => {
    const wanted = canonicalHost(host);
    if (given.password !== undefined && given.password !== "" && (only?.includes(wanted) ?? true)) {
      return { username: given.username ?? "", password: given.password };
    }
    return loginOf(config, wanted);
  };
}

type DockerConfig = {
  auths: Map<string, Record<string, unknown>>;
  helpers: Map<string, string>;
  store: string | undefined;
};

function parseConfig(text: string | undefined): DockerConfig {
  if (text === undefined || text.trim() === "")
    return { auths: new Map(), helpers: new Map(), store: undefined };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would show a piece of the file, and the file holds passwords.
    throw new Fault("RA2002", { saw: "Docker's config.json is not JSON" });
  }
  const config = record(value);
  const store = config["credsStore"];
  return {
    auths: byHost(config["auths"], record),
    helpers: byHost(config["credHelpers"], String),
    store: typeof store === "string" && store !== "" ? store : undefined,
  };
}

function loginOf(config: DockerConfig, host: string): Login | undefined {
  const helper = config.helpers.get(host);
  if (helper !== undefined) throw outside(host, `the credential helper ${helper}`);
  const entry = config.auths.get(host);
  if (!entry) return undefined;
  if (typeof entry["auth"] === "string" && entry["auth"] !== "") {
    const plain = Buffer.from(entry["auth"], "base64").toString("utf8");
    const colon = plain.indexOf(":");
    if (colon < 0)
      throw new Fault("RA2002", { saw: `the login of ${host} in config.json has no user name` });
    // Docker pads some logins with zero bytes at the end.
    return {
      username: plain.slice(0, colon),
      password: plain.slice(colon + 1).replace(/\0+$/, ""),
    };
  }
  if (typeof entry["username"] === "string" && typeof entry["password"] === "string") {
    return { username: entry["username"], password: entry["password"] };
  }
  if (entry["identitytoken"] !== undefined) throw outside(host, "an identity token");
  if (config.store !== undefined) throw outside(host, `the credential store ${config.store}`);
  return undefined;
}

function outside(host: string, where: string): Fault {
  return new Fault("RA2002", {
    saw: `the login of ${host} is kept in ${where}, which is not read`,
  });
}

function byHost<T>(value: unknown, read: (value: unknown) => T): Map<string, T> {
  const hosts = Object.entries(record(value)).map(([key, entry]): [string, T] => [
    hostOfKey(key),
    read(entry),
  ]);
  return new Map(hosts);
}

/** `https://index.docker.io/v1/` and `ghcr.io` alike. */
function hostOfKey(key: string): string {
  return canonicalHost(key.replace(/^https?:\/\//, "").replace(/\/.*$/, ""));
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
