// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** release, rollback or restore */
  action: "release" | "rollback" | "restore";
  /** Lines name=image@digest of the candidate; empty = what the environment before runs */
  images?: string[];
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
  /** Token of a GitHub App: reads the teams that roles name, and the product's other repositories */
  appToken?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** go, refused or skipped */
  decision: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "gate",
  inputs: {
    action: { name: "action", type: "enum", default: "release", values: ["release","rollback","restore"] },
    images: { name: "images", type: "list", separator: "\n" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    registryUsername: { name: "registry-username", type: "string" },
    registryPassword: { name: "registry-password", type: "string", secret: true },
    registryTokenHost: { name: "registry-token-host", type: "string" },
    appToken: { name: "app-token", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    decision: "decision",
    reasons: "reasons",
  },
};
