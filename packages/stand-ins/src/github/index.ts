export { createGitHub, type GitHub } from "./github.ts";
export type { FileChanges, GitHubEvent, GitHubRepository, GitHubState } from "./state.ts";
export type { Access, Permission, Permissions, TokenRequest } from "./permission.ts";
export type {
  Asset,
  CheckRun,
  CommitStatus,
  Deployment,
  DeploymentStatus,
  Environment,
  Issue,
  IssueComment,
  Milestone,
  Person,
  Release,
  Review,
  WorkflowJob,
  WorkflowRun,
} from "./records.ts";
