import { Fault } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Outgoing, type Transport } from "@release-actions/net";
import { createAccess, type Scope } from "./access.ts";
import type { Credentials } from "./credentials.ts";
import { isLoopback } from "./reference.ts";

export type { Scope };

/** The conversation with one registry host: one login, one token for each repository that is worked on. */
export type Session = {
  readonly origin: string;
  /** Asks for these scopes too when the repository's token is next fetched, so that one token serves all its requests. */
  widen(repository: string, scopes: Scope[]): void;
  /**
   * Sends a request that needs this scope. A 401 is answered with a new token or the login, and the request is sent again.
   * @throws Fault RA2002, RA2004, RA2005, RA8005 and those of the transport
   */
  send(scope: Scope, request: Outgoing): Promise<Answer>;
};

const hubOrigin = "https://registry-1.docker.io";
/** How often one request is sent when each token turns out to be refused. */
const tries = 4;

export function createSession(options: {
  transport: Transport;
  host: string;
  credentials: Credentials;
  /** Milliseconds, monotonic: how long tokens are good. */
  now?: () => number;
}): Session {
  const { transport, host, credentials, now = () => performance.now() } = options;
  const origin = originOf(host);
  const access = createAccess({ transport, host, origin, credentials, refused, now });

  return { origin, widen: access.widen, send };

  async function send(scope: Scope, request: Outgoing): Promise<Answer> {
    // An upload may live on another origin: it gets no credentials of ours.
    if (new URL(request.url).origin !== origin) return transport.send(request);
    let firstRefusal: number | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const pass = await access.pass(scope);
      const answer = await sendWith(pass.authorization, request);
      // What another host answers to whom the registry has sent us on is no word of the registry.
      if (new URL(answer.url).origin !== origin) return answer;
      if (answer.status !== 401) return checkAccess(answer, scope);
      answer.body?.resume();
      // A token that was fetched after the first refusal has the last word; an older one may have run out like the first.
      const isLast = attempt >= tries || (firstRefusal !== undefined && pass.born > firstRefusal);
      const refusal = isLast
        ? undefined
        : await access.refuse(pass, answer.headers["www-authenticate"] ?? "");
      if (refusal === undefined)
        throw pass.authorization === undefined
          ? refused(scope, "asks for a login, and none is known for it")
          : refused(scope, "answered 401", answer);
      firstRefusal ??= refusal;
    }
  }

  function sendWith(authorization: string | undefined, request: Outgoing): Promise<Answer> {
    return transport.send({
      ...request,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
    });
  }

  function checkAccess(answer: Answer, scope: Scope): Answer {
    if (answer.status !== 403) return answer;
    answer.body?.resume();
    throw refused(scope, "answered 403", answer);
  }

  function refused(scope: Scope, saw: string, answer?: Answer): Fault {
    const said = answer ? sentence(answer) : "";
    return new Fault("RA2004", {
      saw: `${host} ${saw}${said} (${scope.action} of ${scope.repository})`,
    });
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
  return `${isLoopback(host) ? "http" : "https"}://${host}`;
}
