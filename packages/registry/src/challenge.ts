import { Fault } from "@release-actions/codes";

/** How a registry wants to know its callers. */
export type Challenge =
  | { scheme: "basic" }
  | { scheme: "bearer"; realm: string; service: string | undefined };

type KnownRealm = { realm: string; service: string };

/** Token realms that are known to belong to a registry: asked before the first challenge, which saves a request. */
const knownRealms = new Map<string, KnownRealm>([
  ["docker.io", { realm: "https://auth.docker.io/token", service: "registry.docker.io" }],
  ["ghcr.io", { realm: "https://ghcr.io/token", service: "ghcr.io" }],
  ["quay.io", { realm: "https://quay.io/v2/auth", service: "quay.io" }],
  ["registry.gitlab.com", { realm: "https://gitlab.com/jwt/auth", service: "container_registry" }],
]);

export function knownChallenge(host: string): Challenge | undefined {
  const known = knownRealms.get(host);
  return known && { scheme: "bearer", ...known };
}

/**
 * Reads a WWW-Authenticate header of a registry.
 * @throws Fault RA2005 when its realm is on a host that is not known to belong to the registry
 */
export function parseChallenge(
  header: string,
  registry: { host: string; origin: string },
): Challenge | undefined {
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/i.exec(header);
  if (!bearer) return /(?:^|,\s*)basic\b/i.test(header) ? { scheme: "basic" } : undefined;
  const fields = new Map(
    [...(bearer[1] ?? "").matchAll(/([a-z]+)=(?:"([^"]*)"|([^\s,"]+))/gi)].map((field) => [
      (field[1] ?? "").toLowerCase(),
      field[2] ?? field[3] ?? "",
    ]),
  );
  const realm = URL.parse(fields.get("realm") ?? "");
  if (!realm)
    throw new Fault("RA8005", {
      saw: `${registry.host} asks for a token and names no address for it`,
    });
  const known = knownRealms.get(registry.host);
  const isOwn =
    realm.origin === registry.origin || (known && realm.origin === new URL(known.realm).origin);
  if (!isOwn)
    throw new Fault("RA2005", { saw: `${registry.host} names ${realm.origin} as its token realm` });
  return { scheme: "bearer", realm: realm.href, service: fields.get("service") };
}
