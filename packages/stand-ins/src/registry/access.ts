import { json, type Clock, type Incoming, type Reply } from "../stand-in.ts";
import { originOf, siblingOf } from "./address.ts";
import type { Quirks } from "./quirks.ts";
import { specError, unsupported } from "./spec-errors.ts";

/** What an account may do in every repository; `push` includes deleting. */
export type Power = "pull" | "push";

export type AccessOptions = {
  clock: Clock;
  accounts?: Record<string, string>;
  /** For accounts that are not a fixed list, as a job's token: what a name and password may do, if anything. */
  powerOf?: (username: string, password: string) => Power | undefined;
  realm?: "basic" | "bearer";
  anonymousPull?: boolean;
  /** How long a token is good for; 300 unless said otherwise. */
  tokenSeconds?: number;
};

/** One thing that a request needs. */
export type Need = { repository: string; action: "pull" | "push" | "delete" };

export type Access = {
  /** Undefined when the request may go on. */
  refuse(request: Incoming, needs: Need[]): Reply | undefined;
  /** The token realm; undefined for other requests, and when this registry has none. */
  token(request: Incoming): Reply | undefined;
  /** Makes every token that was given invalid. */
  revoke(): void;
};

type Token = { expires: number; power: Power | undefined; scopes: Map<string, Set<string>> };

/** Who may do what: an open registry without accounts, else Basic, or Bearer tokens from /token with their scopes enforced. */
export function createAccess(options: AccessOptions, realm: Quirks["token"]): Access {
  const tokenSeconds = options.tokenSeconds ?? 300;
  const tokens = new Map<string, Token>();
  let given = 0;
  const isOpen = options.accounts === undefined && options.powerOf === undefined;
  const anonymous: Power | undefined = options.anonymousPull ? "pull" : undefined;

  return {
    refuse: (request, needs) => {
      if (isOpen) return undefined;
      return options.realm === "bearer"
        ? refuseBearer(request, needs)
        : refuseBasic(request, needs);
    },
    token: (request) =>
      options.realm === "bearer" && !isOpen && request.url.pathname === realm.path
        ? giveToken(request)
        : undefined,
    revoke: () => tokens.clear(),
  };

  function refuseBasic(request: Incoming, needs: Need[]): Reply | undefined {
    const challenge = { headers: { "www-authenticate": `Basic realm="${hostName(request)}"` } };
    const login = credentials(request.headers["authorization"]);
    const power = login ? powerOf(login) : anonymous;
    if (
      login ? power !== undefined : needs.length > 0 && needs.every((need) => allows(power, need))
    ) {
      const denied = needs.find((need) => !allows(power, need));
      return denied && deny(denied);
    }
    return specError("UNAUTHORIZED", "authentication required", challenge);
  }

  function refuseBearer(request: Incoming, needs: Need[]): Reply | undefined {
    const value = /^bearer (\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
    const token = value === undefined ? undefined : tokens.get(value);
    if (!token)
      return challengeBearer(request, needs, value === undefined ? undefined : "invalid_token");
    if (token.expires <= options.clock.now().getTime())
      return challengeBearer(request, needs, "invalid_token");
    const unasked = needs.some((need) => !token.scopes.get(need.repository)?.has(need.action));
    if (unasked) return challengeBearer(request, needs, "insufficient_scope");
    const denied = needs.find((need) => !allows(token.power, need));
    return denied && deny(denied);
  }

  function challengeBearer(request: Incoming, needs: Need[], error: string | undefined): Reply {
    const origin = realm.host ? siblingOf(request.host, realm.host) : originOf(request.host);
    const fields = [
      `realm="${origin}${realm.path}"`,
      `service="${realm.service ?? hostName(request)}"`,
    ];
    const scopes = needs.map(
      (need) =>
        `repository:${need.repository}:${need.action === "push" ? "pull,push" : need.action}`,
    );
    if (scopes.length > 0) fields.push(`scope="${scopes.join(" ")}"`);
    if (error) fields.push(`error="${error}"`);
    return specError("UNAUTHORIZED", "authentication required", {
      headers: { "www-authenticate": `Bearer ${fields.join(",")}` },
    });
  }

  function giveToken(request: Incoming): Reply {
    if (request.method !== "GET") return unsupported();
    const login = credentials(request.headers["authorization"]);
    const power = login ? powerOf(login) : anonymous;
    if (login && power === undefined) {
      return specError("UNAUTHORIZED", "incorrect username or password", {
        headers: { "www-authenticate": `Basic realm="${hostName(request)}"` },
      });
    }
    const scopes = new Map<string, Set<string>>();
    for (const scope of request.url.searchParams
      .getAll("scope")
      .flatMap((value) => value.split(" "))) {
      const asked = /^repository:([^:]+):([a-z,*]+)$/.exec(scope);
      if (asked?.[1] && asked[2]) scopes.set(asked[1], new Set(asked[2].split(",")));
    }
    given += 1;
    const value = `stand-in-token-${given}`;
    const issued = options.clock.now();
    tokens.set(value, { expires: issued.getTime() + tokenSeconds * 1000, power, scopes });
    return json(200, {
      token: value,
      access_token: value,
      expires_in: tokenSeconds,
      issued_at: issued.toISOString(),
    });
  }

  function powerOf(login: { username: string; password: string }): Power | undefined {
    const fixed = options.accounts?.[login.username];
    if (fixed !== undefined && fixed === login.password) return "push";
    return options.powerOf?.(login.username, login.password);
  }
}

function allows(power: Power | undefined, need: Need): boolean {
  return power === "push" || (power === "pull" && need.action === "pull");
}

function deny(need: Need): Reply {
  return specError(
    "DENIED",
    `requested access to the resource is denied: ${need.action} of ${need.repository}`,
  );
}

function credentials(
  header: string | undefined,
): { username: string; password: string } | undefined {
  const encoded = /^basic (\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const plain = Buffer.from(encoded, "base64").toString("utf8");
  const colon = plain.indexOf(":");
  return colon < 0
    ? undefined
    : { username: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

function hostName(request: Incoming): string {
  return request.host.replace(/:\d+$/, "");
}
