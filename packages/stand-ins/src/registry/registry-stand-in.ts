import { frame, json, type Clock, type Incoming, type Reply, type StandIn } from "../stand-in.ts";
import { createAccess, type AccessOptions, type Need } from "./access.ts";
import { blobRoute, startUpload, uploadRoute } from "./blobs.ts";
import type { Content, Image } from "./image.ts";
import { manifestRoute, referrersRoute, tagsRoute } from "./manifests.ts";
import { specError } from "./spec-errors.ts";
import {
  createStore,
  isRepositoryName,
  lookUp,
  seed,
  type SavedRegistry,
  type Store,
} from "./store.ts";

export type { SavedRegistry };

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
  /** The content; accounts come from the options, and tokens have to be asked for again. */
  save(): SavedRegistry;
};

export type RegistryStandInOptions = Omit<AccessOptions, "clock"> & {
  clock: Clock;
  name?: string;
  saved?: SavedRegistry | undefined;
};

/** A registry after the OCI distribution spec 1.1, in memory, with Basic or Bearer access. */
export function createRegistryStandIn(options: RegistryStandInOptions): RegistryStandIn {
  const store = createStore(options.saved);
  const access = createAccess(options);

  const standIn = frame({
    name: options.name ?? "registry",
    clock: options.clock,
    route: async (request) => {
      if (request.url.pathname === "/token") {
        return access.token(request) ?? specError("UNSUPPORTED", "no token realm here");
      }
      const route = findRoute(store, request);
      if (!route)
        return {
          status: 404,
          headers: { "content-type": "text/plain" },
          body: "404 page not found\n",
        };
      const reply = access.refuse(request, route.needs) ?? route.answer();
      return {
        ...reply,
        headers: { "docker-distribution-api-version": "registry/2.0", ...reply.headers },
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
    blob: (digest) =>
      store
        .all()
        .find((repository) => repository.blobs.has(digest))
        ?.blobs.get(digest),
    putImage: (repository, tag, image) => seed(store.open(repository), tag, image),
    save: store.save,
  };
}

type Route = { needs: Need[]; answer(): Reply };

function findRoute(store: Store, request: Incoming): Route | undefined {
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
      return { needs, answer: () => manifestRoute(store, request, name, last) };
    case "blobs":
      return { needs, answer: () => blobRoute(store, request, name, last) };
    case "blobs/uploads":
      return {
        needs,
        answer: () =>
          last === "" ? startUpload(store, request, name) : uploadRoute(store, request, name, last),
      };
    case "tags":
      return last === "list" ? { needs, answer: () => tagsRoute(store, request, name) } : undefined;
    default:
      return { needs, answer: () => referrersRoute(store, request, name, last) };
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
