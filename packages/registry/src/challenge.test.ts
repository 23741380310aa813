import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { knownChallenge, parseChallenges } from "./challenge.ts";

const bearer = (realm: string, service?: string): unknown => ({
  scheme: "bearer",
  realm: new URL(realm),
  service,
});
const basic = { scheme: "basic" };

describe("parseChallenges", () => {
  test.each([
    [
      `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"`,
      [bearer("https://auth.docker.io/token", "registry.docker.io")],
    ],
    [
      `Bearer realm="https://gitlab.example.org/jwt/auth",service="container_registry",scope="repository:a/b:pull,push",error="invalid_token"`,
      [bearer("https://gitlab.example.org/jwt/auth", "container_registry")],
    ],
    // Elastic Container Registry
    [
      `Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"`,
      [basic],
    ],
    // Nexus
    [`BASIC realm="Sonatype Nexus Repository Manager"`, [basic]],
    // Artifact Registry at /v2/
    [
      `Bearer realm="https://europe-docker.pkg.dev/v2/token"`,
      [bearer("https://europe-docker.pkg.dev/v2/token")],
    ],
    // Elastic Container Registry Public
    [
      `Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"`,
      [bearer("https://public.ecr.aws/token/", "public.ecr.aws")],
    ],
    [`bearer REALM=https://a.io/token , Service=a`, [bearer("https://a.io/token", "a")]],
    [`Bearer service="a", realm = "https://a.io/token"`, [bearer("https://a.io/token", "a")]],
    // Several in one header, or several headers, which arrive as one.
    [
      `Basic realm="a, Bearer b", Bearer realm="https://a.io/t",service="s"`,
      [bearer("https://a.io/t", "s"), basic],
    ],
    [
      `Bearer realm="https://a.io/t",service="s", Basic realm="x"`,
      [bearer("https://a.io/t", "s"), basic],
    ],
    [`Negotiate, NTLM, Basic realm=x`, [basic]],
    [`Negotiate YII/abc+def==, Bearer realm="https://a.io/t"`, [bearer("https://a.io/t")]],
    [
      `Digest realm="https://a.io/digest", nonce="n", Bearer realm="https://a.io/t"`,
      [bearer("https://a.io/t")],
    ],
    // Quoted pairs, unknown and repeated fields.
    [
      `Bearer x-new="1",realm="https://a.io/t",realm="https://evil.io/t",service="a \\"b\\" \\\\c"`,
      [bearer("https://a.io/t", `a "b" \\c`)],
    ],
    [`Bearer realm="https://a.io/t?x=1,2",charset="UTF-8"`, [bearer("https://a.io/t?x=1,2")]],
    [`Basic`, [basic]],
    [``, []],
    [`Bearer`, []],
    [`Bearer realm="token"`, []],
    [`Bearer realm="https://a.io/t`, []],
    [`realm="https://a.io/t"`, []],
    [`Digest realm="x"`, []],
  ])("%s", (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });

  test("any text is read, and in time", () => {
    const hostile = fc.array(
      fc.constantFrom(`"`, "\\", ",", " ", "=", "Bearer ", "realm", "a", "\t", "é"),
      { maxLength: 60 },
    );
    fc.assert(fc.property(hostile, (parts) => Array.isArray(parseChallenges(parts.join("")))));
    for (const part of [`realm="`, `a=`, `"\\`, "Bearer ", "a "])
      expect(parseChallenges(part.repeat(3000)).length).toBeLessThan(2);
  });
});

test.each([
  ["docker.io", "https://auth.docker.io/token"],
  ["public.ecr.aws", "https://public.ecr.aws/token/"],
  ["rg.nl-ams.scw.cloud", "https://api.scaleway.com/registry-internal/v1/regions/nl-ams/tokens"],
  ["registry.example.org", undefined],
  ["ghcr.io.example.org", undefined],
  ["ghcr.io:8443", undefined],
])("the realm of %s is known to be %s", (host, realm) => {
  expect(knownChallenge(host)?.realm.href).toBe(realm);
});
