// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** open, command or close; command = the comment of this event */
  step: "open" | "command" | "close";
  /** What the release is for, in one sentence; needed to open; empty = the event's */
  purpose?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** Token of a GitHub App that may read the organization's teams; needed where roles name teams */
  appToken?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** Number of the release issue */
  number: number;
  /** Its address */
  url: string;
  /** open, approved, refused, passed, accepted or closed */
  state: "open" | "approved" | "refused" | "passed" | "accepted" | "closed";
  /** approve, refuse, accept or rollback; empty when the comment is no command or not allowed */
  command: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "release-issue",
  inputs: {
    step: { name: "step", type: "enum", required: true, values: ["open","command","close"] },
    purpose: { name: "purpose", type: "string" },
    version: { name: "version", type: "string" },
    appToken: { name: "app-token", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    number: "number",
    url: "url",
    state: "state",
    command: "command",
    reasons: "reasons",
  },
};
