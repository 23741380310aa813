import type { Finding } from "@release-actions/codes";

/** What is released: one part of the product, found by its digest. */
export type Component = {
  name: string;
  /** Image name without tag, such as `registry.example.org/cdc/searcher`. */
  image: string;
  /** `sha256:…` of the tested image. */
  digest: string;
  /** `owner/repo` of its source, where that is another repository than the pipeline's. */
  repository?: string;
  /** The tagged commit there. */
  commit?: string;
};

/** One version of the product: a tag, the commit it points to, and the digests built from it. */
export type Release = {
  version: string;
  tag: string;
  commit: string;
  components: Component[];
  /** What was deployed from other repositories: `owner/repo/path@ref` and the commit that the ref meant. */
  elsewhere?: Record<string, string>;
};

export type Approval = { role: string; login: string; at: string; url: string; comment: number };

export type Verdict = {
  holds: boolean;
  findings: Finding[];
  /** UTC, from GitHub's clock. */
  at: string;
};

/** What is done to an environment: a release is brought out, taken back, or its data are restored from a backup. */
export type Action = "release" | "rollback" | "restore";

/** `running` holds the environment's lock. */
export type EntryResult = "running" | "passed" | "failed" | "rolled-back";

/** One line of the ledger: who did what to an environment, why it was allowed, and how it ended. */
export type Entry = {
  /** `<environment>-<number>`, allocated by the run's first append. */
  id: string;
  environment: string;
  action: Action;
  reason?: string;
  /** Who started this attempt of the run; roles are judged by it. */
  actor: string;
  run: { id: number; url: string };
  release: Release;
  /** What ran before, by the ledger. */
  replaced?: Release;
  verdict: Verdict;
  approvals: Approval[];
  openedAt: string;
  closedAt?: string;
  result: EntryResult;
  /** What the environment runs after this entry; absent while running, and where nothing is known to run. */
  runs?: Release;
  /** One sentence, for a result that is not `passed`. */
  why?: string;
  /** What the objects to be applied said in the cluster before: a short digest of each, never a content. */
  configuration?: Record<string, string>;
  /** After a way back: what is otherwise than before, a sentence each. Empty: nothing is. */
  differences?: string[];
  /** Checks that passed, by their names: `rollback`, and the smoke checks that have one. */
  checks?: string[];
};

/** What is known of one environment, in one file of constant size. */
export type Current = {
  latest: Entry;
  /** Releases that passed here and were not rolled back, oldest first, at most ten; the last one runs. */
  passed: { entry: string; at: string; release: Release }[];
  /** When each check passed here last, and with which version. */
  checks?: Record<string, { at: string; entry: string; version: string }>;
};

/** Where a version passed, with the very digests that passed there, and where it was taken back. */
export type VersionRecord = {
  passes: Pass[];
  withdrawn: { environment: string; entry: string; at: string; reason: string }[];
  /** The release issue and its sub-issues, from the day it was opened. */
  issue?: IssueRecord;
  /** What people decided in writing, oldest first, at most a hundred. */
  decisions?: Decision[];
  /** Who accepted the running release, by environment. */
  accepted?: Acceptance[];
  /** Who is told what; a notice is sent at most once. */
  notices?: Notice[];
};

export type IssueRecord = {
  number: number;
  url: string;
  state: "open" | "closed";
  purpose: string;
  /** Who had it opened; `four-eyes` keeps them from running the release. */
  by?: string;
  /** Sub-issue with the release notes. */
  notes?: number;
  /** Sub-issue of each checklist item that has one. */
  subIssues: { item: string; number: number }[];
  /** The one comment that says how it stands, and is kept up to date. */
  comment?: number;
};

/** A command in the release issue by somebody who may give it. */
export type Decision = {
  kind: "approve" | "refuse" | "accept" | "rollback";
  login: string;
  role: string;
  at: string;
  url: string;
  comment: number;
  digest?: string;
  environment?: string;
  reason?: string;
  /** The refusal that an approval overrides. */
  despite?: number;
};

export type Acceptance = {
  environment: string;
  entry: string;
  login: string;
  role: string;
  at: string;
  /** The comment, where it was given in one. */
  url?: string;
  comment?: number;
};

/** One message to one receiver. The state is written before it is sent, so no run sends it again. */
export type Notice = {
  /** `<entry or decision> <event> <receiver>`: its natural key. */
  key: string;
  event: string;
  environment?: string;
  /** As the file names it: a role, `mail:<address>`, `slack:<VARIABLE>`… */
  to: string;
  /**
   * `due`: no job that could send it has run yet; `sending`: a run has claimed it; `sent`; `refused`: the receiver said no;
   * `unknown`: it may have arrived.
   */
  state: "due" | "sending" | "sent" | "refused" | "unknown";
  at: string;
  /** The run that claimed it, and what tells its claim from those of the same run's other jobs. */
  run?: number;
  claim?: string;
  /** What the message says, for the run that sends it. */
  title: string;
  lines: { label: string; text: string; url?: string }[];
  /** What the receiver said, for `refused` and `unknown`. */
  said?: string;
};

/** The release as it was tested: a version that was built anew has other digests, and needs a pass of its own. */
export type Pass = { environment: string; entry: string; at: string; release: Release };

/** Passes of one version that are kept, newest last. */
export const keptPasses = 50;
export const keptReleases = 10;
export const keptDecisions = 100;
