export { openGitHub, type GitHub } from "./client.ts";
export { deploymentStatusStep, deploymentStep, type DeploymentState } from "./deployments.ts";
export { appendStep, readLedger, type LedgerHead } from "./ledger-branch.ts";
export {
  readBranches,
  readTagFacts,
  type IssueComment,
  type ReleaseIssue,
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
export { runHasEnded } from "./runs.ts";
export { readReleaseFacts, type ReleaseFacts } from "./release-changes.ts";
export { renderNotes, type Notes, type NotesWith } from "./release-notes.ts";
export { publicationSteps, type PublishedRelease, type ReleaseAsset } from "./releases.ts";
