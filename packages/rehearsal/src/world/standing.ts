import { splitImage } from "./builds.ts";
import type { World } from "./world.ts";

/** One line of what runs where. */
export type Standing = { where: string; what: string };

/** What each cluster runs, what the images' tags name, and what GitHub has released. */
export function standing(world: World): Standing[] {
  const components = Object.entries(world.pipeline.file.components);
  const lines: Standing[] = [];
  for (const cluster of Object.keys(world.pipeline.file.clusters)) {
    const pods = world.podsOf(cluster);
    const each = components.map(([name, { image }]) => {
      const own = pods.filter((pod) => pod.image === image);
      const builds = [...new Set(own.map(({ digest }) => world.nameOf(digest)))];
      const ready = own.filter((pod) => pod.ready).length;
      return own.length === 0
        ? `${name}: nothing`
        : `${name}: ${builds.join(" and ")}, ${ready} of ${own.length} ready`;
    });
    lines.push({ where: `cluster ${cluster}`, what: each.join("; ") });
  }
  for (const [name, { image }] of components) {
    const { host, repository } = splitImage(image);
    const tags = Object.entries(world.registryOf(host).tags(repository)).filter(
      ([tag]) => !/^[0-9a-f]{40}$/.test(tag),
    );
    if (tags.length > 0) {
      lines.push({
        where: `images of ${name}`,
        what: tags.map(([tag, digest]) => `${tag}: ${world.nameOf(digest)}`).join("; "),
      });
    }
  }
  const releases = world.repository.releases.map(({ tag, draft }) =>
    draft ? `${tag} (draft)` : tag,
  );
  if (releases.length > 0) lines.push({ where: "GitHub releases", what: releases.join("; ") });
  return lines;
}
