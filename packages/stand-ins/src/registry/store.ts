import { createHash } from "node:crypto";
import { seal, unseal, type Saved } from "../saved.ts";
import type { Content, Image } from "./image.ts";
import type { Kept } from "./kept.ts";

/** What one repository holds. Blobs belong to a repository: another one has to mount or upload them. */
export type Repository = {
  blobs: Map<string, Kept>;
  manifests: Map<string, Content>;
  tags: Map<string, string>;
  uploads: Map<string, Kept>;
};

export type Store = {
  /** The repository, if anything was ever put there. */
  find(name: string): Repository | undefined;
  /** The repository, made when it is not there. */
  open(name: string): Repository;
  /** A blob, in whichever repository. */
  blob(digest: string): Kept | undefined;
  names(): string[];
  /** A name for the next upload. */
  nextUpload(): string;
  save(): SavedRegistry;
};

/** What a registry held: blobs, manifests and tags of each repository, uploads in progress. */
export type SavedRegistry = Saved<{ repositories: Map<string, Repository>; uploads: number }>;

export function createStore(saved?: SavedRegistry): Store {
  const state = saved ? unseal(saved) : { repositories: new Map<string, Repository>(), uploads: 0 };
  const { repositories } = state;
  return {
    find: (name) => repositories.get(name),
    open: (name) => {
      let repository = repositories.get(name);
      if (!repository) {
        repository = {
          blobs: new Map(),
          manifests: new Map(),
          tags: new Map(),
          uploads: new Map(),
        };
        repositories.set(name, repository);
      }
      return repository;
    },
    blob: (digest) =>
      [...repositories.values()]
        .find((repository) => repository.blobs.has(digest))
        ?.blobs.get(digest),
    names: () => [...repositories.keys()],
    nextUpload: () => {
      state.uploads += 1;
      return `00000000-0000-4000-8000-${String(state.uploads).padStart(12, "0")}`;
    },
    save: () => seal(state),
  };
}

export function seed(repository: Repository, tag: string, image: Image): string {
  for (const blob of image.blobs) repository.blobs.set(blob.digest, [blob.bytes]);
  for (const manifest of [...image.manifests, image.index])
    repository.manifests.set(manifest.digest, manifest);
  repository.tags.set(tag, image.index.digest);
  return image.index.digest;
}

/** The manifest that a tag or a digest names. */
export function lookUp(repository: Repository | undefined, reference: string): Content | undefined {
  const digest = isDigest(reference) ? reference : repository?.tags.get(reference);
  return digest === undefined ? undefined : repository?.manifests.get(digest);
}

const part = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryName = new RegExp(`^${part}(?:/${part})*$`);

export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && repositoryName.test(text);
}

export function isTag(text: string): boolean {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text);
}

export function isDigest(text: string): boolean {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}

/** The algorithm of a digest. */
export function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** The digest of bytes in the algorithm of another digest. */
export function digestLike(digest: string, bytes: Buffer): string {
  const algorithm = algorithmOf(digest);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
