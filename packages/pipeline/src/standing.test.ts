import type { Running } from "@release-actions/deploy";
import { expect, test } from "vitest";
import { digestsOfRelease, digestsOfRunning, standingLine, standingOf } from "./standing.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const image = "registry.example.org/shop/web";
const release = (letter: string) => ({
  components: [{ name: "web", repository: "", commit: "", image, digest: digest(letter) }],
});
const runs = (name: string, ...images: [reference: string, digest: string][]): Running => ({
  kind: "Deployment",
  name,
  namespace: "shop",
  ready: 1,
  wanted: 1,
  images: images.map(([reference, is]) => ({ container: "web", reference, digest: is })),
});
const pinned = (letter: string): [string, string] => [
  `${image}:1@${digest(letter)}`,
  digest(letter),
];
const [fresh, recorded] = [digestsOfRelease(release("b")), digestsOfRelease(release("a"))];
const variant: [string, string] = [`${image}@${digest("b")}`, digest("c")];
const sidecar: [string, string] = ["docker.io/library/redis:7", digest("d")];

test.each([
  ["all new", [runs("web", pinned("b")), runs("worker", pinned("b"))], "new"],
  ["all recorded", [runs("web", pinned("a"))], "recorded"],
  ["no ready pod", [runs("web")], "nothing"],
  ["only other images", [runs("redis", sidecar)], "nothing"],
  ["other images beside", [runs("web", pinned("b"), sidecar)], "new"],
  ["a node that names the variant", [runs("web", variant)], "new"],
  ["both in one workload", [runs("web", pinned("a"), pinned("b"))], "mixed"],
  ["one in each workload", [runs("web", pinned("b")), runs("worker", pinned("a"))], "mixed"],
  ["of neither", [runs("web", [image, digest("e")])], "mixed"],
])("%s", (_, running, is) => {
  expect(standingOf(running, fresh, recorded).runs).toBe(is);
});

test("what ran before takes the place of a recorded release", () => {
  const before = digestsOfRunning([runs("web", pinned("a"))]);
  expect(standingOf([runs("web", pinned("a"))], fresh, before).runs).toBe("recorded");
  expect(standingOf([runs("web", pinned("a"))], fresh, undefined).runs).toBe("mixed");
});

test("neither says which workload runs what", () => {
  const standing = standingOf(
    [runs("web", pinned("b")), runs("worker", pinned("a"))],
    fresh,
    recorded,
  );
  const line = standingLine({
    standing,
    place: "staging",
    what: "release",
    version: "1.1.0",
    recorded: "1.0.0",
    rolledBack: false,
  });
  expect(line).toBe(
    "Staging runs neither all of 1.1.0 nor all of 1.0.0: Deployment web runs sha256:bbbbbbbbbbbb (new), Deployment worker runs sha256:aaaaaaaaaaaa (recorded). The release of 1.1.0 failed and was not rolled back.",
  );
});
