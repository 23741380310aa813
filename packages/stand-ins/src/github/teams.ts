import type { Team } from "./records.ts";
import type { Session } from "./tokens.ts";
import { refusalOf } from "./tokens.ts";
import { addPerson, nodeId, Refused, type World } from "./world.ts";

export type TeamWish = {
  organization: string;
  /** As in `@organization/slug`. */
  slug: string;
  name?: string;
  /** Logins. */
  members?: readonly string[];
  maintainers?: readonly string[];
};

export function addTeam(world: World, wanted: TeamWish): Team {
  const key = `${wanted.organization}/${wanted.slug}`.toLowerCase();
  if (world.teams.has(key)) throw new Error(`The GitHub stand-in already has a team ${key}.`);
  const id = world.nextId();
  const { login } = addPerson(world, { login: wanted.organization, type: "Organization" });
  const team: Team = {
    id,
    nodeId: nodeId("T", id),
    organization: login,
    slug: wanted.slug,
    name: wanted.name ?? wanted.slug,
    members: new Map([
      ...(wanted.members ?? []).map((one) => [one.toLowerCase(), "member"] as const),
      ...(wanted.maintainers ?? []).map((one) => [one.toLowerCase(), "maintainer"] as const),
    ]),
    createdAt: world.clock.now(),
  };
  for (const member of team.members.keys()) {
    if (!world.people.has(member))
      throw new Error(`The GitHub stand-in has no user ${member}: call addUser first.`);
  }
  world.teams.set(key, team);
  return team;
}

/** Whether a reviewer as settings name him, a login or `organization/team`, is this person. */
export function isReviewer(world: World, reviewer: string, login: string): boolean {
  if (!reviewer.includes("/")) return reviewer.toLowerCase() === login.toLowerCase();
  const team = world.teams.get(reviewer.toLowerCase());
  return team?.members.has(login.toLowerCase()) ?? false;
}

/**
 * The team, for a token that may read an organization's members: an App's that is installed there, or a person's.
 * A job's token belongs to a repository and never may.
 */
export function teamFor(world: World, session: Session, organization: string, slug: string): Team {
  const { token } = session;
  if (!token) throw new Refused(401, "Requires authentication");
  const granted = token.permissions.members;
  if (token.kind === "job" || (granted !== "read" && granted !== "write")) {
    throw new Refused(403, refusalOf(session), {
      headers: { "x-accepted-github-permissions": "members=read" },
    });
  }
  const inside = token.repositories.some((one) => one.startsWith(`${organization.toLowerCase()}/`));
  const team = world.teams.get(`${organization}/${slug}`.toLowerCase());
  if (!inside || !team) throw new Refused(404, "Not Found");
  return team;
}
