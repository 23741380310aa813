import { currentStatuses } from "../checks.ts";
import { iso, isoOrNull } from "../present/links.ts";
import type { CheckRun, CommitStatus } from "../records.ts";
import { nodeId } from "../world.ts";
import { connection, type Paging } from "./connection.ts";
import { mustRead, personShape, type Scope, type Shape } from "./scope.ts";
import { commitShape } from "./source.ts";

/** Checks and statuses of a commit together; null where there are none. A token needs `checks` and `statuses` to read it. */
export function rollupShape(scope: Scope, sha: string): Shape | null {
  mustRead(scope, "checks");
  mustRead(scope, "statuses");
  const { repository } = scope;
  const checks = repository.checkRuns.filter((check) => check.sha === sha);
  const statuses = currentStatuses(repository, sha);
  if (checks.length + statuses.length === 0) return null;
  const contexts = [
    ...checks.map((check) => checkRunShape(scope, check)),
    ...statuses.map((status) => statusContextShape(scope, status)),
  ];
  return {
    __typename: "StatusCheckRollup",
    id: nodeId("SCR", `${repository.id}:${sha}`),
    state: rollupState(checks, statuses),
    commit: () => commitShape(scope, sha),
    contexts: (paging: Paging) => connection("contexts", paging, contexts, (one) => one),
  };
}

function rollupState(checks: readonly CheckRun[], statuses: readonly CommitStatus[]): string {
  const good = new Set(["success", "neutral", "skipped"]);
  const done = checks.filter((check) => check.status === "completed");
  const failed = done.some((check) => check.conclusion !== null && !good.has(check.conclusion));
  if (failed || statuses.some((status) => status.state === "failure")) return "FAILURE";
  if (statuses.some((status) => status.state === "error")) return "ERROR";
  const waiting =
    done.length < checks.length || statuses.some((status) => status.state === "pending");
  return waiting ? "PENDING" : "SUCCESS";
}

function checkRunShape(scope: Scope, check: CheckRun): Shape {
  const url = `${scope.links.html}/${scope.repository.fullName}/runs/${check.id}`;
  return {
    __typename: "CheckRun",
    id: check.nodeId,
    databaseId: check.id,
    name: check.name,
    status: check.status.toUpperCase(),
    conclusion: check.conclusion?.toUpperCase() ?? null,
    startedAt: iso(check.startedAt),
    completedAt: isoOrNull(check.completedAt),
    detailsUrl: url,
    url,
    checkSuite: {
      __typename: "CheckSuite",
      id: nodeId("CS", check.id),
      app: {
        __typename: "App",
        id: nodeId("A", check.app),
        databaseId: 15368,
        slug: check.app,
        name: check.app,
      },
    },
  };
}

export function statusContextShape(scope: Scope, status: CommitStatus): Shape {
  return {
    __typename: "StatusContext",
    id: status.nodeId,
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    creator: () => personShape(scope, status.creator),
    createdAt: iso(status.createdAt),
  };
}
