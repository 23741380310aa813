import { createTransport, type Transport } from "@release-actions/net";
import { frame, json, listen, type Incoming, type Reply } from "@release-actions/stand-ins";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Credentials } from "./credentials.ts";
import type { Login } from "./docker-config.ts";
import { createSession, repositoryUrl, type Scope, type Session } from "./session.ts";

type Seen = Incoming & { login: string | undefined };

/** A server of its own on 127.0.0.1; what it saw is kept whole. */
async function serve(
  answer: (request: Incoming) => Reply | Promise<Reply>,
): Promise<{ host: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const clock = { now: () => new Date() };
  const server = await listen(
    frame({
      name: "server",
      clock,
      route: async (request) => {
        seen.push({ ...request, login: request.headers["authorization"] });
        return answer(request);
      },
    }),
  );
  onTestFinished(() => server.close());
  return { host: new URL(server.url).host, seen };
}

/** A token realm at /token that counts its tokens. */
function realm(more: Record<string, unknown> = {}): (request: Incoming) => Reply {
  let count = 0;
  return () => json(200, { token: `token-${(count += 1)}`, ...more });
}

/** A registry that accepts what `accepts` says, and else names its challenges. */
function guarded(
  accepts: (login: string | undefined) => boolean,
  challenge: (host: string) => string,
  token: (request: Incoming) => Reply = realm(),
): (request: Incoming) => Reply {
  return (request) => {
    if (request.url.pathname === "/token") return token(request);
    return accepts(request.headers["authorization"])
      ? { status: 200, body: "{}" }
      : { status: 401, headers: { "www-authenticate": challenge(request.host) } };
  };
}

function open(
  host: string,
  credentials: Credentials | Record<string, Login>,
  now?: () => number,
): Session & { get(): Promise<number>; transport: Transport } {
  const transport = createTransport({ env: {}, userAgent: "test", sleep: async () => {} });
  onTestFinished(() => transport.close());
  const session = createSession({
    transport,
    host,
    credentials: typeof credentials === "function" ? credentials : (asked) => credentials[asked],
    ...(now ? { now } : {}),
  });
  const scope: Scope = { repository: "app", action: "pull" };
  const url = repositoryUrl(session, "app", "manifests/main");
  return {
    ...session,
    transport,
    get: async () => (await session.send(scope, { method: "GET", url })).status,
  };
}

const login = { username: "robot", password: "s3cret-of-ours" };
const basic = `Basic ${Buffer.from("robot:s3cret-of-ours").toString("base64")}`;
const bearerAt = (host: string): string => `Bearer realm="http://${host}/token",service="s"`;
const onBearer = (sent: string | undefined): boolean => sent?.startsWith("Bearer ") ?? false;

test.each([
  ["ghcr.io", "https://ghcr.io"],
  ["docker.io", "https://registry-1.docker.io"],
  ["registry.example.org:5000", "https://registry.example.org:5000"],
  ["10.0.0.1:5000", "https://10.0.0.1:5000"],
  ["[fd00::1]:5000", "https://[fd00::1]:5000"],
  ["[::1]:5000", "http://[::1]:5000"],
  ["127.0.0.1:5000", "http://127.0.0.1:5000"],
  ["localhost", "http://localhost"],
])("%s is spoken to at %s", (host, origin) => {
  expect(open(host, {}).origin).toBe(origin);
});

describe("a login", () => {
  test("is asked for with the first request, and once", async () => {
    const { host } = await serve(
      guarded(
        (sent) => sent === basic,
        () => "Basic",
      ),
    );
    const asked: string[] = [];
    const session = open(host, async (name) => {
      asked.push(name);
      return login;
    });
    expect(asked).toEqual([]);
    expect(await Promise.all([session.get(), session.get()])).toEqual([200, 200]);
    expect(asked).toEqual([host]);
  });

  test("that cannot be had stops every request", async () => {
    const { host, seen } = await serve(() => ({ status: 200 }));
    const session = open(host, async () => {
      throw new Error("no program");
    });
    await expect(session.get()).rejects.toThrow("no program");
    await expect(session.get()).rejects.toThrow("no program");
    expect(seen).toEqual([]);
  });

  test("is shown to the realm after a challenge in the second of two headers", async () => {
    const { host, seen } = await serve(
      guarded(onBearer, (own) => `Digest realm="x", nonce="n", ${bearerAt(own)}, Basic realm="x"`),
    );
    expect(await open(host, { [host]: login }).get()).toBe(200);
    expect(seen.map((request) => [request.url.pathname, request.login])).toEqual([
      ["/v2/app/manifests/main", basic],
      ["/token", basic],
      ["/v2/app/manifests/main", "Bearer token-1"],
    ]);
  });

  test("as a registry token is shown as it is, and has no second form", async () => {
    const { host, seen } = await serve(guarded((sent) => sent === "Bearer good", bearerAt));
    expect(await open(host, { [host]: { registryToken: "good" } }).get()).toBe(200);
    await expect(open(host, { [host]: { registryToken: "bad" } }).get()).rejects.toMatchObject({
      code: "RA2004",
    });
    expect(seen.map((request) => request.url.pathname)).not.toContain("/token");
  });

  test("as an identity token is exchanged at the realm, and shown to it alone", async () => {
    const identityToken = "identity-of-ours";
    const { host, seen } = await serve(
      guarded(onBearer, bearerAt, () => json(200, { access_token: "fresh", expires_in: 60 })),
    );
    const session = open(host, { [host]: { identityToken } });
    session.widen("app", [{ repository: "app", action: "push" }]);
    expect(await session.get()).toBe(200);
    expect(seen.map((request) => [request.method, request.login])).toEqual([
      ["GET", undefined],
      ["POST", undefined],
      ["GET", "Bearer fresh"],
    ]);
    const form = new URLSearchParams(seen[1]?.body.toString());
    expect(Object.fromEntries(form)).toEqual({
      grant_type: "refresh_token",
      service: "s",
      client_id: "release-actions",
      scope: "repository:app:pull,push",
      refresh_token: identityToken,
    });
  });

  test("as an identity token that the realm refuses is not shown, even if the realm does", async () => {
    const identityToken = "identity-of-ours";
    const { host } = await serve(
      guarded(onBearer, bearerAt, () =>
        json(400, { errors: [{ code: "INVALID", message: `no: ${identityToken}` }] }),
      ),
    );
    const refusal = open(host, { [host]: { identityToken } }).get();
    await expect(refusal).rejects.toThrow(/RA2004.*gave no token.*400/);
    expect(await refusal.catch(String)).not.toContain(identityToken);
  });
});

describe("a token realm on a foreign host", () => {
  const start = async (
    given: (hosts: { registry: string; realm: string }) => Record<string, Login>,
    challenge: (realm: string) => string = bearerAt,
  ): Promise<{ status: Promise<number>; atRealm: Seen[]; atRegistry: Seen[] }> => {
    const foreign = await serve(realm());
    const own = await serve(guarded(onBearer, () => challenge(foreign.host)));
    const session = open(own.host, given({ registry: own.host, realm: foreign.host }));
    return { status: session.get(), atRealm: foreign.seen, atRegistry: own.seen };
  };

  test("gets nothing of a login that was not given for it", async () => {
    const { status, atRealm } = await start(({ registry }) => ({ [registry]: login }));
    await expect(status).rejects.toThrow(/RA2005/);
    expect(atRealm).toEqual([]);
  });

  test("gets neither its own login: the registry would be handed a token of it", async () => {
    const other = { username: "robot", password: "of-the-realm" };
    const { status, atRealm } = await start((hosts) => ({
      [hosts.registry]: login,
      [hosts.realm]: other,
    }));
    await expect(status).rejects.toThrow(/RA2005/);
    expect(atRealm).toEqual([]);
  });

  test("that has the very same login is shown it", async () => {
    const { status, atRealm } = await start((hosts) => ({
      [hosts.registry]: login,
      [hosts.realm]: { ...login },
    }));
    expect(await status).toBe(200);
    expect(atRealm.map((request) => request.login)).toEqual([basic]);
  });

  test("is asked as a stranger where there is no login for the registry", async () => {
    const { status, atRealm } = await start((hosts) => ({ [hosts.realm]: login }));
    expect(await status).toBe(200);
    expect(atRealm.map((request) => request.login)).toEqual([undefined]);
  });

  test.each([
    'Bearer realm="http://10.0.0.1/token"',
    'Bearer realm="http://registry.example.org/t"',
    'Bearer realm="https://169.254.169.254/t"',
    'Bearer realm="https://[fd00::1]/t"',
    'Bearer realm="https://0x7f.1/t"',
    'Bearer realm="https://localhost/t"',
    'Bearer realm="ftp://127.0.0.1/t"',
  ])("a stranger is not sent to %s", async (challenge) => {
    const { status, atRealm } = await start(
      () => ({}),
      () => challenge,
    );
    await expect(status).rejects.toThrow(/RA2005/);
    expect(atRealm).toEqual([]);
  });

  test("is left aside where the registry would take the login itself", async () => {
    const foreign = await serve(realm());
    const own = await serve(
      guarded(
        () => false,
        () => `${bearerAt(foreign.host)}, Basic realm="x"`,
      ),
    );
    await expect(open(own.host, { [own.host]: login }).get()).rejects.toThrow(/RA2004/);
    expect(foreign.seen).toEqual([]);
  });
});

describe("a token", () => {
  test("is renewed before its end, and not asked for while it is good", async () => {
    let time = 0;
    const { host, seen } = await serve(guarded(onBearer, bearerAt, realm({ expires_in: 60 })));
    const session = open(host, {}, () => time);
    for (time of [0, 10_000, 54_000, 56_000, 60_000]) expect(await session.get()).toBe(200);
    expect(
      seen.filter((request) => request.login === undefined).map((request) => request.url.pathname),
    ).toEqual(["/v2/app/manifests/main", "/token", "/token"]);
    expect(session.transport.sent.filter((request) => request.status === 401)).toHaveLength(1);
  });

  test.each([
    {},
    { expires_in: 0 },
    { expires_in: -5 },
    { expires_in: "60" },
    { expires_in: null },
  ])("of unknown life (%j) is kept until it is refused", async (more) => {
    let time = 0;
    let good = "Bearer token-1";
    const { host, seen } = await serve(guarded((sent) => sent === good, bearerAt, realm(more)));
    const session = open(host, {}, () => time);
    expect(await session.get()).toBe(200);
    time = 1e9;
    expect(await session.get()).toBe(200);
    good = "Bearer token-2";
    expect(await session.get()).toBe(200);
    expect(seen.filter((request) => request.url.pathname === "/token")).toHaveLength(2);
  });

  test("that ran out for many requests at once is renewed once for all", async () => {
    let good = 1;
    const { host, seen } = await serve(
      guarded((sent) => sent === `Bearer token-${good}`, bearerAt),
    );
    const session = open(host, {});
    expect(await session.get()).toBe(200);
    good = 2;
    expect(await Promise.all(Array.from({ length: 8 }, session.get))).toEqual(Array(8).fill(200));
    expect(seen.filter((request) => request.url.pathname === "/token")).toHaveLength(2);
  });

  test("that is refused although it is fresh is not asked for again and again", async () => {
    const { host, seen } = await serve(guarded(() => false, bearerAt));
    await expect(open(host, {}).get()).rejects.toThrow(/RA2004/);
    expect(seen.map((request) => request.url.pathname)).toEqual([
      "/v2/app/manifests/main",
      "/token",
      "/v2/app/manifests/main",
    ]);
  });

  test("a registry that changes its mind each time is left", async () => {
    let count = 0;
    const { host, seen } = await serve((request) => {
      if (request.url.pathname === "/token") return json(200, { token: "t" });
      count += 1;
      return {
        status: 401,
        headers: { "www-authenticate": count % 2 ? bearerAt(request.host) : "Basic" },
      };
    });
    await expect(open(host, { [host]: login }).get()).rejects.toThrow(/RA2004/);
    expect(seen.length).toBeLessThan(9);
  });

  test.each([
    [{}, /without a token/],
    [{ token: "a b" }, /without a token/],
    [{ token: "a\r\nx: y" }, /without a token/],
    [{ token: 7 }, /without a token/],
    [[], /without a token/],
    [null, /without a token/],
  ])("%j is none", async (answer, saw) => {
    const { host } = await serve(guarded(onBearer, bearerAt, () => json(200, answer)));
    await expect(open(host, {}).get()).rejects.toThrow(saw);
  });

  test("a realm that redirects is not followed", async () => {
    const thief = await serve(realm());
    const { host } = await serve(
      guarded(onBearer, bearerAt, () => ({
        status: 307,
        headers: { location: `http://${thief.host}/token` },
      })),
    );
    for (const own of [login, { identityToken: "identity-of-ours" }])
      await expect(open(host, { [host]: own }).get()).rejects.toThrow(/RA8005.*307/);
    expect(thief.seen).toEqual([]);
  });
});
