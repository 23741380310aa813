import type { Team } from "../records.ts";
import { personOf, type World } from "../world.ts";
import { iso, type Links } from "./links.ts";
import type { Json } from "./people.ts";

/** A team as other resources show it. */
export function presentSimpleTeam(world: World, team: Team, links: Links): Json {
  const { id: organization, login } = personOf(world, team.organization);
  const url = `${links.api}/organizations/${organization}/team/${team.id}`;
  return {
    id: team.id,
    node_id: team.nodeId,
    name: team.name,
    slug: team.slug,
    description: null,
    privacy: "closed",
    notification_setting: "notifications_enabled",
    permission: "pull",
    url,
    html_url: `${links.html}/orgs/${login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    type: "organization",
    organization_id: organization,
    parent: null,
  };
}

export function presentTeam(world: World, team: Team, links: Links): Json {
  const organization = personOf(world, team.organization);
  const url = `${links.api}/orgs/${organization.login}`;
  return {
    ...presentSimpleTeam(world, team, links),
    members_count: team.members.size,
    repos_count: 0,
    created_at: iso(team.createdAt),
    updated_at: iso(team.createdAt),
    organization: {
      login: organization.login,
      id: organization.id,
      node_id: organization.nodeId,
      url,
      repos_url: `${url}/repos`,
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
      members_url: `${url}/members{/member}`,
      public_members_url: `${url}/public_members{/member}`,
      avatar_url: `${links.avatars}/u/${organization.id}?v=4`,
      description: null,
      name: organization.name,
      has_organization_projects: true,
      has_repository_projects: true,
      public_repos: 0,
      public_gists: 0,
      followers: 0,
      following: 0,
      html_url: `${links.html}/${organization.login}`,
      type: "Organization",
      created_at: iso(organization.createdAt),
      updated_at: iso(organization.createdAt),
      archived_at: null,
    },
  };
}
