import { parseDocument } from "yaml";

/** A workflow file as written: expressions are still text. */
export type Workflow = {
  path: string;
  name?: string;
  "run-name"?: unknown;
  on: Record<string, unknown>;
  env?: unknown;
  permissions?: unknown;
  defaults?: RunDefaults;
  concurrency?: unknown;
  jobs: Record<string, Job>;
};

export type RunDefaults = { run?: { shell?: unknown; "working-directory"?: unknown } };

export type Job = {
  name?: unknown;
  needs?: string | string[];
  if?: unknown;
  "runs-on"?: unknown;
  env?: unknown;
  permissions?: unknown;
  defaults?: RunDefaults;
  concurrency?: unknown;
  environment?: unknown;
  outputs?: Record<string, unknown>;
  strategy?: { matrix?: unknown; "fail-fast"?: unknown; "max-parallel"?: unknown };
  "continue-on-error"?: unknown;
  "timeout-minutes"?: unknown;
  container?: unknown;
  services?: unknown;
  snapshot?: unknown;
  steps?: Step[];
  uses?: string;
  with?: unknown;
  secrets?: unknown;
};

export type Step = {
  id?: string;
  name?: unknown;
  if?: unknown;
  uses?: string;
  run?: unknown;
  with?: unknown;
  env?: unknown;
  shell?: unknown;
  "working-directory"?: unknown;
  "continue-on-error"?: unknown;
  "timeout-minutes"?: unknown;
};

/**
 * Reads a workflow file that GitHub's parser has accepted. Values come from the YAML reader and not from that
 * parser's model, which leaves out `with`, `shell` and others and does not fold block scalars with expressions.
 */
export function readWorkflow(path: string, text: string): Workflow {
  const root = readYaml(text) as Record<string, unknown> & { jobs: Record<string, Job> };
  return {
    ...root,
    path,
    on: triggers(root["on"]),
    jobs: root.jobs,
  };
}

/** Every event reads every workflow file, and every step its action's: each text is parsed once. */
const parsed = new Map<string, ReturnType<typeof parseDocument>>();

/** Anything in YAML 1.2 as plain values, new ones each time; the first error of the file is thrown. An alias is a value of its own, as if written again. */
export function readYaml(text: string): unknown {
  const document = parsed.get(text) ?? parseDocument(text);
  parsed.set(text, document);
  const error = document.errors[0];
  if (error !== undefined) throw error;
  return apart(document.toJS());
}

function apart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(apart);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, apart(item)]));
}

/** `needs:` as a list, whatever its form. */
export function needsOf(job: Job): string[] {
  if (job.needs === undefined || job.needs === null) return [];
  return typeof job.needs === "string" ? [job.needs] : job.needs;
}

function triggers(on: unknown): Record<string, unknown> {
  if (typeof on === "string") return { [on]: null };
  if (Array.isArray(on)) return Object.fromEntries(on.map((name) => [String(name), null]));
  return (on ?? {}) as Record<string, unknown>;
}
