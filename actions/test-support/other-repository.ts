import { buildImage, pushImage, type GitHubRepository } from "@release-actions/stand-ins";
import type { Stage } from "./stage.ts";

/** A component whose source is in a repository of its own. */
export type OtherRepository = {
  repository: GitHubRepository;
  /** As under `components:`. */
  component: { name: string; image: string; repository: string };
  /** Commits to main and pushes the commit's image; the commit. */
  build(text: string): Promise<string>;
};

/** Adds a repository of the shop's owner, with nothing in it. */
export function addOtherRepository(stage: Stage, name: string): OtherRepository {
  const repository = stage.github.addRepository({ owner: "example", name });
  return {
    repository,
    component: {
      name,
      image: `${stage.registryHost}/example/${name}`,
      repository: repository.fullName,
    },
    build: async (text) => {
      const commit = repository.commit({
        branch: "main",
        message: `Work ${text}`,
        author: "ada",
        files: { "a.txt": text },
      });
      const image = await buildImage({
        files: [{ path: "app/a.txt", content: `${name} ${text}` }],
        entrypoint: ["node", "/app/a.txt"],
        labels: {},
        platforms: ["linux/amd64"],
        attestations: true,
        created: new Date("2026-01-05T12:00:00Z"),
      });
      pushImage(stage.registry, `example/${name}`, commit, image);
      return commit;
    },
  };
}
