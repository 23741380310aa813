import type { Artifact, Content } from "./artifact.ts";

export type Login = { username: string; password: string };

/** Puts an artifact and its tag into a registry, past our own client; a top whose digest is no sha256 is put by that too. */
export async function seedArtifact(
  host: string,
  repository: string,
  tag: string,
  artifact: Artifact,
  login?: Login,
): Promise<void> {
  const base = `http://${host}/v2/${repository}`;
  const authorization = login && (await authorizationFor(base, repository, login));
  const demand = async (status: number, url: string, init: RequestInit): Promise<Response> => {
    const headers = { ...init.headers, ...(authorization ? { authorization } : {}) };
    const answer = await fetch(url, { ...init, headers });
    const text = await answer.text();
    if (answer.status === status) return answer;
    throw new Error(`${init.method} ${url}: ${answer.status} ${text}`);
  };
  for (const { digest, bytes } of artifact.blobs) {
    const started = await demand(202, `${base}/blobs/uploads/`, { method: "POST" });
    const url = new URL(started.headers.get("location") ?? "", `http://${host}`);
    url.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream" };
    await demand(201, url.href, { method: "PUT", headers, body: new Uint8Array(bytes) });
  }
  const put = (name: string, { mediaType, bytes }: Content): Promise<Response> =>
    demand(201, `${base}/manifests/${name}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body: new Uint8Array(bytes),
    });
  for (const child of artifact.children) await put(child.digest, child);
  if (!artifact.top.digest.startsWith("sha256:")) await put(artifact.top.digest, artifact.top);
  await put(tag, artifact.top);
}

/** A token for pushing, from the realm that the registry names. */
async function authorizationFor(base: string, repository: string, login: Login): Promise<string> {
  const refused = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  const challenge = refused.headers.get("www-authenticate") ?? "";
  const [, realm] = /realm="([^"]+)"/.exec(challenge) ?? [];
  const [, service = ""] = /service="([^"]+)"/.exec(challenge) ?? [];
  if (!realm) throw new Error(`${base} names no realm: ${refused.status} ${challenge}`);
  const basic = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  const query = new URLSearchParams({ service, scope: `repository:${repository}:pull,push` });
  const answer = await fetch(`${realm}?${query}`, { headers: { authorization: `Basic ${basic}` } });
  const { token } = (await answer.json()) as { token: string };
  return `Bearer ${token}`;
}
