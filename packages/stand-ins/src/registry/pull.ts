import { basename } from "node:path";
import { mediaTypes, sha256 } from "./image.ts";
import { unpackLayer } from "./unpack.ts";

/** Sends one request to a registry; how a host is reached is the caller's business. */
export type PullFetch = (
  host: string,
  method: string,
  path: string,
  headers: Record<string, string>,
) => Promise<{ status: number; headers: Record<string, string>; body: Buffer }>;

export type PulledImage = {
  /** Of what the reference names: the index, or the manifest. */
  digest: string;
  /** Of the platform's own manifest. */
  manifestDigest: string;
  config: {
    entrypoint: string[];
    cmd: string[];
    env: Record<string, string>;
    workingDir: string;
    labels: Record<string, string>;
  };
  /** Writes the layers into a folder. Throws on anything that would leave it. */
  unpack(dir: string): Promise<void>;
};

type Layer = { digest: string; mediaType: string; diffId: string | undefined };

const accept = [
  mediaTypes.index,
  mediaTypes.manifest,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Pulls an image as a node of a cluster does. Layers are fetched and checked when they are unpacked.
 * Throws with a sentence that a kubelet's event could carry.
 */
export async function pullImage(options: {
  fetch: PullFetch;
  reference: string;
  /** `os/architecture`. */
  platform: string;
  username?: string;
  password?: string;
}): Promise<PulledImage> {
  const { host, repository, version } = splitReference(options.reference);
  const get = session({ ...options, host, repository });

  const top = await get(`/v2/${repository}/manifests/${version}`, accept);
  const digest = sha256(top);
  if (version.startsWith("sha256:")) check(digest, version);
  const manifestDigest = platformDigest(parse(top), options.platform) ?? digest;
  const manifest =
    manifestDigest === digest
      ? parse(top)
      : parse(await getChecked(`manifests/${manifestDigest}`, manifestDigest));

  const configDigest = text(record(manifest["config"])["digest"]);
  const config = parse(await getChecked(`blobs/${configDigest}`, configDigest));
  const diffIds = list(record(config["rootfs"])["diff_ids"]).map(text);
  const layers = list(manifest["layers"]).map((value, at): Layer => {
    const layer = record(value);
    return {
      digest: text(layer["digest"]),
      mediaType: text(layer["mediaType"]),
      diffId: diffIds[at],
    };
  });

  return {
    digest,
    manifestDigest,
    config: runtimeConfig(record(config["config"])),
    unpack: async (dir) => {
      for (const layer of layers) {
        await unpackLayer(await getChecked(`blobs/${layer.digest}`, layer.digest), {
          ...layer,
          dir,
        });
      }
    },
  };

  async function getChecked(path: string, wanted: string): Promise<Buffer> {
    const bytes = await get(`/v2/${repository}/${path}`, accept);
    check(sha256(bytes), wanted);
    return bytes;
  }
}

/** A GET that answers one challenge with Basic or a Bearer token, and follows redirects without credentials. */
function session(options: {
  fetch: PullFetch;
  host: string;
  repository: string;
  username?: string;
  password?: string;
}): (path: string, accept: string) => Promise<Buffer> {
  const { fetch, host } = options;
  const basic =
    options.username === undefined
      ? undefined
      : `Basic ${Buffer.from(`${options.username}:${options.password ?? ""}`).toString("base64")}`;
  let authorization: string | undefined;

  return async (path, accept) => {
    let answer = await send(path, accept);
    if (answer.status === 401) {
      authorization = await authorize(answer.headers["www-authenticate"] ?? "");
      answer = await send(path, accept);
    }
    for (let hops = 0; hops < 5 && answer.status >= 300 && answer.status < 400; hops++) {
      const to = new URL(answer.headers["location"] ?? "", `https://${host}${path}`);
      answer = await fetch(to.host, "GET", to.pathname + to.search, {});
    }
    if (answer.status === 404) throw new Error(`${host}${path}: not found`);
    if (answer.status === 401 || answer.status === 403) {
      throw new Error(`failed to authorize: ${host}${path} answered ${answer.status}`);
    }
    if (answer.status !== 200)
      throw new Error(`unexpected status from ${host}${path}: ${answer.status}`);
    return answer.body;
  };

  function send(path: string, accept: string): ReturnType<PullFetch> {
    return fetch(host, "GET", path, { accept, ...(authorization ? { authorization } : {}) });
  }

  async function authorize(challenge: string): Promise<string | undefined> {
    if (!/^bearer /i.test(challenge)) return basic;
    const fields = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1], m[2]]),
    );
    const realm = new URL(fields["realm"] ?? `https://${host}/token`);
    if (fields["service"]) realm.searchParams.set("service", fields["service"]);
    realm.searchParams.set("scope", `repository:${options.repository}:pull`);
    const answer = await fetch(
      realm.host,
      "GET",
      realm.pathname + realm.search,
      basic ? { authorization: basic } : {},
    );
    if (answer.status !== 200)
      throw new Error(`failed to fetch a token from ${realm.host}: ${answer.status}`);
    const body = parse(answer.body);
    return `Bearer ${text(body["token"] ?? body["access_token"])}`;
  }
}

/** The child of an index for a platform; undefined for a single manifest. */
function platformDigest(manifest: Record<string, unknown>, platform: string): string | undefined {
  if (!Array.isArray(manifest["manifests"])) return undefined;
  for (const value of manifest["manifests"]) {
    const child = record(value);
    const of = record(child["platform"]);
    if (`${text(of["os"])}/${text(of["architecture"])}` === platform) return text(child["digest"]);
  }
  throw new Error(`no match for platform in manifest: ${platform}`);
}

function runtimeConfig(config: Record<string, unknown>): PulledImage["config"] {
  const env = list(config["Env"]).map((line): [string, string] => {
    const [name = "", ...value] = text(line).split("=");
    return [name, value.join("=")];
  });
  const labels = Object.entries(record(config["Labels"])).map(([name, value]) => [
    name,
    text(value),
  ]);
  return {
    entrypoint: list(config["Entrypoint"]).map(text),
    cmd: list(config["Cmd"]).map(text),
    env: Object.fromEntries(env),
    workingDir: text(config["WorkingDir"]) || "/",
    labels: Object.fromEntries(labels),
  };
}

function splitReference(reference: string): { host: string; repository: string; version: string } {
  const at = reference.indexOf("@");
  const name = at < 0 ? reference : reference.slice(0, at);
  const colon = basename(name).indexOf(":");
  const path = colon < 0 ? name : name.slice(0, name.lastIndexOf(":"));
  const tag = colon < 0 ? "latest" : name.slice(name.lastIndexOf(":") + 1);
  const version = at < 0 ? tag : reference.slice(at + 1);
  const [first = "", ...rest] = path.split("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) {
    const hub = first === "docker.io";
    return { host: hub ? "registry-1.docker.io" : first, repository: rest.join("/"), version };
  }
  return {
    host: "registry-1.docker.io",
    repository: rest.length > 0 ? path : `library/${path}`,
    version,
  };
}

function check(saw: string, wanted: string): void {
  if (saw !== wanted) throw new Error(`content digest ${wanted} does not match: got ${saw}`);
}

function parse(bytes: Buffer): Record<string, unknown> {
  return record(JSON.parse(bytes.toString("utf8")));
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
