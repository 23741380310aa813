import type { WorkflowRequest } from "./contract.ts";
import type { Workflow } from "./document.ts";

/** Where a workflow finds GitHub. */
export type Server = {
  html: string;
  api: string;
  graphql: string;
  /** Of an enterprise server: it reads no keys that are newer than itself. */
  version?: string;
};

const githubCom: Server = {
  html: "https://github.com",
  api: "https://api.github.com",
  graphql: "https://api.github.com/graphql",
};

type Named = { id?: number; login?: string };

/** The `github` context of a run, without what a job adds (token, workspace, event_path, job). */
export function githubContext(
  request: WorkflowRequest,
  workflow: Workflow,
): Record<string, unknown> {
  const { owner, name } = request.repository;
  const server = request.server ?? githubCom;
  const payload = (request.event.payload ?? {}) as Record<string, unknown>;
  const repository = payload["repository"] as (Named & { owner?: Named }) | undefined;
  const pull = payload["pull_request"] as
    | { head?: { ref?: string }; base?: { ref?: string } }
    | undefined;
  return {
    actor: request.actor,
    actor_id: String((payload["sender"] as Named | undefined)?.id ?? 1),
    api_url: server.api,
    base_ref: pull?.base?.ref ?? "",
    event: request.event.payload ?? {},
    event_name: request.event.name,
    graphql_url: server.graphql,
    head_ref: pull?.head?.ref ?? "",
    ref: request.ref,
    ref_name: request.ref.replace(/^refs\/(heads|tags|pull)\//, ""),
    ref_protected: false,
    ref_type: request.refType,
    repository: `${owner}/${name}`,
    repository_id: String(repository?.id ?? 1),
    repository_owner: owner,
    repository_owner_id: String(repository?.owner?.id ?? 1),
    repositoryUrl: `git://${new URL(server.html).host}/${owner}/${name}.git`,
    retention_days: "90",
    run_attempt: String(request.attempt),
    run_id: String(request.runId),
    run_number: String(request.runNumber),
    secret_source: "Actions",
    server_url: server.html,
    sha: request.sha,
    triggering_actor: request.triggeringActor,
    workflow: workflow.name ?? workflow.path,
    workflow_ref: `${owner}/${name}/${workflow.path}@${request.ref}`,
    workflow_sha: request.sha,
  };
}

/** What of the `github` context every program sees as `GITHUB_…`. */
const visible = [
  "action",
  "action_path",
  "action_ref",
  "action_repository",
  "actor",
  "actor_id",
  "api_url",
  "base_ref",
  "event_name",
  "event_path",
  "graphql_url",
  "head_ref",
  "job",
  "ref",
  "ref_name",
  "ref_protected",
  "ref_type",
  "repository",
  "repository_id",
  "repository_owner",
  "repository_owner_id",
  "retention_days",
  "run_attempt",
  "run_id",
  "run_number",
  "server_url",
  "sha",
  "triggering_actor",
  "workflow",
  "workflow_ref",
  "workflow_sha",
  "workspace",
];

/** The variables that the runner sets over everything else. */
export function runnerVariables(
  github: Record<string, unknown>,
  runner: Record<string, string>,
): Record<string, string> {
  const variables: Record<string, string> = { GITHUB_ACTIONS: "true" };
  for (const name of visible) {
    const value = github[name];
    if (value !== undefined) variables[`GITHUB_${name.toUpperCase()}`] = String(value ?? "");
  }
  for (const [name, value] of Object.entries(runner)) {
    variables[`RUNNER_${name.toUpperCase()}`] = value;
  }
  return variables;
}

/** The `runner` context. */
export function runnerContext(temp: string, tools: string): Record<string, string> {
  return {
    arch: process.arch === "arm64" ? "ARM64" : "X64",
    environment: "github-hosted",
    name: "GitHub Actions 1",
    os: "Linux",
    temp,
    tool_cache: tools,
  };
}
