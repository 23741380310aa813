// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** release, rollback, restore or accept; empty = the event's, else release */
  action?: string;
  /** Why; needed for a rollback and a restore; empty = the event's */
  reason?: string;
  /** Tag under which the build pushed the image; empty = from the file, else the commit */
  imageTag?: string;
  /** Judge, plan, print, and write nothing; empty = the event's, else false */
  dryRun?: boolean;
  /** Run the exec plugins of the kubeconfig */
  allowExec: boolean;
  /** Let a kubeconfig leave the cluster's certificate unchecked; the summary says so */
  insecureSkipTlsVerify: boolean;
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** The cluster's kubeconfig: its content, the path of a file, or in-cluster for a runner that is a pod there */
  kubeconfig?: string;
  /** User of the registry; empty = docker login's */
  registryUsername?: string;
  /** Password or token of the registry; empty = docker login's */
  registryPassword?: string;
  /** Host that gives the registry's tokens and may see its login, where it is another one, as with a GitLab of your own: gitlab.example.org */
  registryTokenHost?: string;
  /** Token of AWX, of a user who may launch the job template */
  awxToken?: string;
  /** Token of a GitHub App: reads the teams that roles name, and makes the tag in the product's other repositories */
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
  /** passed, failed, rolled-back, unchanged or none */
  result: string;
  /** true when publication may follow */
  accepted: string;
  /** Version */
  version: string;
  /** Digest of the first component */
  digest: string;
  /** Digest that ran before */
  previousDigest: string;
  /** JSON: component to image, digest, tags */
  images: string;
  /** Id of the ledger entry */
  entry: string;
  /** Address of the environment */
  url: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "promote",
  inputs: {
    action: { name: "action", type: "string" },
    reason: { name: "reason", type: "string" },
    imageTag: { name: "image-tag", type: "string" },
    dryRun: { name: "dry-run", type: "boolean" },
    allowExec: { name: "allow-exec", type: "boolean", default: "false" },
    insecureSkipTlsVerify: { name: "insecure-skip-tls-verify", type: "boolean", default: "false" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    kubeconfig: { name: "kubeconfig", type: "string", secret: true },
    registryUsername: { name: "registry-username", type: "string" },
    registryPassword: { name: "registry-password", type: "string", secret: true },
    registryTokenHost: { name: "registry-token-host", type: "string" },
    awxToken: { name: "awx-token", type: "string", secret: true },
    appToken: { name: "app-token", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    decision: "decision",
    result: "result",
    accepted: "accepted",
    version: "version",
    digest: "digest",
    previousDigest: "previous-digest",
    images: "images",
    entry: "entry",
    url: "url",
    reasons: "reasons",
  },
};
