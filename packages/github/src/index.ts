export { openGitHub, type GitHub } from "./client.ts";
export { deploymentStatusStep, deploymentStep, type DeploymentState } from "./deployments.ts";
export { appendStep, readLedger, type LedgerHead } from "./ledger-branch.ts";
export {
  readBranches,
  readTagFacts,
  type StatusCheck,
  type TagFacts,
  type TagQuery,
} from "./release-facts.ts";
export {
  readDefaultFile,
  readFiles,
  readOptionalFiles,
  type RepositoryFile,
} from "./repository-files.ts";
export { readRefCommit } from "./ref-commit.ts";
export { readRunStart, runHasEnded } from "./runs.ts";
export { readReleaseFacts, type ReleaseFacts } from "./release-changes.ts";
export { renderNotes, type Notes, type NotesWith } from "./release-notes.ts";
export { publicationSteps, type PublishedRelease, type ReleaseAsset } from "./releases.ts";
export {
  closeIssueStep,
  closeMilestoneStep,
  commentStep,
  issueBodyStep,
  issueStep,
  labelStep,
  subIssueStep,
} from "./issue-steps.ts";
export {
  findMilestone,
  readComment,
  readIssue,
  readOpenIssues,
  readSubIssues,
  type Comment,
  type Issue,
  type Milestone,
} from "./issues.ts";
export { readChangedFiles, type ChangedFiles } from "./changed-files.ts";
export { readEnvironmentReviews, type EnvironmentReview } from "./environment-reviews.ts";
export { readReleaseIssue, type IssueComment, type ReleaseIssue } from "./issue-facts.ts";
export { resolveRoles } from "./teams.ts";
export { findDefaultBranch, readTagPlace, tagRefusal, tagStep, type TagPlace } from "./tags.ts";
export {
  branchStep,
  pullRequestStep,
  readPullRequests,
  type PullRequest,
} from "./pull-requests.ts";
