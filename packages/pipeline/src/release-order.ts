import type { Scheme, Version } from "@release-actions/versions";

/** Where a version stands among the tags of its series. */
export function orderOf(
  scheme: Scheme,
  version: Version,
  tags: string[],
): { previous: Version | undefined; isNewest: boolean } {
  const others = tags
    .map((name) => scheme.parse(name))
    .filter((other): other is Version => !("wrong" in other) && other.tag !== version.tag)
    .toSorted((a, b) => scheme.compare(b, a));
  const older = others.filter((other) => scheme.compare(other, version) < 0);
  // A final release is compared with the final release before it; a pre-release with whatever came before.
  const previous = older.find((other) => version.prerelease || !other.prerelease) ?? older[0];
  return {
    previous,
    isNewest: others.every((other) => other.prerelease || scheme.compare(other, version) < 0),
  };
}
