import { readCommit } from "../git/commits.ts";
import type { WorkflowJob, WorkflowRun } from "../records.ts";
import { workflowId, type Workflow } from "../runs.ts";
import { nodeId, type Repository, type World } from "../world.ts";
import { iso, isoOrNull, type Links } from "./links.ts";
import { presentPerson, type Json } from "./people.ts";
import { presentEnvironment } from "./deployments.ts";
import { presentRepository, repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentRun(
  world: World,
  repository: Repository,
  run: WorkflowRun,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/actions/runs/${run.id}`;
  const workflow = workflowId(repository, run.workflowPath);
  const head = readCommit(repository.objects, run.headSha);
  return {
    id: run.id,
    name: run.name,
    node_id: run.nodeId,
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflowPath,
    display_title: run.displayTitle,
    run_number: run.number,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflow,
    check_suite_id: run.id,
    check_suite_node_id: nodeId("CS", run.id),
    url,
    html_url: `${repositoryPage(repository, links)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: iso(run.createdAt),
    updated_at: iso(run.updatedAt),
    actor: presentPerson(world, run.actor, links),
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: iso(run.startedAt),
    triggering_actor: presentPerson(world, run.triggeringActor, links),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(repository, links)}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${repositoryUrl(repository, links)}/actions/workflows/${workflow}`,
    head_commit: head
      ? {
          id: head.sha,
          tree_id: head.tree,
          message: head.message.trimEnd(),
          timestamp: iso(head.committer.date),
          author: { name: head.author.name, email: head.author.email },
          committer: { name: head.committer.name, email: head.committer.email },
        }
      : null,
    repository: presentRepository(repository, links),
    head_repository: presentRepository(repository, links),
  };
}

export function presentJob(
  repository: Repository,
  run: WorkflowRun,
  job: WorkflowJob,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/actions`;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.name,
    head_branch: run.headBranch,
    run_url: `${url}/runs/${run.id}`,
    run_attempt: run.attempt,
    node_id: nodeId("CR", job.id),
    head_sha: run.headSha,
    url: `${url}/jobs/${job.id}`,
    html_url: `${repositoryPage(repository, links)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: iso(job.startedAt),
    started_at: iso(job.startedAt),
    completed_at: isoOrNull(job.completedAt),
    name: job.name,
    steps: [],
    check_run_url: `${repositoryUrl(repository, links)}/check-runs/${job.id}`,
    labels: ["ubuntu-latest"],
    runner_id: 1,
    runner_name: "GitHub Actions 1",
    runner_group_id: 1,
    runner_group_name: "GitHub Actions",
  };
}

export function presentApproval(
  world: World,
  repository: Repository,
  approval: WorkflowRun["approvals"][number],
  links: Links,
): Json {
  const named = repository.environments.filter((one) => approval.environments.includes(one.name));
  return {
    state: approval.state,
    comment: approval.comment,
    user: presentPerson(world, approval.user, links),
    environments: named.map((environment) => {
      const shown = presentEnvironment(world, repository, environment, links);
      delete shown["protection_rules"];
      delete shown["deployment_branch_policy"];
      return shown;
    }),
  };
}

export function presentWorkflow(repository: Repository, workflow: Workflow, links: Links): Json {
  const page = repositoryPage(repository, links);
  const file = workflow.path.replace(/^.*\//, "");
  return {
    id: workflow.id,
    node_id: nodeId("W", workflow.id),
    name: workflow.name,
    path: workflow.path,
    state: "active",
    created_at: iso(repository.createdAt),
    updated_at: iso(repository.createdAt),
    url: `${repositoryUrl(repository, links)}/actions/workflows/${workflow.id}`,
    html_url: `${page}/blob/${repository.defaultBranch}/${workflow.path}`,
    badge_url: `${page}/actions/workflows/${file}/badge.svg`,
  };
}
