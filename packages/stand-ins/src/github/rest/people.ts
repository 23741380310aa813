import { presentKnown, presentProfile } from "../present/people.ts";
import { accessOf, personOf, Refused } from "../world.ts";
import type { Access } from "../permission.ts";
import { noContent, ok, openRoute, route, type Route } from "./route.ts";

const roles: Record<Access, { permission: string; flags: number }> = {
  read: { permission: "read", flags: 1 },
  triage: { permission: "read", flags: 2 },
  write: { permission: "write", flags: 3 },
  maintain: { permission: "write", flags: 4 },
  admin: { permission: "admin", flags: 5 },
};

export const peopleRoutes: Route[] = [
  route(
    "GET /collaborators/{username}/permission",
    "metadata=read",
    ({ world, repository, path, links }) => {
      const person = world.people.get((path["username"] ?? "").toLowerCase());
      if (!person) throw new Refused(404, `${path["username"]} is not a user`);
      const access =
        accessOf(repository, person.login) ?? (repository.private ? undefined : "read");
      const { permission, flags } = access ? roles[access] : { permission: "none", flags: 0 };
      const names = ["pull", "triage", "push", "maintain", "admin"];
      return ok({
        permission,
        role_name: access ?? "none",
        user: {
          ...presentKnown(person, links),
          role_name: access ?? "none",
          permissions: Object.fromEntries(names.map((name, index) => [name, index < flags])),
        },
      });
    },
  ),
  route("GET /collaborators/{username}", "metadata=read", ({ repository, path }) => {
    if (!accessOf(repository, path["username"] ?? "")) throw new Refused(404, "Not Found");
    return noContent;
  }),
  openRoute("GET /users/{username}", ({ world, path, links }) => {
    const person = world.people.get((path["username"] ?? "").toLowerCase());
    if (!person) throw new Refused(404, "Not Found");
    return ok(presentProfile(person, links));
  }),
  openRoute("GET /user", ({ world, session, links }) => {
    if (!session.token) throw new Refused(401, "Requires authentication");
    if (session.token.kind !== "user")
      throw new Refused(403, "Resource not accessible by integration");
    return ok(presentProfile(personOf(world, session.token.actor), links));
  }),
  openRoute("GET /rate_limit", ({ world }) => {
    const reset = Math.floor(world.clock.now().getTime() / 1000) + 3600;
    const limit = { limit: 5000, used: 1, remaining: 4999, reset };
    return ok({ resources: { core: limit, search: limit, graphql: limit }, rate: limit });
  }),
];
