import { Fault } from "@release-actions/codes";
import type { Answer, Transport } from "@release-actions/net";
import { isDeepStrictEqual } from "node:util";
import {
  knownChallenge,
  parseChallenges,
  type BearerChallenge,
  type Challenge,
} from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { isLoopback } from "./reference.ts";
import { askRealm, basicOf, type RealmLogin } from "./token.ts";

/** What a request needs to be allowed. */
export type Scope = { repository: string; action: "pull" | "push" };

/** What a request shows of us. `born` orders passes and refusals: the pass was asked for after all that has a smaller number. */
export type Pass = { authorization: string | undefined; born: number };

/** Our standing with one registry: one login, and one token for each repository that is worked on. */
export type Access = {
  /** Asks for these scopes too when the repository's token is next fetched, so that one token serves all its requests. */
  widen(repository: string, scopes: Scope[]): void;
  /** @throws Fault RA2002, RA2004, RA8005 */
  pass(scope: Scope): Promise<Pass>;
  /**
   * Takes back a pass that was answered with 401, and reads what the registry wants instead. Returns the refusal's place in
   * the order of passes; undefined when nothing else can be shown. @throws Fault RA2002, RA2005, RA8005
   */
  refuse(pass: Pass, challenge: string): Promise<number | undefined>;
};

/** `covers` holds `<repository>:<action>`; `expires` is on the clock of `now`. */
type Held = { covers: Set<string>; pass: Promise<Pass>; expires: number };

/** A token is renewed so long before its end, at most: the request needs time to arrive. */
const margin = 5_000;

export function createAccess(options: {
  transport: Transport;
  host: string;
  origin: string;
  credentials: Credentials;
  /** How the registry's own words are put into a fault. */
  refused: (scope: Scope, saw: string, answer?: Answer) => Fault;
  now: () => number;
}): Access {
  const { transport, host, origin, credentials, refused, now } = options;
  // Asked for with the first request, since a program may have to be run for it.
  const login = once(async () => credentials(host));
  let challenge: Challenge | undefined = knownChallenge(host);
  let moment = 0;
  const wanted = new Map<string, Set<string>>();
  let tokens: Held[] = [];

  return { widen, pass, refuse };

  function widen(repository: string, scopes: Scope[]): void {
    const known = wanted.get(repository) ?? new Set();
    for (const key of scopes.flatMap(scopeKeys)) known.add(key);
    wanted.set(repository, known);
  }

  async function pass(scope: Scope): Promise<Pass> {
    widen(scope.repository, [scope]);
    const own = await login();
    if (own && "registryToken" in own)
      return { authorization: `Bearer ${own.registryToken}`, born: 0 };
    if (challenge?.scheme === "bearer") return tokenFor(scope, challenge, own);
    // A login that the user gave for this host may be shown to it at once: that saves the challenge.
    return { authorization: own && "username" in own ? basicOf(own) : undefined, born: 0 };
  }

  async function refuse(refusedPass: Pass, header: string): Promise<number | undefined> {
    const own = await login();
    if (own && "registryToken" in own) return undefined;
    challenge = await choose(header);
    for (const token of tokens) {
      const held = await token.pass.catch(() => undefined);
      // Another request may have renewed it already.
      if (held === refusedPass) drop(token);
    }
    const next = challenge?.scheme === "bearer" || (challenge && own && "username" in own);
    const isBasic = refusedPass.authorization?.startsWith("Basic ");
    return next && !(isBasic && challenge?.scheme === "basic") ? (moment += 1) : undefined;
  }

  async function choose(header: string): Promise<Challenge | undefined> {
    const offered = parseChallenges(header);
    for (const one of offered) if (one.scheme === "basic" || (await mayAsk(one.realm))) return one;
    const [foreign] = offered;
    if (foreign?.scheme === "bearer")
      throw new Fault("RA2005", {
        saw: `${host} names ${foreign.realm.origin} as its token realm`,
      });
    if (/\bbearer\b/i.test(header))
      throw new Fault("RA8005", { saw: `${host} asks for a token and names no address for it` });
    return undefined;
  }

  /**
   * A foreign realm gets a login only when the user has given the very same one for its host: then nobody learns anything.
   * A login of its own would not do: the registry would be handed a token that is good elsewhere.
   */
  async function mayAsk(realm: URL): Promise<boolean> {
    if (realm.origin === origin || realm.origin === knownChallenge(host)?.realm.origin) return true;
    const isPlain = realm.protocol === "http:" && isLoopback(realm.host) && isLoopback(host);
    if (realm.protocol !== "https:" && !isPlain) return false;
    const own = await login();
    if (own) return isDeepStrictEqual(own, await credentials(realm.host));
    // Strangers are not sent into the network that the runner stands in.
    return isPlain || !/^\[|^[\d.]+$|(^|\.)localhost$/.test(realm.hostname);
  }

  function tokenFor(
    scope: Scope,
    from: BearerChallenge,
    own: RealmLogin | undefined,
  ): Promise<Pass> {
    const needed = new Set(wanted.get(scope.repository));
    const held = tokens.find(
      (token) => token.expires > now() && [...needed].every((key) => token.covers.has(key)),
    );
    if (held) return held.pass;
    moment += 1;
    const token: Held = {
      covers: needed,
      expires: Infinity,
      pass: fetchToken(scope, from, own, scopeTexts(needed), moment).then((fetched) => {
        token.expires = fetched.expires;
        return fetched.pass;
      }),
    };
    tokens = [...tokens.filter((other) => other.expires > now()), token];
    // A token that could not be had is asked for again the next time.
    token.pass.catch(() => drop(token));
    return token.pass;
  }

  async function fetchToken(
    scope: Scope,
    from: BearerChallenge,
    own: RealmLogin | undefined,
    scopes: string[],
    born: number,
  ): Promise<{ pass: Pass; expires: number }> {
    const answer = await askRealm(transport, from, scopes, own);
    if ("refused" in answer) {
      const saw = `gave no token: ${from.realm.host} answered ${answer.refused.status}`;
      // A realm may repeat an identity token, which is not in a header, in its answer.
      throw refused(scope, saw, own && "identityToken" in own ? undefined : answer.refused);
    }
    const { authorization, lifetime = Infinity } = answer;
    const expires = now() + lifetime - Math.min(margin, lifetime / 10);
    return { pass: { authorization, born }, expires };
  }

  function drop(token: Held): void {
    tokens = tokens.filter((other) => other !== token);
  }
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

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => (known ??= read());
}
