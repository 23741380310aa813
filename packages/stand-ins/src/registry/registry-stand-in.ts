import { frame, json, type Clock, type Incoming, type Reply, type StandIn } from "../stand-in.ts";
import { createAccess, type AccessOptions, type Need } from "./access.ts";
import { blobRoute, storageRoute } from "./blobs.ts";
import { referrersRoute, tagsRoute } from "./discovery.ts";
import type { Content, Image } from "./image.ts";
import { bytesOf } from "./kept.ts";
import { manifestRoute } from "./manifests.ts";
import { createPullLimit } from "./pull-limit.ts";
import { profiles, type ProfileName, type Quirks } from "./quirks.ts";
import { specError } from "./spec-errors.ts";
import { createStore, isRepositoryName, lookUp, seed, type SavedRegistry } from "./store.ts";
import { carriesBlob, startUpload, uploadRoute, type Uploads } from "./uploads.ts";

export type { ProfileName, Quirks, SavedRegistry };

export type RegistryStandIn = StandIn & {
  /** The names of the repositories in which anything was ever put. */
  repositories(): string[];
  /** The digest under each tag of a repository. */
  tags(repository: string): Record<string, string>;
  /** The manifest that a tag or digest names. */
  manifest(repository: string, reference: string): Content | undefined;
  /** Digests of a repository's manifests, with and without a tag. */
  manifests(repository: string): string[];
  /** Digests of a repository's blobs. */
  blobs(repository: string): string[];
  /** The bytes of a blob, in whichever repository. */
  blob(digest: string): Buffer | undefined;
  /** Puts an image and its tag in place without a request; returns the tag's digest. */
  putImage(repository: string, tag: string, image: Image): string;
  /** Makes every token that was given invalid, as a registry does that restarts. */
  revokeTokens(): void;
  /** The content; accounts come from the options, and tokens have to be asked for again. */
  save(): SavedRegistry;
};

export type RegistryStandInOptions = Omit<AccessOptions, "clock"> & {
  clock: Clock;
  name?: string;
  saved?: SavedRegistry | undefined;
  /** Whose ways it has; by default those of the spec and of its draft. */
  profile?: ProfileName;
  /** Single ways, over those of the profile. */
  quirks?: Partial<Quirks>;
  /** Where blobs are kept that are uploaded; in memory unless it is given. It is emptied by whoever made it. */
  folder?: string;
};

/** A registry after the OCI distribution spec 1.1 and its draft of several tags, with Basic or Bearer access. */
export function createRegistryStandIn(options: RegistryStandInOptions): RegistryStandIn {
  const store = createStore(options.saved);
  const quirks: Quirks = { ...profiles[options.profile ?? "spec"], ...options.quirks };
  const access = createAccess(options, quirks.token);
  const pullLimit = createPullLimit(options.clock, quirks.pulls);
  const uploads: Uploads = { store, quirks, folder: options.folder };

  const standIn = frame({
    name: options.name ?? "registry",
    clock: options.clock,
    takesContent: carriesBlob,
    route: async (request) => {
      const apart = access.token(request) ?? storageRoute(store, request);
      if (apart) return apart;
      const route = findRoute(uploads, request);
      if (!route)
        return {
          status: 404,
          headers: { "content-type": "text/plain" },
          body: "404 page not found\n",
        };
      const refused = access.refuse(request, route.needs);
      const limit = refused ? undefined : pullLimit(request);
      const reply = refused ?? limit?.refused ?? (await route.answer());
      return {
        ...reply,
        headers: {
          ...(quirks.dockerHeader ? { "docker-distribution-api-version": "registry/2.0" } : {}),
          ...limit?.headers,
          ...reply.headers,
        },
      };
    },
  });

  return {
    ...standIn,
    repositories: store.names,
    tags: (repository) => Object.fromEntries(store.find(repository)?.tags ?? []),
    manifest: (repository, reference) => lookUp(store.find(repository), reference),
    manifests: (repository) => [...(store.find(repository)?.manifests.keys() ?? [])],
    blobs: (repository) => [...(store.find(repository)?.blobs.keys() ?? [])],
    blob: (digest) => {
      const kept = store.blob(digest);
      return kept && bytesOf(kept);
    },
    putImage: (repository, tag, image) => seed(store.open(repository), tag, image),
    revokeTokens: access.revoke,
    save: store.save,
  };
}

type Route = { needs: Need[]; answer(): Reply | Promise<Reply> };

function findRoute(uploads: Uploads, request: Incoming): Route | undefined {
  const { store, quirks } = uploads;
  const path = request.url.pathname;
  if (path === "/v2/" || path === "/v2") return { needs: [], answer: () => json(200, {}) };
  const found = /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/([^/]*)$/.exec(
    path,
  );
  if (!found) return undefined;
  const [, name = "", kind = "", part = ""] = found;
  // Nothing but the colon of a digest has a reason to be escaped here.
  const last = part.replace(/%3a/i, ":");
  if (!isRepositoryName(name)) {
    return {
      needs: [],
      answer: () => specError("NAME_INVALID", `invalid repository name ${name}`),
    };
  }
  const needs = needsOf(request, kind, name);
  switch (kind) {
    case "manifests":
      return { needs, answer: () => manifestRoute(store, quirks, request, name, last) };
    case "blobs":
      return { needs, answer: () => blobRoute(store, quirks, request, name, last) };
    case "blobs/uploads":
      return {
        needs,
        answer: () =>
          last === ""
            ? startUpload(uploads, request, name)
            : uploadRoute(uploads, request, name, last),
      };
    case "tags":
      return last === "list"
        ? { needs, answer: () => tagsRoute(store, quirks, request, name) }
        : undefined;
    default:
      return { needs, answer: () => referrersRoute(store, quirks, request, name, last) };
  }
}

function needsOf(request: Incoming, kind: string, repository: string): Need[] {
  const isUpload = kind === "blobs/uploads";
  if (!isUpload && (request.method === "GET" || request.method === "HEAD"))
    return [{ repository, action: "pull" }];
  if (!isUpload && request.method === "DELETE") return [{ repository, action: "delete" }];
  const from = request.url.searchParams.get("from");
  return [
    { repository, action: "push" },
    ...(from === null || !request.url.searchParams.has("mount")
      ? []
      : [{ repository: from, action: "pull" as const }]),
  ];
}
