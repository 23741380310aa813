// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** Tag to judge; empty = the event's ref */
  tag?: string;
  /** Tag scheme: semver, v-semver, pep440, or calver: and a pattern such as YYYY.0M.MICRO; empty = from the file, else semver */
  scheme?: string;
  /** Series before the version, such as searcher/; empty = from the file */
  prefix?: string;
  /** Globs, one a line: the tagged commit must be on one of these branches; empty = from the file, else the default branch */
  branch?: string[];
  /** Paths, one a line: files whose version must equal the tag; empty = from the file */
  manifests?: string[];
  /** What a tag outside the scheme is: fail or skip; empty = from the file, else fail */
  onInvalid?: string;
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** true or false */
  valid: string;
  /** Version without prefix and v */
  version: string;
  /** major, minor, patch or prerelease */
  kind: string;
  /** SHA that the tag points to */
  commit: string;
  /** Newest older tag of the series */
  previousTag: string;
  /** true when no tag of the series is newer */
  isNewest: string;
  /** Version as a registry tag */
  imageTag: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "validate-tag",
  inputs: {
    tag: { name: "tag", type: "string" },
    scheme: { name: "scheme", type: "string" },
    prefix: { name: "prefix", type: "string" },
    branch: { name: "branch", type: "list", separator: "\n" },
    manifests: { name: "manifests", type: "list", separator: "\n" },
    onInvalid: { name: "on-invalid", type: "string" },
    environment: { name: "environment", type: "string" },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    valid: "valid",
    version: "version",
    kind: "kind",
    commit: "commit",
    previousTag: "previous-tag",
    isNewest: "is-newest",
    imageTag: "image-tag",
    reasons: "reasons",
  },
};
