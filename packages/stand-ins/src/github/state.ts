import type { AppWish } from "./apps.ts";
import type { Access, Permissions, TokenRequest } from "./permission.ts";
import type { Links } from "./present/links.ts";
import type { TeamWish } from "./teams.ts";
import type {
  App,
  CheckRun,
  CommitStatus,
  Deployment,
  Environment,
  Installation,
  Issue,
  IssueComment,
  Label,
  Milestone,
  Person,
  PersonType,
  Release,
  Review,
  ReviewState,
  Team,
  WorkflowJob,
  WorkflowRun,
} from "./records.ts";

/** Something that happened, as a webhook tells it. `startsWorkflows` is false for what a job's own token did, dispatches apart. */
export type GitHubEvent = {
  event: string;
  /** The `action` of the payload, such as `created`, where the event has one. */
  action?: string;
  /** `owner/name`. */
  repository: string;
  /** Full ref, such as `refs/tags/1.2.3`; the default branch for events without one. */
  ref: string;
  sha: string;
  /** Login of the person or bot who did it. */
  actor: string;
  payload: Record<string, unknown>;
  startsWorkflows: boolean;
  /** Of a workflow_dispatch: the run that GitHub queued for it, and the workflow's path. */
  runId?: number;
  workflowPath?: string;
};

/** Files of a commit: text or bytes to write, null to remove. Paths not named stay as they are. */
export type FileChanges = Record<string, string | Uint8Array | Executable | null>;
/** A file that git keeps as a program (mode 100755); others keep the mode that they have. */
export type Executable = { executable: string | Uint8Array };

export type Signature = { name: string; email: string };

/** A repository of the stand-in. Methods act as `by` (a login), emit the events that GitHub would, and take effect at once. */
export type GitHubRepository = {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** `owner/name`. */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly private: boolean;
  /** The bare repository on disk. */
  readonly directory: string;

  /** Runs git in the bare repository; stdout. Rejects with stderr when git fails. */
  git(args: readonly string[], input?: string | Uint8Array): Promise<Buffer>;
  /** Writes a commit on a branch (made when absent, as an orphan unless `parents` says otherwise) and emits `push`. */
  commit(commit: {
    branch: string;
    message: string;
    /** Login, or a name and address. */
    author: string | Signature;
    files: FileChanges;
    /** Default: the branch's tip. */
    parents?: readonly string[];
  }): string;
  createBranch(name: string, sha: string, by: string): void;
  /**
   * A lightweight tag, or an annotated one where `message` is given; emits `create` and `push`. Throws if it exists.
   * Returns what the ref points at: the commit, or the tag object.
   */
  createTag(name: string, sha: string, by: string, message?: string): string;
  /** Makes GitHub say of a commit or tag object that its signature is verified. */
  markVerified(sha: string): void;
  deleteRef(ref: string, by: string): void;
  /** The object a ref points at, such as `refs/heads/main`. */
  ref(name: string): string | undefined;
  refs(prefix?: string): { name: string; sha: string }[];
  /** A file at a branch, tag or commit; undefined when it is not there. */
  file(path: string, at?: string): string | undefined;
  /** Paths of the files in a folder of a branch, tag or commit; not of those in folders below it. */
  filesIn(folder: string, at?: string): string[];
  /** Shas of a branch, tag or commit and its ancestors, newest first. */
  log(at?: string): string[];

  addCollaborator(login: string, access: Access): void;

  openIssue(issue: {
    title: string;
    by: string;
    body?: string;
    labels?: readonly string[];
    assignees?: readonly string[];
    milestone?: number;
  }): Issue;
  comment(comment: { issue: number; body: string; by: string }): IssueComment;
  editComment(edit: { id: number; body: string; by: string }): void;
  deleteComment(id: number, by: string): void;
  editIssue(edit: { issue: number; title?: string; body?: string; by: string }): void;
  closeIssue(issue: number, by: string, reason?: "completed" | "not_planned"): void;
  closePullRequest(pull: number, by: string): void;
  reopenIssue(issue: number, by: string): void;
  lockIssue(issue: number, by: string): void;
  addLabel(issue: number, label: string, by: string): void;
  removeLabel(issue: number, label: string, by: string): void;
  /** Logins without a role here throw, as GitHub's page does not offer them. */
  assign(change: { issue: number; assignees: readonly string[]; by: string }): void;
  /** Puts issue `child` below `issue`; `repository` (`owner/name`) where the child is of another one. */
  addSubIssue(link: { issue: number; child: number; by: string; repository?: string }): void;
  removeSubIssue(link: { issue: number; child: number; by: string; repository?: string }): void;
  createMilestone(milestone: {
    title: string;
    by: string;
    description?: string;
    dueOn?: Date;
  }): Milestone;
  /** Without a number it is taken out of its milestone. */
  setMilestone(change: { issue: number; milestone?: number; by: string }): void;
  closeMilestone(milestone: number, by: string): void;
  reopenMilestone(milestone: number, by: string): void;

  /** `head` and `base` (default: the default branch) are branches of this repository. */
  openPullRequest(pull: {
    title: string;
    head: string;
    by: string;
    base?: string;
    body?: string;
    labels?: readonly string[];
    milestone?: number;
    /** Issues linked by hand, besides those that the body closes by keyword. */
    closes?: readonly number[];
    draft?: boolean;
  }): Issue;
  review(review: { pull: number; by: string; state: ReviewState; body?: string }): Review;
  /** Merges and returns the new commit of the base branch. Closes the linked issues when the base is the default branch. */
  mergePullRequest(merge: {
    pull: number;
    by: string;
    method?: "merge" | "squash";
    closes?: readonly number[];
  }): string;

  /** Creates or replaces the check run of this name at this commit. */
  setCheckRun(check: {
    sha: string;
    name: string;
    status: CheckRun["status"];
    conclusion?: CheckRun["conclusion"];
    app?: string;
  }): CheckRun;
  setStatus(status: {
    sha: string;
    context: string;
    state: CommitStatus["state"];
    by: string;
    description?: string;
    targetUrl?: string;
  }): CommitStatus;
  setEnvironment(environment: Environment): void;
  createRelease(release: {
    tag: string;
    by: string;
    target?: string;
    name?: string;
    body?: string;
    draft?: boolean;
    prerelease?: boolean;
  }): Release;

  /** The setting "Allow GitHub Actions to create and approve pull requests"; false is what GitHub starts with, here it is true. */
  actionsMayPropose: boolean;

  readonly issues: readonly Issue[];
  readonly labels: readonly Label[];
  readonly environments: readonly Environment[];
  readonly milestones: readonly Milestone[];
  readonly releases: readonly Release[];
  readonly deployments: readonly Deployment[];
  readonly checkRuns: readonly CheckRun[];
  readonly statuses: readonly CommitStatus[];
  /** Every comment of the repository, oldest first. */
  readonly comments: readonly IssueComment[];
};

/** What a rehearsal does to the stand-in and reads from it, beside the HTTP that the product speaks. */
export type GitHubState = {
  /** Where it is: pages, REST, GraphQL, uploads and archives. */
  readonly links: Links;

  addUser(user: { login: string; type?: PersonType; name?: string; email?: string }): Person;
  /** Makes the owner too when absent (as an organization). */
  addRepository(repository: {
    owner: string;
    name: string;
    private?: boolean;
    defaultBranch?: string;
  }): GitHubRepository;
  /** By `owner/name`; throws when there is none. */
  repository(fullName: string): GitHubRepository;
  readonly repositories: readonly GitHubRepository[];

  /** A team of an organization; its members were added as users. Reviewers of environments name it `organization/slug`. */
  addTeam(team: TeamWish): Team;
  /** An App with its installations. Its tokens come from the API, by the private part of its key. */
  addApp(app: AppWish): App & { readonly installations: readonly Installation[] };

  /** `ghs_…` for a job or an app, `ghp_…` for a user. */
  issueToken(token: TokenRequest): string;
  revokeToken(token: string): void;

  /** Registers a run of a workflow; its id. */
  createRun(run: {
    repository: string;
    workflowPath: string;
    event: string;
    headSha: string;
    headBranch: string;
    actor: string;
    /** Default 1. */
    attempt?: number;
    displayTitle?: string;
    name?: string;
  }): number;
  setRunState(
    id: number,
    state: {
      status?: WorkflowRun["status"];
      conclusion?: WorkflowRun["conclusion"];
      attempt?: number;
      triggeringActor?: string;
      displayTitle?: string;
      jobs?: readonly WorkflowJob[];
      approvals?: WorkflowRun["approvals"];
    },
  ): void;
  run(id: number): WorkflowRun;
  /** Every run, oldest first. */
  readonly runs: readonly WorkflowRun[];
  /**
   * A person's answer to a run that waits for an environment with reviewers (`setEnvironment`), announced as
   * `deployment_review`. Throws for somebody who is no reviewer, alone or by a team, and for a forbidden self-review.
   */
  reviewRun(review: {
    run: number;
    environment: string;
    by: string;
    state: "approved" | "rejected";
    comment?: string;
  }): void;

  /** Calls the listener for every event, at once and before the request that caused it is answered. Returns the way out. */
  onEvent(listener: (event: GitHubEvent) => void): () => void;

  /** Requests and answers that do not fit GitHub's published descriptions, one sentence each. */
  readonly violations: string[];
  /** Lists answer as they were this many list requests ago. 0 = at once. */
  staleReads: number;
  /** Whether creating a tag by REST is refused like a push when the commit's workflow files are on no branch. Seen both ways on GitHub. */
  restTagsCheckWorkflows: boolean;
};

export type { Access, Permissions, TokenRequest };
