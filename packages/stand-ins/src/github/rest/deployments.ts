import {
  addDeploymentStatus,
  bringUpToDate,
  createDeployment,
  demandGreen,
  deploymentOf,
} from "../deployments.ts";
import {
  presentDeployment,
  presentDeploymentStatus,
  presentEnvironment,
} from "../present/deployments.ts";
import type { DeploymentState } from "../records.ts";
import { resolveCommit } from "../source.ts";
import { Refused } from "../world.ts";
import { flagIn, namesIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { noContent, ok, route, type Route } from "./route.ts";

export const deploymentRoutes: Route[] = [
  route("GET /deployments", "deployments=read", (call) => {
    const { world, repository, query, links } = call;
    const filters = ["sha", "ref", "task", "environment"] as const;
    const wanted = repository.deployments
      .filter((one) => filters.every((name) => !query.has(name) || query.get(name) === one[name]))
      .sort((a, b) => b.id - a.id);
    return page(call, wanted, (deployment) =>
      presentDeployment(world, repository, deployment, links),
    );
  }),
  route("POST /deployments", "deployments=write", ({ world, repository, actor, body, links }) => {
    const ref = textIn(body, "ref") ?? "";
    const sha = resolveCommit(repository, ref);
    if (!sha) throw new Refused(422, `No ref found for: ${ref}`);
    if (flagIn(body, "auto_merge") ?? true) {
      const merged = bringUpToDate(world, repository, actor, ref, sha);
      if (merged) return ok({ message: merged }, 202);
    }
    demandGreen(repository, sha, ref, namesIn(body, "required_contexts"));
    const environment = textIn(body, "environment") ?? "production";
    const deployment = createDeployment(world, repository, actor, {
      sha,
      ref,
      task: textIn(body, "task") ?? "deploy",
      environment,
      description: textIn(body, "description") ?? null,
      payload: body["payload"] ?? {},
      transient: flagIn(body, "transient_environment") ?? false,
      production: flagIn(body, "production_environment") ?? environment === "production",
    });
    return ok(presentDeployment(world, repository, deployment, links), 201);
  }),
  route(
    "GET /deployments/{deployment_id}",
    "deployments=read",
    ({ world, repository, path, links }) =>
      ok(
        presentDeployment(
          world,
          repository,
          deploymentOf(repository, Number(path["deployment_id"])),
          links,
        ),
      ),
  ),
  route("DELETE /deployments/{deployment_id}", "deployments=write", ({ repository, path }) => {
    const deployment = deploymentOf(repository, Number(path["deployment_id"]));
    // Any status but a success makes a deployment inactive; without one it counts as active.
    const active = (deployment.statuses.at(-1)?.state ?? "success") === "success";
    if (active && repository.deployments.length > 1) {
      throw new Refused(
        422,
        "We cannot delete an active deployment unless it is the only deployment in a given environment.",
      );
    }
    repository.deployments.splice(repository.deployments.indexOf(deployment), 1);
    return noContent;
  }),
  route("GET /deployments/{deployment_id}/statuses", "deployments=read", (call) => {
    const { world, repository, path, links } = call;
    const deployment = deploymentOf(repository, Number(path["deployment_id"]));
    return page(call, [...deployment.statuses].reverse(), (status) =>
      presentDeploymentStatus(world, repository, deployment, status, links),
    );
  }),
  route("POST /deployments/{deployment_id}/statuses", "deployments=write", (call) => {
    const { world, repository, actor, body, path, links } = call;
    const deployment = deploymentOf(repository, Number(path["deployment_id"]));
    const environment = textIn(body, "environment");
    const status = addDeploymentStatus(world, repository, actor, deployment, {
      state: textIn(body, "state") as DeploymentState,
      description: textIn(body, "description") ?? "",
      environmentUrl: textIn(body, "environment_url") ?? "",
      logUrl: textIn(body, "log_url") || (textIn(body, "target_url") ?? ""),
      autoInactive: flagIn(body, "auto_inactive") ?? true,
      ...(environment !== undefined && { environment }),
    });
    return ok(presentDeploymentStatus(world, repository, deployment, status, links), 201);
  }),

  route(
    "GET /environments/{environment_name}",
    "actions=read",
    ({ world, repository, path, links }) => {
      const environment = repository.environments.find(
        (one) => one.name === path["environment_name"],
      );
      if (!environment) throw new Refused(404, "Not Found");
      return ok(presentEnvironment(world, repository, environment, links));
    },
  ),
];
