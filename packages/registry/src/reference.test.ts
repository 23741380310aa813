import { Fault } from "@release-actions/codes";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatReference, parseReference } from "./reference.ts";

const digest = `sha256:${"a1".repeat(32)}`;

describe("parseReference", () => {
  test.each([
    ["nginx", { host: "docker.io", repository: "library/nginx" }],
    ["nginx:1.27", { host: "docker.io", repository: "library/nginx", tag: "1.27" }],
    ["cessda/cdc:2.4.0", { host: "docker.io", repository: "cessda/cdc", tag: "2.4.0" }],
    ["docker.io/nginx", { host: "docker.io", repository: "library/nginx" }],
    ["index.docker.io/cessda/cdc", { host: "docker.io", repository: "cessda/cdc" }],
    ["ghcr.io/a/b/c:main", { host: "ghcr.io", repository: "a/b/c", tag: "main" }],
    ["localhost/app", { host: "localhost", repository: "app" }],
    ["127.0.0.1:5000/app", { host: "127.0.0.1:5000", repository: "app" }],
    [
      "registry.example.org:5000/a/b:t@" + digest,
      { host: "registry.example.org:5000", repository: "a/b", tag: "t", digest },
    ],
    ["Registry.Example.org/a", { host: "registry.example.org", repository: "a" }],
  ])("reads %s", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each([
    ["", /empty/],
    ["https://ghcr.io/a/b", /scheme/],
    ["ghcr.io/a/b:v1 ", /space/],
    ["ghcr.io/A/b", /"A\/b" is not a repository/],
    ["ghcr.io/a/../b", /not a repository/],
    ["ghcr.io/a/b:-x", /not a tag/],
    [`ghcr.io/a/b:${"x".repeat(129)}`, /not a tag/],
    ["ghcr.io/a/b@sha256:12", /64 hexadecimal/],
    [`ghcr.io/a/b@${digest}@${digest}`, /more than one @/],
    ["exa_mple.org/a/b", /not a host/],
    ["a/b:", /not a tag/],
  ])("refuses %s", (text, saw) => {
    const read = (): unknown => parseReference(text);
    expect(read).toThrow(Fault);
    expect(read).toThrow(saw);
  });

  test("what is formatted is read back the same", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const references = fc.record({
      host: fc.constantFrom("ghcr.io", "registry.example.org:5000", "127.0.0.1:80", "localhost"),
      repository: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/),
      digest: fc.constant(digest),
    });
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });
});
