export { enterpriseVersions, type EnterpriseVersion } from "./enterprise.ts";
export { createGitHub, type GitHub } from "./github.ts";
export type { Links } from "./present/links.ts";
export type { SavedGitHub } from "./saved-world.ts";
export type { FileChanges, GitHubEvent, GitHubRepository, GitHubState } from "./state.ts";
export type { Access, Permission, Permissions, TokenRequest } from "./permission.ts";
export type { AppWish } from "./apps.ts";
export type { TeamWish } from "./teams.ts";
export type {
  App,
  Asset,
  CheckRun,
  CommitStatus,
  Deployment,
  DeploymentStatus,
  Environment,
  Installation,
  Issue,
  IssueComment,
  Milestone,
  Person,
  Release,
  Review,
  Team,
  WorkflowJob,
  WorkflowRun,
} from "./records.ts";
