import { announce } from "./announce.ts";
import { tellIssue } from "./issues.ts";
import { presentMilestone } from "./present/issues.ts";
import type { Issue, Milestone } from "./records.ts";
import { invalid, nodeId, Refused, type Actor, type Repository, type World } from "./world.ts";

export function milestoneOf(repository: Repository, number: number): Milestone {
  const milestone = repository.milestones.find((one) => one.number === number);
  if (!milestone) throw new Refused(404, "Not Found");
  return milestone;
}

export function createMilestone(
  world: World,
  repository: Repository,
  actor: Actor,
  wanted: { title: string; description?: string; dueOn?: Date; state?: Milestone["state"] },
): Milestone {
  demandTitle(repository, wanted.title);
  const id = world.nextId();
  const now = world.clock.now();
  const milestone: Milestone = {
    id,
    nodeId: nodeId("MI", id),
    number: repository.milestones.length + 1,
    title: wanted.title,
    ...(wanted.description !== undefined && { description: wanted.description }),
    state: wanted.state ?? "open",
    creator: actor.login,
    createdAt: now,
    updatedAt: now,
    ...(wanted.dueOn && { dueOn: wanted.dueOn }),
  };
  repository.milestones.push(milestone);
  tellMilestone(world, repository, actor, milestone, "created");
  return milestone;
}

export function editMilestone(
  world: World,
  repository: Repository,
  actor: Actor,
  milestone: Milestone,
  edit: { title?: string; description?: string; dueOn?: Date },
): void {
  if (edit.title !== undefined && edit.title !== milestone.title)
    demandTitle(repository, edit.title);
  const before = JSON.stringify(milestone);
  Object.assign(milestone, edit);
  if (JSON.stringify(milestone) === before) return;
  milestone.updatedAt = world.clock.now();
  tellMilestone(world, repository, actor, milestone, "edited");
}

/** Closes or opens it, whatever issues it still has: GitHub does not mind. */
export function setMilestoneState(
  world: World,
  repository: Repository,
  actor: Actor,
  milestone: Milestone,
  state: Milestone["state"],
): void {
  if (milestone.state === state) return;
  milestone.state = state;
  milestone.updatedAt = world.clock.now();
  if (state === "closed") milestone.closedAt = milestone.updatedAt;
  else delete milestone.closedAt;
  tellMilestone(world, repository, actor, milestone, state === "closed" ? "closed" : "opened");
}

/** Puts an issue into a milestone, or takes it out of its own; 422 for one that is not there. */
export function setMilestone(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  number: number | undefined,
): void {
  if (issue.milestone === number) return;
  demandMilestone(repository, number);
  if (number === undefined) delete issue.milestone;
  else issue.milestone = number;
  issue.updatedAt = world.clock.now();
  tellIssue(world, repository, actor, issue, number === undefined ? "demilestoned" : "milestoned");
}

/** 422 for the number of a milestone that is not there. */
export function demandMilestone(repository: Repository, number: number | undefined): void {
  if (number !== undefined && !repository.milestones.some((one) => one.number === number))
    throw invalid("Issue", "milestone", "invalid");
}

function demandTitle(repository: Repository, title: string): void {
  if (title.trim() === "") throw invalid("Milestone", "title", "missing_field");
  if (repository.milestones.some((one) => one.title === title))
    throw invalid("Milestone", "title", "already_exists");
}

function tellMilestone(
  world: World,
  repository: Repository,
  actor: Actor,
  milestone: Milestone,
  action: string,
): void {
  announce(world, repository, actor, {
    event: "milestone",
    action,
    payload: { milestone: presentMilestone(world, repository, milestone, world.links) },
  });
}
