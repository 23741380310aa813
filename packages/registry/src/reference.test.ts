import { Fault } from "@release-actions/codes";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatReference, isLoopback, parseReference } from "./reference.ts";

const digest = `sha256:${"a1".repeat(32)}`;

const long = `sha512:${"a1".repeat(64)}`;

describe("parseReference", () => {
  test.each([
    ["nginx", { host: "docker.io", repository: "library/nginx" }],
    ["nginx:1.27", { host: "docker.io", repository: "library/nginx", tag: "1.27" }],
    ["nginx@" + digest, { host: "docker.io", repository: "library/nginx", digest }],
    ["cessda/cdc:2.4.0", { host: "docker.io", repository: "cessda/cdc", tag: "2.4.0" }],
    ["a/b/c", { host: "docker.io", repository: "a/b/c" }],
    ["docker.io/nginx", { host: "docker.io", repository: "library/nginx" }],
    ["docker.io/library/nginx", { host: "docker.io", repository: "library/nginx" }],
    ["index.docker.io/cessda/cdc", { host: "docker.io", repository: "cessda/cdc" }],
    ["registry-1.docker.io/nginx:1", { host: "docker.io", repository: "library/nginx", tag: "1" }],
    ["ghcr.io/a/b/c:main", { host: "ghcr.io", repository: "a/b/c", tag: "main" }],
    ["ghcr.io/a", { host: "ghcr.io", repository: "a" }],
    ["ghcr.io/a/b@" + long, { host: "ghcr.io", repository: "a/b", digest: long }],
    ["localhost/app", { host: "localhost", repository: "app" }],
    ["localhost:5000/app:1", { host: "localhost:5000", repository: "app", tag: "1" }],
    ["127.0.0.1:5000/app", { host: "127.0.0.1:5000", repository: "app" }],
    ["registry:5000/app", { host: "registry:5000", repository: "app" }],
    ["registry/app", { host: "docker.io", repository: "registry/app" }],
    ["[::1]:5000/a", { host: "[::1]:5000", repository: "a" }],
    ["[::1]/a:t", { host: "[::1]", repository: "a", tag: "t" }],
    ["[FD00::7]:443/a/b@" + digest, { host: "[fd00::7]:443", repository: "a/b", digest }],
    ["[::ffff:127.0.0.1]/a", { host: "[::ffff:127.0.0.1]", repository: "a" }],
    [
      "registry.example.org:5000/a/b:t@" + digest,
      { host: "registry.example.org:5000", repository: "a/b", tag: "t", digest },
    ],
    ["Registry.Example.org/a", { host: "registry.example.org", repository: "a" }],
    ["xn--bcher-kva.example/a", { host: "xn--bcher-kva.example", repository: "a" }],
    ["x.io/a.b_c__d-e---f/0", { host: "x.io", repository: "a.b_c__d-e---f/0" }],
    [`x.io/a:${"x".repeat(128)}`, { host: "x.io", repository: "a", tag: "x".repeat(128) }],
    [`x.io/${"a".repeat(255)}`, { host: "x.io", repository: "a".repeat(255) }],
    ["x.io/a:_.-", { host: "x.io", repository: "a", tag: "_.-" }],
  ])("reads %s", (text, expected) => {
    const reference = parseReference(text);
    expect(reference).toEqual(expected);
    expect(parseReference(formatReference(reference))).toEqual(expected);
  });

  test.each([
    ["", /it is empty/],
    ["https://ghcr.io/a/b", /leave out the scheme \(https:\/\/\)/],
    ["docker://ghcr.io/a/b", /leave out the scheme \(docker:\/\/\)/],
    ["ghcr.io/a/b:v1 ", /a space/],
    ["ghcr.io/a/b:v1\n", /line end/],
    ["ghcr.io/A/b", /"A\/b" is not a repository: lower-case/],
    ["Cessda/cdc", /"Cessda\/cdc" is not a repository: lower-case/],
    ["ghcr.io/a/../b", /not a repository/],
    ["ghcr.io//a", /not a repository/],
    ["ghcr.io/a/", /not a repository/],
    ["ghcr.io/a___b", /not a repository/],
    ["ghcr.io/a..b", /not a repository/],
    ["ghcr.io/-a", /not a repository/],
    ["ghcr.io/ä", /not a repository/],
    ["ghcr.io/", /the repository is missing/],
    ["/a", /not a repository/],
    [`ghcr.io/${"a".repeat(256)}`, /more than 255 characters/],
    ["ghcr.io", /"ghcr.io" is a host, and the repository is missing/],
    ["registry.example.org:5000", /"registry.example.org:5000" is a host/],
    ["localhost:5000", /"localhost:5000" is a host/],
    ["[::1]:5000", /"\[::1\]:5000" is a host/],
    ["a1".repeat(32), /the id of an image on one machine/],
    [digest, /a digest alone/],
    ["ghcr.io/a/b:-x", /"-x" is not a tag/],
    ["ghcr.io/a/b:.x", /not a tag/],
    ["ghcr.io/a/b:x+1", /"x\+1" is not a tag/],
    ["ghcr.io/a/b:${version}", /not a tag/],
    [`ghcr.io/a/b:${"x".repeat(129)}`, /not a tag: up to 128/],
    ["a/b:", /no tag after the colon/],
    [`a/b:@${digest}`, /no tag after the colon/],
    ["ghcr.io/a/b@", /after @ there must be sha256/],
    ["ghcr.io/a/b@sha256:12", /64 hexadecimal/],
    [`ghcr.io/a/b@sha256:${"A1".repeat(32)}`, /in lower case/],
    [`ghcr.io/a/b@sha512:${"a1".repeat(32)}`, /sha512: and 128/],
    [`ghcr.io/a/b@md5:${"a1".repeat(16)}`, /after @ there must be/],
    [`ghcr.io/a/b@${digest}@${digest}`, /more than one @/],
    [`ghcr.io/a/b@${digest}:tag`, /after @ there must be/],
    ["user@ghcr.io/a/b", /after @ there must be/],
    ["exa_mple.org/a/b", /"exa_mple.org" is not a host/],
    ["a..b/c", /"a..b" is not a host/],
    ["-a.b/c", /"-a.b" is not a host/],
    ["a.b:/c", /"a.b:" is not a host/],
    ["a.b:x/c", /"a.b:x" is not a host/],
    ["a.b:65536/c", /"a.b:65536" is not a host/],
    ["a.b:1:2/c", /"a.b:1:2" is not a host/],
    ["[::1/c", /"\[::1" is not a host/],
    ["[::g]/c", /"\[::g\]" is not a host/],
    ["[1:2]/c", /"\[1:2\]" is not a host/],
    ["[fe80::1%25eth0]/c", /is not a host/],
    ["::1/c", /"::1" is not a host/],
    ["bücher.example/a", /"bücher.example" is not a host/],
  ])("refuses %s", (text, saw) => {
    const read = (): unknown => parseReference(text);
    expect(read).toThrow(Fault);
    expect(read).toThrow(saw);
  });

  test("what is formatted is read back the same", () => {
    const letters = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const part = fc
      .array(fc.tuple(letters, fc.constantFrom(".", "_", "__", "-", "--")), {
        minLength: 1,
        maxLength: 3,
      })
      .map((pairs) => pairs.flat().slice(0, -1).join(""));
    const name = fc.array(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/), {
      minLength: 2,
      maxLength: 4,
    });
    const host = fc.oneof(
      name.map((labels) => labels.join(".")),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address.toLowerCase()}]`),
      fc.constant("localhost"),
    );
    const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined });
    const references = fc.record(
      {
        host: fc.tuple(host, port).map(([at, on]) => (on === undefined ? at : `${at}:${on}`)),
        repository: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
        tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/),
        digest: fc.constantFrom(digest, long),
      },
      { requiredKeys: ["host", "repository"] },
    );
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  test("any text is a reference that reads back the same, or is refused", () => {
    const pieces = fc.constantFrom(
      "a",
      "A",
      "0",
      ".",
      ":",
      "/",
      "@",
      "-",
      "_",
      "[",
      "]",
      "::1",
      "%",
      "ä",
      digest,
      "localhost",
      "docker.io",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        let reference;
        try {
          reference = parseReference(parts.join(""));
        } catch (error) {
          expect(error).toMatchObject({ code: "RA2001" });
          return;
        }
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(URL.canParse(`https://${reference.host}/`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ["127.0.0.1:5000", true],
  ["127.0.0.1", true],
  ["localhost:5000", true],
  ["[::1]:5000", true],
  ["[::1]", true],
  ["[::2]:5000", false],
  ["localhost.example.org", false],
  ["127.0.0.1.example.org", false],
  ["127.0.0.1:5000.example.org", false],
])("%s is the machine itself: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
