export {
  closeEntry,
  lastPass,
  nextId,
  openEntry,
  isLater,
  lastBrought,
  releaseBefore,
  runningRelease,
  sameBuild,
  type Append,
} from "./append.ts";
export { recordVersion } from "./record.ts";
export type {
  Acceptance,
  Action,
  Approval,
  Component,
  Current,
  Decision,
  Entry,
  EntryResult,
  IssueRecord,
  Notice,
  Pass,
  Release,
  Verdict,
  VersionRecord,
} from "./entry.ts";
export { ledgerPaths } from "./paths.ts";
export { readCurrent, readEntry, readRun, readVersionRecord } from "./read.ts";
