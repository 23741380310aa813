import type { Action, Runs } from "./action.ts";
import type { Annotation, Permissions, Result, StepResult, WorkflowRequest } from "./contract.ts";
import type { Job, RunDefaults, Step } from "./document.ts";
import type { Masks } from "./mask.ts";
import type { Grace } from "./process.ts";

export type Stage = "pre" | "main" | "post";
export type Status = "success" | "failure" | "cancelled";

/** `steps.<id>` in expressions. */
export type StepContext = {
  outputs: Record<string, string>;
  outcome?: Result;
  conclusion?: Result;
};

/** One job while it runs. */
export type Session = {
  readonly request: WorkflowRequest;
  readonly id: string;
  readonly job: Job;
  readonly defaults: NonNullable<RunDefaults["run"]>;
  readonly permissions: Permissions;
  readonly masks: Masks;
  readonly workspace: string;
  readonly temp: string;
  readonly grace: Grace;
  /** Milliseconds of a minute of `timeout-minutes`. */
  readonly minute: number;
  /** Variables of the machine, below everything that a workflow sets. */
  readonly machine: Record<string, string>;
  readonly github: Record<string, unknown>;
  readonly runner: Record<string, string>;
  /** needs, strategy, matrix, vars, secrets. */
  readonly contexts: Record<string, unknown>;
  readonly inputs: Record<string, unknown>;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
  /** The workflow's and the job's `env:`, then what steps wrote to GITHUB_ENV. */
  readonly env: Record<string, string>;
  /** What steps wrote to GITHUB_PATH, last one first on PATH. */
  readonly path: string[];
  readonly steps: Record<string, StepContext>;
  readonly posts: Post[];
  readonly results: StepResult[];
  readonly annotations: Annotation[];
  readonly invocations: Map<Step, Invocation>;
  /** Process groups that steps left behind. */
  readonly groups: Set<number>;
  /** `github.action` of each step. */
  readonly names: Map<Step, string>;
  /** What the job says outside its steps. */
  readonly own: StepRecord;
  status: Status;
};

/** A step's use of an action, the same through pre, main and post. */
export type Invocation = {
  action: Action;
  runs: Runs;
  state: Record<string, string>;
  /** The steps and inputs of a composite action. */
  steps: Record<string, StepContext>;
  inputs: Record<string, unknown>;
  /** Set when the post stage is to run. */
  postDue: boolean;
};

export type Post = { step: Step; name: string };

/** What a top level step gathers, also for the steps of the composite action that it uses. */
export type StepRecord = {
  log: string[];
  summary: string[];
  annotations: Record<Annotation["level"], number>;
  name: string;
};

/** What one step sees: the job's own, or those of the composite action that holds it. */
export type Frame = {
  session: Session;
  record: StepRecord;
  signal: AbortSignal;
  steps: Record<string, StepContext>;
  inputs: Record<string, unknown>;
  /** `env:` of the composite steps around this one. */
  overrides: Record<string, string>;
  github: Record<string, unknown>;
  /** Absent in composite actions, which get no secrets context. */
  secrets: boolean;
  depth: number;
  /** The action whose tree `$/` means. */
  self?: Action;
  status(): Status;
};

const mostAnnotations = 10;
const longestMessage = 4096;

/** Adds a line to the step's log, masked, and tells who watches. */
export function say(frame: Pick<Frame, "session" | "record">, line: string): void {
  const { session, record } = frame;
  const masked = session.masks.mask(line);
  record.log.push(masked);
  session.request.observe?.({
    kind: "log",
    at: session.request.now(),
    job: session.id,
    step: record.name,
    line: masked,
  });
}

/** Adds an annotation: always to the log, and up to ten of a level in a step to the job. */
export function annotate(frame: Pick<Frame, "session" | "record">, annotation: Annotation): void {
  const { session, record } = frame;
  const message = session.masks.mask(annotation.message).slice(0, longestMessage);
  for (const line of message.split("\n")) say(frame, `##[${annotation.level}]${line}`);
  record.annotations[annotation.level] += 1;
  if (record.annotations[annotation.level] > mostAnnotations) return;
  const title = annotation.title;
  const kept: Annotation = {
    ...annotation,
    message,
    ...(title === undefined ? {} : { title: session.masks.mask(title) }),
    ...(record.name === "" ? {} : { step: record.name }),
  };
  session.annotations.push(kept);
  session.request.observe?.({
    kind: "annotation",
    at: session.request.now(),
    job: session.id,
    annotation: kept,
  });
}

/** An empty record; without a name it is the job's own. */
export function newRecord(name: string): StepRecord {
  return { log: [], summary: [], annotations: { error: 0, warning: 0, notice: 0 }, name };
}
