import { addApp } from "./apps.ts";
import { frame, type Clock, type StandIn } from "../stand-in.ts";
import { repositoryHandle } from "./state-repository.ts";
import { addRepository } from "./repositories.ts";
import { router } from "./router.ts";
import { createRun, reviewRun, type RunWish } from "./runs.ts";
import type { GitHubRepository, GitHubState } from "./state.ts";
import { addTeam } from "./teams.ts";
import { issueToken } from "./tokens.ts";
import { restoreWorld, saveWorld, type SavedGitHub } from "./saved-world.ts";
import {
  addPerson,
  createWorld,
  findRepository,
  type Enterprise,
  type Repository,
} from "./world.ts";

/** GitHub, as far as a release needs it. */
export type GitHub = StandIn &
  GitHubState & {
    /**
     * Everything but requests, faults, violations and listeners. `folder` is an empty or new one of its own: the bare
     * repositories are kept in it, and must stay there unchanged as long as something may be restored from it.
     */
    save(folder: string): SavedGitHub;
  };

/**
 * A stateful GitHub: api.github.com, github.com (git), codeload.github.com and uploads.github.com by the request's Host,
 * and on any other host an enterprise server (`/api/v3`, `/api/graphql`, `/api/uploads`, git at `/owner/name.git`).
 * With `enterprise` it has what a server of that version has, and is one under its address alone where that is given.
 */
export function createGitHub(options: {
  clock: Clock;
  /** An empty or new folder for the bare repositories. */
  directory: string;
  enterprise?: Enterprise;
  /** Goes on from here, with the tokens and ids of then. */
  saved?: SavedGitHub | undefined;
}): GitHub {
  const { saved, ...where } = options;
  const world = saved ? restoreWorld(where, saved) : createWorld(where);
  const standIn = frame({ name: "github", clock: options.clock, route: router(world) });
  const handles = new Map<Repository, GitHubRepository>();

  const known = (fullName: string): Repository => {
    const repository = findRepository(world, fullName);
    if (!repository)
      throw new Error(
        `The GitHub stand-in has no repository ${fullName}: call addRepository first.`,
      );
    return repository;
  };
  const handleOf = (repository: Repository): GitHubRepository => {
    const handle = handles.get(repository) ?? repositoryHandle(world, repository);
    handles.set(repository, handle);
    return handle;
  };
  const runOf = (id: number) => {
    const run = world.runs.get(id);
    if (!run) throw new Error(`The GitHub stand-in has no workflow run ${id}.`);
    return run;
  };

  const state: GitHubState = {
    links: world.links,
    addUser: (user) => addPerson(world, user),
    addRepository: (wanted) => handleOf(addRepository(world, wanted)),
    repository: (fullName) => handleOf(known(fullName)),
    get repositories() {
      return [...world.repositories.values()].map(handleOf);
    },
    addTeam: (team) => addTeam(world, team),
    addApp: (app) => addApp(world, app),
    issueToken: (request) => {
      for (const name of request.repositories) known(name);
      return issueToken(world, request);
    },
    revokeToken: (token) => void world.tokens.delete(token),
    createRun: ({ repository, ...wish }: RunWish & { repository: string }) =>
      createRun(world, known(repository), wish).id,
    setRunState: (id, change) =>
      void Object.assign(runOf(id), change, { updatedAt: world.clock.now() }),
    run: runOf,
    get runs() {
      return [...world.runs.values()];
    },
    reviewRun: (review) => reviewRun(world, review),
    onEvent: (listener) => {
      world.listeners.add(listener);
      return () => void world.listeners.delete(listener);
    },
    violations: world.violations,
    get staleReads() {
      return world.staleReads;
    },
    set staleReads(reads) {
      world.staleReads = reads;
      world.listMarks = [world.lastId()];
    },
    get restTagsCheckWorkflows() {
      return world.restTagsCheckWorkflows;
    },
    set restTagsCheckWorkflows(checks) {
      world.restTagsCheckWorkflows = checks;
    },
  };
  const save = (folder: string) => saveWorld(world, folder);
  return Object.defineProperties(
    { ...standIn, save },
    Object.getOwnPropertyDescriptors(state),
  ) as GitHub;
}
