import type { Permissions } from "./permission.ts";

export type PersonType = "User" | "Bot" | "Organization";
export type Person = {
  id: number;
  nodeId: string;
  login: string;
  type: PersonType;
  name: string;
  email: string;
  createdAt: Date;
};

export type IssueComment = {
  id: number;
  nodeId: string;
  issue: number;
  author: string;
  body: string;
  createdAt: Date;
  updatedAt: Date;
  /** Set once the body was changed. */
  editedAt?: Date;
  editor?: string;
};

/** An issue, or a pull request where `pull` is set: they share numbers, comments, labels and milestones. */
export type Issue = {
  id: number;
  nodeId: string;
  number: number;
  title: string;
  body: string;
  author: string;
  state: "open" | "closed";
  stateReason?: "completed" | "not_planned" | "reopened" | "duplicate";
  labels: string[];
  assignees: string[];
  milestone?: number;
  locked: boolean;
  createdAt: Date;
  updatedAt: Date;
  closedAt?: Date;
  closedBy?: string;
  editedAt?: Date;
  editor?: string;
  comments: IssueComment[];
  /** Ids of the issues below this one, in their order; they may be of other repositories of the owner. */
  subIssues: number[];
  /** Id of the issue above. */
  parent?: number;
  pull?: Pull;
};

export type Pull = {
  id: number;
  head: string;
  headSha: string;
  base: string;
  baseSha: string;
  draft: boolean;
  /** Commits that the base did not have, oldest first. */
  commits: string[];
  closes: number[];
  reviews: Review[];
  mergedAt?: Date;
  mergedBy?: string;
  mergeCommit?: string;
};

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";
export type Review = {
  id: number;
  nodeId: string;
  author: string;
  state: ReviewState;
  body: string;
  commit: string;
  submittedAt: Date;
};

export type Label = {
  id: number;
  nodeId: string;
  name: string;
  color: string;
  description?: string;
};

export type Milestone = {
  id: number;
  nodeId: string;
  number: number;
  title: string;
  description?: string;
  state: "open" | "closed";
  creator: string;
  createdAt: Date;
  updatedAt: Date;
  closedAt?: Date;
  dueOn?: Date;
};

export type Asset = {
  id: number;
  nodeId: string;
  name: string;
  label: string;
  contentType: string;
  state: "uploaded" | "starter";
  content: Buffer;
  /** `sha256:…` */
  digest: string;
  uploader: string;
  createdAt: Date;
  updatedAt: Date;
};

export type Release = {
  id: number;
  nodeId: string;
  tag: string;
  target: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  /** Set by `make_latest`: "true" wins over the newest by date. */
  latest: "true" | "false" | "legacy";
  author: string;
  createdAt: Date;
  updatedAt: Date;
  publishedAt?: Date;
  assets: Asset[];
};

export type DeploymentState =
  | "error"
  | "failure"
  | "inactive"
  | "in_progress"
  | "queued"
  | "pending"
  | "success";
export type DeploymentStatus = {
  id: number;
  nodeId: string;
  state: DeploymentState;
  description: string;
  environment: string;
  environmentUrl: string;
  logUrl: string;
  creator: string;
  createdAt: Date;
  updatedAt: Date;
};

export type Deployment = {
  id: number;
  nodeId: string;
  sha: string;
  ref: string;
  task: string;
  environment: string;
  description: string | null;
  payload: unknown;
  transient: boolean;
  production: boolean;
  creator: string;
  createdAt: Date;
  updatedAt: Date;
  statuses: DeploymentStatus[];
};

export type CheckRun = {
  id: number;
  nodeId: string;
  sha: string;
  name: string;
  status: "queued" | "in_progress" | "completed";
  conclusion:
    | "success"
    | "failure"
    | "neutral"
    | "cancelled"
    | "skipped"
    | "timed_out"
    | "action_required"
    | null;
  /** Slug of the App that reports it. */
  app: string;
  startedAt: Date;
  completedAt?: Date;
};

export type CommitStatus = {
  id: number;
  nodeId: string;
  sha: string;
  context: string;
  state: "error" | "failure" | "pending" | "success";
  description: string | null;
  targetUrl: string | null;
  creator: string;
  createdAt: Date;
  updatedAt: Date;
};

export type Environment = {
  name: string;
  /** Logins that must approve; a team is written `org/team`. */
  reviewers?: readonly string[];
  preventSelfReview?: boolean;
  waitMinutes?: number;
  /** Only protected branches, or branches and tags by pattern; absent = any. */
  deploymentBranches?: "protected" | readonly string[];
};

/** A team of an organization; its members by login in lower case. */
export type Team = {
  id: number;
  nodeId: string;
  organization: string;
  slug: string;
  name: string;
  members: Map<string, "member" | "maintainer">;
  createdAt: Date;
};

/** A GitHub App; whoever has the private part of its key may ask for tokens of its installations. */
export type App = {
  id: number;
  nodeId: string;
  clientId: string;
  slug: string;
  owner: string;
  /** PEM. */
  publicKey: string;
  createdAt: Date;
};

export type Installation = {
  id: number;
  app: number;
  /** Login of the account that it is installed on. */
  account: string;
  /** `owner/name` in lower case. */
  repositories: readonly string[];
  permissions: Permissions;
  createdAt: Date;
};

export type WorkflowJob = {
  id: number;
  name: string;
  status: "queued" | "in_progress" | "completed" | "waiting";
  conclusion: CheckRun["conclusion"];
  startedAt: Date;
  completedAt?: Date;
};

export type WorkflowRun = {
  id: number;
  nodeId: string;
  repository: string;
  workflowPath: string;
  name: string;
  displayTitle: string;
  event: string;
  headSha: string;
  headBranch: string;
  actor: string;
  triggeringActor: string;
  attempt: number;
  number: number;
  status: "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";
  conclusion: CheckRun["conclusion"];
  createdAt: Date;
  updatedAt: Date;
  startedAt: Date;
  jobs: readonly WorkflowJob[];
  /** Answers of required reviewers of environments. */
  approvals: readonly {
    state: "approved" | "rejected";
    user: string;
    comment: string;
    environments: readonly string[];
  }[];
};
