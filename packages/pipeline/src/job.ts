/** What the pipeline needs of the runner; packages/runner provides it. */
export type Job = {
  readonly env: {
    readonly repository: { readonly owner: string; readonly name: string };
    readonly ref: string;
    readonly refName: string;
    readonly refType: "branch" | "tag";
    readonly eventName: string;
    /** The webhook's payload; text in it is foreign. */
    readonly event: unknown;
    readonly triggeringActor: string;
    readonly runId: number;
    readonly runAttempt: number;
    readonly serverUrl: string;
    readonly apiUrl: string;
    readonly workspace: string | undefined;
    readonly temp: string;
  };
  readonly variables: Readonly<Record<string, string | undefined>>;
  say(text: string): void;
  debug(text: string): void;
  warn(title: string, text: string): void;
  mask(secret: string): void;
};

/** What an action hands back to the runner. Findings are JSON in the output `reasons`. */
export type ActionResult<Outputs> = {
  ok: boolean;
  outputs: Partial<Outputs>;
  /** Markdown, escaped here. */
  summary: string;
  failure?: { title: string; message: string };
};

/** A text of the event's payload, such as a dispatch input; undefined when it is not there or empty. */
export function eventText(job: Job, ...path: string[]): string | undefined {
  let value: unknown = job.env.event;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Address of this run, for the ledger and for people. */
export function runUrl(job: Job): string {
  return `${job.env.serverUrl}/${job.env.repository.owner}/${job.env.repository.name}/actions/runs/${job.env.runId}`;
}
