import { Fault } from "@release-actions/codes";
import type { Answer, Transport } from "@release-actions/net";
import type { BearerChallenge } from "./challenge.ts";
import type { Login } from "./docker-config.ts";

/** What may be shown to a realm. */
export type RealmLogin = Exclude<Login, { registryToken: string }>;

/** The header for the registry, and for how many milliseconds it is good; undefined where the realm did not say. */
export type Token = { authorization: string; lifetime: number | undefined };

/**
 * Asks a token realm: with the user's name and password or as a stranger after Docker's token protocol, with an identity
 * token after its OAuth variant. @throws Fault RA8005 and those of the transport
 */
export async function askRealm(
  transport: Transport,
  from: BearerChallenge,
  scopes: string[],
  login: RealmLogin | undefined,
): Promise<Token | { refused: Answer }> {
  const answer = await (login && "identityToken" in login
    ? exchange(transport, from, scopes, login.identityToken)
    : fetchToken(transport, from, scopes, login));
  if ([400, 401, 403].includes(answer.status)) return { refused: answer };
  const { host } = from.realm;
  if (answer.status !== 200)
    throw new Fault("RA8005", { saw: `${host} answered ${answer.status} instead of a token` });
  const body = answer.json() as Record<string, unknown> | null;
  const token = body?.["token"] ?? body?.["access_token"];
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))
    throw new Fault("RA8005", { saw: `${host} answered without a token` });
  const seconds = body?.["expires_in"];
  const lifetime = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
  return { authorization: `Bearer ${token}`, lifetime };
}

function fetchToken(
  transport: Transport,
  from: BearerChallenge,
  scopes: string[],
  login: { username: string; password: string } | undefined,
): Promise<Answer> {
  const url = new URL(from.realm);
  if (from.service !== undefined) url.searchParams.set("service", from.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  return transport.send({
    method: "GET",
    url: url.href,
    redirect: "return",
    ...(login ? { headers: { authorization: basicOf(login) } } : {}),
  });
}

function exchange(
  transport: Transport,
  from: BearerChallenge,
  scopes: string[],
  identityToken: string,
): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service: from.service ?? from.realm.host,
    client_id: "release-actions",
    scope: scopes.join(" "),
    refresh_token: identityToken,
  });
  return transport.send({
    method: "POST",
    url: from.realm.href,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
    // It changes nothing, so it may be sent again like a read.
    retry: "always",
  });
}

export function basicOf(login: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
}
