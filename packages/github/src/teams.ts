import { Fault, refuse, type Refusal } from "@release-actions/codes";
import { statusOf, type GitHub } from "./client.ts";

const pageSize = 100;
const mostPages = 50;

/**
 * Puts the members of teams (`@org/team`) in their place in the roles. `app`: GitHub seen with the app token; without it,
 * and where the team cannot be read, the refusal says which role needs what. `needed`: the roles that this run asks for
 * (all without); a team of another role is left as it is, and nobody has that role through it.
 * @throws Fault RA50xx
 */
export async function resolveRoles(
  app: GitHub | undefined,
  roles: Record<string, string[]>,
  needed: string[] = Object.keys(roles),
): Promise<{ roles: Record<string, string[]> } | { refusal: Refusal }> {
  const wanted = Object.entries(roles).filter(([, members]) => members.some(isTeam));
  if (wanted.length === 0) return { roles };
  if (app === undefined) {
    const lacking = wanted.filter(([role]) => needed.includes(role));
    return lacking.length === 0 ? { roles } : { refusal: withoutToken(lacking) };
  }
  const teams = [...new Set(wanted.flatMap(([, members]) => members.filter(isTeam)))];
  const read = new Map<string, string[] | { unreadable: string }>();
  for (const team of teams) read.set(team, await readTeam(app, team));
  const unreadable = wanted.flatMap(([role, members]) =>
    members.flatMap((member) => {
      const team = read.get(member);
      return needed.includes(role) && team !== undefined && "unreadable" in team
        ? [`${member} of the role ${role}: ${team.unreadable}`]
        : [];
    }),
  );
  if (unreadable.length > 0) {
    return {
      refusal: refuse(
        "RA1219",
        unreadable.join("; "),
        "Correct the team's name under `roles:`, or give the GitHub App the organization permission `members: read` and the step that makes its token `permission-members: read`.",
      ),
    };
  }
  return {
    roles: Object.fromEntries(
      Object.entries(roles).map(([role, members]) => [
        role,
        [
          ...new Set(
            members.flatMap((member) => {
              const team = read.get(member);
              return Array.isArray(team) ? team : [member];
            }),
          ),
        ],
      ]),
    ),
  };
}

function isTeam(member: string): boolean {
  return member.includes("/");
}

function withoutToken(lacking: [string, string[]][]): Refusal {
  const named = lacking
    .map(([role, members]) => `the role ${role} names ${members.filter(isTeam).join(", ")}`)
    .join("; ");
  return refuse(
    "RA1219",
    `${named}, and without \`app-token\` nobody can be asked who is in a team`,
    "Add `app-token: ${{ steps.app.outputs.token }}` under `with:`, and before it a step `id: app` with actions/create-github-app-token and `permission-members: read`; or name the people under `roles:`.",
  );
}

/** Logins of a team's members, those of its child teams with them. */
async function readTeam(app: GitHub, team: string): Promise<string[] | { unreadable: string }> {
  const [org = "", slug = ""] = team.replace(/^@/, "").split("/");
  const members: string[] = [];
  try {
    for (let page = 1; page <= mostPages; page += 1) {
      const listed = await app.rest<{ login: string }[]>(
        "GET /orgs/{org}/teams/{team_slug}/members",
        {
          org,
          team_slug: slug,
          per_page: pageSize,
          page,
        },
        "[login]",
      );
      members.push(...listed.map(({ login }) => login));
      if (listed.length < pageSize) return members;
    }
    return { unreadable: `it has more than ${pageSize * mostPages} members` };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (statusOf(error.cause) === 404)
      return { unreadable: "GitHub knows no such team, or the app token may not see it" };
    if (error.code === "RA5003" || statusOf(error.cause) === 403)
      return { unreadable: "the app token may not read its members" };
    throw error;
  }
}
