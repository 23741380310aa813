/** How a registry wants to know its callers. */
export type Challenge = { scheme: "basic" } | BearerChallenge;

export type BearerChallenge = { scheme: "bearer"; realm: URL; service: string | undefined };

/**
 * Token realms that are known to belong to a registry: asked before the first challenge, which saves a request. A login is
 * not shown to these registries themselves, and Amazon's public one would answer it with 400.
 */
const knownRealms = new Map([
  ["docker.io", { realm: "https://auth.docker.io/token", service: "registry.docker.io" }],
  ["ghcr.io", { realm: "https://ghcr.io/token", service: "ghcr.io" }],
  ["quay.io", { realm: "https://quay.io/v2/auth", service: "quay.io" }],
  ["registry.gitlab.com", { realm: "https://gitlab.com/jwt/auth", service: "container_registry" }],
  ["public.ecr.aws", { realm: "https://public.ecr.aws/token/", service: "public.ecr.aws" }],
  [
    "registry.digitalocean.com",
    {
      realm: "https://api.digitalocean.com/v2/registry/auth",
      service: "registry.digitalocean.com",
    },
  ],
  ...["fr-par", "nl-ams", "pl-waw"].map((region): [string, KnownRealm] => [
    `rg.${region}.scw.cloud`,
    {
      realm: `https://api.scaleway.com/registry-internal/v1/regions/${region}/tokens`,
      service: "registry",
    },
  ]),
]);

type KnownRealm = { realm: string; service: string };

export function knownChallenge(host: string): BearerChallenge | undefined {
  const known = knownRealms.get(host);
  return known && { scheme: "bearer", realm: new URL(known.realm), service: known.service };
}

/**
 * The challenges of a WWW-Authenticate header that can be met, those for a token first. Several headers are one, with commas
 * between them. A Bearer challenge without an address for the token is left out.
 */
export function parseChallenges(header: string): Challenge[] {
  const met: Challenge[] = [];
  for (const { scheme, fields } of split(header)) {
    const realm = URL.parse(fields.get("realm") ?? "");
    if (scheme === "basic") met.push({ scheme });
    if (scheme === "bearer" && realm)
      met.unshift({ scheme, realm, service: fields.get("service") });
  }
  return met;
}

/** A name, and its value when an equals sign follows: a name without one begins a challenge. */
const piece = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

/** Every challenge by its scheme, in lower case; the first of two fields of one name counts. */
function split(header: string): { scheme: string; fields: Map<string, string> }[] {
  const challenges: { scheme: string; fields: Map<string, string> }[] = [];
  for (const [all, name = "", quoted, plain] of header.matchAll(piece)) {
    const key = name.toLowerCase();
    const fields = challenges.at(-1)?.fields;
    if (all === name) challenges.push({ scheme: key, fields: new Map() });
    else if (fields && !fields.has(key))
      fields.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
  }
  return challenges;
}
