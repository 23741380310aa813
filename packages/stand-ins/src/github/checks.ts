import { announce } from "./announce.ts";
import { presentCheckRun, presentStatus } from "./present/checks.ts";
import type { CheckRun, CommitStatus } from "./records.ts";
import { resolveCommit } from "./source.ts";
import { nodeId, Refused, type Actor, type Repository, type World } from "./world.ts";

/** Creates the check run of a name at a commit, or brings the newest one up to date. */
export function setCheckRun(
  world: World,
  repository: Repository,
  actor: Actor,
  wish: {
    sha: string;
    name: string;
    status: CheckRun["status"];
    conclusion?: CheckRun["conclusion"];
    app?: string;
  },
): CheckRun {
  const known = repository.checkRuns.find(
    (check) => check.sha === wish.sha && check.name === wish.name,
  );
  const now = world.clock.now();
  const id = known?.id ?? world.nextId();
  const check: CheckRun = known ?? {
    id,
    nodeId: nodeId("CR", id),
    sha: wish.sha,
    name: wish.name,
    status: wish.status,
    conclusion: null,
    app: wish.app ?? "github-actions",
    startedAt: now,
  };
  check.status = wish.status;
  check.conclusion = wish.status === "completed" ? (wish.conclusion ?? "success") : null;
  if (wish.status === "completed") check.completedAt = now;
  else delete check.completedAt;
  if (!known) repository.checkRuns.push(check);
  announce(world, repository, actor, {
    event: "check_run",
    action: wish.status === "completed" ? "completed" : "created",
    sha: wish.sha,
    payload: { check_run: presentCheckRun(world, repository, check, world.links) },
  });
  return check;
}

/** A new status; the newest of a context counts. */
export function addStatus(
  world: World,
  repository: Repository,
  actor: Actor,
  wish: {
    sha: string;
    context: string;
    state: CommitStatus["state"];
    description?: string | null;
    targetUrl?: string | null;
  },
): CommitStatus {
  if (!resolveCommit(repository, wish.sha))
    throw new Refused(422, `No commit found for SHA: ${wish.sha}`);
  const id = world.nextId();
  const now = world.clock.now();
  const status: CommitStatus = {
    id,
    nodeId: nodeId("SC", id),
    sha: wish.sha,
    context: wish.context,
    state: wish.state,
    description: wish.description ?? null,
    targetUrl: wish.targetUrl ?? null,
    creator: actor.login,
    createdAt: now,
    updatedAt: now,
  };
  repository.statuses.push(status);
  announce(world, repository, actor, {
    event: "status",
    sha: wish.sha,
    payload: { ...presentStatus(world, repository, status, world.links), sha: wish.sha },
  });
  return status;
}

/** The newest status of each context at a commit, newest first. */
export function currentStatuses(repository: Repository, sha: string): CommitStatus[] {
  const newest = new Map<string, CommitStatus>();
  for (const status of repository.statuses)
    if (status.sha === sha) newest.set(status.context, status);
  return [...newest.values()].sort((a, b) => b.id - a.id);
}

export function combinedState(
  statuses: readonly CommitStatus[],
): "failure" | "pending" | "success" {
  if (statuses.some((status) => status.state === "failure" || status.state === "error"))
    return "failure";
  return statuses.length === 0 || statuses.some((status) => status.state === "pending")
    ? "pending"
    : "success";
}
