// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** Lines name=image@digest; the file is then not read, and all else comes from the inputs; empty = from the file and the ledger */
  images?: string[];
  /** Paths of Kubernetes manifests, one a line, at the released commit; empty = from the file */
  manifests?: string[];
  /** Path of a Helm chart at the released commit, or owner/repo/path@ref, instead of manifests; empty = from the file */
  chart?: string;
  /** Path of the product's own deployment script at the released commit, instead of manifests; empty = from the file */
  script?: string;
  /** Name or id of the job template of AWX that deploys, instead of manifests; empty = from the file */
  awxTemplate?: string;
  /** Address of AWX, such as https://awx.example.org; empty = from the file */
  awxUrl?: string;
  /** Values of the chart, or further variables of the script or of the AWX job, lines NAME=value; empty = from the file */
  vars?: string[];
  /** Value files of the chart, one a line, each a path or owner/repo/path@ref; empty = from the file */
  values?: string[];
  /** KEY=VALUE files for ${env:KEY} in vars and manifests, one a line, parsed and never run; empty = from the file */
  envFiles?: string[];
  /** Name of the Helm release; empty = from the file, else the product's name */
  releaseName?: string;
  /** Namespace of the workloads; empty = from the file, else default */
  namespace?: string;
  /** uid of the namespace kube-system; another cluster is refused */
  cluster?: string;
  /** Longest rollout, such as 10m; empty = from the file, else 10m */
  timeout?: string;
  /** After a failed rollout: rollback or keep; empty = from the file, else rollback */
  onFailure?: string;
  /** Path of a Kubernetes Job that must succeed before the rollout, once for a release; empty = from the file */
  before?: string;
  /** The same, after the rollout; empty = from the file */
  after?: string;
  /** Run the exec plugins of the kubeconfig */
  allowExec: boolean;
  /** Let a kubeconfig leave the cluster's certificate unchecked; the summary says so */
  insecureSkipTlsVerify: boolean;
  /** Only show what would change */
  dryRun: boolean;
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** The cluster's kubeconfig: its content, the path of a file, or in-cluster for a runner that is a pod there */
  kubeconfig?: string;
  /** Token of AWX, of a user who may launch the job template */
  awxToken?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** passed, failed, rolled-back or unchanged */
  result: string;
  /** JSON: workload to digests, now */
  running: string;
  /** JSON: workload to digests, before */
  previous: string;
  /** Address of the environment */
  url: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "deploy-env",
  inputs: {
    images: { name: "images", type: "list", separator: "\n" },
    manifests: { name: "manifests", type: "list", separator: "\n" },
    chart: { name: "chart", type: "string" },
    script: { name: "script", type: "string" },
    awxTemplate: { name: "awx-template", type: "string" },
    awxUrl: { name: "awx-url", type: "string" },
    vars: { name: "vars", type: "list", separator: "\n" },
    values: { name: "values", type: "list", separator: "\n" },
    envFiles: { name: "env-files", type: "list", separator: "\n" },
    releaseName: { name: "release-name", type: "string" },
    namespace: { name: "namespace", type: "string" },
    cluster: { name: "cluster", type: "string" },
    timeout: { name: "timeout", type: "string" },
    onFailure: { name: "on-failure", type: "string" },
    before: { name: "before", type: "string" },
    after: { name: "after", type: "string" },
    allowExec: { name: "allow-exec", type: "boolean", default: "false" },
    insecureSkipTlsVerify: { name: "insecure-skip-tls-verify", type: "boolean", default: "false" },
    dryRun: { name: "dry-run", type: "boolean", default: "false" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    kubeconfig: { name: "kubeconfig", type: "string", secret: true },
    awxToken: { name: "awx-token", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    result: "result",
    running: "running",
    previous: "previous",
    url: "url",
    reasons: "reasons",
  },
};
