// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** Base of relative checks; empty = from the file */
  url?: string;
  /** Digest that every ready pod must run; empty = from the ledger */
  digest?: string;
  /** YAML list of checks, or a path at the released commit; empty = from the file */
  checks?: string;
  /** YAML of the check that proves that the new build answers; empty = from the file */
  identity?: string;
  /** One budget for all checks, such as 10m; empty = from the file, else 10m */
  deadline?: string;
  /** Passes in a row that each check needs; empty = from the file, else 1 */
  settle?: number;
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** The cluster's kubeconfig: its content, the path of a file, or in-cluster for a runner that is a pod there */
  kubeconfig?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** true or false */
  passed: string;
  /** Milliseconds, of the slowest check that measures it */
  p95: string;
  /** Path of the JUnit file */
  report: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "smoke-test",
  inputs: {
    url: { name: "url", type: "string" },
    digest: { name: "digest", type: "string" },
    checks: { name: "checks", type: "string" },
    identity: { name: "identity", type: "string" },
    deadline: { name: "deadline", type: "string" },
    settle: { name: "settle", type: "integer" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    kubeconfig: { name: "kubeconfig", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    passed: "passed",
    p95: "p95",
    report: "report",
    reasons: "reasons",
  },
};
