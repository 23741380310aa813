// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** prepare = the pull request before the tag; publish = the GitHub release after acceptance */
  step: "prepare" | "publish";
  /** Globs of files in the workspace for the release, one a line; empty = from the file */
  assets?: string[];
  /** auto, true or false; auto = the highest version of its series */
  latest: "auto" | "true" | "false";
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** Token of a GitHub App with contents: write and pull-requests: write, for the pull request of step prepare: its checks start only so */
  appToken?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** Id of the GitHub release */
  id: string;
  /** Its address */
  url: string;
  /** Path of the notes */
  notes: string;
  /** Tag that the notes begin after */
  previousTag: string;
  /** Number of the release pull request */
  pullRequest: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "publish-release",
  inputs: {
    step: { name: "step", type: "enum", default: "publish", values: ["prepare","publish"] },
    assets: { name: "assets", type: "list", separator: "\n" },
    latest: { name: "latest", type: "enum", default: "auto", values: ["auto","true","false"] },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    appToken: { name: "app-token", type: "string", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    id: "id",
    url: "url",
    notes: "notes",
    previousTag: "previous-tag",
    pullRequest: "pull-request",
    reasons: "reasons",
  },
};
