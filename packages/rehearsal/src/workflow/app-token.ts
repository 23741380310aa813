import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request as send } from "node:https";
import type { Input } from "./action.ts";
import { environmentOf, type Ended, type Prepared } from "./execution.ts";
import { say, type Frame, type Invocation } from "./session.ts";

const permissions = [
  "actions",
  "administration",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "environments",
  "issues",
  "members",
  "metadata",
  "packages",
  "pages",
  "pull-requests",
  "security-events",
  "statuses",
  "workflows",
];

/** The inputs of actions/create-github-app-token that the rehearsal knows, with their defaults. */
export const appTokenInputs: Record<string, Input> = {
  "app-id": {},
  "client-id": {},
  "private-key": {},
  owner: {},
  repositories: {},
  "skip-token-revoke": { default: "false" },
  "github-api-url": { default: "${{ github.api_url }}" },
  ...Object.fromEntries(permissions.map((name) => [`permission-${name}`, {}])),
};

const tokenState = "token";

/** What actions/create-github-app-token does: proves itself by the App's key and asks for a token of its installation. */
export async function createAppToken(
  frame: Frame,
  invocation: Invocation,
  inputs: Record<string, string>,
  prepared: Prepared,
): Promise<Ended> {
  const { session } = frame;
  const app = inputs["app-id"] || inputs["client-id"] || "";
  if (app === "")
    throw new Error("The 'client-id' (or 'app-id') input must be set to a non-empty string");
  const key = (inputs["private-key"] ?? "").replaceAll("\\n", "\n");
  if (key === "") throw new Error("The 'private-key' input must be set to a non-empty string");
  const [ownOwner = "", ownName = ""] = String(session.github["repository"]).split("/");
  const listed = (inputs["repositories"] ?? "").split(/[\s,]+/).filter((name) => name !== "");
  const owner = inputs["owner"] || ownOwner;
  const names = listed.length === 0 && !inputs["owner"] ? [ownName] : listed;
  const ask = asker(frame, inputs["github-api-url"] ?? "", prepared);
  const proof = `Bearer ${signedToken(app, key, session.request.now())}`;

  const place = names[0] === undefined ? `/users/${owner}` : `/repos/${owner}/${names[0]}`;
  const installation = await ask("GET", `${place}/installation`, proof);
  const wanted = Object.entries(inputs)
    .filter(([name, value]) => name.startsWith("permission-") && value !== "")
    .map(([name, value]) => [name.slice("permission-".length).replaceAll("-", "_"), value]);
  const made = await ask(
    "POST",
    `/app/installations/${String(installation["id"])}/access_tokens`,
    proof,
    {
      ...(names.length > 0 ? { repositories: names } : {}),
      ...(wanted.length > 0 ? { permissions: Object.fromEntries(wanted) as unknown } : {}),
    },
  );
  const token = String(made["token"]);
  session.masks.add(token);
  if (inputs["skip-token-revoke"] !== "true") invocation.state[tokenState] = token;
  say(frame, `A token of the App ${app} for ${names.join(", ") || owner} was made.`);
  const outputs = {
    token,
    "installation-id": String(installation["id"]),
    "app-slug": String(installation["app_slug"]),
  };
  return { result: "success", outputs };
}

/** The post stage: the token is worth nothing once the job has ended. */
export async function revokeAppToken(
  frame: Frame,
  invocation: Invocation,
  inputs: Record<string, string>,
  prepared: Prepared,
): Promise<Ended> {
  const token = invocation.state[tokenState];
  if (token !== undefined) {
    const ask = asker(frame, inputs["github-api-url"] ?? "", prepared);
    await ask("DELETE", "/installation/token", `token ${token}`).catch((error: Error) =>
      say(frame, `Token revocation failed: ${error.message}`),
    );
    say(frame, "Token revoked");
  }
  return { result: "success", outputs: {} };
}

/** A JSON web token that says who the App is, for ten minutes at most. */
function signedToken(app: string, key: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  const claims = { iat: seconds - 30, exp: seconds + 540, iss: app };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  try {
    return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
  } catch {
    throw new Error("The input 'private-key' is no private key in PEM format");
  }
}

type Ask = (
  method: string,
  path: string,
  authorization: string,
  body?: unknown,
) => Promise<Record<string, unknown>>;

/** Speaks to the API over the network of the step: through its proxy, with its authority. */
function asker(frame: Frame, server: string, prepared: Prepared): Ask {
  const env = environmentOf(frame, prepared.env);
  const file = env["NODE_EXTRA_CA_CERTS"];
  const agent = new Agent({
    proxyEnv: env,
    keepAlive: false,
    ...(file ? { ca: readFileSync(file) } : {}),
  } as never);
  return async (method, path, authorization, body) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        accept: "application/vnd.github+json",
        "user-agent": "actions/create-github-app-token",
        authorization,
        ...(text === undefined ? {} : { "content-type": "application/json" }),
      };
      const sent = send(
        `${server}${path}`,
        { method, headers, agent, signal: frame.signal },
        (received) => {
          const chunks: Buffer[] = [];
          received.on("data", (chunk: Buffer) => chunks.push(chunk));
          received.on("error", reject);
          received.on("end", () =>
            resolve({
              status: received.statusCode ?? 0,
              text: Buffer.concat(chunks).toString("utf8"),
            }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(text);
    });
    if (answer.status >= 300) {
      throw new Error(`GitHub answered ${answer.status} to ${method} ${path}: ${answer.text}`);
    }
    return answer.text === "" ? {} : (JSON.parse(answer.text) as Record<string, unknown>);
  };
}
