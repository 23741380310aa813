import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GitHubEvent } from "@release-actions/stand-ins";
import type { RunResult } from "../workflow/contract.ts";
import { codes } from "@release-actions/codes";
import { parseDocument } from "yaml";
import { dispatchInputs, runWorkflow, startsOn } from "../workflow/index.ts";
import { refuses } from "./environments.ts";
import { hostGap, secretGaps, secretsUsed, type Gap } from "./gaps.ts";
import type { World } from "./world.ts";

const run = promisify(execFile);

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

/** Paths of a commit's workflow files. */
async function workflowFiles(directory: string, sha: string): Promise<string[]> {
  const { stdout } = await run("git", ["ls-tree", "--name-only", sha, ".github/workflows/"], {
    cwd: directory,
  });
  return stdout.split("\n").filter((path) => /\.ya?ml$/.test(path));
}

/** Starts workflow runs as GitHub does, and knows those that were started. */
export type Runs = {
  readonly all: readonly RunRecord[];
  /** Whether events start runs from here on, and for the account of which act. */
  listen(open: boolean, act: string | undefined): void;
  /** Runs the finished run of an act again, whole: the same commit, the same file, the next attempt. */
  again(run: RunRecord, by: string, act: string | undefined): void;
  /** The machine under every run that goes on is lost: its processes end where they are, and GitHub hears no more of them. */
  kill(): "gone";
  /** Waits until nothing runs any more. Rejects with a fault of the rehearsal itself. */
  settled(): Promise<void>;
};

export function createRuns(world: Omit<World, "runs">): Runs {
  const all: RunRecord[] = [];
  const going = new Set<Promise<void>>();
  const groups = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const alive = new Set<AbortController>();
  const state: { act: string | undefined; open: boolean } = { act: undefined, open: false };

  const track = (work: Promise<void>): void => {
    const watched = work
      .catch((error: unknown) => void failures.push(error))
      .finally(() => going.delete(watched));
    going.add(watched);
  };

  world.github.onEvent((event) => {
    if (!state.open || !event.startsWorkflows) return;
    if (event.repository !== world.repository.fullName) return;
    track(startAll(event, state.act));
  });

  /** Every workflow of the repository that waits for this event, from the commit GitHub would take it from. */
  async function startAll(event: GitHubEvent, act: string | undefined): Promise<void> {
    const ownCommit = ["push", "create", "release", "workflow_dispatch"].includes(event.event);
    const ref = ownCommit ? event.ref : `refs/heads/${world.repository.defaultBranch}`;
    const sha = ownCommit ? event.sha : (world.repository.ref(ref) ?? event.sha);
    const paths = await workflowFiles(world.repository.directory, sha);
    const started: Promise<void>[] = [];
    for (const path of paths) {
      if (event.workflowPath !== undefined && event.workflowPath !== path) continue;
      const text = world.repository.file(path, sha) ?? "";
      if (!startsOn(text, { name: event.event, action: event.action, ref, payload: event.payload }))
        continue;
      // A file that GitHub cannot read has no triggers: it shows as a failed run of the push.
      if (event.event !== "push" && parseDocument(text).errors.length > 0) continue;
      const id =
        event.runId ??
        world.github.createRun({
          repository: world.repository.fullName,
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
          gaps: [],
        }),
      );
    }
    await Promise.all(started);
  }

  async function execute(record: RunRecord): Promise<void> {
    all.push(record);
    const text = world.repository.file(record.path, record.sha) ?? "";
    const [owner = "", name = ""] = world.repository.fullName.split("/");
    const began = Date.now();
    const foreignBefore = world.proxy.foreign.length;
    const knownSecrets = new Map<string, string[]>();
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

    const life = new AbortController();
    alive.add(life);
    const result = await runWorkflow({
      signal: life.signal,
      grace: { interrupt: 0, terminate: 0 },
      file: { path: record.path, text },
      event: { name: record.event.event, payload: record.event.payload },
      repository: { owner, name },
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
      readFile: async (path) => world.repository.file(path, record.sha),
      issueToken: async (job) => {
        const permissions = { ...job.permissions, ...world.extraPermissions(record.path, job.id) };
        const token = world.github.issueToken({
          kind: "job",
          repositories: [world.repository.fullName],
          actor: record.triggeredBy,
          permissions,
          runId: record.id,
        });
        world.tokens.set(token, { job: job.id, run: record, permissions });
        return token;
      },
      environment: async (environment) => {
        const settings = world.pipeline.file.environments[environment];
        const secrets = world.secretsOf(settings?.secrets ?? {});
        knownSecrets.set(environment, Object.keys(secrets));
        const refused = settings && refuses(environment, settings, record.ref);
        return { secrets, vars: settings?.vars ?? {}, ...(refused ? { refuses: refused } : {}) };
      },
      secrets: world.secretsOf(world.pipeline.file.secrets),
      vars: world.pipeline.file.vars,
      concurrency: (group, run) => inTurn(group, run),
      observe: (event) => {
        const key =
          "step" in event ? `${event.job}/${event.step}` : "job" in event ? event.job : "";
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
    record.result = result;
    record.gaps.push(...gapsOf(record, text, result, knownSecrets, foreignBefore));
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
    knownSecrets: Map<string, string[]>,
    foreignBefore: number,
  ): Gap[] {
    const used = secretsUsed(text);
    const gaps: Gap[] = (result.refused ?? []).map(({ code, path, line, column, message }) => ({
      code,
      saw: `${path}:${line}:${column}: ${message}`,
      next: codes[code].next,
    }));
    for (const [id, job] of Object.entries(result.jobs)) {
      if (job.result === "skipped") continue;
      const environment = job.environment?.name;
      const known = [
        ...Object.keys(world.pipeline.file.secrets),
        ...(knownSecrets.get(environment ?? "") ?? []),
      ];
      gaps.push(
        ...secretGaps({
          workflow: record.path,
          job: id,
          uses: used[id.replace(/ \(.*/, "")] ?? [],
          known,
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

  /** One after another within a group, in the order of asking. */
  function inTurn(group: string, run: () => Promise<void>): Promise<void> {
    const before = groups.get(group) ?? Promise.resolve();
    const turn = before.then(run, run);
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
    kill: () => {
      for (const life of alive) life.abort();
      return "gone";
    },
    settled: async () => {
      while (going.size > 0) await Promise.all(going);
      if (failures.length > 0) throw failures.shift();
    },
  };
}
