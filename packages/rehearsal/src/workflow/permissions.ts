import type { Permissions } from "./contract.ts";

const scopes = [
  "actions",
  "artifact-metadata",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "id-token",
  "issues",
  "models",
  "packages",
  "pages",
  "pull-requests",
  "security-events",
  "statuses",
];

/** What the token may do in a repository with GitHub's restricted default and no `permissions:` in the file. */
const restricted: Permissions = { contents: "read", packages: "read", metadata: "read" };

/** A job's token: the job's own `permissions:` or else the workflow's. What is not named there is not granted. */
export function permissionsOf(workflow: unknown, job: unknown): Permissions {
  const written = job === undefined ? workflow : job;
  if (written === undefined) return { ...restricted };
  if (written === "read-all" || written === "write-all") return all(written);
  const granted = Object.entries((written ?? {}) as Permissions).filter(
    ([, access]) => access !== "none",
  );
  return { ...Object.fromEntries(granted), metadata: "read" };
}

/** The first scope in which a called workflow asks for more than its caller has, as GitHub's sentence. */
export function excess(asked: Permissions, allowed: Permissions): string | undefined {
  const rank = { none: 0, read: 1, write: 2 };
  for (const [scope, access] of Object.entries(asked)) {
    const limit = allowed[scope] ?? "none";
    if (rank[access] > rank[limit]) {
      return `The workflow is requesting '${scope}: ${access}', but is only allowed '${scope}: ${limit}'.`;
    }
  }
  return undefined;
}

function all(written: "read-all" | "write-all"): Permissions {
  const access = written === "read-all" ? "read" : "write";
  const granted = scopes.map((scope) => {
    if (scope === "models") return [scope, "read"] as const;
    if (scope === "id-token") return [scope, access === "write" ? "write" : "none"] as const;
    return [scope, access] as const;
  });
  return { ...Object.fromEntries(granted), metadata: "read" };
}
