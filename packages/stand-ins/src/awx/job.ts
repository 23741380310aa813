/** What a task of a playbook did on a host. */
export type PlayedTask = {
  play: string;
  task: string;
  host: string;
  result: "ok" | "failed" | "unreachable" | "ignored";
  /** What the module said; a task with `no_log` says nothing. */
  msg?: string;
  no_log?: boolean;
};

/** How a playbook ended, as whoever stands in for it says. */
export type Played = {
  status: "successful" | "failed" | "error";
  tasks?: PlayedTask[];
  /** Why AWX could not run it at all. */
  job_explanation?: string;
};

export type AwxStatus =
  | "pending"
  | "waiting"
  | "running"
  | "successful"
  | "failed"
  | "error"
  | "canceled";

export type AwxJob = {
  id: number;
  template: number;
  name: string;
  launch_type: "manual" | "relaunch";
  launched_by: string;
  status: AwxStatus;
  created: Date;
  started: Date | undefined;
  finished: Date | undefined;
  extra_vars: Record<string, unknown>;
  job_explanation: string;
  tasks: PlayedTask[];
};

export function isOver({ status }: AwxJob): boolean {
  return ["successful", "failed", "error", "canceled"].includes(status);
}

/** A job as its address shows it; lists leave a few fields out. */
export function shownJob(job: AwxJob, template: string, inList = false): Record<string, unknown> {
  const seconds =
    job.started === undefined
      ? 0
      : ((job.finished ?? new Date()).getTime() - job.started.getTime()) / 1000;
  return {
    id: job.id,
    type: "job",
    url: `/api/v2/jobs/${job.id}/`,
    related: {
      job_events: `/api/v2/jobs/${job.id}/job_events/`,
      cancel: `/api/v2/jobs/${job.id}/cancel/`,
    },
    summary_fields: { job_template: { id: job.template, name: template, description: "" } },
    name: job.name,
    unified_job_template: job.template,
    job_template: job.template,
    launch_type: job.launch_type,
    launched_by: { name: job.launched_by, type: "user" },
    status: job.status,
    failed: ["failed", "error", "canceled"].includes(job.status),
    created: job.created.toISOString(),
    started: job.started?.toISOString() ?? null,
    finished: job.finished?.toISOString() ?? null,
    elapsed: seconds,
    job_explanation: job.job_explanation,
    extra_vars: JSON.stringify(job.extra_vars),
    ...(inList
      ? {}
      : {
          event_processing_finished: isOver(job),
          result_traceback: "",
          job_args: "",
          job_env: {},
        }),
  };
}

/** The events that a job's tasks leave, oldest first. */
export function eventsOf(job: AwxJob): Record<string, unknown>[] {
  const events = job.tasks.flatMap((played) => {
    const about = { play: played.play, task: played.task, playbook: "deploy.yml" };
    const event =
      played.result === "ok"
        ? "runner_on_ok"
        : played.result === "unreachable"
          ? "runner_on_unreachable"
          : "runner_on_failed";
    const res = played.no_log
      ? { censored: "the output has been hidden due to the fact that 'no_log: true' was specified" }
      : { changed: false, ...(played.msg === undefined ? {} : { msg: played.msg }) };
    return [
      {
        event: "playbook_on_task_start",
        host_name: "",
        failed: false,
        event_data: about,
        ...about,
      },
      {
        event,
        host_name: played.host,
        // An ignored failure is none of the job.
        failed: played.result === "failed" || played.result === "unreachable",
        event_data: {
          ...about,
          host: played.host,
          res,
          ...(event === "runner_on_failed" ? { ignore_errors: played.result === "ignored" } : {}),
        },
        ...about,
        stdout:
          played.result === "ok"
            ? `ok: [${played.host}]`
            : `\u001b[0;31mfatal: [${played.host}]: FAILED! => ${JSON.stringify(res)}\u001b[0m`,
      },
    ];
  });
  return events.map((event, index) => ({
    id: job.id * 1000 + index + 1,
    type: "job_event",
    job: job.id,
    counter: index + 1,
    ...event,
  }));
}
