import { presentKnown } from "../present/people.ts";
import { presentTeam } from "../present/teams.ts";
import { teamFor } from "../teams.ts";
import { personOf, Refused } from "../world.ts";
import { page } from "./page.ts";
import { ok, openRoute, type Call, type Route } from "./route.ts";

/** Teams of an organization, for tokens that may read its members. */
export const teamRoutes: Route[] = [
  openRoute("GET /orgs/{org}/teams/{team_slug}", (call) =>
    ok(presentTeam(call.world, teamIn(call), call.links)),
  ),
  openRoute("GET /orgs/{org}/teams/{team_slug}/members", (call) => {
    const role = call.query.get("role") ?? "all";
    const members = [...teamIn(call).members]
      .filter(([, has]) => role === "all" || role === has)
      .map(([login]) => personOf(call.world, login));
    return page(call, members, (person) => presentKnown(person, call.links));
  }),
  openRoute("GET /orgs/{org}/teams/{team_slug}/memberships/{username}", (call) => {
    const { organization, slug, members } = teamIn(call);
    const login = call.path["username"] ?? "";
    const role = members.get(login.toLowerCase());
    if (!role) throw new Refused(404, "Not Found");
    const url = `${call.links.api}/orgs/${organization}/teams/${slug}/memberships/${login}`;
    return ok({ url, role, state: "active" });
  }),
];

function teamIn({ world, session, path }: Call) {
  return teamFor(world, session, path["org"] ?? "", path["team_slug"] ?? "");
}
