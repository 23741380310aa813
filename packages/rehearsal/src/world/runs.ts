import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { GitHubEvent } from "@release-actions/stand-ins";
import type { RunResult } from "../workflow/contract.ts";
import { codes } from "@release-actions/codes";
import { parseDocument } from "yaml";
import { dispatchInputs, startsOn } from "../workflow/index.ts";
import { refuses } from "./environments.ts";
import { stillOf, type Life } from "./lives.ts";
import { hostGap, settingGaps, settingsUsed, type Gap, type Names } from "./gaps.ts";
import type { World } from "./world.ts";

const closed = "the scenario has ended";

/** One attempt of a run of a workflow. */
export type RunRecord = {
  /** Name of the act that started it, where it has one. */
  act: string | undefined;
  id: number;
  attempt: number;
  number: number;
  path: string;
  name: string;
  event: GitHubEvent;
  ref: string;
  sha: string;
  triggeredBy: string;
  /** `owner/name`. */
  repository: string;
  /** Set when it has ended. */
  result?: RunResult;
  gaps: Gap[];
};

/** A dispatch's inputs with the defaults of the workflow's file; other events stay as they are. */
function payloadFor(event: GitHubEvent, text: string): Record<string, unknown> {
  if (event.event !== "workflow_dispatch") return event.payload;
  const given = (event.payload["inputs"] ?? {}) as Record<string, string>;
  const filled = dispatchInputs(text, given);
  return { ...event.payload, inputs: "inputs" in filled ? filled.inputs : given };
}

/** Starts workflow runs as GitHub does, and knows those that were started. */
export type Runs = {
  readonly all: readonly RunRecord[];
  /** Whether events start runs from here on, and for the account of which act. */
  listen(open: boolean, act: string | undefined): void;
  /** Runs the finished run of an act again, whole: the same commit, the same file, the next attempt. */
  again(run: RunRecord, by: string, act: string | undefined): void;
  /** Answers a run that waits for an environment's reviewers. Throws when none of its jobs waits for that. */
  review(
    run: RunRecord,
    review: { environment: string; state: "approved" | "rejected"; comment: string; by: string },
  ): void;
  /** The machine under every run that goes on is lost: its processes end where they are, and GitHub hears no more of them. */
  kill(): "gone";
  /** Ends what still waits; it never comes to a result. */
  close(): Promise<void>;
  /** Waits until nothing runs any more, or all that runs waits for a person. Rejects with a fault of the rehearsal itself. */
  settled(): Promise<void>;
};

/** Knows the runs that have ended `before`, where the world goes on from a moment of another. */
export function createRuns(world: Omit<World, "runs">, before: readonly RunRecord[] = []): Runs {
  const all: RunRecord[] = [...before];
  const going = new Set<Promise<void>>();
  const groups = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const alive = new Set<Life>();
  const reviews = new Map<string, ((state: "approved" | "rejected") => void)[]>();
  const state = { act: undefined as string | undefined, open: false, starting: 0 };

  const track = (work: Promise<void>): void => {
    const watched = work
      .catch((error: unknown) => void failures.push(error))
      .finally(() => going.delete(watched));
    going.add(watched);
  };

  world.github.onEvent((event) => {
    if (!state.open || !event.startsWorkflows) return;
    if (!world.repositories.some(({ fullName }) => fullName === event.repository)) return;
    track(startAll(event, state.act));
  });

  /** Every workflow of the repository that waits for this event, from the commit GitHub would take it from. */
  async function startAll(event: GitHubEvent, act: string | undefined): Promise<void> {
    state.starting += 1;
    const repository = world.repositoryOf(event.repository);
    const ownCommit = ["push", "create", "release", "workflow_dispatch"].includes(event.event);
    const ref = ownCommit ? event.ref : `refs/heads/${repository.defaultBranch}`;
    const sha = ownCommit ? event.sha : (repository.ref(ref) ?? event.sha);
    // What made the event is answered first.
    await setImmediate();
    const paths = repository
      .filesIn(".github/workflows", sha)
      .filter((path) => /\.ya?ml$/.test(path));
    const started: Promise<void>[] = [];
    for (const path of paths) {
      if (event.workflowPath !== undefined && event.workflowPath !== path) continue;
      const text = repository.file(path, sha) ?? "";
      if (!startsOn(text, { name: event.event, action: event.action, ref, payload: event.payload }))
        continue;
      // A file that GitHub cannot read has no triggers: it shows as a failed run of the push.
      if (event.event !== "push" && parseDocument(text).errors.length > 0) continue;
      const id =
        event.runId ??
        world.github.createRun({
          repository: repository.fullName,
          workflowPath: path,
          event: event.event,
          headSha: sha,
          headBranch: ref.replace(/^refs\/(heads|tags)\//, ""),
          actor: event.actor,
        });
      const { name, number } = world.github.run(id);
      started.push(
        execute({
          act,
          id,
          attempt: 1,
          number,
          path,
          name,
          event: { ...event, payload: payloadFor(event, text) },
          ref,
          sha,
          triggeredBy: event.actor,
          repository: repository.fullName,
          gaps: [],
        }),
      );
    }
    state.starting -= 1;
    await Promise.all(started);
  }

  async function execute(record: RunRecord): Promise<void> {
    all.push(record);
    const repository = world.repositoryOf(record.repository);
    const { owner, name } = repository;
    // Secrets, variables and environments are the pipeline's own repository's.
    const own = repository === world.repository;
    const text = repository.file(record.path, record.sha) ?? "";
    const version = world.pipeline.file.github?.version;
    const began = Date.now();
    const foreignBefore = world.proxy.foreign.length;
    const known = new Map<string, Names>();
    const clocks = new Map<string, number>();
    const now = (): Date => world.clock.now();
    world.github.setRunState(record.id, {
      status: "in_progress",
      attempt: record.attempt,
      triggeringActor: record.triggeredBy,
    });
    world.tell({
      at: now(),
      kind: "run-started",
      run: record,
      why: record.attempt > 1 ? `re-run by ${record.triggeredBy}` : record.event.event,
    });

    const life: Life = { end: new AbortController(), jobs: new Set(), reviewed: 0, queued: 0 };
    alive.add(life);
    const result = await world.runner({
      signal: life.end.signal,
      grace: { interrupt: 0, terminate: 0 },
      file: { path: record.path, text },
      event: { name: record.event.event, payload: record.event.payload },
      repository: { owner, name },
      server: { ...world.github.links, ...(version === undefined ? {} : { version }) },
      ref: record.ref,
      sha: record.sha,
      refType: record.ref.startsWith("refs/tags/") ? "tag" : "branch",
      actor: record.event.actor,
      triggeringActor: record.triggeredBy,
      runId: record.id,
      runNumber: record.number,
      attempt: record.attempt,
      env: world.stepEnvironment,
      actions: world.actions,
      readFile: async (path) => repository.file(path, record.sha),
      issueToken: async (job) => {
        const permissions = { ...job.permissions, ...world.extraPermissions(record.path, job.id) };
        const token = world.github.issueToken({
          kind: "job",
          repositories: [repository.fullName],
          actor: record.triggeredBy,
          permissions,
          runId: record.id,
        });
        world.tokens.set(token, { job: job.id, run: record, permissions });
        return token;
      },
      environment: async (environment) => {
        const settings = own ? world.pipeline.file.environments[environment] : undefined;
        const secrets = world.secretsOf(settings?.secrets ?? {});
        const vars = settings?.vars ?? {};
        known.set(environment, { secrets: Object.keys(secrets), vars: Object.keys(vars) });
        const refused =
          (settings && refuses(environment, settings, record.ref)) ??
          (settings?.reviewers?.length ? await reviewed(record, environment, life) : undefined);
        return { secrets, vars, ...(refused ? { refuses: refused } : {}) };
      },
      secrets: own ? world.secretsOf(world.pipeline.file.secrets) : {},
      vars: own ? world.pipeline.file.vars : {},
      ...(world.programs === undefined ? {} : { programs: world.programs }),
      concurrency: (group, run) => inTurn(`${record.repository} ${group}`, life, run),
      observe: (event) => {
        const key =
          "step" in event ? `${event.job}/${event.step}` : "job" in event ? event.job : "";
        if (event.kind === "job-started") life.jobs.add(event.job);
        if (event.kind === "job-ended") life.jobs.delete(event.job);
        if (event.kind === "job-started" || event.kind === "step-started")
          clocks.set(key, Date.now());
        const took = Date.now() - (clocks.get(key) ?? Date.now());
        if (event.kind === "step-ended") {
          world.tell({
            at: now(),
            kind: "step-ended",
            run: record,
            job: event.job,
            step: event.step,
            outcome: event.outcome,
            milliseconds: took,
          });
        } else if (event.kind === "job-ended") {
          world.tell({
            at: now(),
            kind: "job-ended",
            run: record,
            job: event.job,
            result: event.result,
            milliseconds: took,
          });
        } else if (event.kind === "annotation" && event.annotation.level !== "notice") {
          world.tell({
            at: now(),
            kind: "annotation",
            run: record,
            level: event.annotation.level,
            says: event.annotation.message,
          });
        }
      },
      directory: join(world.directory, "runs", `${record.id}-${record.attempt}`),
      nodeBinary: world.nodeBinary,
      now,
    });

    alive.delete(life);
    if (life.end.signal.reason === closed) return;
    record.result = result;
    record.gaps.push(...gapsOf(record, text, result, known, foreignBefore));
    world.github.setRunState(record.id, {
      status: "completed",
      conclusion: result.conclusion,
      jobs: Object.values(result.jobs).map((job, index) => ({
        id: record.id * 100 + index,
        name: job.name,
        status: "completed",
        conclusion: job.result,
        startedAt: now(),
      })),
    });
    world.tell({ at: now(), kind: "run-ended", run: record, milliseconds: Date.now() - began });
  }

  function gapsOf(
    record: RunRecord,
    text: string,
    result: RunResult,
    known: Map<string, Names>,
    foreignBefore: number,
  ): Gap[] {
    const used = settingsUsed(text);
    const gaps: Gap[] = (result.refused ?? []).map(({ code, path, line, column, message }) => ({
      code,
      saw: `${path}:${line}:${column}: ${message}`,
      next: codes[code].next,
    }));
    for (const [id, job] of Object.entries(result.jobs)) {
      if (job.result === "skipped") continue;
      const environment = job.environment?.name;
      const uses = used[id.replace(/ \(.*/, "")];
      if (!uses) continue;
      const given = known.get(environment ?? "");
      const { secrets, vars } = world.pipeline.file;
      gaps.push(
        ...settingGaps({
          workflow: record.path,
          job: id,
          uses,
          known: {
            secrets: [...Object.keys(secrets), ...(given?.secrets ?? [])],
            vars: [...Object.keys(vars), ...(given?.vars ?? [])],
          },
          environment,
        }),
      );
    }
    const hosts = new Set(world.proxy.foreign.slice(foreignBefore).map((attempt) => attempt.host));
    gaps.push(
      ...[...hosts].map((host) => hostGap({ host, run: `${record.name} (${record.path})` })),
    );
    return gaps;
  }

  /** Waits until a person answers. The sentence GitHub shows when the answer is no. */
  async function reviewed(
    record: RunRecord,
    environment: string,
    life: Life,
  ): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<"approved" | "rejected" | "gone">();
    const key = `${record.id} ${environment}`;
    reviews.set(key, [...(reviews.get(key) ?? []), resolve]);
    life.reviewed += 1;
    world.github.setRunState(record.id, { status: "waiting" });
    const gone = (): void => resolve("gone");
    life.end.signal.addEventListener("abort", gone, { once: true });
    const answer = await promise;
    life.end.signal.removeEventListener("abort", gone);
    life.reviewed -= 1;
    if (answer === "approved") {
      world.github.setRunState(record.id, { status: "in_progress" });
      return undefined;
    }
    return "The deployment was rejected or didn't satisfy other protection rules.";
  }

  /** One after another within a group, in the order of asking. */
  function inTurn(group: string, life: Life, run: () => Promise<void>): Promise<void> {
    const before = groups.get(group) ?? Promise.resolve();
    life.queued += 1;
    const begin = (): Promise<void> => {
      life.queued -= 1;
      return run();
    };
    const turn = before.then(begin, begin);
    groups.set(
      group,
      turn.catch(() => undefined),
    );
    return turn;
  }

  return {
    all,
    listen: (open, act) => {
      state.open = open;
      state.act = act;
    },
    again: (run, by, act) => {
      const attempt =
        Math.max(...all.filter((one) => one.id === run.id).map((one) => one.attempt)) + 1;
      const { result: _result, ...rest } = run;
      track(execute({ ...rest, act, attempt, triggeredBy: by, gaps: [] }));
    },
    review: (run, { environment, state: answer, comment, by }) => {
      const key = `${run.id} ${environment}`;
      const waiting = reviews.get(key);
      if (!waiting)
        throw new Error(`no job of ${run.name} #${run.number} waits for ${environment}`);
      world.github.reviewRun({ run: run.id, environment, by, state: answer, comment });
      reviews.delete(key);
      for (const resolve of waiting) resolve(answer);
    },
    kill: () => {
      for (const life of alive) life.end.abort();
      return "gone";
    },
    close: async () => {
      for (const life of alive) life.end.abort(closed);
      await Promise.all(going);
    },
    settled: async () => {
      await stillOf(going, alive, () => state.starting);
      if (failures.length > 0) throw failures.shift();
    },
  };
}
