import { posix } from "node:path";
import { buildImage, type ImageFile } from "@release-actions/stand-ins";
import { Fault } from "@release-actions/codes";
import type { Pipeline } from "./pipeline.ts";

/** What the team's CI pushed for a commit: an image of every component. */
export type Build = {
  name: string;
  version: string;
  /** Commit of each component. */
  commits: Record<string, string>;
  /** Digest of each component's index. */
  digests: Record<string, string>;
};

type ImageStore = {
  tags(repository: string): Record<string, string>;
  putImage(repository: string, tag: string, image: Awaited<ReturnType<typeof buildImage>>): string;
};

/**
 * Builds an OCI index of each component from the folders of its variant and puts it into the registry as
 * `<image>:<commit>`. Into the layer goes `build.json`: component, version and commit.
 */
export async function build(
  pipeline: Pipeline,
  registryOf: (host: string) => ImageStore,
  of: {
    name: string;
    /** A component's commit and its repository; `built` is true where it stands for what CI built of it before. */
    source(component: string): { commit: string; repository: string; built: boolean };
    version: string;
    variant: string;
    /** Address of GitHub. */
    server: string;
    /** The components that are of this variant; the others are good. */
    components: readonly string[];
    created: Date;
  },
): Promise<Build> {
  const digests: Record<string, string> = {};
  const commits: Record<string, string> = {};
  for (const [name, component] of Object.entries(pipeline.file.components)) {
    const { commit, repository: source, built } = of.source(name);
    const { host, repository } = splitImage(component.image);
    commits[name] = commit;
    const before = built ? registryOf(host).tags(repository)[commit] : undefined;
    if (before !== undefined) {
      digests[name] = before;
      continue;
    }
    const variant = of.components.includes(name) ? of.variant : "good";
    const folders = component.variants[variant] ?? component.variants["good"];
    if (!folders) {
      throw new Fault("RA9022", {
        saw: `The component ${name} has no variant ${variant}, and none called good.`,
      });
    }
    const facts = { component: name, version: of.version, commit };
    const image = await buildImage({
      files: [
        ...overlay(pipeline, folders),
        { path: "build.json", content: `${JSON.stringify(facts, null, 2)}\n` },
      ],
      entrypoint: component.entrypoint,
      labels: {
        "org.opencontainers.image.version": of.version,
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.source": `${of.server}/${source}`,
      },
      attestations: true,
      created: of.created,
    });
    digests[name] = registryOf(host).putImage(repository, commit, image);
  }
  return { name: of.name, version: of.version, commits, digests };
}

/** Host and repository of an image name without a tag. */
export function splitImage(image: string): { host: string; repository: string } {
  const slash = image.indexOf("/");
  return { host: image.slice(0, slash), repository: image.slice(slash + 1) };
}

/** The files of the folders, the later over the earlier, without the folders' own names. */
function overlay(pipeline: Pipeline, folders: readonly string[]): ImageFile[] {
  const files = new Map<string, Buffer>();
  for (const folder of folders) {
    for (const [path, content] of Object.entries(pipeline.filesAt([folder]))) {
      files.set(posix.relative(posix.normalize(folder), path) || posix.basename(path), content);
    }
  }
  return [...files].map(([path, content]) => ({ path, content }));
}
