export {
  closeEntry,
  lastPass,
  nextId,
  openEntry,
  releaseBefore,
  runningRelease,
  sameBuild,
  type Append,
} from "./append.ts";
export type {
  Approval,
  Component,
  Current,
  Entry,
  EntryResult,
  Pass,
  Release,
  Verdict,
  VersionRecord,
} from "./entry.ts";
export { ledgerPaths } from "./paths.ts";
export { readCurrent, readEntry, readRun, readVersionRecord } from "./read.ts";
