import type { Clock } from "../stand-in.ts";
import type { ObjectStore } from "./git/objects.ts";
import type { RefStore } from "./git/refs.ts";
import type { Access, TokenRequest } from "./permission.ts";
import type {
  App,
  CheckRun,
  CommitStatus,
  Deployment,
  Environment,
  Installation,
  Issue,
  Label,
  Milestone,
  Person,
  PersonType,
  Release,
  Team,
  WorkflowRun,
} from "./records.ts";
import type { EnterpriseVersion } from "./enterprise.ts";
import { enterpriseLinks, publicLinks, type Links } from "./present/links.ts";
import type { GitHubEvent } from "./state.ts";

/** Who acts, and whether what he does may start workflows. */
export type Actor = { login: string; startsWorkflows: boolean };

export type Repository = {
  id: number;
  nodeId: string;
  owner: Person;
  name: string;
  fullName: string;
  private: boolean;
  defaultBranch: string;
  directory: string;
  createdAt: Date;
  pushedAt: Date;
  objects: ObjectStore;
  refs: RefStore;
  /** By login in lower case. */
  access: Map<string, Access>;
  issues: Issue[];
  labels: Label[];
  milestones: Milestone[];
  releases: Release[];
  deployments: Deployment[];
  checkRuns: CheckRun[];
  statuses: CommitStatus[];
  environments: Environment[];
  /** The setting "Allow GitHub Actions to create and approve pull requests". */
  actionsMayPropose: boolean;
  /** Commits and tags that carry a signature GitHub verified. */
  verified: Set<string>;
};

/** A GitHub of one's own: how old it is, and its address; without one it is wherever it is asked. */
export type Enterprise = { version: EnterpriseVersion; url?: string };

export type World = {
  clock: Clock;
  directory: string;
  /** Of an enterprise server; undefined for github.com. */
  enterprise: Enterprise | undefined;
  /** The addresses that GitHub itself is known by, as in what it tells of an event. */
  links: Links;
  people: Map<string, Person>;
  repositories: Map<string, Repository>;
  tokens: Map<string, TokenRequest>;
  /** By `organization/slug` in lower case. */
  teams: Map<string, Team>;
  apps: App[];
  installations: Installation[];
  runs: Map<number, WorkflowRun>;
  listeners: Set<(event: GitHubEvent) => void>;
  violations: string[];
  restTagsCheckWorkflows: boolean;
  staleReads: number;
  /** The next number; one row for everything, so that order of ids is order of making. */
  nextId(): number;
  lastId(): number;
  nextRequest(): number;
  counters: Counters;
  /** The last id at each list request, for stale reads. */
  listMarks: number[];
};

/** The last numbers that were given. */
export type Counters = { id: number; request: number };

/** Where a world is, and whether it is an enterprise server. */
export type Site = { clock: Clock; directory: string; enterprise?: Enterprise };

export function createWorld(site: Site): World {
  const world = emptyWorld(site, { id: 1000, request: 0 });
  addPerson(world, {
    login: "github-actions[bot]",
    type: "Bot",
    name: "github-actions[bot]",
    email: "41898282+github-actions[bot]@users.noreply.github.com",
  });
  addPerson(world, { login: "web-flow", name: "GitHub", email: "noreply@github.com" });
  return world;
}

/** A world without anybody in it. */
export function emptyWorld({ clock, directory, enterprise }: Site, counters: Counters): World {
  return {
    clock,
    directory,
    enterprise,
    links:
      enterprise?.url === undefined ? publicLinks : enterpriseLinks(new URL(enterprise.url).origin),
    counters,
    people: new Map(),
    repositories: new Map(),
    tokens: new Map(),
    teams: new Map(),
    apps: [],
    installations: [],
    runs: new Map(),
    listeners: new Set(),
    violations: [],
    restTagsCheckWorkflows: false,
    staleReads: 0,
    nextId: () => ++counters.id,
    lastId: () => counters.id,
    nextRequest: () => ++counters.request,
    listMarks: [],
  };
}

export function addPerson(
  world: World,
  person: { login: string; type?: PersonType; name?: string; email?: string },
): Person {
  const known = world.people.get(person.login.toLowerCase());
  if (known) return known;
  const id = world.nextId();
  const type = person.type ?? (person.login.endsWith("[bot]") ? "Bot" : "User");
  const made: Person = {
    id,
    nodeId: nodeId(type === "Bot" ? "BOT" : type === "Organization" ? "O" : "U", id),
    login: person.login,
    type,
    name: person.name ?? person.login,
    email: person.email ?? `${id}+${person.login}@users.noreply.github.com`,
    createdAt: world.clock.now(),
  };
  world.people.set(person.login.toLowerCase(), made);
  return made;
}

/** The person of a login; people whom nobody added are GitHub's ghost. */
export function personOf(world: World, login: string): Person {
  return world.people.get(login.toLowerCase()) ?? addPerson(world, { login: "ghost" });
}

/** Throws when a rehearsal speaks of somebody it did not add. */
export function actorOf(world: World, login: string): Actor {
  const person = world.people.get(login.toLowerCase());
  if (!person) throw new Error(`The GitHub stand-in has no user ${login}: call addUser first.`);
  return { login: person.login, startsWorkflows: true };
}

export function findRepository(world: World, fullName: string): Repository | undefined {
  return world.repositories.get(fullName.toLowerCase());
}

/** Organizations' and users' own repositories are theirs to administer; others have what they were given. */
export function accessOf(repository: Repository, login: string): Access | undefined {
  if (repository.owner.login.toLowerCase() === login.toLowerCase()) return "admin";
  return repository.access.get(login.toLowerCase());
}

export function nodeId(prefix: string, id: number | string): string {
  return `${prefix}_${Buffer.from(`${prefix}:${id}`).toString("base64url")}`;
}

/** The record that a node id names. */
export function recordOf(id: string): { prefix: string; key: string } | undefined {
  const match = /^([A-Z]+)_([\w-]+)$/.exec(id);
  const [prefix, key] = match?.[2] ? splitOnce(Buffer.from(match[2], "base64url").toString()) : [];
  return prefix && key && prefix === match?.[1] ? { prefix, key } : undefined;
}

function splitOnce(text: string): [string, string] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** A request that GitHub would refuse: the answer's status, message and errors. */
export class Refused extends Error {
  readonly status: number;
  readonly details: Record<string, unknown>;

  constructor(status: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.details = details;
  }
}

/** 422 as GitHub words it for one field of a resource. */
export function invalid(resource: string, field: string, code: string, message?: string): Refused {
  return new Refused(422, "Validation Failed", {
    errors: [{ resource, code, field, ...(message && { message }) }],
  });
}
