import type { Finding } from "@release-actions/codes";

/** What is released: one part of the product, found by its digest. */
export type Component = {
  name: string;
  /** Image name without tag, such as `registry.example.org/cdc/searcher`. */
  image: string;
  /** `sha256:…` of the tested image. */
  digest: string;
};

/** One version of the product: a tag, the commit it points to, and the digests built from it. */
export type Release = {
  version: string;
  tag: string;
  commit: string;
  components: Component[];
};

export type Approval = { role: string; login: string; at: string; url: string; comment: number };

export type Verdict = {
  holds: boolean;
  findings: Finding[];
  /** UTC, from GitHub's clock. */
  at: string;
};

/** `running` holds the environment's lock. */
export type EntryResult = "running" | "passed" | "failed" | "rolled-back";

/** One line of the ledger: who did what to an environment, why it was allowed, and how it ended. */
export type Entry = {
  /** `<environment>-<number>`, allocated by the run's first append. */
  id: string;
  environment: string;
  action: "release" | "rollback";
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
};

/** What is known of one environment, in one file of constant size. */
export type Current = {
  latest: Entry;
  /** Releases that passed here and were not rolled back, oldest first, at most ten; the last one runs. */
  passed: { entry: string; at: string; release: Release }[];
};

/** Where a version passed, with the very digests that passed there, and where it was taken back. */
export type VersionRecord = {
  passes: Pass[];
  withdrawn: { environment: string; entry: string; at: string; reason: string }[];
};

/** The release as it was tested: a version that was built anew has other digests, and needs a pass of its own. */
export type Pass = { environment: string; entry: string; at: string; release: Release };

/** Passes of one version that are kept, newest last. */
export const keptPasses = 50;
export const keptReleases = 10;
