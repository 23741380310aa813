import { setTimeout as wait } from "node:timers/promises";
import { seal, unseal, type Saved } from "../saved.ts";
import { frame, json, type Clock, type Incoming, type Reply, type StandIn } from "../stand-in.ts";
import { eventsOf, isOver, shownJob, type AwxJob, type Played } from "./job.ts";
import { filtered, paged } from "./list.ts";
import {
  isMapping,
  judgeLaunch,
  shownLaunch,
  shownTemplate,
  type AwxTemplate,
} from "./template.ts";

/** Whom a token belongs to, and what they may do. */
export type AwxUser = {
  user: string;
  /** Ids of templates that they see; absent: all. */
  sees?: number[];
  /** Ids of templates that they may launch; absent: all that they see. */
  starts?: number[];
};

type State = { jobs: AwxJob[]; lastId: number };
export type SavedAwx = Saved<State>;

export type AwxStandIn = StandIn & {
  /** Every job that was ever made, oldest first. */
  readonly jobs: readonly AwxJob[];
  /** Somebody presses «relaunch» in AWX: a new job with the old one's variables. */
  relaunch(job: number, by: string): AwxJob;
  /** Somebody presses «cancel». */
  cancel(job: number): void;
  /** Resolves when no job is at work any more. */
  quiet(): Promise<void>;
  save(): SavedAwx;
};

/**
 * AWX's REST API, version 2, as far as job templates are looked for, launched, watched and cancelled. `play` is the playbook:
 * it gets the job's variables, and may do in another stand-in what the team's playbook does.
 */
export function createAwxStandIn(options: {
  name?: string;
  clock: Clock;
  tokens: Record<string, AwxUser>;
  templates: readonly AwxTemplate[];
  /** Names of workflow job templates, which are launched elsewhere. */
  workflows?: readonly string[];
  play(job: AwxJob, template: AwxTemplate): Promise<Played>;
  /** Milliseconds that a job waits for its node. */
  pending?: number;
  saved?: SavedAwx | undefined;
}): AwxStandIn {
  const state: State = options.saved ? unseal(options.saved) : { jobs: [], lastId: 0 };
  const { jobs } = state;
  const working = new Map<number, Promise<void>>();
  let closed = false;
  const templateOf = (id: number): AwxTemplate | undefined =>
    options.templates.find((template) => template.id === id);

  /** A job's life: it waits for those of its template that came before, for its node, and for its playbook. */
  const live = async (job: AwxJob, template: AwxTemplate): Promise<void> => {
    const before = jobs.filter((other) => other.template === job.template && other.id < job.id);
    if (!template.allow_simultaneous) for (const other of before) await working.get(other.id);
    await wait(options.pending ?? 5);
    if (closed || isOver(job)) return;
    job.status = "running";
    job.started = options.clock.now();
    let played: Played;
    try {
      played = await options.play(job, template);
    } catch (error) {
      played = { status: "error", job_explanation: String(error) };
    }
    if (closed || isOver(job)) return;
    job.tasks = played.tasks ?? [];
    job.job_explanation = played.job_explanation ?? "";
    job.finished = options.clock.now();
    job.status = played.status;
  };
  const start = (job: AwxJob, template: AwxTemplate): void => {
    working.set(
      job.id,
      live(job, template).finally(() => working.delete(job.id)),
    );
  };
  const make = (
    template: AwxTemplate,
    about: Pick<AwxJob, "extra_vars" | "launch_type" | "launched_by">,
  ): AwxJob => {
    state.lastId += 1;
    const job: AwxJob = {
      id: state.lastId,
      template: template.id,
      name: template.name,
      status: "pending",
      created: options.clock.now(),
      started: undefined,
      finished: undefined,
      job_explanation: "",
      tasks: [],
      ...about,
    };
    jobs.push(job);
    start(job, template);
    return job;
  };
  const stop = (job: AwxJob): void => {
    job.status = "canceled";
    job.finished = options.clock.now();
  };

  const launch = (request: Incoming, template: AwxTemplate, user: AwxUser): Reply => {
    if (request.method === "GET") return json(200, shownLaunch(template));
    if (request.method !== "POST") return notAllowed(request.method);
    if (!mayStart(user, template)) return forbidden;
    const body = bodyOf(request);
    if ("refused" in body) return body.refused;
    const judged = judgeLaunch(template, body.value);
    if ("refused" in judged) return judged.refused;
    const job = make(template, {
      extra_vars: judged.variables,
      launch_type: "manual",
      launched_by: user.user,
    });
    return json(
      201,
      { job: job.id, ignored_fields: judged.ignored, ...shownJob(job, template.name) },
      { wrote: true, headers: { location: `/api/v2/jobs/${job.id}/` } },
    );
  };

  const jobRoutes = (request: Incoming, job: AwxJob, rest: string): Reply => {
    const template = templateOf(job.template)?.name ?? "";
    if (rest === "cancel/") {
      if (request.method === "GET") return json(200, { can_cancel: !isOver(job) });
      if (request.method !== "POST" || isOver(job)) return notAllowed(request.method);
      stop(job);
      return { status: 202, wrote: true };
    }
    if (request.method !== "GET") return notAllowed(request.method);
    if (rest === "") return json(200, shownJob(job, template));
    if (rest === "job_events/")
      return paged(request.url, filtered(request.url, eventsOf(job), "JobEvent"));
    return notFound;
  };

  const route = async (request: Incoming): Promise<Reply> => {
    const { pathname } = request.url;
    if (!pathname.startsWith("/api/")) return { status: 404, body: "Not Found" };
    if (!pathname.endsWith("/"))
      return { status: 301, headers: { location: `${pathname}/${request.url.search}` } };
    if (pathname === "/api/v2/ping/") return json(200, { version: "24.6.1", ha: false });
    const token = /^Bearer (.+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
    const user = Object.hasOwn(options.tokens, token) ? options.tokens[token] : undefined;
    if (user === undefined) return unknownCaller;
    const [, kind = "", id = "", rest = ""] =
      /^\/api\/v2\/([a-z_]+)\/(?:(\d+)\/(.*))?$/.exec(pathname) ?? [];
    const sees = (template: number): boolean => user.sees?.includes(template) ?? true;
    const seen = options.templates.filter((template) => sees(template.id));
    const shown = (template: AwxTemplate) => shownTemplate(template, mayStart(user, template));
    if (kind === "workflow_job_templates" && id === "") {
      const all = (options.workflows ?? []).map((name, index) => ({ id: 900 + index, name }));
      return paged(request.url, filtered(request.url, all, "WorkflowJobTemplate"));
    }
    if (kind === "job_templates" && id === "") {
      if (request.method !== "GET") return notAllowed(request.method);
      return paged(request.url, filtered(request.url, seen.map(shown), "JobTemplate"));
    }
    if (kind === "job_templates") {
      const template = seen.find((one) => one.id === Number(id));
      if (template === undefined) return notFound;
      if (rest === "launch/") return launch(request, template, user);
      if (request.method !== "GET") return notAllowed(request.method);
      if (rest === "") return json(200, shown(template));
      if (rest !== "jobs/") return notFound;
      const own = jobs.filter((job) => job.template === template.id);
      return paged(
        request.url,
        filtered(
          request.url,
          own.map((job) => shownJob(job, template.name, true)),
          "Job",
        ),
      );
    }
    const job = jobs.find((one) => one.id === Number(id) && sees(one.template));
    return kind === "jobs" && job !== undefined ? jobRoutes(request, job, rest) : notFound;
  };

  for (const job of jobs) {
    const template = templateOf(job.template);
    if (!isOver(job) && template) start(job, template);
  }
  const standIn = frame({
    name: options.name ?? "awx",
    clock: options.clock,
    route: async (request) => {
      const reply = await route(request);
      return { ...reply, headers: { "x-api-product-name": "AWX", ...reply.headers } };
    },
    close: async () => {
      closed = true;
    },
  });
  return {
    ...standIn,
    jobs,
    relaunch: (id, by) => {
      const old = jobs.find((job) => job.id === id);
      const template = old && templateOf(old.template);
      if (old === undefined || template === undefined) throw new Error(`no job ${id}`);
      return make(template, {
        extra_vars: structuredClone(old.extra_vars),
        launch_type: "relaunch",
        launched_by: by,
      });
    },
    cancel: (id) => {
      const job = jobs.find((one) => one.id === id);
      if (job && !isOver(job)) stop(job);
    },
    quiet: async () => {
      await Promise.all(working.values());
    },
    save: () => seal(state),
  };
}

function mayStart({ sees, starts }: AwxUser, { id }: AwxTemplate): boolean {
  return (starts ?? sees)?.includes(id) ?? true;
}

function bodyOf(request: Incoming): { value: unknown } | { refused: Reply } {
  if (request.body.length === 0) return { value: {} };
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\b/i.test(type))
    return { refused: json(415, { detail: `Unsupported media type "${type}" in request.` }) };
  try {
    const value = JSON.parse(request.body.toString("utf8")) as unknown;
    return isMapping(value)
      ? { value }
      : { refused: json(400, { detail: "JSON parse error - not a JSON object" }) };
  } catch (error) {
    return { refused: json(400, { detail: `JSON parse error - ${(error as Error).message}` }) };
  }
}

const notFound = json(404, { detail: "Not found." });
const forbidden = json(403, { detail: "You do not have permission to perform this action." });
const unknownCaller = json(
  401,
  {
    detail:
      "Authentication credentials were not provided. To establish a login session, visit /api/login/.",
  },
  { headers: { "www-authenticate": "Bearer realm=api authorization_url=/api/o/authorize/" } },
);

function notAllowed(method: string): Reply {
  return json(405, { detail: `Method "${method}" not allowed.` });
}
