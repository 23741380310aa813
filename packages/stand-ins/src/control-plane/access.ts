import { createPrivateKey, sign } from "node:crypto";
import { request } from "node:https";

/** How a running control plane is reached; plain data, so that one process can boot it and others use it. */
export type ControlPlaneAccess = {
  /** `https://127.0.0.1:port`. */
  server: string;
  /** PEM of the certificate that the server's own is checked with; the server has it and `serverKey` itself. */
  certificate: string;
  serverKey: string;
  /** Of a user who may do everything. */
  adminToken: string;
  /** What the tokens of service accounts are signed with. */
  signingKey: string;
  /** The program, which is kubectl too. */
  program: string;
  folder: string;
};

export type ClusterAnswer = { status: number; body: Record<string, unknown> };

/** Asks the control plane as its administrator. Throws when there is no answer. */
export async function askControlPlane(
  access: Pick<ControlPlaneAccess, "server" | "certificate" | "adminToken">,
  method: string,
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<ClusterAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${access.server}${path}`, {
      method,
      ca: access.certificate,
      agent: false,
      headers: {
        authorization: `Bearer ${access.adminToken}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
    });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      const chunks: Buffer[] = [];
      answer.on("error", reject);
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isJson = answer.headers["content-type"]?.includes("json") === true;
        resolve({
          status: answer.statusCode ?? 0,
          body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
        });
      });
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A kubeconfig for the control plane, or for something that stands before it. Its context is of this namespace. */
export function kubeconfigOf(of: {
  server: string;
  certificate?: string;
  token: string;
  namespace?: string;
}): string {
  const cluster = {
    server: of.server,
    ...(of.certificate
      ? { "certificate-authority-data": Buffer.from(of.certificate).toString("base64") }
      : {}),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "plane",
    contexts: [
      {
        name: "plane",
        context: { cluster: "plane", user: "plane", namespace: of.namespace ?? "default" },
      },
    ],
    clusters: [{ name: "plane", cluster }],
    users: [{ name: "plane", user: { token: of.token } }],
  });
}

/** A token of a service account that ends at a moment of the caller's choice: the API's own last ten minutes at least. */
export function signServiceAccountToken(
  access: Pick<ControlPlaneAccess, "signingKey">,
  account: { namespace: string; name: string; uid: string },
  lasts: number,
): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: `system:serviceaccount:${account.namespace}:${account.name}`,
    iat: now - 3600,
    nbf: now - 3600,
    // The API server lets a token live a minute longer.
    exp: now + lasts - 60,
    "kubernetes.io": {
      namespace: account.namespace,
      serviceaccount: { name: account.name, uid: account.uid },
    },
  };
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  const signature = sign("RSA-SHA256", Buffer.from(signed), createPrivateKey(access.signingKey));
  return `${signed}.${signature.toString("base64url")}`;
}

export const issuer = "https://kubernetes.default.svc";
