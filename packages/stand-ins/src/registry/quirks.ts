/** In what a registry differs from the distribution spec, or from another registry where the spec leaves it open. */
export type Quirks = {
  /** Lists what refers to a manifest. Without it `/referrers/` is not found. */
  referrers: boolean;
  /** Takes the draft's `tag` parameters of a push by digest; otherwise they are ignored. */
  tagParameters: boolean;
  /** Names itself by the header of Docker's registry, as whatever was made from it does. */
  dockerHeader: boolean;
  /** A mount of a blob that is there: done, refused, or answered as the start of an upload. */
  mount: "done" | "unauthorized" | "upload";
  /** A mount that names no repository finds the blob in any; otherwise that starts an upload. */
  mountFromAny: boolean;
  /** A blob in one POST; otherwise that starts an upload. */
  singlePost: boolean;
  /** Other digests than sha256: manifests by them are refused, and blobs kept by their sha256. */
  sha512: boolean;
  deletes: boolean;
  /** A tag that is there cannot be pushed again, not even with the same digest. */
  immutableTags: boolean;
  /** An index of OCI's type with children of Docker's. */
  mixedIndexes: boolean;
  /** Manifests whose config is not that of an image or a chart. */
  artifacts: boolean;
  /** An upload's address carries its state, which changes with each chunk; `Content-Range` is not looked at. */
  uploadState: boolean;
  /** Addresses in `Location` begin with the scheme and the host. */
  absoluteLocations: boolean;
  /** The largest chunk of an upload that is sent in several. */
  chunkLimit: number;
  /** What is told of an upload's progress stays that of its first chunk. */
  stuckRange: boolean;
  /** The most tags or referrers in one answer. */
  pageSize: number;
  /** So many reads of manifests in so many seconds; HEAD is free. */
  pulls: { count: number; seconds: number } | undefined;
  /** Where tokens are given; on a host of its own, where one is named. */
  token: { host?: string; path: string; service?: string };
  /** The host to which reads of blobs are redirected. It refuses credentials. */
  blobHost: string | undefined;
};

const spec: Quirks = {
  referrers: true,
  tagParameters: true,
  dockerHeader: false,
  mount: "done",
  mountFromAny: true,
  singlePost: true,
  sha512: true,
  deletes: true,
  immutableTags: false,
  mixedIndexes: true,
  artifacts: true,
  uploadState: false,
  absoluteLocations: false,
  chunkLimit: Number.POSITIVE_INFINITY,
  stuckRange: false,
  pageSize: Number.POSITIVE_INFINITY,
  pulls: undefined,
  token: { path: "/token" },
  blobHost: undefined,
};

/** No service takes the tag parameters of the draft yet, and few a mount from anywhere. */
const released: Quirks = {
  ...spec,
  tagParameters: false,
  dockerHeader: true,
  mountFromAny: false,
};

export const profiles = {
  spec,
  ghcr: {
    ...released,
    referrers: false,
    deletes: false,
    chunkLimit: 4 * 1024 * 1024,
    blobHost: "pkg-containers.githubusercontent.com",
  },
  // Mounts fail so for whoever has no right to the source's project, or where there is none.
  harbor: { ...released, mount: "unauthorized", token: { path: "/service/token" } },
  "artifact-registry": { ...released, mount: "upload", token: { path: "/v2/token" } },
  ecr: { ...released, immutableTags: true, stuckRange: true },
  quay: {
    ...released,
    mixedIndexes: false,
    artifacts: false,
    pageSize: 50,
    token: { path: "/v2/auth" },
    blobHost: "cdn01.quay.io",
  },
  "docker-registry-2.8": {
    ...released,
    referrers: false,
    singlePost: false,
    sha512: false,
    deletes: false,
    uploadState: true,
    absoluteLocations: true,
  },
  "docker-hub": {
    ...released,
    deletes: false,
    pulls: { count: 100, seconds: 6 * 60 * 60 },
    token: { host: "auth.docker.io", path: "/token", service: "registry.docker.io" },
    blobHost: "production.cloudflare.docker.com",
  },
} as const satisfies Record<string, Quirks>;

export type ProfileName = keyof typeof profiles;
