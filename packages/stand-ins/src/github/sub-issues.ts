import { announce } from "./announce.ts";
import { presentIssue } from "./present/issues.ts";
import type { Issue } from "./records.ts";
import { Refused, type Actor, type Repository, type World } from "./world.ts";

export type Placed = { repository: Repository; issue: Issue };

const most = { children: 100, levels: 8 };

/** An issue of any repository by its id (not its number). */
export function issueById(world: World, id: number): Placed | undefined {
  for (const repository of world.repositories.values()) {
    const issue = repository.issues.find((one) => one.id === id);
    if (issue) return { repository, issue };
  }
  return undefined;
}

export function parentOf(world: World, issue: Issue): Placed | undefined {
  return issue.parent === undefined ? undefined : issueById(world, issue.parent);
}

export function subIssuesOf(world: World, issue: Issue): Placed[] {
  return issue.subIssues.map((id) => issueById(world, id)).filter((one) => one !== undefined);
}

/** Puts an issue below another. An issue has one parent at most; `replaceParent` takes it away from the one it has. */
export function addSubIssue(
  world: World,
  actor: Actor,
  parent: Placed,
  child: Placed | undefined,
  replaceParent = false,
): void {
  const sameOwner = child?.repository.owner.login === parent.repository.owner.login;
  if (!child || !sameOwner || child.issue.pull)
    throw new Refused(404, "The provided sub-issue does not exist");
  if (parent.issue.pull) throw new Refused(404, "Not Found");
  const refused = (why: string) =>
    new Refused(422, `An error occurred while adding the sub-issue to the parent issue. ${why}`);
  const twice = "Issue may not contain duplicate sub-issues";
  if (child.issue.parent === parent.issue.id)
    throw refused(`${twice} and Sub issue may only have one parent`);
  if (child.issue.parent !== undefined && !replaceParent)
    throw refused("Sub issue may only have one parent");
  const above = ancestorsOf(world, parent);
  if (above.some((one) => one.issue === child.issue))
    throw refused("Sub issue may not create a circular dependency");
  if (parent.issue.subIssues.length >= most.children)
    throw refused(`Parent cannot have more than ${most.children} sub-issues`);
  if (above.length + depthOf(world, child.issue) > most.levels)
    throw refused(`Sub issue may not be nested more than ${most.levels} levels deep`);
  const former = parentOf(world, child.issue);
  if (former) removeSubIssue(world, actor, former, child);
  parent.issue.subIssues.push(child.issue.id);
  child.issue.parent = parent.issue.id;
  tellSubIssue(world, actor, parent, child, "sub_issue_added");
}

/** 404 when it is not below this issue. */
export function removeSubIssue(
  world: World,
  actor: Actor,
  parent: Placed,
  child: Placed | undefined,
): void {
  const at = child ? parent.issue.subIssues.indexOf(child.issue.id) : -1;
  if (!child || at < 0) throw new Refused(404, "The provided sub-issue does not exist");
  parent.issue.subIssues.splice(at, 1);
  delete child.issue.parent;
  tellSubIssue(world, actor, parent, child, "sub_issue_removed");
}

/** The issue and those above it. */
function ancestorsOf(world: World, placed: Placed): Placed[] {
  const above = parentOf(world, placed.issue);
  return [placed, ...(above ? ancestorsOf(world, above) : [])];
}

/** Levels from this issue down, itself the first. */
function depthOf(world: World, issue: Issue): number {
  return 1 + Math.max(0, ...subIssuesOf(world, issue).map((one) => depthOf(world, one.issue)));
}

function tellSubIssue(
  world: World,
  actor: Actor,
  parent: Placed,
  child: Placed,
  action: string,
): void {
  for (const { issue } of [parent, child]) issue.updatedAt = world.clock.now();
  announce(world, parent.repository, actor, {
    event: "sub_issues",
    action,
    payload: {
      parent_issue_id: parent.issue.id,
      parent_issue: presentIssue(world, parent.repository, parent.issue, world.links),
      sub_issue_id: child.issue.id,
      sub_issue: presentIssue(world, child.repository, child.issue, world.links),
    },
  });
}
