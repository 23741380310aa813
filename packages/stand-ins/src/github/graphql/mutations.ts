import { commitOnBranch, type CommitOnBranchInput } from "./commit-on-branch.ts";
import {
  addComment,
  addLabels,
  deleteComment,
  editComment,
  editIssue,
  openIssue,
  removeLabel,
  setIssueState,
} from "../issues.ts";
import { addDeploymentStatus, createDeployment, demandGreen } from "../deployments.ts";
import type { DeploymentState, Issue } from "../records.ts";
import { peel } from "../git/commits.ts";
import { createRef, moveRef, updateRef } from "../source.ts";
import { addSubIssue, removeSubIssue } from "../sub-issues.ts";
import { refusalOf } from "../tokens.ts";
import { bringsWorkflows } from "../workflow-files.ts";
import { Refused, type Actor } from "../world.ts";
import { deploymentShape, deploymentStatusShape } from "./deployments.ts";
import { commentShape, issueShape } from "./issues.ts";
import { nodeOf } from "./nodes.ts";
import { pullShape } from "./pulls.ts";
import { failure, mustWrite, type Asking, type Scope } from "./scope.ts";
import { refShape } from "./source.ts";

type Input<T> = { input: T & { clientMutationId?: string | null } };

/** The mutations of the slice, each checked against the permission it needs. */
export function mutations(asking: Asking): Record<string, unknown> {
  const { world } = asking;
  const acting = (): Actor => {
    if (!asking.session.actor) throw failure("FORBIDDEN", "Requires authentication");
    return asking.session.actor;
  };
  const threadOf = (id: string) => {
    const node = nodeOf(asking, id, "issue");
    mustWrite(
      node.scope,
      ...(node.issue.pull ? (["pull-requests", "issues"] as const) : (["issues"] as const)),
    );
    return node;
  };
  const shapeOf = (scope: Scope, issue: Issue) =>
    issue.pull ? pullShape(scope, issue) : issueShape(scope, issue);

  const all = {
    createCommitOnBranch: (input: CommitOnBranchInput) => commitOnBranch(asking, acting(), input),

    createRef: (input: { repositoryId: string; name: string; oid: string }) => {
      const { scope } = nodeOf(asking, input.repositoryId, "repository");
      mustWrite(scope, "contents");
      guardWorkflows(scope, input.name, input.oid);
      createRef(world, scope.repository, acting(), input.name, input.oid);
      return { ref: refShape(scope, input.name) };
    },

    updateRef: (input: { refId: string; oid: string; force?: boolean | null }) => {
      const { scope, name } = nodeOf(asking, input.refId, "ref");
      mustWrite(scope, "contents");
      guardWorkflows(scope, name, input.oid);
      updateRef(world, scope.repository, acting(), name, input.oid, input.force ?? false);
      return { ref: refShape(scope, name) };
    },

    deleteRef: (input: { refId: string }) => {
      const { scope, name } = nodeOf(asking, input.refId, "ref");
      mustWrite(scope, "contents");
      moveRef(world, scope.repository, acting(), name, undefined);
      return {};
    },

    addComment: (input: { subjectId: string; body: string }) => {
      const { scope, issue } = threadOf(input.subjectId);
      if (input.body === "") throw failure("UNPROCESSABLE", "Body can't be blank");
      const comment = addComment(world, scope.repository, acting(), issue, input.body);
      return {
        subject: shapeOf(scope, issue),
        commentEdge: {
          __typename: "IssueCommentEdge",
          cursor: "",
          node: commentShape(scope, issue, comment),
        },
      };
    },

    updateIssueComment: (input: { id: string; body: string }) => {
      const { scope, issue, comment } = nodeOf(asking, input.id, "comment");
      mustWrite(
        scope,
        ...(issue.pull ? (["pull-requests", "issues"] as const) : (["issues"] as const)),
      );
      editComment(world, scope.repository, acting(), comment.id, input.body);
      return { issueComment: commentShape(scope, issue, comment) };
    },

    deleteIssueComment: (input: { id: string }) => {
      const { scope, issue, comment } = nodeOf(asking, input.id, "comment");
      mustWrite(
        scope,
        ...(issue.pull ? (["pull-requests", "issues"] as const) : (["issues"] as const)),
      );
      deleteComment(world, scope.repository, acting(), comment.id);
      return {};
    },

    createIssue: (input: {
      repositoryId: string;
      title: string;
      body?: string | null;
      labelIds?: string[] | null;
      milestoneId?: string | null;
      parentIssueId?: string | null;
    }) => {
      const { scope } = nodeOf(asking, input.repositoryId, "repository");
      mustWrite(scope, "issues");
      const milestone = scope.repository.milestones.find((one) => one.nodeId === input.milestoneId);
      const issue = openIssue(world, scope.repository, acting(), {
        title: input.title,
        body: input.body ?? "",
        labels: (input.labelIds ?? []).map((id) => nodeOf(asking, id, "label").label.name),
        ...(milestone && { milestone: milestone.number }),
      });
      if (input.parentIssueId) {
        const parent = nodeOf(asking, input.parentIssueId, "issue");
        mustWrite(parent.scope, "issues");
        const above = { repository: parent.scope.repository, issue: parent.issue };
        addSubIssue(world, acting(), above, { repository: scope.repository, issue });
      }
      return { issue: issueShape(scope, issue) };
    },

    updateIssue: (input: {
      id: string;
      title?: string | null;
      body?: string | null;
      state?: string | null;
    }) => {
      const { scope, issue } = threadOf(input.id);
      editIssue(world, scope.repository, acting(), issue, {
        ...(input.title != null && { title: input.title }),
        ...(input.body != null && { body: input.body }),
      });
      if (input.state)
        setIssueState(
          world,
          scope.repository,
          acting(),
          issue,
          input.state === "OPEN" ? "open" : "closed",
        );
      return { issue: shapeOf(scope, issue) };
    },

    closeIssue: (input: { issueId: string; stateReason?: string | null }) => {
      const { scope, issue } = threadOf(input.issueId);
      const reason = (input.stateReason ?? "COMPLETED").toLowerCase() as NonNullable<
        Issue["stateReason"]
      >;
      setIssueState(world, scope.repository, acting(), issue, "closed", reason);
      return { issue: shapeOf(scope, issue) };
    },

    reopenIssue: (input: { issueId: string }) => {
      const { scope, issue } = threadOf(input.issueId);
      setIssueState(world, scope.repository, acting(), issue, "open");
      return { issue: shapeOf(scope, issue) };
    },

    addLabelsToLabelable: (input: { labelableId: string; labelIds: string[] }) => {
      const { scope, issue } = threadOf(input.labelableId);
      const names = input.labelIds.map((id) => nodeOf(asking, id, "label").label.name);
      addLabels(world, scope.repository, acting(), issue, names);
      return { labelable: shapeOf(scope, issue) };
    },

    removeLabelsFromLabelable: (input: { labelableId: string; labelIds: string[] }) => {
      const { scope, issue } = threadOf(input.labelableId);
      for (const id of input.labelIds) {
        removeLabel(
          world,
          scope.repository,
          acting(),
          issue,
          nodeOf(asking, id, "label").label.name,
        );
      }
      return { labelable: shapeOf(scope, issue) };
    },

    addSubIssue: (input: {
      issueId: string;
      subIssueId?: string | null;
      replaceParent?: boolean | null;
    }) => {
      const { scope, issue } = threadOf(input.issueId);
      const child = nodeOf(asking, input.subIssueId ?? "", "issue");
      const parent = { repository: scope.repository, issue };
      const below = { repository: child.scope.repository, issue: child.issue };
      addSubIssue(world, acting(), parent, below, input.replaceParent ?? false);
      return { issue: issueShape(scope, issue), subIssue: issueShape(child.scope, child.issue) };
    },

    removeSubIssue: (input: { issueId: string; subIssueId: string }) => {
      const { scope, issue } = threadOf(input.issueId);
      const child = nodeOf(asking, input.subIssueId, "issue");
      const parent = { repository: scope.repository, issue };
      const below = { repository: child.scope.repository, issue: child.issue };
      removeSubIssue(world, acting(), parent, below);
      return { issue: issueShape(scope, issue), subIssue: issueShape(child.scope, child.issue) };
    },

    createDeployment: (input: {
      repositoryId: string;
      refId: string;
      task?: string | null;
      environment?: string | null;
      description?: string | null;
      payload?: string | null;
      requiredContexts?: string[] | null;
    }) => {
      const { scope } = nodeOf(asking, input.repositoryId, "repository");
      mustWrite(scope, "deployments");
      const { name } = nodeOf(asking, input.refId, "ref");
      const sha = peel(scope.repository.objects, scope.repository.refs.read(name) ?? "");
      if (!sha) throw failure("UNPROCESSABLE", `No commit found for ref: ${name}`);
      demandGreen(scope.repository, sha, name, input.requiredContexts ?? undefined);
      const environment = input.environment ?? "production";
      const deployment = createDeployment(world, scope.repository, acting(), {
        sha,
        ref: name.replace(/^refs\/(heads|tags)\//, ""),
        task: input.task ?? "deploy",
        environment,
        description: input.description ?? null,
        payload: JSON.parse(input.payload ?? "{}"),
        transient: false,
        production: environment === "production",
      });
      return { deployment: deploymentShape(scope, deployment), autoMerged: false };
    },

    createDeploymentStatus: (input: {
      deploymentId: string;
      state: string;
      description?: string | null;
      environment?: string | null;
      environmentUrl?: string | null;
      logUrl?: string | null;
      autoInactive?: boolean | null;
    }) => {
      const { scope, deployment } = nodeOf(asking, input.deploymentId, "deployment");
      mustWrite(scope, "deployments");
      const status = addDeploymentStatus(world, scope.repository, acting(), deployment, {
        state: input.state.toLowerCase() as DeploymentState,
        description: input.description ?? "",
        environment: input.environment ?? deployment.environment,
        environmentUrl: input.environmentUrl ?? "",
        logUrl: input.logUrl ?? "",
        autoInactive: input.autoInactive ?? true,
      });
      return { deploymentStatus: deploymentStatusShape(scope, status) };
    },
  };

  return Object.fromEntries(
    Object.entries(all).map(([name, act]) => [
      name,
      ({ input }: Input<never>) => ({
        ...answer(() => (act as (input: unknown) => object)(input)),
        clientMutationId: (input as { clientMutationId?: string }).clientMutationId ?? null,
      }),
    ]),
  );
}

/** What REST refuses with 422 is `UNPROCESSABLE` here. */
function answer(act: () => object): object {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refused)
      throw failure(error.status === 404 ? "NOT_FOUND" : "UNPROCESSABLE", error.message);
    throw error;
  }
}

/** Workflow files need a permission that no job's token can have. */
function guardWorkflows(scope: Scope, ref: string, sha: string): void {
  if (bringsWorkflows(scope, ref, sha)) throw failure("FORBIDDEN", refusalOf(scope.session));
}
