import { iso } from "../present/links.ts";
import type { Deployment, DeploymentStatus } from "../records.ts";
import { connection, ordered, type Connection, type Paging } from "./connection.ts";
import { mustRead, personShape, type Scope, type Shape } from "./scope.ts";
import { commitShape, refShape } from "./source.ts";

type Order = { field: string; direction: "ASC" | "DESC" };

export function deploymentList(
  scope: Scope,
  args: Paging & { environments?: string[] | null; orderBy?: Order | null },
  deployments: readonly Deployment[],
): Connection<Shape> {
  mustRead(scope, "deployments");
  const { environments } = args;
  const wanted = environments
    ? deployments.filter((one) => environments.includes(one.environment))
    : deployments;
  const sorted = ordered(wanted, args.orderBy, { CREATED_AT: (one) => one.id });
  return connection("deployments", args, sorted, (deployment) =>
    deploymentShape(scope, deployment),
  );
}

export function deploymentShape(scope: Scope, deployment: Deployment): Shape {
  const latest = deployment.statuses.at(-1);
  return {
    __typename: "Deployment",
    id: deployment.nodeId,
    databaseId: deployment.id,
    environment: deployment.environment,
    originalEnvironment: deployment.environment,
    latestEnvironment: latest?.environment ?? deployment.environment,
    state: latest ? stateOf(latest) : "PENDING",
    description: deployment.description,
    payload: JSON.stringify(deployment.payload),
    task: deployment.task,
    ref: () => {
      const name = ["", "refs/heads/", "refs/tags/"]
        .map((prefix) => prefix + deployment.ref)
        .find((one) => scope.repository.refs.read(one));
      return name ? refShape(scope, name) : null;
    },
    commit: () => commitShape(scope, deployment.sha),
    commitOid: deployment.sha,
    creator: () => personShape(scope, deployment.creator),
    createdAt: iso(deployment.createdAt),
    updatedAt: iso(deployment.updatedAt),
    latestStatus: latest ? deploymentStatusShape(scope, latest) : null,
    statuses: (paging: Paging) =>
      connection("statuses", paging, [...deployment.statuses].reverse(), (one) =>
        deploymentStatusShape(scope, one),
      ),
  };
}

export function deploymentStatusShape(scope: Scope, status: DeploymentStatus): Shape {
  return {
    __typename: "DeploymentStatus",
    id: status.nodeId,
    state: status.state.toUpperCase(),
    description: status.description,
    environment: status.environment,
    environmentUrl: status.environmentUrl || null,
    logUrl: status.logUrl || null,
    creator: () => personShape(scope, status.creator),
    createdAt: iso(status.createdAt),
    updatedAt: iso(status.updatedAt),
  };
}

/** A deployment's own state calls a success `ACTIVE`. */
function stateOf(status: DeploymentStatus): string {
  return status.state === "success" ? "ACTIVE" : status.state.toUpperCase();
}
