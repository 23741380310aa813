import { describe, expect, test } from "vitest";
import { milliseconds, spoken } from "./duration.ts";
import { environmentOf, readChecks, readPipeline } from "./pipeline-file.ts";
import { languages, withLanguages } from "./languages.ts";

// The files below are read as they stand: with what knows JSONPath and regular expressions.
await withLanguages(languages);

const good = `
product: CDC
tag:
  scheme: semver
  branch: main
components:
  - name: searcher
    image: registry.example.org:5000/cdc/searcher
roles:
  service-owner: [olga]
  platform-maintainer: [pia, pete]
defaults:
  deploy:
    namespace: cdc
    timeout: 15m
environments:
  staging:
    deploy: {manifests: deploy/staging}
    gate: {status-checks: [build, test], wait: 30m}
  production:
    from: staging
    deploy: {manifests: deploy/production, timeout: 5m}
    gate: {approvals: [service-owner], run-by: platform-maintainer}
`;

const refusal = (text: string): string => {
  try {
    readPipeline("p.yml", text);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "";
};

test("a file is read, defaults lie under each environment, and one value is a list of one", () => {
  const pipeline = readPipeline("p.yml", good);
  const [staging, production] = pipeline.environments;
  expect(staging?.deploy).toEqual({
    manifests: ["deploy/staging"],
    namespace: "cdc",
    timeout: 900_000,
  });
  expect(production?.deploy?.timeout).toBe(300_000);
  expect(production?.gate).toEqual({
    approvals: [{ role: "service-owner", count: 1 }],
    "run-by": ["platform-maintainer"],
  });
  expect(pipeline.components[0]).toEqual({
    name: "searcher",
    image: "registry.example.org:5000/cdc/searcher",
    "image-tag": "${commit}",
  });
  expect(pipeline.ledger.branch).toBe("release-ledger");
});

test.each([
  [
    "an unknown key",
    good.replace("wait: 30m", "wiat: 30m"),
    /p\.yml:19:\d+: `environments\.staging\.gate\.wiat` is not a key; did you mean `wait`\?/,
  ],
  [
    "an unknown key at the top",
    good.replace("roles:", "rolls:"),
    /p\.yml:9:1: `rolls` is not a key; did you mean `roles`\?/,
  ],
  ["a missing product", good.replace("product: CDC", ""), /`product` is missing/],
  [
    "a role that does not exist",
    good.replace("approvals: [service-owner]", "approvals: [service-ownr]"),
    /p\.yml:23:\d+: the role `service-ownr` is not under `roles:`; did you mean `service-owner`/,
  ],
  [
    "an environment that does not exist",
    good.replace("from: staging", "from: stagin"),
    /p\.yml:21:\d+: the environment `stagin` does not exist; did you mean `staging`/,
  ],
  [
    "environments in a circle",
    good.replace("  staging:\n", "  staging:\n    from: production\n"),
    /in a circle/,
  ],
  [
    "a wrong duration",
    good.replace("wait: 30m", "wait: soon"),
    /p\.yml:19:\d+: `environments\.staging\.gate\.wait` is not a duration/,
  ],
  [
    "a scheme that does not exist",
    good.replace("scheme: semver", "scheme: semvar"),
    /p\.yml:4:\d+: `tag\.scheme` is not a tag scheme/,
  ],
  [
    "a placeholder that does not exist",
    good.replace("from: staging", "from: staging\n    image-tags: ['${env}']"),
    /placeholder \$\{env\}, which does not exist/,
  ],
  [
    "a path out of the repository",
    good.replace("deploy/staging", "../deploy"),
    /is not a path inside the repository/,
  ],
  [
    "an image with a tag",
    good.replace("cdc/searcher", "cdc/searcher:latest"),
    /is not an image name without tag and digest/,
  ],
  [
    "a component twice",
    good.replace("roles:", "  - {name: searcher, image: a/b}\nroles:"),
    /names a component twice/,
  ],
  ["no YAML", "product: [", /RA1102.*p\.yml:\d+:\d+/],
  ["a list instead of a mapping", "- a", /`product` is missing/],
  [
    "an alias bomb",
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]`,
    /RA1102/,
  ],
  ["deep nesting", "[".repeat(50_000), /RA1102/],
  ["a huge file", `product: ${"x".repeat(300_000)}`, /larger than 256 KiB/],
  ["a prototype", `__proto__: {polluted: true}\n${good}`, /__proto__/],
])("%s is refused with its place", (_, text, expected) => {
  expect(refusal(text)).toMatch(expected);
});

test("every zone of the IANA list is one, by its old names too, and no other text", () => {
  for (const zone of ["UTC", "Europe/Oslo", "Europe/Kyiv", "Europe/Kiev", "Asia/Kolkata"])
    expect(readPipeline("p.yml", `timezone: ${zone}\n${good}`).timezone).toBe(zone);
  for (const zone of ["Europe/Viena", "Oslo", "''"])
    expect(refusal(`timezone: ${zone}\n${good}`)).toContain("timezone");
});

test("all faults are told at once", () => {
  const text = good.replace("wait: 30m", "wait: soon").replace("scheme: semver", "scheme: x");
  expect(refusal(text).match(/p\.yml:\d+:\d+/g)).toHaveLength(2);
});

test("an environment is asked for by name", () => {
  const pipeline = readPipeline("p.yml", good);
  expect(environmentOf(pipeline, "production").from).toBe("staging");
  expect(() => environmentOf(pipeline, "prodution")).toThrow("RA1104");
});

describe("checks", () => {
  test("are a list, or a mapping with an identity", () => {
    expect(readChecks("c.yml", "- get: /health\n")).toEqual({ checks: [{ get: "/health" }] });
    expect(
      readChecks(
        "c.yml",
        "identity: {get: /version, json: {$.commit: '${commit}'}}\nchecks: [{get: /, p95: 200ms of 20}]",
      ).identity?.json,
    ).toEqual({ "$.commit": "${commit}" });
  });
  test.each(["- {}", "- {get: /, post: /}", "- {get: /, p95: fast}", "- {git: /}"])(
    "%s is refused",
    (text) => {
      expect(() => readChecks("c.yml", text)).toThrow("RA1103");
    },
  );
});

test("durations", () => {
  expect(["90s", "10m", "24h", "14d", "1h30m", "1.5h", "10", ""].map(milliseconds)).toEqual([
    90_000,
    600_000,
    86_400_000,
    1_209_600_000,
    5_400_000,
    undefined,
    undefined,
    undefined,
  ]);
  expect([840, 2000, 41_000, 192_000, 7_500_000, 1_216_800_000].map(spoken)).toEqual([
    "0.8 s",
    "2 s",
    "41 s",
    "3 min 12 s",
    "2 h 5 min",
    "14 d 2 h",
  ]);
});
