import type { Result, WorkflowRequest } from "../contract.ts";
import type { TriggerEvent } from "../trigger.ts";

/**
 * Where a behaviour is written down: a page of docs.github.com/actions with its section, a file of the open runner
 * (actions/runner) or an issue of it, a file of GitHub's own test vectors (actions/languageservices), or, for what the rehearsal does in
 * its own way, the section of docs/reference/workflow-semantics.md.
 */
export type Source = `${"docs" | "runner" | "vectors" | "rehearsal"} ${string}`;

/** An expression without `${{ }}`, and its value; a pattern where it is an error. */
export type ExpressionRow = [name: string, from: Source, expression: string, value: unknown];

/** A value of a workflow file, and what it is once its expressions are evaluated. */
export type TextRow = [name: string, from: Source, text: unknown, value: unknown];

/** An `if:`, the state of what came before it, and whether it holds. */
export type ConditionRow = [
  name: string,
  from: Source,
  condition: unknown,
  after: "success" | "failure" | "cancelled",
  holds: boolean,
];

/** A filter of branches, tags or paths, and whether the name passes. */
export type FilterRow = [
  name: string,
  from: Source,
  patterns: string[],
  tried: string,
  passes: boolean,
];

/** What stands under `on:`, an event, and whether it starts the workflow. */
export type TriggerRow = [
  name: string,
  from: Source,
  on: string,
  event: TriggerEvent,
  starts: boolean,
];

/** A `strategy.matrix`, and the names of the jobs it makes of `j`; a pattern where it is an error. */
export type MatrixRow = [name: string, from: Source, matrix: unknown, jobs: string[] | RegExp];

/** `permissions:` of the workflow and of the job, and what the job's token may do. */
export type PermissionRow = [
  name: string,
  from: Source,
  workflow: unknown,
  job: unknown,
  token: Record<string, string>,
];

/** Inputs given to a dispatch of one workflow, and the inputs of its event, or the sentence with which GitHub refuses. */
export type DispatchRow = [
  name: string,
  from: Source,
  given: Record<string, string>,
  inputs: Record<string, string> | string,
];

/** What a step wrote to one of its files, the pairs found in it, and the error where it is broken. */
export type FileRow = [
  name: string,
  from: Source,
  text: string,
  found: Record<string, string>,
  error?: RegExp,
];

/** A line of a log, and the command that it is; undefined where it is only text. */
export type LineRow = [
  name: string,
  from: Source,
  line: string,
  command: { name: string; properties: Record<string, string>; value: string } | undefined,
];

/** A file that is not run, and the code, line and sentence with which it is refused. */
export type RefusalRow = [
  name: string,
  from: Source,
  workflow: string,
  code: "RA9001" | "RA9002",
  line: number,
  message: RegExp,
];

/** A file in which GitHub finds nothing wrong. */
export type AcceptedRow = [name: string, from: Source, workflow: string];

/** A workflow that is run: a whole file, or its `jobs:`, or only the steps of its one job `a`. */
export type RunRow = {
  name: string;
  from: Source;
  given?: Omit<Partial<WorkflowRequest>, "actions">;
  /** Files of the action repository org/tools. */
  actions?: Record<string, string>;
  /** Called workflows of the repository, below `.github/workflows/`. */
  calls?: Record<string, string>;
  is: Seen;
} & ({ workflow: string } | { jobs: string } | { steps: string });

/** What is seen of a run; where a row names one part only, the others are not looked at. */
export type Seen = {
  title?: string;
  conclusion?: Result;
  /** Results by job. */
  jobs?: Record<string, Result>;
  /** Names of the jobs as GitHub shows them, in order. */
  names?: string[];
  /** Lines that the steps of job `a`, or of the named jobs, printed. */
  prints?: string[] | Record<string, string[]>;
  /** Outcomes of the steps of job `a`. */
  outcomes?: Result[];
  /** Names of the steps of job `a`. */
  steps?: string[];
  outputs?: Record<string, Record<string, string>>;
  environment?: { name: string; url?: string; deployment: boolean };
  summary?: string;
  /** Annotations of all jobs, as `level: message`; patterns are looked for, in any order. */
  says?: RegExp[];
  /** Patterns that no annotation may match. */
  lacks?: RegExp[];
  /** Concurrency groups, in the order in which they were asked for. */
  groups?: string[];
  /** Lines of the run's log before its jobs. */
  remarks?: RegExp[];
  /** What nothing of the result may contain. */
  hides?: string[];
  refused?: RegExp;
};
