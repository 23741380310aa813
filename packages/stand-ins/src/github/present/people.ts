import type { Person } from "../records.ts";
import { accessOf, personOf, type Repository, type World } from "../world.ts";
import { iso, type Links } from "./links.ts";

export type Json = Record<string, unknown>;

export function presentPerson(world: World, login: string, links: Links): Json {
  return presentKnown(personOf(world, login), links);
}

export function presentKnown(person: Person, links: Links): Json {
  const url = `${links.api}/users/${encodeURIComponent(person.login)}`;
  const page =
    person.type === "Bot" ? `apps/${person.login.replace(/\[bot\]$/, "")}` : person.login;
  return {
    login: person.login,
    id: person.id,
    node_id: person.nodeId,
    avatar_url: `${links.avatars}/u/${person.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${links.html}/${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: person.type,
    user_view_type: "public",
    site_admin: false,
  };
}

export function presentProfile(person: Person, links: Links): Json {
  return {
    ...presentKnown(person, links),
    name: person.name,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(person.createdAt),
    updated_at: iso(person.createdAt),
  };
}

/** `author_association` of what somebody wrote in a repository. */
export function association(repository: Repository, login: string): string {
  if (repository.owner.login.toLowerCase() === login.toLowerCase()) return "OWNER";
  const access = accessOf(repository, login);
  if (!access || access === "read")
    return repository.access.has(login.toLowerCase()) ? "MEMBER" : "NONE";
  return repository.owner.type === "Organization" ? "MEMBER" : "COLLABORATOR";
}
