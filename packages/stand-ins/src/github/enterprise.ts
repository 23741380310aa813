import type { World } from "./world.ts";

/** Versions of GitHub Enterprise Server that the stand-in can be, oldest first. */
export const enterpriseVersions = [
  "3.15",
  "3.16",
  "3.17",
  "3.18",
  "3.19",
  "3.20",
  "3.21",
  "3.22",
] as const;
export type EnterpriseVersion = (typeof enterpriseVersions)[number];

/**
 * What github.com had first, and the first server that has it, as GitHub's published descriptions of each version say: the
 * GraphQL schemas of 3.16 to 3.22, the OpenAPI descriptions of 3.14 to 3.19. `none`: in none of those.
 */
const since = {
  "sub-issues": "3.16",
  "sub-issues over REST": "none",
  "the run of a dispatch": "none",
  // Described for older servers too, and made in June 2025, when 3.17 was out.
  "digests of assets": "3.18",
} as const satisfies Record<string, EnterpriseVersion | "none">;

/** Whether this GitHub has it: github.com has everything. */
export function has({ enterprise }: World, feature: keyof typeof since): boolean {
  if (enterprise === undefined) return true;
  const first = since[feature];
  return (
    first !== "none" &&
    enterpriseVersions.indexOf(enterprise.version) >= enterpriseVersions.indexOf(first)
  );
}

/** Fields of the GraphQL schema that this GitHub does not have, as `Type.field`. */
export function absentFields(world: World): ReadonlySet<string> {
  return new Set(
    has(world, "sub-issues")
      ? []
      : [
          "Mutation.addSubIssue",
          "Mutation.removeSubIssue",
          "Issue.parent",
          "Issue.subIssues",
          "Issue.subIssuesSummary",
        ],
  );
}

/** An answer without the properties that this GitHub does not have; the published descriptions name them for all. */
export function withoutAbsent(world: World, answer: unknown): unknown {
  if (has(world, "digests of assets")) return answer;
  return JSON.parse(JSON.stringify(answer), (key, value: unknown) =>
    key === "digest" ? undefined : value,
  );
}
