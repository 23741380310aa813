/** A person's role in a repository. */
export type Access = "read" | "triage" | "write" | "maintain" | "admin";

/** What a token may touch: the keys of a job's `permissions:`, and those that only an App can have. */
export type Permission =
  | "actions"
  | "administration"
  | "attestations"
  | "checks"
  | "contents"
  | "deployments"
  | "discussions"
  | "environments"
  | "id-token"
  | "issues"
  | "members"
  | "metadata"
  | "packages"
  | "pages"
  | "pull-requests"
  | "security-events"
  | "statuses"
  | "workflows";

export type Permissions = Partial<Record<Permission, "read" | "write" | "none">>;

/** A `job` token is a workflow's GITHUB_TOKEN; an `app` token is an installation's; a `user` token is a person's. */
export type TokenRequest = {
  kind: "job" | "app" | "user";
  /** `owner/name` of each repository it reaches. */
  repositories: readonly string[];
  /** Who acts: for a job `github-actions[bot]` appears as the author, and this is who started the run. */
  actor: string;
  permissions: Permissions;
  runId?: number;
  /** From here on nobody knows the token any more; absent = for good. */
  expiresAt?: Date;
};

/** What a request needs: any one of these. Empty: nothing but the right to see the repository. */
export type Need = { permission: Permission; level: "read" | "write" };
