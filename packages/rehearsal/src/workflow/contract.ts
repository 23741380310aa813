import type { Server } from "./context.ts";

/** What a job's token may do; a scope that is absent is not granted. */
export type Permissions = Record<string, "read" | "write" | "none">;

/** One run of one workflow file, with everything that GitHub would know about it. */
export type WorkflowRequest = {
  /** The file as it is at the ref that GitHub would take it from. */
  file: { path: string; text: string };
  event: { name: string; payload: unknown };
  repository: { owner: string; name: string };
  /** Default: github.com. */
  server?: Server;
  /** Full ref, `refs/heads/main` or `refs/tags/1.2.3`. */
  ref: string;
  sha: string;
  refType: "branch" | "tag";
  actor: string;
  triggeringActor: string;
  runId: number;
  runNumber: number;
  attempt: number;
  /** Variables of the machine (proxy, certificates), added to every step's clean environment. */
  env: Record<string, string>;
  /** A folder of programs that stand before all others on the PATH. */
  programs?: string;
  /** Directory of an action repository's tree by `owner/repo`, whatever the ref. */
  actions: Record<string, string>;
  /** A file of the repository at `sha`. */
  readFile(path: string): Promise<string | undefined>;
  issueToken(job: { id: string; permissions: Permissions }): Promise<string>;
  /** Secrets and variables of an environment; `refuses` is the sentence of a branch or tag rule that does not admit this ref. */
  environment(name: string): Promise<EnvironmentGrant>;
  secrets: Record<string, string>;
  vars: Record<string, string>;
  /** Runs `run` when the group is free. Without it groups are not waited for. */
  concurrency?(group: string, run: () => Promise<void>): Promise<void>;
  only?: { job?: string };
  observe?(event: RunEvent): void;
  /** Work directory of this run; made if missing. */
  directory: string;
  /** The Node that runs `using: node20` and `node24` actions. */
  nodeBinary: string;
  now(): Date;
  /** Cancels the run: SIGINT, then SIGTERM, then SIGKILL, after the times below. */
  signal?: AbortSignal;
  /** Milliseconds between the signals of a cancelled step; the runner's own are 7500 and 2500. */
  grace?: { interrupt: number; terminate: number };
  /** Milliseconds of a minute of `timeout-minutes`; 60000 but in tests. */
  minute?: number;
};

/** Runs a workflow file, as `runWorkflow` does. */
export type RunWorkflow = (request: WorkflowRequest) => Promise<RunResult>;

export type EnvironmentGrant = {
  secrets: Record<string, string>;
  vars: Record<string, string>;
  refuses?: string;
};

export type Result = "success" | "failure" | "cancelled" | "skipped";

export type RunResult = {
  /** `run-name:`, or the workflow's name. */
  title: string;
  conclusion: Result;
  /** By job id; a leg of a matrix is `id (a, b)`, a job of a called workflow `caller / id`. */
  jobs: Record<string, JobResult>;
  /** Everything the run said, masked. */
  log: string;
  /** Why the run did not start at all, with line and column. */
  refused?: WorkflowProblem[];
};

/** RA9001: GitHub would refuse the file. RA9002: the file is right, and the rehearsal cannot run this part of it. */
export type WorkflowProblem = {
  code: "RA9001" | "RA9002";
  path: string;
  line: number;
  column: number;
  message: string;
};

export type JobResult = {
  name: string;
  result: Result;
  outputs: Record<string, string>;
  steps: StepResult[];
  annotations: Annotation[];
  /** All steps' summaries, masked. */
  summary: string;
  /** All that the job said, masked. */
  log: string;
  permissions: Permissions;
  environment?: { name: string; url?: string; deployment: boolean };
};

export type StepResult = {
  id?: string;
  name: string;
  uses?: string;
  /** Before and after `continue-on-error`. */
  outcome: Result;
  conclusion: Result;
  outputs: Record<string, string>;
  log: string;
  summary: string;
  exitCode?: number;
};

export type Annotation = {
  level: "error" | "warning" | "notice";
  message: string;
  title?: string;
  file?: string;
  line?: number;
  step?: string;
};

/** What happens while a run goes on, already masked. */
export type RunEvent = { at: Date } & (
  | { kind: "job-started"; job: string; name: string }
  | { kind: "job-ended"; job: string; name: string; result: Result }
  | { kind: "step-started"; job: string; step: string }
  | { kind: "step-ended"; job: string; step: string; outcome: Result; conclusion: Result }
  | { kind: "log"; job: string; step: string; line: string }
  | { kind: "annotation"; job: string; annotation: Annotation }
);
