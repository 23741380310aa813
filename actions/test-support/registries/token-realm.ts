import { spawnSync } from "node:child_process";
import { sign, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A token realm whose tokens Docker's registry believes. */
export type TokenRealm = {
  host: string;
  /** For the configuration of a Docker's registry that names its realm there. */
  settings(realm: string): { auth: { token: Record<string, string> } };
} & AsyncDisposable;

const service = "docker-registry";
const issuer = "token-realm";

/** Gives everybody who shows this login what is asked for. The registry itself enforces the scopes. */
export async function startTokenRealm(login: {
  username: string;
  password: string;
}): Promise<TokenRealm> {
  const folder = mkdtempSync(join(tmpdir(), "token-realm-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const made = spawnSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${issuer} -keyout ${key} -out ${certificate}`.split(
      " ",
    ),
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  const x5c = [new X509Certificate(readFileSync(certificate)).raw.toString("base64")];
  const basic = Buffer.from(`${login.username}:${login.password}`).toString("base64");

  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${basic}`) {
      response.writeHead(401).end();
      return;
    }
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: service,
      sub: login.username,
      jti: `${now}`,
      iat: now,
      nbf: now - 10,
      exp: now + 300,
      access: url.searchParams
        .getAll("scope")
        .flatMap((scopes) => scopes.split(" "))
        .map((scope) => {
          const [type, name, actions = ""] = scope.split(":");
          return { type, name, actions: actions.split(",") };
        }),
    };
    const parts = [{ typ: "JWT", alg: "ES256", x5c }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const signature = sign("sha256", Buffer.from(parts.join(".")), {
      key: readFileSync(key),
      dsaEncoding: "ieee-p1363",
    }).toString("base64url");
    const token = [...parts, signature].join(".");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ token, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    settings: (realm) => ({
      auth: { token: { realm, service, issuer, rootcertbundle: certificate } },
    }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
