import { join } from "node:path";
import { seal, unseal, type Saved } from "../saved.ts";
import { copyBare, packBare } from "./git/copy-bare.ts";
import { objectStore, type GitObject } from "./git/objects.ts";
import { refStore } from "./git/refs.ts";
import { bareFolder } from "./repositories.ts";
import { emptyWorld, type Repository, type Site, type World } from "./world.ts";

/** What a GitHub held; its git repositories are in a folder. */
export type SavedGitHub = Saved<{ folder: string; records: Records; repositories: Kept[] }>;

type Records = Pick<
  World,
  | "people"
  | "tokens"
  | "teams"
  | "apps"
  | "installations"
  | "runs"
  | "restTagsCheckWorkflows"
  | "staleReads"
  | "listMarks"
  | "counters"
>;

type Kept = Omit<Repository, "directory" | "objects" | "refs"> & {
  knownObjects: Map<string, GitObject>;
};

export function saveWorld(world: World, folder: string): SavedGitHub {
  const repositories = [...world.repositories.values()].map(
    ({ directory, objects: _, refs: __, ...kept }): Kept => ({
      ...kept,
      knownObjects: packBare(directory, join(folder, bareFolder(kept))),
    }),
  );
  const { people, tokens, teams, apps, installations, runs } = world;
  const { restTagsCheckWorkflows, staleReads, listMarks, counters } = world;
  const records = {
    people,
    tokens,
    teams,
    apps,
    installations,
    runs,
    restTagsCheckWorkflows,
    staleReads,
    listMarks,
    counters,
  };
  return seal({ folder, records, repositories });
}

export function restoreWorld(site: Site, saved: SavedGitHub): World {
  const { folder, records, repositories } = unseal(saved);
  const world = emptyWorld(site, records.counters);
  Object.assign(world, records);
  for (const { knownObjects, ...kept } of repositories) {
    const directory = join(world.directory, bareFolder(kept));
    copyBare(join(folder, bareFolder(kept)), directory);
    world.repositories.set(kept.fullName.toLowerCase(), {
      ...kept,
      directory,
      objects: objectStore(directory, knownObjects),
      refs: refStore(directory),
    });
  }
  return world;
}
