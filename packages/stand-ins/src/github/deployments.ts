import { announce } from "./announce.ts";
import { combinedState, currentStatuses } from "./checks.ts";
import { compareCommits, readCommit, writeCommit } from "./git/commits.ts";
import { mergeTrees } from "./git/trees.ts";
import { presentDeployment, presentDeploymentStatus } from "./present/deployments.ts";
import type { Deployment, DeploymentState, DeploymentStatus } from "./records.ts";
import { moveRef } from "./source.ts";
import { nodeId, personOf, Refused, type Actor, type Repository, type World } from "./world.ts";

export function deploymentOf(repository: Repository, id: number): Deployment {
  const deployment = repository.deployments.find((one) => one.id === id);
  if (!deployment) throw new Refused(404, "Not Found");
  return deployment;
}

/** Makes another one each time: GitHub has no key for deployments. */
export function createDeployment(
  world: World,
  repository: Repository,
  actor: Actor,
  wish: Pick<
    Deployment,
    "sha" | "ref" | "task" | "environment" | "description" | "payload" | "transient" | "production"
  >,
): Deployment {
  const id = world.nextId();
  const now = world.clock.now();
  const deployment: Deployment = {
    id,
    nodeId: nodeId("DE", id),
    ...wish,
    creator: actor.login,
    createdAt: now,
    updatedAt: now,
    statuses: [],
  };
  repository.deployments.push(deployment);
  if (!repository.environments.some((one) => one.name === wish.environment)) {
    repository.environments.push({ name: wish.environment });
  }
  announce(world, repository, actor, {
    event: "deployment",
    action: "created",
    ref: wish.ref,
    sha: wish.sha,
    payload: { deployment: presentDeployment(world, repository, deployment, world.links) },
  });
  return deployment;
}

export function addDeploymentStatus(
  world: World,
  repository: Repository,
  actor: Actor,
  deployment: Deployment,
  wish: {
    state: DeploymentState;
    description?: string;
    environment?: string;
    environmentUrl?: string;
    logUrl?: string;
    autoInactive?: boolean;
  },
): DeploymentStatus {
  const status = record(world, actor, deployment, wish);
  tell(world, repository, actor, deployment, status);
  if (wish.state === "success" && (wish.autoInactive ?? true)) {
    const earlier = repository.deployments.filter(
      (one) =>
        one !== deployment &&
        one.id < deployment.id &&
        !one.transient &&
        !one.production &&
        one.environment === deployment.environment &&
        one.statuses.at(-1)?.state === "success",
    );
    for (const old of earlier) record(world, actor, old, { state: "inactive" });
  }
  return status;
}

function record(
  world: World,
  actor: Actor,
  deployment: Deployment,
  wish: {
    state: DeploymentState;
    description?: string;
    environment?: string;
    environmentUrl?: string;
    logUrl?: string;
  },
): DeploymentStatus {
  const id = world.nextId();
  const now = world.clock.now();
  const status: DeploymentStatus = {
    id,
    nodeId: nodeId("DES", id),
    state: wish.state,
    description: wish.description ?? "",
    environment: wish.environment ?? deployment.environment,
    environmentUrl: wish.environmentUrl ?? "",
    logUrl: wish.logUrl ?? "",
    creator: actor.login,
    createdAt: now,
    updatedAt: now,
  };
  deployment.statuses.push(status);
  deployment.updatedAt = now;
  return status;
}

function tell(
  world: World,
  repository: Repository,
  actor: Actor,
  deployment: Deployment,
  status: DeploymentStatus,
): void {
  announce(world, repository, actor, {
    event: "deployment_status",
    action: "created",
    ref: deployment.ref,
    sha: deployment.sha,
    payload: {
      deployment: presentDeployment(world, repository, deployment, world.links),
      deployment_status: presentDeploymentStatus(
        world,
        repository,
        deployment,
        status,
        world.links,
      ),
    },
  });
}

/** A deployment is refused while the commit's statuses are not green, unless the caller says which ones count (none: []). */
export function demandGreen(
  repository: Repository,
  sha: string,
  ref: string,
  required: string[] | undefined,
): void {
  const statuses = currentStatuses(repository, sha);
  const refused = (message: string, contexts: unknown[]) =>
    new Refused(409, message, {
      errors: [{ resource: "Deployment", field: "required_contexts", code: "invalid", contexts }],
    });
  const counted = required
    ? statuses.filter((status) => required.includes(status.context))
    : statuses;
  const missing = (required ?? []).filter(
    (name) => !statuses.some((status) => status.context === name),
  );
  const checks = repository.checkRuns.filter(
    (check) => check.sha === sha && (!required || required.includes(check.name)),
  );
  const good = new Set(["success", "neutral", "skipped"]);
  const red = checks.filter((check) => check.conclusion === null || !good.has(check.conclusion));
  const unmet = missing.filter((name) => !checks.some((check) => check.name === name));
  if (
    unmet.length > 0 ||
    red.length > 0 ||
    (counted.length > 0 && combinedState(counted) !== "success")
  ) {
    throw refused(`Conflict: Commit status checks failed for ${ref}.`, [
      ...unmet.map((context) => ({ context, state: "missing" })),
      ...red.map((check) => ({ context: check.name, state: check.conclusion ?? "pending" })),
      ...counted.map(({ context, state }) => ({ context, state })),
    ]);
  }
}

/**
 * `auto_merge`: GitHub first merges the default branch into a ref that is behind it, and answers that instead of deploying.
 * Undefined when there is nothing to merge.
 */
export function bringUpToDate(
  world: World,
  repository: Repository,
  actor: Actor,
  ref: string,
  sha: string,
): string | undefined {
  const { objects, refs, defaultBranch } = repository;
  const main = refs.read(`refs/heads/${defaultBranch}`);
  if (!main) return undefined;
  const { behindBy, mergeBase } = compareCommits(objects, main, sha);
  if (behindBy === 0) return undefined;
  const branch = [ref, `refs/heads/${ref}`].find(
    (name) => name.startsWith("refs/heads/") && refs.read(name),
  );
  const [base, ours, theirs] = [mergeBase ?? "", sha, main].map(
    (one) => readCommit(objects, one)?.tree,
  );
  const joined = base && ours && theirs ? mergeTrees(objects, base, ours, theirs) : undefined;
  if (!branch || !joined || "conflicts" in joined) {
    throw new Refused(409, `Conflict merging ${defaultBranch} into ${ref}.`);
  }
  const person = personOf(world, actor.login);
  const stamp = { name: person.name, email: person.email, date: world.clock.now() };
  const message = `Auto-merged ${defaultBranch} into ${ref} on deployment.`;
  const commit = writeCommit(objects, {
    tree: joined.tree,
    parents: [sha, main],
    author: stamp,
    committer: stamp,
    message,
  });
  moveRef(world, repository, actor, branch, commit);
  return message;
}
