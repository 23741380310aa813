// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** Lines `source -> target`, such as registry.example.org/app@sha256:… -> registry.example.org/app; empty = from the file */
  images?: string[];
  /** Tags for the promoted digests, one a line, such as ${environment}-${short-sha}-${date:DD-MM-YYYY}.${unix}; empty = from the file */
  imageTags?: string[];
  /** Digest that the (only) source must have; another one is refused */
  expectDigest?: string;
  /** When the tag has another digest: move or refuse (which looks again after the write); overwrite = do not even look, one request a tag less and no previous-digest */
  existing: "move" | "refuse" | "overwrite";
  /** Signatures, SBOMs and attestations come along */
  referrers: boolean;
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** User of the registry; empty = docker login's */
  registryUsername?: string;
  /** Password or token of the registry; empty = docker login's */
  registryPassword?: string;
  /** Host that gives the registry's tokens and may see its login, where it is another one, as with a GitLab of your own: gitlab.example.org */
  registryTokenHost?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** Digest of the only, or the first, image */
  digest: string;
  /** Digest that a tag had before: of the first one that moved */
  previousDigest: string;
  /** true when something was written */
  changed: string;
  /** JSON: component to image, digest, tags, and what a tag had before under displaced */
  images: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "promote-image",
  inputs: {
    images: { name: "images", type: "list", separator: "\n" },
    imageTags: { name: "image-tags", type: "list", separator: "\n" },
    expectDigest: { name: "expect-digest", type: "string" },
    existing: { name: "existing", type: "enum", default: "move", values: ["move","refuse","overwrite"] },
    referrers: { name: "referrers", type: "boolean", default: "true" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    registryUsername: { name: "registry-username", type: "string" },
    registryPassword: { name: "registry-password", type: "string", secret: true },
    registryTokenHost: { name: "registry-token-host", type: "string" },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    digest: "digest",
    previousDigest: "previous-digest",
    changed: "changed",
    images: "images",
    reasons: "reasons",
  },
};
