import { Fault } from "@release-actions/codes";
import type { GitHubRepository } from "@release-actions/stand-ins";
import type { RehearsalFile } from "./language.ts";
import type { Systems } from "./systems.ts";

/** Makes the people, empty repositories, Apps and environments of the file at GitHub. */
export function found(file: RehearsalFile, systems: Systems): void {
  const { github } = systems;
  for (const [login, person] of Object.entries(file.people)) {
    github.addUser({ login, ...(person.name === undefined ? {} : { name: person.name }) });
  }
  const all = [file.repository, ...file.repositories].map((wanted) => {
    const [owner = "", name = ""] = wanted.name.split("/");
    const made = github.addRepository({
      owner,
      name,
      defaultBranch: wanted["default-branch"],
      private: true,
    });
    for (const [login, { access }] of Object.entries(file.people))
      made.addCollaborator(login, access);
    return made;
  });
  systems.addApps(all);
  for (const [environment, settings] of Object.entries(file.environments)) {
    const patterns = [...(settings.branches ?? []), ...(settings.tags ?? [])];
    all[0]?.setEnvironment({
      name: environment,
      ...(patterns.length > 0 ? { deploymentBranches: patterns } : {}),
      ...(settings.reviewers?.length ? { reviewers: settings.reviewers } : {}),
    });
  }
}

/**
 * One of the world's repositories by `owner/name`, or by the name alone.
 * @throws Fault RA9022
 */
export function repositoryCalled(
  called: string,
  all: readonly GitHubRepository[],
): GitHubRepository {
  const found = all.find(({ fullName, name }) => [fullName, name].includes(called));
  if (!found) throw new Fault("RA9022", { saw: `There is no repository ${called}.` });
  return found;
}
