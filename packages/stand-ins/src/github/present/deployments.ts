import type { Deployment, DeploymentStatus, Environment } from "../records.ts";
import { nodeId, type Repository, type World } from "../world.ts";
import { iso, type Links } from "./links.ts";
import { presentPerson, type Json } from "./people.ts";
import { presentSimpleTeam } from "./teams.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentDeployment(
  world: World,
  repository: Repository,
  deployment: Deployment,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/deployments/${deployment.id}`;
  return {
    url,
    id: deployment.id,
    node_id: deployment.nodeId,
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: iso(deployment.createdAt),
    updated_at: iso(deployment.updatedAt),
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(repository, links),
    creator: presentPerson(world, deployment.creator, links),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: deployment.payload,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: null,
  };
}

export function presentDeploymentStatus(
  world: World,
  repository: Repository,
  deployment: Deployment,
  status: DeploymentStatus,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/deployments/${deployment.id}`;
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    creator: presentPerson(world, status.creator, links),
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    created_at: iso(status.createdAt),
    updated_at: iso(status.updatedAt),
    deployment_url: url,
    repository_url: repositoryUrl(repository, links),
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    performed_via_github_app: null,
  };
}

function presentReviewer(world: World, name: string, links: Links): Json {
  const team = world.teams.get(name.toLowerCase());
  return team
    ? { type: "Team", reviewer: presentSimpleTeam(world, team, links) }
    : { type: "User", reviewer: presentPerson(world, name, links) };
}

export function presentEnvironment(
  world: World,
  repository: Repository,
  environment: Environment,
  links: Links,
): Json {
  const id = 1 + repository.environments.indexOf(environment);
  const name = encodeURIComponent(environment.name);
  const key = `${repository.id}${id}`;
  const { reviewers = [], waitMinutes = 0, deploymentBranches } = environment;
  const rules: Json[] = [];
  if (waitMinutes > 0) {
    rules.push({
      id: Number(`${key}1`),
      node_id: nodeId("GA", `${key}1`),
      type: "wait_timer",
      wait_timer: waitMinutes,
    });
  }
  if (reviewers.length > 0) {
    rules.push({
      id: Number(`${key}2`),
      node_id: nodeId("GA", `${key}2`),
      type: "required_reviewers",
      prevent_self_review: environment.preventSelfReview ?? false,
      reviewers: reviewers.map((name) => presentReviewer(world, name, links)),
    });
  }
  if (deploymentBranches) {
    rules.push({ id: Number(`${key}3`), node_id: nodeId("GA", `${key}3`), type: "branch_policy" });
  }
  return {
    id: Number(key),
    node_id: nodeId("EN", key),
    name: environment.name,
    url: `${repositoryUrl(repository, links)}/environments/${name}`,
    html_url: `${repositoryPage(repository, links)}/deployments/activity_log?environments_filter=${name}`,
    created_at: iso(repository.createdAt),
    updated_at: iso(repository.createdAt),
    protection_rules: rules,
    deployment_branch_policy: deploymentBranches
      ? {
          protected_branches: deploymentBranches === "protected",
          custom_branch_policies: deploymentBranches !== "protected",
        }
      : null,
  };
}
