import { tellIssue } from "./issues.ts";
import { presentPerson } from "./present/people.ts";
import type { Issue } from "./records.ts";
import { accessOf, Refused, type Actor, type Repository, type World } from "./world.ts";

/** Whether labels, assignees and milestones are his to set; of others GitHub drops them without a word. */
export function mayTriage(repository: Repository, actor: Actor): boolean {
  const access = accessOf(repository, actor.login);
  return actor.login.endsWith("[bot]") || (access !== undefined && access !== "read");
}

/** Who has a role here, or took part in the issue. */
export function isAssignable(
  world: World,
  repository: Repository,
  login: string,
  issue?: Issue,
): boolean {
  const person = world.people.get(login.toLowerCase());
  if (person?.type !== "User") return false;
  const there = [issue?.author, ...(issue?.comments ?? []).map((comment) => comment.author)];
  return accessOf(repository, person.login) !== undefined || there.includes(person.login);
}

/** The logins as people write theirs; 422 for somebody who cannot be assigned. */
export function assigneesOf(
  world: World,
  repository: Repository,
  logins: readonly string[],
  issue?: Issue,
): string[] {
  return logins.map((login) => {
    if (!isAssignable(world, repository, login, issue)) {
      throw new Refused(422, "Validation Failed", {
        errors: [{ value: login, resource: "Issue", field: "assignees", code: "invalid" }],
      });
    }
    return world.people.get(login.toLowerCase())?.login ?? login;
  });
}

/** Sets who is assigned, and tells each change. */
export function assign(
  world: World,
  repository: Repository,
  actor: Actor,
  issue: Issue,
  logins: readonly string[],
): void {
  const before = issue.assignees;
  issue.assignees = [...new Set(logins)];
  const tell = (login: string, action: string) => {
    issue.updatedAt = world.clock.now();
    tellIssue(world, repository, actor, issue, action, {
      assignee: presentPerson(world, login, world.links),
    });
  };
  for (const login of before) if (!issue.assignees.includes(login)) tell(login, "unassigned");
  for (const login of issue.assignees) if (!before.includes(login)) tell(login, "assigned");
}
