import { parse } from "yaml";
import { announce } from "./announce.ts";
import { readCommit } from "./git/commits.ts";
import { entryAt, readTree } from "./git/trees.ts";
import { presentPerson } from "./present/people.ts";
import { presentRun } from "./present/runs.ts";
import type { WorkflowRun } from "./records.ts";
import { resolveCommit } from "./source.ts";
import { isReviewer } from "./teams.ts";
import {
  actorOf,
  findRepository,
  nodeId,
  Refused,
  type Actor,
  type Repository,
  type World,
} from "./world.ts";

export type Workflow = { id: number; path: string; name: string; text: string };

/** Workflows as GitHub lists them: the files of the default branch. */
export function listWorkflows(repository: Repository): Workflow[] {
  return workflowsAt(repository, `refs/heads/${repository.defaultBranch}`);
}

function workflowsAt(repository: Repository, revision: string): Workflow[] {
  const { objects } = repository;
  const sha = resolveCommit(repository, revision);
  const tree = sha ? readCommit(objects, sha)?.tree : undefined;
  const folder = tree ? entryAt(objects, tree, ".github/workflows") : undefined;
  if (!folder) return [];
  return readTree(objects, folder.sha)
    .filter((entry) => /\.ya?ml$/.test(entry.name))
    .map((entry) => {
      const path = `.github/workflows/${entry.name}`;
      const text = objects.read(entry.sha)?.content.toString("utf8") ?? "";
      return { id: workflowId(repository, path), path, name: nameOf(text) ?? path, text };
    });
}

/** By number, file name or path; 404 as for a file that the default branch has not. */
export function workflowOf(repository: Repository, wanted: string): Workflow {
  const found = listWorkflows(repository).find(
    (workflow) =>
      String(workflow.id) === wanted ||
      workflow.path === wanted ||
      workflow.path === `.github/workflows/${wanted}`,
  );
  if (!found) throw new Refused(404, "Not Found");
  return found;
}

/** A number that stays with the path for ever, without keeping a table. */
export function workflowId(repository: Repository, path: string): number {
  let hash = repository.id;
  for (const byte of Buffer.from(path)) hash = (hash * 31 + byte) % 1_000_003;
  return repository.id * 1_000_003 + hash;
}

export type RunWish = {
  workflowPath: string;
  event: string;
  headSha: string;
  headBranch: string;
  actor: string;
  attempt?: number;
  displayTitle?: string;
  name?: string;
};

export function createRun(world: World, repository: Repository, wish: RunWish): WorkflowRun {
  const id = 9_000_000_000 + world.nextId();
  const now = world.clock.now();
  const same = [...world.runs.values()].filter(
    (run) => run.repository === repository.fullName && run.workflowPath === wish.workflowPath,
  );
  const workflow = workflowsAt(repository, wish.headSha).find(
    (one) => one.path === wish.workflowPath,
  );
  const name = wish.name ?? workflow?.name ?? wish.workflowPath;
  const title = readCommit(repository.objects, wish.headSha)?.message.split("\n")[0];
  const run: WorkflowRun = {
    id,
    nodeId: nodeId("WFR", id),
    repository: repository.fullName,
    workflowPath: wish.workflowPath,
    name,
    displayTitle: wish.displayTitle ?? (wish.event === "push" ? (title ?? name) : name),
    event: wish.event,
    headSha: wish.headSha,
    headBranch: wish.headBranch,
    actor: wish.actor,
    triggeringActor: wish.actor,
    attempt: wish.attempt ?? 1,
    number: same.length + 1,
    status: "queued",
    conclusion: null,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    jobs: [],
    approvals: [],
  };
  world.runs.set(id, run);
  return run;
}

export function runOf(world: World, repository: Repository, id: number): WorkflowRun {
  const run = world.runs.get(id);
  if (!run || run.repository !== repository.fullName) throw new Refused(404, "Not Found");
  return run;
}

/** A person's answer to a run that waits for an environment. Throws, for a rehearsal's mistake, where GitHub shows no button. */
export function reviewRun(
  world: World,
  review: {
    run: number;
    environment: string;
    by: string;
    state: "approved" | "rejected";
    comment?: string;
  },
): void {
  const run = world.runs.get(review.run);
  const repository = run && findRepository(world, run.repository);
  if (!run || !repository)
    throw new Error(`The GitHub stand-in has no workflow run ${review.run}.`);
  const actor = actorOf(world, review.by);
  const environment = repository.environments.find((one) => one.name === review.environment);
  const reviewers = environment?.reviewers ?? [];
  const why = !environment
    ? "there is no such environment"
    : !reviewers.some((one) => isReviewer(world, one, actor.login))
      ? `${actor.login} is no reviewer of it`
      : environment.preventSelfReview && run.triggeringActor === actor.login
        ? `${actor.login} started the run and may not review it`
        : undefined;
  if (why) throw new Error(`Run ${run.id} cannot be reviewed for ${review.environment}: ${why}.`);
  run.approvals = [
    ...run.approvals,
    {
      state: review.state,
      user: actor.login,
      comment: review.comment ?? "",
      environments: [review.environment],
    },
  ];
  run.updatedAt = world.clock.now();
  announce(world, repository, actor, {
    event: "deployment_review",
    action: review.state,
    sha: run.headSha,
    payload: {
      environment: review.environment,
      approver: presentPerson(world, actor.login, world.links),
      comment: review.comment ?? "",
      workflow_run: presentRun(world, repository, run, world.links),
    },
  });
}

/** Queues a run of the ref's version of the workflow and tells; each call makes another run. */
export function dispatchWorkflow(
  world: World,
  repository: Repository,
  actor: Actor,
  workflow: Workflow,
  wish: { ref: string; inputs: Record<string, unknown> },
): WorkflowRun {
  const ref = [wish.ref, `refs/heads/${wish.ref}`, `refs/tags/${wish.ref}`].find(
    (name) => repository.refs.read(name) !== undefined,
  );
  const sha = ref ? resolveCommit(repository, ref) : undefined;
  if (!ref || !sha) throw new Refused(422, `No ref found for: ${wish.ref}`);
  const there = workflowsAt(repository, sha).find((one) => one.path === workflow.path);
  const declared = there ? dispatchInputs(there.text) : undefined;
  if (!declared) throw new Refused(422, "Workflow does not have 'workflow_dispatch' trigger");
  const unknown = Object.keys(wish.inputs).filter((name) => !(name in declared));
  if (unknown.length > 0)
    throw new Refused(422, `Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  const inputs: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(declared)) {
    const given = wish.inputs[name] ?? input.default;
    if (given === undefined && input.required)
      throw new Refused(422, `Required input '${name}' not provided`);
    if (given !== undefined && input.options && !input.options.includes(String(given))) {
      throw new Refused(
        422,
        `Provided value '${String(given)}' for input '${name}' not in the list of allowed values`,
      );
    }
    inputs[name] = given === undefined ? "" : String(given);
  }
  const run = createRun(world, repository, {
    workflowPath: workflow.path,
    event: "workflow_dispatch",
    headSha: sha,
    headBranch: ref.replace(/^refs\/(heads|tags)\//, ""),
    actor: actor.login,
  });
  announce(world, repository, actor, {
    event: "workflow_dispatch",
    ref,
    sha,
    payload: {
      inputs,
      ref,
      workflow: workflow.path,
      organization: presentPerson(world, repository.owner.login, world.links),
    },
    runId: run.id,
    workflowPath: workflow.path,
  });
  return run;
}

type DeclaredInput = { required: boolean; default?: unknown; options?: string[] };

/** The inputs of a workflow's workflow_dispatch; undefined without that trigger. */
function dispatchInputs(text: string): Record<string, DeclaredInput> | undefined {
  const on = asRecord(parseYaml(text))?.["on"];
  if (on === "workflow_dispatch" || (Array.isArray(on) && on.includes("workflow_dispatch")))
    return {};
  const triggers = asRecord(on);
  if (!triggers || !("workflow_dispatch" in triggers)) return undefined;
  const inputs = asRecord(asRecord(triggers["workflow_dispatch"])?.["inputs"]) ?? {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const input = asRecord(value) ?? {};
      const { options } = input;
      return [
        name,
        {
          required: input["required"] === true,
          ...(input["default"] !== undefined && { default: input["default"] }),
          ...(Array.isArray(options) &&
            input["type"] === "choice" && { options: options.map(String) }),
        },
      ];
    }),
  );
}

function nameOf(text: string): string | undefined {
  const name = asRecord(parseYaml(text))?.["name"];
  return typeof name === "string" ? name : undefined;
}

/** Each run asks its workflow's file again. */
const parsed = new Map<string, unknown>();

function parseYaml(text: string): unknown {
  if (parsed.has(text)) return parsed.get(text);
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    value = undefined;
  }
  parsed.set(text, value);
  return value;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
