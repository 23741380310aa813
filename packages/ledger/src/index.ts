export { closeEntry, nextId, openEntry, releaseBefore, runningRelease, type Append } from "./append.ts";
export type { Approval, Component, Current, Entry, EntryResult, Release, Verdict, VersionRecord } from "./entry.ts";
export { ledgerPaths } from "./paths.ts";
export { readCurrent, readEntry, readRun, readVersionRecord } from "./read.ts";
