import { peel } from "./git/commits.ts";
import { presentPerson, type Json } from "./present/people.ts";
import { presentRepository } from "./present/repositories.ts";
import type { GitHubEvent } from "./state.ts";
import type { Actor, Repository, World } from "./world.ts";

/** Tells the listeners what happened, in the shape of a webhook. Without a ref it belongs to the default branch. */
export function announce(
  world: World,
  repository: Repository,
  actor: Actor,
  happened: {
    event: string;
    action?: string;
    ref?: string;
    sha?: string;
    payload?: Json;
    runId?: number;
    workflowPath?: string;
  },
): void {
  const ref = happened.ref ?? `refs/heads/${repository.defaultBranch}`;
  const tip = repository.refs.read(ref);
  const event: GitHubEvent = {
    event: happened.event,
    ...(happened.action && { action: happened.action }),
    repository: repository.fullName,
    ref,
    sha: happened.sha ?? (tip ? (peel(repository.objects, tip) ?? tip) : ""),
    actor: actor.login,
    payload: {
      ...(happened.action && { action: happened.action }),
      ...happened.payload,
      repository: presentRepository(repository, world.links),
      sender: presentPerson(world, actor.login, world.links),
    },
    startsWorkflows:
      actor.startsWorkflows ||
      happened.event === "workflow_dispatch" ||
      happened.event === "repository_dispatch",
    ...(happened.runId !== undefined && { runId: happened.runId }),
    ...(happened.workflowPath && { workflowPath: happened.workflowPath }),
  };
  for (const listener of world.listeners) listener(event);
}
