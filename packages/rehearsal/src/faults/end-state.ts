import type { GitHubRepository } from "@release-actions/stand-ins";
import { splitImage } from "../world/builds.ts";
import type { World } from "../world/world.ts";
import { clusterState } from "./cluster-state.ts";
import { repositoryState } from "./repository-state.ts";
import { shape } from "./shape.ts";

/**
 * What every system holds at the end, as text by place, such as `github acme/shop issue #4`. What tells only when and in which
 * attempt something was done is left out: two worlds that people cannot tell apart have the same end state.
 */
export type EndState = Record<string, string>;

/** @param known commits that were there before: they keep their names. */
export async function endState(world: World, known: ReadonlySet<string>): Promise<EndState> {
  const state: EndState = {};
  const put = (place: string, value: unknown): void => {
    state[place] = shape(value, known);
  };
  for (const repository of world.repositories)
    await repositoryState(repository, known, (place, value) =>
      put(`github ${repository.fullName} ${place}`, value),
    );
  for (const { image } of Object.values(world.pipeline.file.components)) {
    const { host, repository } = splitImage(image);
    put(`registry ${repository}`, world.registryOf(host).tags(repository));
  }
  for (const [name, namespaces] of clustersOf(world))
    clusterState(world, name, namespaces, (place, value) =>
      put(`kubernetes ${name} ${place}`, value),
    );
  const { records, drafts } = world.deposits();
  for (const { id, ...record } of records) put(`zenodo record ${id}`, withoutBytes(record));
  for (const { id, ...draft } of drafts) put(`zenodo draft ${id}`, withoutBytes(draft));
  counted(
    world.mails().map(({ to, subject, text }) => [`${mailPlace}${to.join(",")}: ${subject}`, text]),
    put,
  );
  counted(
    world.posts().map(({ hook, payload }) => [`${postPlace}${hook}`, payload]),
    put,
  );
  return state;
}

/** How the places of messages begin. */
export const mailPlace = "mail to ";
export const postPlace = "post to ";

/** Commits that the branches and tags of all repositories lead to. */
export function commitsOf(repositories: readonly GitHubRepository[]): Set<string> {
  return new Set(
    repositories.flatMap((repository) =>
      repository.refs().flatMap(({ sha, name }) => [sha, ...repository.log(name)]),
    ),
  );
}

function clustersOf(world: World): [string, readonly string[]][] {
  return Object.entries(world.pipeline.file.clusters).map(([name, { namespaces }]) => [
    name,
    namespaces,
  ]);
}

function withoutBytes<Record extends { files: { content: Buffer }[] }>(record: Record): unknown {
  return { ...record, files: record.files.map(({ content: _bytes, ...file }) => file) };
}

/** The same message twice is two places. */
function counted(
  messages: readonly [string, unknown][],
  put: (place: string, value: unknown) => void,
): void {
  const seen = new Map<string, number>();
  for (const [place, value] of messages) {
    const times = (seen.get(place) ?? 0) + 1;
    seen.set(place, times);
    put(times === 1 ? place : `${place} (${times})`, value);
  }
}
