import { Fault } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Outgoing, type Transport } from "@release-actions/net";
import { knownChallenge, parseChallenge, type Challenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";

/** What a request needs to be allowed. */
export type Scope = { repository: string; action: "pull" | "push" };

/** The conversation with one registry host: one login, one token for each repository that is worked on. */
export type Session = {
  readonly origin: string;
  /** Asks for these scopes too when the repository's token is next fetched, so that one token serves all its requests. */
  widen(repository: string, scopes: Scope[]): void;
  /**
   * Sends a request that needs this scope. A 401 is answered once, with a new token or the login.
   * @throws Fault RA2004, RA2005, RA8005 and those of the transport
   */
  send(scope: Scope, request: Outgoing): Promise<Answer>;
};

/** `covers` holds `<repository>:<action>`. */
type Token = { covers: Set<string>; authorization: Promise<string> };

const hubOrigin = "https://registry-1.docker.io";

export function createSession(options: {
  transport: Transport;
  host: string;
  credentials: Credentials;
}): Session {
  const { transport, host } = options;
  const origin = originOf(host);
  const login = options.credentials(host);
  const basic =
    login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  // A login that the user gave for this host may be shown to it at once: that saves the challenge.
  let challenge: Challenge | undefined =
    knownChallenge(host) ?? (basic ? { scheme: "basic" } : undefined);
  const wanted = new Map<string, Set<string>>();
  let tokens: Token[] = [];

  return { origin, widen, send };

  function widen(repository: string, scopes: Scope[]): void {
    const known = wanted.get(repository) ?? new Set();
    for (const key of scopes.flatMap(scopeKeys)) known.add(key);
    wanted.set(repository, known);
  }

  async function send(scope: Scope, request: Outgoing): Promise<Answer> {
    widen(scope.repository, [scope]);
    // An upload may live on another origin: it gets no credentials of ours.
    if (new URL(request.url).origin !== origin) return transport.send(request);
    const authorization = await authorize(scope);
    const first = await sendWith(authorization, request);
    if (first.status !== 401) return checkAccess(first, scope);
    first.body?.resume();
    challenge = parseChallenge(first.headers["www-authenticate"] ?? "", { host, origin });
    if (challenge?.scheme !== "bearer" && (basic === undefined || authorization === basic)) {
      throw refused(
        scope,
        basic ? `answered 401${sentence(first)}` : "asks for a login, and none is known for it",
      );
    }
    await forget(authorization);
    return checkAccess(await sendWith(await authorize(scope), request), scope);
  }

  function sendWith(authorization: string | undefined, request: Outgoing): Promise<Answer> {
    return transport.send({
      ...request,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
    });
  }

  function checkAccess(answer: Answer, scope: Scope): Answer {
    if (answer.status !== 401 && answer.status !== 403) return answer;
    answer.body?.resume();
    throw refused(scope, `answered ${answer.status}${sentence(answer)}`);
  }

  function refused(scope: Scope, saw: string): Fault {
    return new Fault("RA2004", { saw: `${host} ${saw} (${scope.action} of ${scope.repository})` });
  }

  async function authorize(scope: Scope): Promise<string | undefined> {
    if (challenge?.scheme === "basic") return basic;
    if (challenge?.scheme !== "bearer") return undefined;
    const needed = wanted.get(scope.repository) ?? new Set();
    const held = tokens.find((token) => [...needed].every((key) => token.covers.has(key)));
    if (held) return held.authorization;
    const covers = new Set(needed);
    const token = { covers, authorization: fetchToken(challenge, scope, covers) };
    tokens.push(token);
    // A token that could not be had is asked for again the next time.
    token.authorization.catch(() => drop(token));
    return token.authorization;
  }

  /** Drops the token that was refused, unless another request has already renewed it. */
  async function forget(authorization: string | undefined): Promise<void> {
    for (const token of tokens) {
      if ((await token.authorization.catch(() => undefined)) === authorization) drop(token);
    }
  }

  function drop(token: Token): void {
    tokens = tokens.filter((other) => other !== token);
  }

  async function fetchToken(
    from: Extract<Challenge, { scheme: "bearer" }>,
    scope: Scope,
    covers: Set<string>,
  ): Promise<string> {
    const url = new URL(from.realm);
    if (from.service !== undefined) url.searchParams.set("service", from.service);
    for (const text of scopeTexts(covers)) url.searchParams.append("scope", text);
    const answer = await transport.send({
      method: "GET",
      url: url.href,
      redirect: "return",
      ...(basic === undefined ? {} : { headers: { authorization: basic } }),
    });
    if (answer.status === 401 || answer.status === 403) {
      throw refused(
        scope,
        `gave no token: ${url.host} answered ${answer.status}${sentence(answer)}`,
      );
    }
    if (answer.status !== 200)
      throw new Fault("RA8005", {
        saw: `${url.host} answered ${answer.status} instead of a token`,
      });
    const body = answer.json() as { token?: unknown; access_token?: unknown } | null;
    const token = body?.token ?? body?.access_token;
    if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
      throw new Fault("RA8005", { saw: `${url.host} answered without a token` });
    }
    return `Bearer ${token}`;
  }
}

/** What an answer that is not the expected one means, as a fault. */
export function unexpected(answer: Answer, what: string): Fault {
  const saw = `${what} was answered with ${answer.status}${sentence(answer)}`;
  const isRead = what.startsWith("GET ") || what.startsWith("HEAD ");
  if (!isRead && outcomeUnknown(answer)) return new Fault("RA8002", { saw, outcome: "unknown" });
  return new Fault(isRead && answer.status >= 500 ? "RA8001" : "RA2007", { saw });
}

/** A path below /v2/ of a repository. */
export function repositoryUrl(session: Session, repository: string, rest: string): string {
  return `${session.origin}/v2/${repository.split("/").map(encodeURIComponent).join("/")}/${rest}`;
}

/** The registry's own sentence, with a colon before it, from an error body of the distribution spec. */
function sentence(answer: Answer): string {
  try {
    const body = JSON.parse(answer.text()) as {
      errors?: { code?: unknown; message?: unknown }[];
    } | null;
    const error = body?.errors?.[0];
    const text = [error?.code, error?.message]
      .filter((said) => typeof said === "string" && said !== "")
      .join(", ");
    return text === "" ? "" : `: ${text.slice(0, 300)}`;
  } catch {
    return "";
  }
}

/** Plain http on loopback only. */
function originOf(host: string): string {
  if (host === "docker.io") return hubOrigin;
  return `${/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host) ? "http" : "https"}://${host}`;
}

/** Push is never asked for without pull. */
function scopeKeys(scope: Scope): string[] {
  const pull = `${scope.repository}:pull`;
  return scope.action === "push" ? [pull, `${scope.repository}:push`] : [pull];
}

/** One text a repository. */
function scopeTexts(covers: Set<string>): string[] {
  const repositories = new Set([...covers].map((key) => key.slice(0, key.lastIndexOf(":"))));
  return [...repositories].map(
    (repository) =>
      `repository:${repository}:${covers.has(`${repository}:push`) ? "pull,push" : "pull"}`,
  );
}
