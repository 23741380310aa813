import { Fault, tellReason, type Code } from "@release-actions/codes";
import { listAt, mappingAt, textAt } from "../kubernetes/object.ts";
import type { Awx } from "./awx.ts";
import { isLost, jobLink } from "./launch.ts";

/** Why an AWX job did not do its work. All but `code` and `next` may be foreign text. */
export type AwxFailure = {
  code: Code;
  plain: string;
  /** The module's own words. */
  said?: string;
  object: string;
  log: string[];
  next: string;
};

export type Waiting = {
  /** Milliseconds. */
  timeout: number;
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  progress(line: string): void;
};

/** Pauses between two looks, in milliseconds: a short job is seen soon, a long one costs little. */
const firstPause = 500;
const longestPause = 5_000;
/** How long a cancelled job may take to stop. */
const stopping = 60_000;

/**
 * Waits for a job's end. undefined: it was successful. A job that is not done at the deadline is cancelled first, so that it
 * does not go on while the environment is taken back.
 * @throws Fault RA3611, RA3602, RA3603, RA3606, RA8001
 */
export async function awaitJob(
  awx: Awx,
  id: number,
  waiting: Waiting,
): Promise<AwxFailure | undefined> {
  const link = jobLink(awx, id);
  const ended = await untilOver(awx, id, waiting, waiting.timeout);
  if (ended !== undefined) return failureOf(awx, id, ended);
  waiting.progress(`Job ${id} was not done after ${seconds(waiting.timeout)}; it is cancelled.`);
  try {
    await awx.post(`/jobs/${id}/cancel/`, {});
  } catch (error) {
    // Answered 405 where it has just ended by itself; the next looks tell.
    if (!(error instanceof Fault) || error.code === "RA3602") throw error;
  }
  const stopped = await untilOver(awx, id, waiting, stopping);
  if (stopped === undefined)
    throw new Fault("RA3611", {
      saw: `job ${id} was not done after ${seconds(waiting.timeout)} and did not stop when it was cancelled: ${link}`,
    });
  if (textAt(stopped, "status") !== "canceled") return failureOf(awx, id, stopped);
  return {
    code: "RA3609",
    plain: `The AWX job ${id} was not done after ${seconds(waiting.timeout)} and was cancelled.`,
    object: link,
    log: [],
    next: `Open ${link}, or give a longer \`timeout\`.`,
  };
}

async function untilOver(
  awx: Awx,
  id: number,
  waiting: Waiting,
  timeout: number,
): Promise<Record<string, unknown> | undefined> {
  const deadline = waiting.now() + timeout;
  let told = "";
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const job = await awx.find(`/jobs/${id}/`);
    if (job === undefined)
      throw new Fault("RA3611", { saw: `AWX has no job ${id} any more: somebody deleted it` });
    const status = textAt(job, "status");
    if (status !== told) waiting.progress(`AWX job ${id}: ${status}`);
    told = status;
    if (status === "successful" || isLost(status)) return job;
    const left = deadline - waiting.now();
    if (left <= 0) return undefined;
    await waiting.sleep(Math.min(pause, left));
  }
}

async function failureOf(
  awx: Awx,
  id: number,
  job: Record<string, unknown>,
): Promise<AwxFailure | undefined> {
  const status = textAt(job, "status");
  if (status === "successful") return undefined;
  const object = jobLink(awx, id);
  const base = {
    object,
    log: [],
    next: `Open ${object}, correct what it says, then run the job again.`,
  };
  const explained = (
    textAt(job, "job_explanation") || lastLine(textAt(job, "result_traceback"))
  ).replace(/\.$/, "");
  if (status === "canceled")
    return { ...base, code: "RA3608", plain: `The AWX job ${id} was cancelled in AWX.` };
  if (status === "error")
    return {
      ...base,
      code: "RA3610",
      plain: `AWX could not run job ${id}${explained ? `: ${explained}` : ""}.`,
    };
  const tasks = await failedTasks(awx, id);
  const [first] = tasks;
  if (first === undefined)
    return {
      ...base,
      code: "RA3607",
      plain: `The AWX job ${id} failed${explained ? `: ${explained}` : ", and names no task"}.`,
    };
  const more = tasks.length > 1 ? ` (and ${tasks.length - 1} more)` : "";

  return {
    ...base,
    code: "RA3607",
    plain: first.unreachable
      ? `The AWX job ${id} failed: the host ${first.host} could not be reached in task «${first.task}»${more}: ${first.said}`
      : `The AWX job ${id} failed: ${tellReason("awx-job-failed", { task: first.task, host: `${first.host}${more}`, message: first.said }).because}`,
    said: first.said,
    log: tasks.flatMap(({ lines }) => lines).slice(-20),
  };
}

type FailedTask = {
  task: string;
  host: string;
  said: string;
  unreachable: boolean;
  lines: string[];
};

/** The tasks that made the job fail. What it ignored or what AWX may not tell is left out. */
async function failedTasks(awx: Awx, id: number): Promise<FailedTask[]> {
  const query = {
    event__in: "runner_on_failed,runner_on_unreachable",
    failed: "true",
    order_by: "counter",
  };
  let events: Record<string, unknown>[];
  try {
    events = await awx.list(`/jobs/${id}/job_events/`, query, 50);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
  return events
    .filter((event) => mappingAt(event, "event_data")["ignore_errors"] !== true)
    .map((event) => ({
      task: textAt(event, "task") || textAt(event, "event_data", "task") || "?",
      host: textAt(event, "host_name") || textAt(event, "event_data", "host") || "?",
      said: saidBy(mappingAt(event, "event_data", "res")),
      unreachable: textAt(event, "event") === "runner_on_unreachable",
      lines: plainLines(textAt(event, "stdout")),
    }));
}

/** What a module said: its message, its error output, or what a loop's items said. */
function saidBy(res: Record<string, unknown>): string {
  if (res["censored"] !== undefined) return "its output is hidden (no_log)";
  const items = listAt(res, "results").filter((item) => item["failed"] === true);
  const said =
    items.map((item) => textAt(item, "msg")).find((text) => text !== "") ??
    (textAt(res, "msg") || textAt(res, "stderr") || textAt(res, "reason"));
  return said.slice(0, 500).trim() || "it gave no message";
}

/** Without the colours of a terminal. */
function plainLines(text: string): string[] {
  return text
    .replaceAll(/\u001b\[[0-9;]*m/g, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => line.slice(0, 500));
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 500) ?? "";
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} seconds`;
}
